"""Where scripts are marked: bundles (a room's scripts of one subject) drawn to marking groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.draws.lookup import begun
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import PLACES, Groups, Recipe, register
from exam_system.errors import Conflict, Invalid
from exam_system.examday.models import Seat
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import District, Exam, Room, Site
from exam_system.marking.models import MarkingGroup, ScriptBundle
from exam_system.people import clean_line

_LONGEST_NAME = 120
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Markers:
    """A marking group as the officer names it: `district` its own area's code or None."""

    name: str
    district: int | None
    most: int


@verb
def enter_marking_groups(ctx: Context, *, code: str, groups: Sequence[Markers]) -> int:
    """Name the marking groups, in the place of those named before; returns their number."""
    exam = open_exam(ctx.session, code, "announced", "closed", "seated")
    if begun(ctx.session, exam, "markers"):
        raise Conflict("The draw of the bundles has begun: its list can no longer change")
    query = select(District.code, District.id).where(District.exam_id == exam.id)
    districts = {row.code: row.id for row in ctx.session.execute(query)}
    rows = [_row(exam, n, one, districts) for n, one in enumerate(groups, 1)]
    if not rows:
        raise Invalid("Name at least one marking group").about("groups")
    ctx.session.execute(delete(MarkingGroup).where(MarkingGroup.exam_id == exam.id))
    ctx.session.add_all(rows)
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", groups=len(rows))
    return len(rows)


def _row(exam: Exam, n: int, one: Markers, districts: dict[int, int]) -> MarkingGroup:
    name = clean_line(one.name, _LONGEST_NAME)
    if not name or not 1 <= one.most <= _MOST:
        raise Invalid(
            "A marking group has a name and takes 1 to %(most)s bundles", most=_MOST
        ).about("groups")
    if one.district is not None and one.district not in districts:
        raise Invalid("There is no district %(code)s in this exam", code=one.district).about(
            "groups"
        )
    own = districts[one.district] if one.district is not None else None
    return MarkingGroup(exam_id=exam.id, code=f"M{n:02}", name=name, district_id=own, most=one.most)


def groups_of(session: Session, exam: Exam) -> list[tuple[MarkingGroup, District | None]]:
    """The marking groups by code, each with its own area."""
    query = (
        select(MarkingGroup, District)
        .outerjoin(District, District.id == MarkingGroup.district_id)
        .where(MarkingGroup.exam_id == exam.id)
        .order_by(MarkingGroup.code)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


Rooms = list[tuple[int, int, str]]


def _rooms(session: Session, exam: Exam) -> Rooms:
    """(room id, district code, name of the room as slots have it) of every room in use."""
    query = (
        select(Room.id, District.code, Site.code, Room.code)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .where(District.exam_id == exam.id, Room.id.in_(select(Seat.room_id)))
        .order_by(District.code, Site.code, Room.code)
    )
    return [
        (room_id, district, f"{district:02}-{site:02}-{room:02}")
        for room_id, district, site, room in session.execute(query)
    ]


def _bundles(session: Session, exam: Exam) -> dict[str, tuple[int, str, int]]:
    """Room id, subject and district code of every bundle, by its label."""
    return {
        f"{name}-{subject.code}": (room, subject.code, district)
        for room, district, name in _rooms(session, exam)
        for subject in rules_of(exam).subjects
    }


def build(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """One group of all bundles; a marking group gets none of its own area."""
    open_exam(ctx.session, exam.code, "seated")
    known = groups_of(ctx.session, exam)
    if not known:
        raise Conflict("Name the marking groups first")
    bundles = _bundles(ctx.session, exam)
    areas = {district.code for _, district in known if district}
    group = {
        "id": "scripts",
        "labels": sorted(bundles, key=str.encode),
        "marks": {
            label: [_mark(district)]
            for label, (_, _, district) in bundles.items()
            if district in areas
        },
        "slots": [
            {
                "id": one.code,
                "capacity": min(one.most, len(bundles)),
                "marks": [_mark(district.code)] if district else [],
            }
            for one, district in known
        ],
    }
    return [group], {
        "label": "district, site and room of a bundle, and its subject",
        "marks": "nobody marks scripts of their own area",
        "names": {one.code: one.name for one, _ in known},
    }


def _mark(district: int) -> str:
    return f"area:{district:02}"


def apply(ctx: Context, exam: Exam, attempt: Attempt, groups: Groups) -> None:
    """Write where every bundle goes."""
    bundles = _bundles(ctx.session, exam)
    ids = {one.code: one.id for one, _ in groups_of(ctx.session, exam)}
    rows = [
        {
            "room_id": bundles[label][0],
            "subject": bundles[label][1],
            "marking_group_id": ids[slot["id"]],
            "attempt_id": attempt.id,
        }
        for slot in groups[0]["slots"]
        for label in slot["labels"]
    ]
    ctx.session.execute(insert(ScriptBundle), rows)


def drawn_bundles(session: Session, exam: Exam) -> dict[str, list[str]]:
    """The labels of the bundles drawn to every marking group, by its code."""
    found: dict[str, list[str]] = {}
    names = {room: name for room, _, name in _rooms(session, exam)}
    query = (
        select(MarkingGroup.code, ScriptBundle.room_id, ScriptBundle.subject)
        .join(ScriptBundle, ScriptBundle.marking_group_id == MarkingGroup.id)
        .where(MarkingGroup.exam_id == exam.id)
        .order_by(MarkingGroup.code, ScriptBundle.room_id, ScriptBundle.subject)
    )
    for row in session.execute(query):
        found.setdefault(row.code, []).append(f"{names[row.room_id]}-{row.subject}")
    return found


register(
    Recipe(
        *("markers", "groups/v1", "marker", build, apply),
        relies_on=(*PLACES, "seat", "marking_group"),
    )
)
