"""What a marker sees: numbers of scripts and marks of their own, and nothing else.

Every page, file name and export of markers is made of these objects only; a field that is not here
cannot reach them. The order is that of the numbers, which a key nobody here has has shuffled.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from exam_system.errors import NotFound
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.marking.blind import seal_of
from exam_system.marking.blind_models import Marker, Script, ScriptMark

BATCH = 20


@dataclass(frozen=True, slots=True)
class Pile:
    """The scripts of one question that are a marker's: how many wait, how many are marked."""

    exam: str
    exam_name: str
    exam_name_en: str
    question: str
    name: str
    full: str
    label: str
    waiting: int
    given: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Slip:
    """One script of a pile; `mark` "" until it is given."""

    number: str
    mark: str


def piles_of(session: Session, account_id: int | None) -> list[Pile]:
    """Everything that is an account's to mark, exam by exam, question by question."""
    query = (
        select(Marker, Exam)
        .join(Exam, Exam.id == Marker.exam_id)
        .where(Marker.account_id == account_id, Marker.out_at.is_(None))
        .order_by(Exam.id.desc())
    )
    found = []
    for own, exam in session.execute(query):
        seal = seal_of(session, exam)
        if seal is None:
            continue
        counts = _counts(session, own)
        for one in rules_of(exam).marking_questions:
            if one.code in counts:
                names = (exam.code, exam.name, exam.name_en, one.code, one.name, f"{one.full:f}")
                closed = seal.closed_at is not None
                found.append(Pile(*names, own.label, *counts[one.code], closed))
    return found


def _counts(session: Session, own: Marker) -> dict[str, tuple[int, int]]:
    given = func.count(ScriptMark.mark)
    rows = session.execute(
        _own(own)
        .with_only_columns(ScriptMark.question, func.count(), given)
        .group_by(ScriptMark.question)
        .order_by(None)
    )
    return {question: (total - done, done) for question, total, done in rows}


def _own(own: Marker) -> Select[ScriptMark]:
    """The open turns of a marker on scripts that came, by number."""
    return (
        select(ScriptMark)
        .join(Script, Script.id == ScriptMark.script_id)
        .where(ScriptMark.marker_id == own.id, ScriptMark.opened_at.is_not(None))
        .where(Script.arrived_at.is_not(None))
        .order_by(Script.number)
    )


def pile(session: Session, account_id: int | None, code: str, question: str) -> Pile:
    """One pile; raises NotFound for one that is not this account's."""
    for one in piles_of(session, account_id):
        if (one.exam, one.question) == (code, question):
            return one
    raise NotFound("There is nothing of this question for you to mark")


def slips(
    session: Session, account_id: int | None, one: Pile, *, given: bool, first: int = 0
) -> list[Slip]:
    """The next scripts of a pile without a mark, or (given) a page of those with one."""
    query = _marks(account_id, one).where(
        ScriptMark.mark.is_not(None) if given else ScriptMark.mark.is_(None)
    )
    rows = session.execute(query.offset(first).limit(BATCH))
    return [Slip(row.number, row.mark or "") for row in rows]


def own_marks(session: Session, account_id: int | None, one: Pile) -> dict[str, str]:
    """The marks that a marker has given in a pile, by number."""
    query = _marks(account_id, one).where(ScriptMark.mark.is_not(None))
    return {row.number: row.mark or "" for row in session.execute(query)}


def _marks(account_id: int | None, one: Pile) -> Select[str, str | None]:
    return (
        select(Script.number, ScriptMark.mark)
        .join(Script, Script.id == ScriptMark.script_id)
        .join(Marker, Marker.id == ScriptMark.marker_id)
        .join(Exam, Exam.id == Marker.exam_id)
        .where(Exam.code == one.exam, Marker.account_id == account_id)
        .where(ScriptMark.question == one.question, ScriptMark.opened_at.is_not(None))
        .where(Script.arrived_at.is_not(None))
        .order_by(Script.number)
    )
