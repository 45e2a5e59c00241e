"""Verbs of the staff of the exam day: bring the list in, issue login names and passwords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.handing import hand_over
from exam_system.attendance.models import SiteStaff
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.examday.models import Duty, Invigilator
from exam_system.exams.lookup import exam_by_code, open_exam
from exam_system.exams.models import District, Exam, Room, Site
from exam_system.people import clean_name, line_within
from exam_system.sheets import Column, read_table
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import sha256_hex
from exam_system.violations.lookup import refuse_stopped

STATES = ("announced", "closed", "seated")
_FUNCTIONS = {
    "负责人": "head",
    "工作人员": "staff",
    "保管员": "custodian",
    "监督员": "supervisor",
    "监交员": "supervisor",
    "专家": "expert",
}
_WORDS = {word: text for text, word in _FUNCTIONS.items()}


def _function(text: str) -> str:
    word = _FUNCTIONS.get(text, text.casefold())
    if word not in _WORDS:
        raise Sentence(
            "Enter 负责人, 工作人员, 保管员, 监交员 or 专家 "
            "(head, staff, custodian, supervisor, expert)"
        )
    return word


COLUMNS = (
    Column("staff_no", ("工号", "staff number"), parse=line_within(40), unique=True),
    Column("name", ("姓名", "name"), parse=clean_name),
    Column("office", ("单位", "所在单位", "office"), parse=line_within(60)),
    Column("function", ("职责", "岗位职责", "function"), parse=_function),
    Column("district", ("考区", "district"), required=False),
    Column("site", ("考点", "site"), required=False),
)
NAMES = tuple(column.names[0] for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class Known:
    """The districts and sites of an exam by the words a table may name them with."""

    districts: Mapping[str, District]
    sites: Mapping[tuple[int, str], Site]


@dataclass(frozen=True, slots=True)
class Issued:
    """What is handed to one person; the password is kept nowhere."""

    place: str
    name: str
    username: str
    password: str


@verb
def import_site_staff(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Bring in who is on duty at sites, districts and the headquarters, from a table.

    Who is there already (by staff number) is updated, nobody is removed: what they did stays
    theirs. Returns the number of rows; raises SheetError with every problem.
    """
    exam = open_exam(ctx.session, code, *STATES)
    listed = _read(ctx.session, exam, name, data)
    refuse_stopped(ctx, [values["staff_no"] for values in listed])
    query = select(SiteStaff).where(SiteStaff.exam_id == exam.id)
    present = {one.staff_no: one for one in ctx.session.scalars(query)}
    for values in listed:
        one = present.get(values["staff_no"])
        if one is None:
            ctx.session.add(SiteStaff(ref=reference(ctx.chance), exam_id=exam.id, **values))
        else:
            _update(one, values)
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), people=len(listed))
    return len(listed)


