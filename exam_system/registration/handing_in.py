"""Candidates handed over as a table: by a unit, or from a bureau's earlier system.

Everybody in it gets an account that nobody can enter yet, and a draft. Whoever then registers with
the same ID number, name and telephone number has that account; photo, submission, review and
payment go their ordinary way. Nothing is taken in unless everything is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, Table, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account, Person
from exam_system.accounts.phones import phone_key
from exam_system.chance import label, reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import District, Exam, Post
from exam_system.people import mask_id
from exam_system.records.bulk import Rows, load, new_keys
from exam_system.registration.candidate_table import Handed, read_candidates
from exam_system.registration.lookup import rules_from, shown
from exam_system.registration.models import Application
from exam_system.registration.reviewing import today
from exam_system.sheets import CellError, SheetError
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import sha256_hex
from exam_system.vault import decoy_hash

Tell = Callable[[int, int], None]
_AT_ONCE = 5_000
_ACCOUNT = ("id", "ref", "username", "name")
_PERSON = (
    *("id", "account_id", "name", "sex", "birth"),
    *("id_sealed", "id_blind", "phone_sealed", "phone_blind"),
)
_APPLICATION = (
    *("id", "ref", "label", "person_id", "post_id", "district_id"),
    *("education", "major", "school", "employer"),
)


@dataclass(frozen=True, slots=True)
class _Read:
    """A table that can be taken in: the rows, each with the blind value of its ID number, and the
    keys of those who have an account already, by blind value."""

    exam: Exam
    rows: list[Handed]
    blinds: list[str]
    known: dict[str, int]


def _nobody(_done: int, _all: int) -> None:
    """Nobody watches how far it is."""


@verb
def import_candidates(
    ctx: Context, *, code: str, name: str, data: bytes, tell: Tell = _nobody
) -> int:
    """Make drafts, and accounts for those who have none, of a table (.csv or .xlsx); returns how
    many. Possible from the announcement until registration closes.

    `tell` hears how many rows of all have been written. Raises SheetError with all problems.
    """
    read = _read(ctx, code, name, data)
    people = _new_people(ctx, read)
    try:
        for rows in _tables(ctx, read, people):
            load(ctx.session, rows, ctx.chance.take(32), _part(tell, rows, len(read.rows)))
    except IntegrityError:
        raise Conflict(
            "Somebody of the table has registered or applied meanwhile: send it again"
        ) from None
    digest = sha256_hex(data)
    ctx.record(
        exam=code, subject=f"exam:{code}", file=digest, rows=len(read.rows), people=len(people)
    )
    return len(read.rows)


def preview_candidates(ctx: Context, code: str, name: str, data: bytes) -> Preview:
    """The new drafts; a table of candidates changes nothing that is there."""
    read = _read(ctx, code, name, data)
    after = {
        blind: (
            *(row.name, mask_id(row.number.number), str(row.post), str(row.district)),
            *(row.education, row.major, row.school, row.employer or ""),
        )
        for row, blind in zip(read.rows, read.blinds, strict=True)
    }
    return compare(PREVIEWED, {}, after, removes=False)


PREVIEWED = ("Name", "ID number", "Post", "District", "Education", "Major", "School", "Employer")


def _read(ctx: Context, code: str, name: str, data: bytes) -> _Read:
    exam = _open_exam(ctx, code)
    posts = select(Post.code, Post.id).where(Post.exam_id == exam.id, Post.cancelled.is_(None))
    districts = select(District.code, District.id).where(District.exam_id == exam.id)
    rows = read_candidates(
        name,
        data,
        posts={str(post): key for post, key in ctx.session.execute(posts)},
        districts={str(district): key for district, key in ctx.session.execute(districts)},
        today=today(ctx),
    )
    blind = ctx.keys.vault.blind
    blinds = [blind(row.number.number) for row in rows]
    known = dict(_known(ctx.session, blinds))
    applied = set(_applied(ctx.session, exam, [key for key, _ in known.values()]))
    _refuse(list(_faults(rows, blinds, known, applied)))
    return _Read(exam, rows, blinds, {one: key for one, (key, _) in known.items()})


def _open_exam(ctx: Context, code: str) -> Exam:
    """The exam, which cannot be closed meanwhile; raises Conflict when it takes nobody any more."""
    exam_by_code(ctx.session, code)
    found = select(Exam).where(Exam.code == code).with_for_update(read=True)
    exam = ctx.session.scalars(found.execution_options(populate_existing=True)).one()
    closes = rules_from(exam.rules).registration_closes
    if exam.state == "draft":
        raise Conflict("Candidates are taken in once the exam is announced")
    if exam.state != "announced" or ctx.due() >= closes:
        raise Conflict("Registration closed at %(at)s", at=shown(closes, ctx.config))
    return exam


def _known(session: Session, blinds: Sequence[str]) -> Iterator[tuple[str, tuple[int, str]]]:
    """Of people who are here already: blind value, key and name."""
    query = select(Person.id_blind, Person.id, Person.name)
    for some in _among(session, Person.id_blind, String(), blinds):
        for blind, key, name in session.execute(query.where(some)):
            yield blind, (key, name)


def _among(
    session: Session, column: Any, kind: Any, values: Sequence[Any]
) -> Iterator[ColumnElement[bool]]:
    """Conditions that together are `column IN values`; PostgreSQL takes them as one array."""
    if session.get_bind().dialect.name == "postgresql":
        yield column == any_(bindparam("values", list(values), ARRAY(kind)))
        return
    for start in range(0, len(values), _AT_ONCE):
        yield column.in_(values[start : start + _AT_ONCE])


def _applied(session: Session, exam: Exam, people: Sequence[int]) -> Iterator[int]:
    query = select(Application.person_id).where(Application.exam_id == exam.id)
    for some in _among(session, Application.person_id, Integer(), people):
        yield from session.scalars(query.where(some))


def _faults(
    rows: Sequence[Handed],
    blinds: Sequence[str],
    known: Mapping[str, tuple[int, str]],
    applied: set[int],
) -> Iterator[CellError]:
    for row, blind in zip(rows, blinds, strict=True):
        if blind not in known:
            continue
        key, name = known[blind]
        if name != row.name:
            said = Sentence("This ID number is registered here under another name")
            yield CellError(row.sheet, row.row, "姓名", said)
        elif key in applied:
            said = Sentence("This person has applied in this exam already")
            yield CellError(row.sheet, row.row, "身份证号", said)


def _refuse(faults: list[CellError]) -> None:
    if faults:
        raise SheetError(faults[:1000], len(faults))


def _new_people(ctx: Context, read: _Read) -> dict[str, int]:
    """Keys of those who have no account yet, by blind value."""
    new = [blind for blind in read.blinds if blind not in read.known]
    return dict(zip(new, new_keys(ctx.session, _table(Person), len(new)), strict=True))


def _table(model: type[Account | Person | Application]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _tables(ctx: Context, read: _Read, people: Mapping[str, int]) -> Iterator[Rows]:
    """The rows table by table, each after those it points to."""
    now = ctx.clock.now()
    pairs = list(zip(read.rows, read.blinds, strict=True))
    new = [(row, blind, people[blind]) for row, blind in pairs if blind in people]
    if new:
        accounts = new_keys(ctx.session, _table(Account), len(new))
        given = {
            "role": Role.CANDIDATE.value,
            "password_hash": decoy_hash(ctx.config.password_cost),
            "active": True,
            "created_at": now,
        }
        made = [
            (key, reference(ctx.chance), blind, row.name)
            for key, (row, blind, _) in zip(accounts, new, strict=True)
        ]
        yield Rows(_table(Account), given, _ACCOUNT, made)
        yield Rows(_table(Person), {}, _PERSON, _people(ctx, new, accounts))
    yield _applications(ctx, read, {**read.known, **people}, pairs)


def _people(
    ctx: Context, new: Sequence[tuple[Handed, str, int]], accounts: Sequence[int]
) -> list[tuple[object, ...]]:
    vault = ctx.keys.vault
    return [
        (
            *(key, account, row.name, row.number.sex, row.number.birth),
            *(vault.seal(row.number.number), blind),
            *(vault.seal(row.phone), phone_key(vault, row.phone)),
        )
        for account, (row, blind, key) in zip(accounts, new, strict=True)
    ]


def _applications(
    ctx: Context, read: _Read, people: Mapping[str, int], pairs: Sequence[tuple[Handed, str]]
) -> Rows:
    table = _table(Application)
    keys = new_keys(ctx.session, table, len(pairs))
    given = {
        "exam_id": read.exam.id,
        "state": "draft",
        "checks": "[]",
        "reason": "",
        "created_at": ctx.clock.now(),
    }
    made = [
        (
            *(key, reference(ctx.chance), label(ctx.chance, "k"), people[blind]),
            *(row.post, row.district, row.education, row.major, row.school, row.employer or ""),
        )
        for key, (row, blind) in zip(keys, pairs, strict=True)
    ]
    return Rows(table, given, _APPLICATION, made)


def _part(tell: Tell, rows: Rows, everybody: int) -> Callable[[int], None]:
    """Three tables are written: each row of the last one is a candidate who is done."""
    last = rows.table is _table(Application)
    return lambda done: tell(done if last else 0, everybody)
