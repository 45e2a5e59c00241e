"""Setting up panels in the interview rooms, and as many groups of the shortlisted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import TypeVar

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import District, Exam, Room, Site
from exam_system.interviews.lookup import (
    DRAWS,
    Invited,
    begun,
    invited,
    panels_of,
)
from exam_system.interviews.models import Interview, InterviewGroup, Panel

FULL_GROUP = 30
T = TypeVar("T")


@verb
def create_panels(ctx: Context, *, code: str, panels: int | None = None) -> list[Panel]:
    """Make panels in the first interview rooms, and as many groups of the shortlisted.

    Candidates of a post stay together, unless the rule `post_panel_most` divides a larger post;
    the announced correction then compares its panels with all others of its class. Without
    `panels` there are as few as keep every group within 30 (a larger post is a group of its own).
    May be done again until a draw has begun.
    """
    exam = open_exam(ctx.session, code, "shortlisted")
    if begun(ctx.session, exam, *DRAWS):
        raise Conflict("A draw of the interviews has begun: the panels and groups stand")
    posts = _posts(invited(ctx.session, exam), rules_of(exam).post_panel_most)
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


def _posts(people: Sequence[Invited], most: int) -> list[list[Invited]]:
    if not people:
        raise Invalid("Nobody is on the shortlist")
    posts = [list(post) for _, post in groupby(people, key=lambda one: one.post)]
    return [part for post in posts for part in divided(post, most)]


def divided(post: Sequence[T], most: int) -> list[list[T]]:
    """A post's candidates in as few parts as keep each within `most` (0: one), dealt out in turn:
    in the order in which they applied, which neither rank nor name nor anybody decides."""
    parts = -(-len(post) // most) if most else 1
    return [list(post[at::parts]) for at in range(parts)]


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
        ).about("panels")
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
    """A group's code; there are as many groups as panels."""
    return f"G{panel.code}"