def _update(one: SiteStaff, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        setattr(one, key, value)


def _read(session: Session, exam: Exam, name: str, data: bytes) -> list[dict[str, Any]]:
    known = _known(session, exam)
    rows = read_table(name, data, COLUMNS).rows
    return [_values(known, row) for row in rows]


def _known(session: Session, exam: Exam) -> Known:
    districts: dict[str, District] = {}
    sites: dict[tuple[int, str], Site] = {}
    for one in session.scalars(select(District).where(District.exam_id == exam.id)):
        districts |= {one.name: one, str(one.code): one, f"{one.code:02}": one}
    query = select(Site).join(District).where(District.exam_id == exam.id)
    for site in session.scalars(query):
        for word in (site.name, str(site.code), f"{site.code:02}"):
            sites[site.district_id, word] = site
    return Known(districts, sites)


def _values(known: Known, row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: row[key] for key in ("staff_no", "name", "office", "function")}
    district, site = row["district"] or "", row["site"] or ""
    if not district and not site:
        return {**kept, "district_id": None, "site_id": None}
    if district not in known.districts:
        raise NotFound("This exam has no district %(name)s", name=district)
    at = known.districts[district].id
    if site and (at, site) not in known.sites:
        raise NotFound(
            "The district %(district)s has no site %(name)s", district=district, name=site
        )
    return {**kept, "district_id": at, "site_id": known.sites[at, site].id if site else None}


def preview_site_staff(ctx: Context, code: str, name: str, data: bytes) -> Preview:
    """What a table would change in the list; raises as the import does."""
    exam = open_exam(ctx.session, code, *STATES)
    _read(ctx.session, exam, name, data)
    before = {row[0]: row for row in staff_rows(ctx.session, exam)}
    rows = read_table(name, data, COLUMNS).rows
    after = {row["staff_no"]: _cells(_known(ctx.session, exam), row) for row in rows}
    return compare(NAMES, before, after, removes=False)


def _cells(known: Known, row: Mapping[str, Any]) -> tuple[str, ...]:
    district = known.districts.get(row["district"] or "")
    site = known.sites.get((district.id, row["site"] or "")) if district else None
    words = (district.name if district else "", site.name if site else "")
    return (row["staff_no"], row["name"], row["office"], _WORDS[row["function"]], *words)


def staff_rows(session: Session, exam: Exam) -> list[tuple[str, ...]]:
    """The list in the columns NAMES in which it is brought in, by place and staff number."""
    return [
        (
            *(one.staff_no, one.name, one.office, _WORDS[one.function]),
            *(district.name if district else "", site.name if site else ""),
        )
        for one, district, site in staff_of(session, exam)
    ]


def staff_of(
    session: Session, exam: Exam
) -> Sequence[tuple[SiteStaff, District | None, Site | None]]:
    """Everybody with their place; the headquarters first."""
    query = (
        select(SiteStaff, District, Site)
        .outerjoin(District, District.id == SiteStaff.district_id)
        .outerjoin(Site, Site.id == SiteStaff.site_id)
        .where(SiteStaff.exam_id == exam.id)
    )
    rows = [(row[0], row[1], row[2]) for row in session.execute(query)]
    return sorted(rows, key=_order)


def _order(row: tuple[SiteStaff, District | None, Site | None]) -> tuple[int, int, str]:
    one, district, site = row
    return (district.code if district else 0, site.code if site else 0, one.staff_no)


@verb
def issue_staff_accounts(ctx: Context, *, code: str, site: int | None = None) -> list[Issued]:
    """Give the staff and the drawn invigilators (of one site, by id, if named) a new password each.

    Who has no account gets one. Done again, earlier passwords and open sessions of these people
    end. Raises Conflict when there is nobody.
    """
    exam = exam_by_code(ctx.session, code)
    issued = [_issue(ctx, *one) for one in _people(ctx.session, exam, site)]
    if not issued:
        raise Conflict("There is nobody to issue an account to")
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", people=len(issued))
    return issued


Someone = SiteStaff | Invigilator


def _people(session: Session, exam: Exam, site: int | None) -> list[tuple[str, Someone]]:
    """By the name of the place: the staff, then who is drawn for a room or the reserve."""
    found: list[tuple[str, Someone]] = [
        (at.name if at else district.name if district else "", one)
        for one, district, at in staff_of(session, exam)
        if site is None or one.site_id == site
    ]
    query = (
        select(Site.name, Room.name, Invigilator)
        .select_from(Duty)
        .join(Invigilator, Invigilator.id == Duty.invigilator_id)
        .join(Site, Site.id == Duty.site_id)
        .outerjoin(Room, Room.id == Duty.room_id)
        .where(Invigilator.exam_id == exam.id)
        .order_by(Site.name, Duty.session_id, Room.code, Duty.place)
    )
    drawn: dict[int, tuple[str, Someone]] = {}
    if site is not None:
        query = query.where(Site.id == site)
    for where, room, one in session.execute(query):
        drawn.setdefault(one.id, (f"{where} {room or ''}".strip(), one))
    return found + list(drawn.values())


def _issue(ctx: Context, place: str, person: Someone) -> Issued:
    staff = isinstance(person, SiteStaff)
    account, password = hand_over(
        ctx,
        person.account_id,
        prefix="d",
        name=person.name,
        role=Role.SITE if staff else Role.INVIGILATOR,
        office=(person.office if isinstance(person, SiteStaff) else person.school)[:60],
    )
    person.account_id = account.id
    return Issued(place, person.name, account.username, password)
