"""What officers take out of the plan: papers of a whole site, the difference of two versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.examday import plan, words
from exam_system.examday.duties import stands
from exam_system.examday.models import SeatChange
from exam_system.examday.versions import (
    RoomDifference,
    difference,
    digest_of,
    newest_version,
    plan_at,
)
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.printing.fonts import register
from exam_system.printing.room_papers import RoomPaper, SitePapers, Sitter, room_papers_pdf
from exam_system.registration.models import Application
from exam_system.registration.photos import photo_bytes
from seating.layouts import positions

MOST_SPARE = 99


@verb
def export_changes(ctx: Context, *, code: str, first: int, second: int) -> list[RoomDifference]:
    """What the second version of the plan has otherwise than the first, for a table."""
    exam = exam_by_code(ctx.session, code)
    rooms = difference(ctx.session, exam, first, second)
    ctx.record(exam=code, subject=f"exam:{code}", versions=[first, second], rooms=len(rooms))
    return rooms


@verb
def print_papers(
    ctx: Context,
    *,
    code: str,
    district: int,
    site: int,
    kinds: Sequence[str],
    photos: bool,
    spare: int = 1,
    reserve: int = 5,
) -> bytes:
    """The PDF of every room of a site that is in use: `kinds` of room_papers.KINDS, in order.

    `photos` fills the photo boxes of the sheets; `spare` and `reserve` are papers of each form in
    a room's envelope and in the site's own, 0 to 99. Raises NotFound, and Conflict before the seats
    are published.
    """
    exam = exam_by_code(ctx.session, code)
    version = newest_version(ctx.session, exam)
    if not version:
        raise Conflict("Papers can be printed once the draw of the seats is published")
    if not (0 <= spare <= MOST_SPARE and 0 <= reserve <= MOST_SPARE):
        raise Invalid("Enter from 0 to %(most)s spare papers", most=MOST_SPARE).about(
            "spare reserve"
        )
    data = site_papers(ctx, exam, district, site, version, photos=photos and "sheets" in kinds)
    data = replace(data, spare=spare, reserve=reserve)
    if not data.rooms:
        raise Conflict("Nobody sits at this site")
    ctx.record(
        exam=code,
        subject=f"exam:{code}",
        site=[district, site],
        kinds=list(kinds),
        spare=[spare, reserve],
        version=version,
        plan=data.digest,
    )
    return room_papers_pdf(data, kinds, register(ctx.config.fonts_folder))


def site_papers(
    ctx: Context, exam: Exam, district: int, site: int, version: int, *, photos: bool
) -> SitePapers:
    """What the papers of a site show."""
    found = site_of(ctx.session, exam, district, site)
    people, left = _people(ctx, exam, found, photos=photos), left_seats(ctx.session, exam)
    watch = _watch(ctx, exam)
    rooms = [
        RoomPaper(
            code=f"{room.code:02}",
            name=room.name,
            watch=watch.get(room.id, words.NO_WATCH),
            people=tuple(people[room.code]),
            seats=tuple(positions(room.layout, room.capacity)),
            left=left.get(room.id, frozenset()),
        )
        for room in _rooms(ctx, found)
        if room.code in people
    ]
    digest = digest_of(ctx.session, exam, version, plan_at(ctx.session, exam, version))
    at = ctx.clock.now().astimezone(ctx.config.zone)
    told = (ctx.config.bureau, exam.name, found.name, _sessions(ctx, exam), version, digest)
    return SitePapers(*told, tuple(rooms), at)


def site_of(session: Session, exam: Exam, district: int, site: int) -> Site:
    """A site by its codes; raises NotFound."""
    query = select(Site).join(District, District.id == Site.district_id)
    named = (District.exam_id == exam.id, District.code == district, Site.code == site)
    found = session.scalar(query.where(*named))
    if found is None:
        raise NotFound("There is no such site in this exam")
    return found


def left_seats(session: Session, exam: Exam) -> dict[int, frozenset[int]]:
    """By room, the seats that somebody moved away from; nobody gets them."""
    query = select(SeatChange.from_room_id, SeatChange.from_number)
    found: dict[int, frozenset[int]] = {}
    for room, number in session.execute(query.where(SeatChange.exam_id == exam.id)):
        if room is not None and number is not None:
            found[room] = found.get(room, frozenset()) | {number}
    return found


def _rooms(ctx: Context, site: Site) -> Sequence[Room]:
    query = select(Room).where(Room.site_id == site.id).order_by(Room.code)
    return ctx.session.scalars(query).all()


def _sessions(ctx: Context, exam: Exam) -> tuple[str, ...]:
    rules = rules_of(exam)
    query = select(ExamSession.subject).where(ExamSession.exam_id == exam.id)
    rows = ctx.session.scalars(query.order_by(ExamSession.starts_at))
    return tuple(rules.subject(code).name for code in rows)


def _people(ctx: Context, exam: Exam, site: Site, *, photos: bool) -> dict[int, list[Sitter]]:
    """The people of every room by its code."""
    faces = _photos(ctx, exam) if photos else {}
    found: dict[int, list[Sitter]] = {}
    for one in plan.sitters(ctx.session, exam, site_id=site.id):
        photo = faces.get(one.number)
        jpeg = photo_bytes(ctx.config, photo) if photo else None
        sitter = Sitter(one.seat, one.number, one.name, one.paper, jpeg)
        found.setdefault(one.room_code, []).append(sitter)
    return found


def _photos(ctx: Context, exam: Exam) -> dict[str, str | None]:
    query = select(Application.number, Application.photo).where(
        Application.exam_id == exam.id, Application.number.is_not(None)
    )
    return {str(row.number): row.photo for row in ctx.session.execute(query)}


def _watch(ctx: Context, exam: Exam) -> dict[int, str]:
    """Who watches in any session, by room."""
    names: dict[int, dict[str, None]] = {}
    for stand in stands(ctx.session, exam):
        if stand.room is not None and stand.absence is None:
            names.setdefault(stand.room.id, {})[stand.invigilator.name] = None
    return {room: words.WATCH.format(names="、".join(who)) for room, who in names.items()}
