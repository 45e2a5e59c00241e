"""Verbs of the register of bags: brought in from a table, or made for every room and session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.attendance.staff import place_of
from exam_system.chance import Chance
from exam_system.context import Context, verb
from exam_system.custody.labels import Label, labels_pdf
from exam_system.custody.lookup import bags_within, clean_barcode, clean_seal, subject_name
from exam_system.custody.models import Bag
from exam_system.custody.states import KINDS
from exam_system.errors import Conflict, Invalid
from exam_system.examday.duties import sessions_of
from exam_system.examday.models import Seat
from exam_system.exams.lookup import exam_by_code, open_exam, places_of
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.printing.fonts import register
from exam_system.sheets import Column, read_table
from exam_system.sheets import Sentence as Problem
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import sha256_hex

STATES = ("announced", "closed", "seated")
MOST_SPARES = 30
_WORDS = {"paper": "试卷", "answer": "答题卡", "duty": "备用卷"}
_KINDS = {word: kind for kind, word in _WORDS.items()} | {kind: kind for kind in KINDS}


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 999:
        raise Problem("Enter a whole number up to %(most)s", most=999)
    return int(text)


def _kind(text: str) -> str:
    if text.casefold() not in _KINDS:
        raise Problem("Enter 试卷, 答题卡 or 备用卷 (paper, answer, duty)")
    return _KINDS[text.casefold()]


COLUMNS = (
    Column("barcode", ("条码", "barcode"), parse=clean_barcode, unique=True),
    Column("kind", ("类别", "kind"), parse=_kind),
    Column("subject", ("科目", "subject")),
    Column("district", ("考区", "district")),
    Column("site", ("考点", "site"), required=False),
    Column("room", ("考场号", "考场", "room"), required=False),
    Column("papers", ("份数", "papers"), parse=_count),
    Column("spares", ("备用份数", "spares"), parse=_count),
    Column("seal", ("封条号", "seal"), parse=clean_seal),
)
NAMES = tuple(column.names[0] for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class Known:
    """Sessions, districts and rooms of an exam by the words that a table may use."""

    sessions: Mapping[str, ExamSession]
    districts: Mapping[str, District]
    rooms: Mapping[tuple[int, str, str], Room]


def known(session: Session, exam: Exam) -> Known:
    """What a table of this exam may name."""
    subjects: dict[str, ExamSession] = {}
    for row in sessions_of(session, exam):
        subjects |= {row.subject: row, subject_name(exam, row): row}
    districts: dict[str, District] = {}
    rooms: dict[tuple[int, str, str], Room] = {}
    for district, site, room in places_of(session, exam):
        districts |= dict.fromkeys(_names(district), district)
        for name in _names(site):
            for number in (str(room.code), f"{room.code:02}"):
                rooms[district.id, name, number] = room
    return Known(subjects, districts, rooms)


def _names(one: District | Site) -> tuple[str, str, str]:
    return one.name, str(one.code), f"{one.code:02}"


def find_room(found: Known, district: str, site: str, room: str) -> tuple[District, Room]:
    """The room that a row names; raises Invalid."""
    place = found.districts.get(district)
    if place is None:
        raise Invalid("This exam has no district %(name)s", name=district)
    if (place.id, site, room) not in found.rooms:
        raise Invalid("There is no room %(room)s at %(site)s", room=room, site=site)
    return place, found.rooms[place.id, site, room]


@verb
def import_bags(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Bring the register of bags in from a table (.csv or .xlsx); returns the number of rows.

    A bag that is known by its barcode is changed while it lies in the secrecy room. Raises
    SheetError with every problem, Invalid for a session, district or room that there is not.
    """
    exam = open_exam(ctx.session, code, *STATES)
    rows = _read(ctx.session, exam, name, data)
    present = {bag.barcode: bag for bag in _bags(ctx.session, exam)}
    fresh = [row for row in rows if row["barcode"] not in present]
    for row in rows:
        if row["barcode"] in present:
            _change(present[row["barcode"]], row)
    _insert(ctx, exam, fresh)
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), bags=len(rows))
    return len(rows)


