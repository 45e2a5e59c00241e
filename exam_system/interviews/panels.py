"""Panels and groups: setting them up, and the draw of the interviewers.

The draw deals two groups, the chiefs and the members, to the panels. Who comes from the exam's own
prefecture is not in it (PRACTICES 36 and 37), nor who must avoid candidates of every group. Who
must avoid candidates of some groups is kept out of the panels that bear these groups' marks: panel
k bears the mark of group k, so the later draw of the groups always has one dealing that keeps to
every avoidance declared before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import PLACES, Groups, Recipe, register
from exam_system.errors import Conflict, Invalid
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import District, Exam, Room, Site
from exam_system.interviews.lookup import (
    DRAWS,
    Invited,
    begun,
    invited,
    panels_of,
    require_panels,
)
from exam_system.interviews.models import (
    Avoidance,
    Interview,
    Interviewer,
    InterviewGroup,
    Panel,
    PanelSeat,
)

FULL_GROUP = 30
PREFECTURE = 4  # the digits of an area code that name the prefecture (GB/T 2260)


@verb
def create_panels(ctx: Context, *, code: str, panels: int | None = None) -> list[Panel]:
    """Make panels in the first interview rooms, and as many groups of the shortlisted.

    Candidates of a post stay together. Without `panels` there are as few as keep every group
    within 30 (a larger post is a group of its own). May be done again until a draw has begun.
    """
    exam = open_exam(ctx.session, code, "shortlisted")
    if begun(ctx.session, exam, *DRAWS):
        raise Conflict("A draw of the interviews has begun: the panels and groups stand")
    posts = _posts(invited(ctx.session, exam))
    packed = pack([len(post) for post in posts], panels)
    rooms = _rooms(ctx.session, exam)
    if len(rooms) < len(packed):
        raise Invalid(
            "%(needed)s panels need as many interview rooms; the exam has %(rooms)s",
            needed=len(packed),
            rooms=len(rooms),
        )
    _clear(ctx.session, exam)
    sizes = _store(ctx.session, exam, rooms, posts, packed)
    ctx.record(exam=code, subject=f"exam:{code}", panels=len(packed), groups=sizes)
    return panels_of(ctx.session, exam)


def _posts(people: Sequence[Invited]) -> list[list[Invited]]:
    if not people:
        raise Invalid("Nobody is on the shortlist")
    return [list(post) for _, post in groupby(people, key=lambda one: one.post)]


def pack(sizes: Sequence[int], groups: int | None) -> list[range]:
    """Cut the posts, in their order, into groups whose largest is as small as it can be.

    Returns the indexes of every group's posts. `groups` None: as few as keep each within
    FULL_GROUP. Raises Invalid when there are fewer posts than groups.
    """
    if groups is None:
        groups = len(_cut(sizes, max(FULL_GROUP, *sizes), 1))
    if not 1 <= groups <= len(sizes):
        raise Invalid(
            "There can be 1 to %(most)s panels: candidates of one post stay together",
            most=len(sizes),
        )
    most = next(n for n in range(max(sizes), sum(sizes) + 1) if len(_cut(sizes, n, 1)) <= groups)
    starts = [*_cut(sizes, most, groups), len(sizes)]
    return [range(first, end) for first, end in pairwise(starts)]


def _cut(sizes: Sequence[int], most: int, least: int) -> list[int]:
    """Where the groups begin if each is filled up to `most` and there are at least `least`."""
    starts: list[int] = []
    total = 0
    for at, size in enumerate(sizes):
        needed = least - len(starts) >= len(sizes) - at
        if not starts or needed or total + size > most:
            starts.append(at)
            total = 0
        total += size
    return starts


def _rooms(session: Session, exam: Exam) -> list[int]:
    query = (
        select(Room.id)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .where(District.exam_id == exam.id, Room.use == "interview")
        .order_by(District.code, Site.code, Room.code)
    )
    return list(session.scalars(query))


def _clear(session: Session, exam: Exam) -> None:
    groups = select(InterviewGroup.id).where(InterviewGroup.exam_id == exam.id)
    session.execute(delete(Interview).where(Interview.group_id.in_(groups)))
    session.execute(delete(InterviewGroup).where(InterviewGroup.exam_id == exam.id))
    session.execute(delete(Panel).where(Panel.exam_id == exam.id))


def _store(
    session: Session,
    exam: Exam,
    rooms: Sequence[int],
    posts: Sequence[Sequence[Invited]],
    packed: Sequence[range],
) -> dict[str, int]:
    """Write the rows; returns the size of every group by its code."""
    sizes = {}
    for number, (room, members) in enumerate(zip(rooms, packed, strict=False), 1):
        panel = Panel(exam_id=exam.id, code=f"{number:02}", room_id=room, state="waiting")
        group = InterviewGroup(exam_id=exam.id, code=group_code(panel))
        session.add_all((panel, group))
        session.flush()
        people = [one.application_id for at in members for one in posts[at]]
        rows = [{"application_id": p, "group_id": group.id, "state": "waiting"} for p in people]
        session.execute(insert(Interview), rows)
        sizes[group.code] = len(people)
    return sizes


def group_code(panel: Panel) -> str:
    """The group whose mark a panel bears; there are as many groups as panels."""
    return f"G{panel.code}"


def build_interviewers(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """The list of the draw of interviewers."""
    open_exam(ctx.session, exam.code, "shortlisted")
    panels = require_panels(ctx.session, exam)
    marks = _marks(ctx.session, exam)
    pool = list(ctx.session.scalars(select(Interviewer)))
    prefecture = exam.area_code[:PREFECTURE]
    outside = [one for one in pool if one.area_code[:PREFECTURE] != prefecture]
    # Somebody with a mark of every panel could sit nowhere.
    able = [one for one in outside if len(marks.get(one.id, ())) < len(panels)]
    chiefs = [one for one in able if one.chief]
    members = [one for one in able if not one.chief]
    places = rules_of(exam).interviewers - 1
    _require_enough(len(panels), places, len(chiefs), len(members))
    groups = [
        _group("chief", chiefs, panels, 1, marks),
        _group("member", members, panels, places, marks),
    ]
    rules = {
        "area": f"the first {PREFECTURE} digits of the area code differ from {prefecture}",
        "avoidance": "nobody is in a panel that bears the mark of a group they must avoid",
        "panel": f"1 chief and {places} members",
        "pool": len(pool),
        "own_area": len(pool) - len(outside),
        "avoiding_every_group": len(outside) - len(able),
    }
    return groups, rules


def _marks(session: Session, exam: Exam) -> dict[int, list[str]]:
    """The groups that an interviewer must avoid, by the interviewer's id."""
    query = (
        select(Avoidance.interviewer_id, InterviewGroup.code)
        .join(Interview, Interview.application_id == Avoidance.application_id)
        .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
        .where(InterviewGroup.exam_id == exam.id)
        .distinct()
        .order_by(InterviewGroup.code)
    )
    found: dict[int, list[str]] = {}
    for row in session.execute(query):
        found.setdefault(row.interviewer_id, []).append(row.code)
    return found


