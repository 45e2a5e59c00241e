"""Finding cases: by reference for the office, by number and code for whoever wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts import tries
from exam_system.accounts.models import Account
from exam_system.cases.engine import ESCALATED
from exam_system.cases.kinds import kind_of, kinds
from exam_system.cases.models import Letter, LetterAnswer, LetterDocument
from exam_system.cases.states import WAITING
from exam_system.context import Context
from exam_system.database import one_row
from exam_system.errors import Forbidden, NotFound
from exam_system.exams.models import Exam
from exam_system.people import narrow
from exam_system.registration.models import ReviewerAbsence

FOLDER = "letters"  # of an instance: what was handed in, sealed
_NONE = "There is no letter with this service number and code"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, opened: who, how to reach them, and what."""

    name: str
    phone: str
    title: str
    text: str


def written(ctx: Context, letter: Letter) -> Written:
    """The sealed part of a case in clear."""
    return Written(*json.loads(ctx.keys.vault.open(letter.sealed)))


def find_letter(session: Session, ref: str, *, lock: bool = False) -> Letter:
    """One case by its reference; raises NotFound. With `lock` nobody else changes it meanwhile."""
    query = select(Letter).where(Letter.ref == ref)
    return one_row(session, query, NotFound("There is no such letter"), lock=lock)


def code_blind(ctx: Context, number: str, code: str) -> str:
    """Under which the code of a service number is kept."""
    digits = "".join(c for c in narrow(code) if c.isascii() and c.isdigit())
    return ctx.keys.vault.blind(f"letter:{number}:{digits}")


def pick_up(ctx: Context, number: str, code: str) -> Letter | None:
    """The case of a service number and its code; None when they are none's, which is counted.

    The caller commits, so that the failure counts. Raises TooMany while one has to wait.
    """
    typed = narrow(number).upper()
    key = ctx.keys.vault.blind(f"letter:{typed}")
    failure = tries.earlier_failures(ctx, key)
    blind = code_blind(ctx, typed, code)
    query = select(Letter).where(Letter.number == typed, Letter.code_blind == blind)
    row = ctx.session.scalar(query.with_for_update())
    if row is None:
        tries.failed(ctx, key, failure)
    else:
        tries.held(ctx, failure)
    return row


def none_such() -> NotFound:
    """What is said of a number and code that do not go together."""
    return NotFound(_NONE).about("number")


def require_desk(ctx: Context, letter: Letter) -> None:
    """Raise Forbidden unless the actor's desk is the one that works on this case."""
    if ctx.actor.role != kind_of(letter.kind).desk:
        raise Forbidden("This letter is worked on at another desk")


def require_sight(ctx: Context, letter: Letter) -> None:
    """Raise NotFound unless the actor may read the case: its own desk, and the inspection office
    once it was handed on as overdue."""
    escalated = letter.marks & ESCALATED and ctx.actor.role is Role.INSPECTOR
    if ctx.actor.role != kind_of(letter.kind).desk and not escalated:
        raise NotFound("There is no such letter")


def letters_of(session: Session, role: Role) -> list[Letter]:
    """The cases of a desk: those with a deadline first, by it; then the others, newest first.

    The inspection office also sees what was handed on to it as overdue.
    """
    own = Letter.kind.in_([one.code for one in kinds().values() if one.desk == role])
    seen = or_(own, Letter.marks.op("&")(ESCALATED) != 0) if role is Role.INSPECTOR else own
    found = list(session.scalars(select(Letter).where(seen).order_by(Letter.id.desc())))
    waiting = [one for one in found if one.state in WAITING]
    return sorted(waiting, key=lambda one: (one.due, one.id)) + [
        one for one in found if one.state not in WAITING
    ]


def answers_of(session: Session, letter: Letter) -> list[LetterAnswer]:
    """Every version of the answer, newest first."""
    query = select(LetterAnswer).where(LetterAnswer.letter_id == letter.id)
    return list(session.scalars(query.order_by(LetterAnswer.version.desc())))


def documents_of(session: Session, letter: Letter) -> list[LetterDocument]:
    """What was handed in with a letter."""
    query = select(LetterDocument).where(LetterDocument.letter_id == letter.id)
    return list(session.scalars(query.order_by(LetterDocument.id)))


def names_of(session: Session, accounts: Iterable[int | None]) -> dict[int | None, str]:
    """Names of members of staff by account; "" for nobody."""
    wanted = {one for one in accounts if one is not None}
    rows = session.execute(select(Account.id, Account.name).where(Account.id.in_(wanted)))
    found: dict[int | None, str] = {row.id: row.name for row in rows}
    return {None: "", **found}


def staff_of(session: Session, role: str) -> Sequence[Account]:
    """The active accounts of a desk."""
    query = select(Account).where(Account.role == role, Account.active).order_by(Account.id)
    return session.scalars(query).all()


def away_on(session: Session, day: date) -> set[int]:
    """Accounts that are absent on a day."""
    query = select(ReviewerAbsence.account_id).where(
        ReviewerAbsence.begins <= day, ReviewerAbsence.ends >= day
    )
    return set(session.scalars(query))


def exams_to_name(session: Session) -> Sequence[Exam]:
    """The exams that a letter can be about: all that were announced, the newest first."""
    query = select(Exam).where(Exam.state != "draft").order_by(Exam.id.desc())
    return session.scalars(query).all()


def exam_code(session: Session, letter: Letter) -> str:
    """The code of the exam a case is about; "" when it is about none."""
    found = session.get(Exam, letter.exam_id) if letter.exam_id else None
    return found.code if found else ""