def _change(bag: Bag, row: Mapping[str, Any]) -> None:
    different = [key for key, value in row.items() if getattr(bag, key) != value]
    if different and bag.state != "secrecy":
        raise Conflict(
            "The bag %(barcode)s has left the secrecy room: it is changed no more",
            barcode=bag.barcode,
        )
    for key in different:
        setattr(bag, key, row[key])


def _insert(ctx: Context, exam: Exam, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        listed = [{**row, "exam_id": exam.id, "state": "secrecy"} for row in rows]
        ctx.session.execute(insert(Bag), listed)
    ctx.session.flush()


def _bags(session: Session, exam: Exam) -> Sequence[Bag]:
    query = select(Bag).where(Bag.exam_id == exam.id).order_by(Bag.id)
    return session.scalars(query).all()


def _read(session: Session, exam: Exam, name: str, data: bytes) -> list[dict[str, Any]]:
    found = known(session, exam)
    return [_values(found, row) for row in read_table(name, data, COLUMNS).rows]


def _values(found: Known, row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: row[key] for key in ("barcode", "kind", "papers", "spares", "seal")}
    if row["subject"] not in found.sessions:
        raise Invalid("This exam has no session “%(subject)s”", subject=row["subject"])
    kept["session_id"] = found.sessions[row["subject"]].id
    if row["papers"] < 1:
        raise Invalid("The bag %(barcode)s has no papers", barcode=row["barcode"])
    if row["kind"] == "duty":
        if row["district"] not in found.districts:
            raise Invalid("This exam has no district %(name)s", name=row["district"])
        return {**kept, "district_id": found.districts[row["district"]].id, "room_id": None}
    named = (row["district"], row["site"] or "", row["room"] or "")
    district, room = find_room(found, *named)
    return {**kept, "district_id": district.id, "room_id": room.id}


def preview_bags(ctx: Context, code: str, name: str, data: bytes) -> Preview:
    """What a table would change in the register; raises as the import does."""
    exam = open_exam(ctx.session, code, *STATES)
    before = {row[0]: row for row in bag_rows(ctx.session, exam)}
    cells = _Cells(ctx.session, exam)
    after = {row["barcode"]: cells.of(row) for row in _read(ctx.session, exam, name, data)}
    return compare(NAMES, before, after, removes=False)


def bag_rows(session: Session, exam: Exam) -> list[tuple[str, ...]]:
    """The register in the columns NAMES in which it is brought in."""
    cells = _Cells(session, exam)
    keys = ("barcode", "kind", "session_id", "district_id", "room_id", "papers", "spares", "seal")
    return [cells.of({key: getattr(bag, key) for key in keys}) for bag in _bags(session, exam)]


class _Cells:
    """Rows of the register as the words of its table."""

    def __init__(self, session: Session, exam: Exam) -> None:
        self.sessions = {one.id: subject_name(exam, one) for one in sessions_of(session, exam)}
        places = places_of(session, exam)
        self.districts = {district.id: district.name for district, _site, _room in places}
        self.rooms = {room.id: (site.name, f"{room.code:02}") for _d, site, room in places}

    def of(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """The cells of one bag."""
        where = self.rooms.get(row["room_id"], ("", ""))
        named = (self.sessions[row["session_id"]], self.districts[row["district_id"]], *where)
        counts = (str(row["papers"]), str(row["spares"]))
        return (row["barcode"], _WORDS[row["kind"]], *named, *counts, row["seal"])


@verb
def generate_bags(ctx: Context, *, code: str, spares: int = 1, answers: bool = True) -> int:
    """Make the bags of every room in use and session, and a duty paper of each district.

    A room's bag holds as many papers as the room has seats, and `spares` (RULES 2.4: 30 + 1).
    `answers`: a bag of answer sheets beside each. Seals are numbered after the barcode. Returns
    how many; raises Conflict when there are bags already or nobody is seated.
    """
    exam = open_exam(ctx.session, code, "seated")
    if not 0 <= spares <= MOST_SPARES:
        raise Invalid("Enter from 0 to %(most)s spare papers", most=MOST_SPARES).about("spares")
    if _bags(ctx.session, exam):
        raise Conflict("This exam has bags already")
    used = set(ctx.session.scalars(select(Seat.room_id).distinct()))
    places = [row for row in places_of(ctx.session, exam) if row[2].id in used]
    if not places:
        raise Conflict("Nobody is seated in this exam yet: there are no rooms to make bags for")
    kinds = ("paper", "answer") if answers else ("paper",)
    rows = [
        row
        for number, one in enumerate(sessions_of(ctx.session, exam), 1)
        for row in _session_rows(ctx.chance, number, one, places, kinds, spares)
    ]
    _insert(ctx, exam, rows)
    ctx.record(exam=code, subject=f"exam:{code}", bags=len(rows), spares=spares)
    return len(rows)


def _session_rows(
    chance: Chance,
    number: int,
    row: ExamSession,
    places: Sequence[Any],
    kinds: Sequence[str],
    spares: int,
) -> Iterator[dict[str, Any]]:
    for district, site, room in places:
        for kind in kinds:
            spot = f"{district.code:02}{site.code:02}{room.code:02}"
            base = _row(chance, kind, number, spot, row)
            holds = {"papers": room.capacity, "spares": spares}
            yield {**base, **holds, "district_id": district.id, "room_id": room.id}
    for district in {one.id: one for one, _site, _room in places}.values():
        base = _row(chance, "duty", number, f"{district.code:02}", row)
        yield {**base, "papers": 1, "spares": 0, "district_id": district.id, "room_id": None}


def _row(chance: Chance, kind: str, number: int, spot: str, row: ExamSession) -> dict[str, Any]:
    # Six hexadecimal digits that nobody can guess: a barcode cannot be made up from the plan.
    barcode = f"{kind[0].upper()}{number}-{spot}-{chance.take(3).hex().upper()}"
    seal = chance.take(4).hex().upper()
    return {"barcode": barcode, "kind": kind, "session_id": row.id, "seal": f"S{seal}"}


@verb
def print_labels(ctx: Context, *, code: str, subject: str = "") -> bytes:
    """The labels of the bags (of one session, if named) as a PDF, 21 to a page.

    Raises Conflict while there are none.
    """
    exam = exam_by_code(ctx.session, code)
    place = place_of(ctx, ctx.actor.account_id, code)
    cells = _Cells(ctx.session, exam)
    sessions = {one.id: one for one in sessions_of(ctx.session, exam)}
    labels = [
        _label(cells, bag, sessions[bag.session_id])
        for bag in bags_within(ctx.session, place)
        if subject in ("", sessions[bag.session_id].subject)
    ]
    if not labels:
        raise Conflict("There are no bags to print labels for")
    at = ctx.clock.now().astimezone(ctx.config.zone)
    labels = [replace(one, begins=one.begins.astimezone(ctx.config.zone)) for one in labels]
    ctx.record(exam=code, subject=f"exam:{code}", session=subject, labels=len(labels))
    fonts = register(ctx.config.fonts_folder)
    return labels_pdf(ctx.config.bureau, exam.name, labels, at, fonts)


def _label(cells: _Cells, bag: Bag, row: ExamSession) -> Label:
    site, room = cells.rooms.get(bag.room_id or 0, ("", ""))
    return Label(
        barcode=bag.barcode,
        kind=_WORDS[bag.kind],
        session=cells.sessions[bag.session_id],
        begins=row.starts_at,
        district=cells.districts[bag.district_id],
        site=site,
        room=room,
        papers=bag.papers,
        spares=bag.spares,
        seal=bag.seal,
    )