def _require_enough(panels: int, places: int, chiefs: int, members: int) -> None:
    if chiefs < panels or members < panels * places:
        raise Invalid(
            "%(panels)s panels need %(chiefs_needed)s chief interviewers and %(members_needed)s "
            "members from other areas; the pool has %(chiefs)s and %(members)s who may serve",
            panels=panels,
            chiefs_needed=panels,
            members_needed=panels * places,
            chiefs=chiefs,
            members=members,
        )


def _group(
    name: str,
    people: Sequence[Interviewer],
    panels: Sequence[Panel],
    capacity: int,
    marks: dict[int, list[str]],
) -> dict[str, Any]:
    return {
        "id": name,
        "labels": sorted((one.label for one in people), key=str.encode),
        "marks": {one.label: marks[one.id] for one in people if one.id in marks},
        "slots": [
            {"id": panel.code, "capacity": capacity, "marks": [group_code(panel)]}
            for panel in panels
        ],
    }


def apply_interviewers(ctx: Context, exam: Exam, attempt: Attempt, groups: Groups) -> None:
    """Seat the drawn interviewers: the chief at place 1, the members behind."""
    panels = {panel.code: panel.id for panel in panels_of(ctx.session, exam)}
    drawn = [
        (slot["id"], label)
        for group in groups
        for slot in group["slots"]
        for label in slot["labels"]
    ]
    query = select(Interviewer.label, Interviewer.id)
    people = {row.label: row.id for row in ctx.session.execute(query)}
    places: Counter[str] = Counter()
    rows = []
    for panel, label in drawn:
        places[panel] += 1
        rows.append(
            {
                "panel_id": panels[panel],
                "interviewer_id": people[label],
                "place": places[panel],
                "attempt_id": attempt.id,
            }
        )
    ctx.session.execute(insert(PanelSeat), rows)


def require_seated(session: Session, exam: Exam) -> list[Panel]:
    """The panels, all of them with their interviewers; raises Conflict."""
    panels = require_panels(session, exam)
    seats = select(PanelSeat.panel_id, func.count()).group_by(PanelSeat.panel_id)
    counts = {row[0]: row[1] for row in session.execute(seats)}
    if any(counts.get(panel.id) != rules_of(exam).interviewers for panel in panels):
        raise Conflict("The interviewers must be drawn first")
    return panels


register(
    Recipe(
        *("interviewers", "deal/v1", "interviewer", build_interviewers, apply_interviewers),
        relies_on=(*PLACES, "interviewer", "avoidance", "panel"),
    )
)
