"""Parts of a case that other sections do: one window takes a letter in, many work on it.

The owner asks a colleague of the desk for a part until a day; the letter is answered once every
part is done or dropped, and its own deadline stays what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.cases.kinds import kind_of
from exam_system.cases.lookup import exam_code, find_letter, names_of, require_desk, staff_of
from exam_system.cases.models import Letter, LetterTask
from exam_system.cases.states import WAITING
from exam_system.cases.words import body
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.people import reason_line
from exam_system.registration.reviewing import today
from exam_system.trust.canonical import sha256_hex

LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """A part as the page shows it: its texts opened, `mine` when the actor is asked for it."""

    row: LetterTask
    name: str
    asked: str
    done: str
    mine: bool
    open: bool
    late: bool


def _letter(ctx: Context, ref: str) -> Letter:
    letter = find_letter(ctx.session, ref, lock=True)
    require_desk(ctx, letter)
    return letter


def _waiting(ctx: Context, letter: Letter, task: str) -> LetterTask:
    query = select(LetterTask).where(LetterTask.letter_id == letter.id, LetterTask.ref == task)
    row = ctx.session.scalar(query.with_for_update())
    if row is None:
        raise NotFound("There is no such part of this letter")
    if row.done is not None or row.dropped_why is not None:
        raise Conflict("This part is done or dropped already")
    return row


def _require_owner(ctx: Context, letter: Letter) -> int:
    me = ctx.actor.account_id
    if me is None or me not in (letter.owner_id, letter.deputy_id):
        raise Conflict("This letter has another owner and deputy: have it assigned to you first")
    return me


@verb
def ask_part(ctx: Context, *, ref: str, username: str, text: str, due: date) -> LetterTask:
    """Ask somebody of the desk, by login name, for a part of a letter until a day, at the latest
    that of the letter."""
    letter = _letter(ctx, ref)
    me = _require_owner(ctx, letter)
    if letter.state not in WAITING or letter.state == "registered":
        raise Conflict("Parts are asked for once a letter is taken up, and until it is answered")
    if not today(ctx) <= due <= letter.due:
        raise Invalid("Give a day from today until the day on which the letter is due").about("due")
    account = _colleague(ctx, letter, username, me)
    row = LetterTask(
        ref=reference(ctx.chance),
        letter_id=letter.id,
        account_id=account.id,
        asked=ctx.keys.vault.seal(body(text, LONGEST)),
        asked_by=me,
        asked_at=ctx.clock.now(),
        due=due,
    )
    ctx.session.add(row)
    ctx.session.flush()
    told = {"task": row.ref, "whom": account.ref, "number": letter.number, "due": str(due)}
    ctx.record(exam=exam_code(ctx.session, letter), subject=f"letter:{ref}", **told)
    return row


def _colleague(ctx: Context, letter: Letter, username: str, me: int) -> Account:
    for account in staff_of(ctx.session, kind_of(letter.kind).desk):
        if account.username == username and account.id != me:
            return account
    raise Invalid("Choose a colleague of this desk").about("username")


@verb
def answer_part(ctx: Context, *, ref: str, task: str, text: str) -> LetterTask:
    """Hand in the part that one was asked for; it stays as the office's own note."""
    letter = _letter(ctx, ref)
    row = _waiting(ctx, letter, task)
    if row.account_id != ctx.actor.account_id:
        raise Forbidden("Somebody else was asked for this part")
    row.done, row.done_at = ctx.keys.vault.seal(body(text, LONGEST)), ctx.clock.now()
    ctx.session.flush()
    digest = sha256_hex(row.done)
    ctx.record(
        exam=exam_code(ctx.session, letter), subject=f"letter:{ref}", task=task, digest=digest
    )
    return row


@verb
def drop_part(ctx: Context, *, ref: str, task: str, reason: str) -> LetterTask:
    """Ask for a part no longer; the reason stays."""
    letter = _letter(ctx, ref)
    _require_owner(ctx, letter)
    row = _waiting(ctx, letter, task)
    row.dropped_why = reason_line(reason, 200)
    ctx.session.flush()
    told = {"task": task, "why": row.dropped_why}
    ctx.record(exam=exam_code(ctx.session, letter), subject=f"letter:{ref}", **told)
    return row


def tasks_of(session: Session, letter: Letter) -> Sequence[LetterTask]:
    """Every part of a letter in the order of asking."""
    query = select(LetterTask).where(LetterTask.letter_id == letter.id).order_by(LetterTask.id)
    return session.scalars(query).all()


def require_parts_done(session: Session, letter: Letter) -> None:
    """Raise Conflict while somebody who was asked for a part has not handed it in."""
    missing = [one for one in tasks_of(session, letter) if _is_open(one)]
    if missing:
        raise Conflict(
            "%(count)s parts of this letter are not done: wait for them, or drop them with a "
            "reason",
            count=len(missing),
        )


def _is_open(row: LetterTask) -> bool:
    return row.done is None and row.dropped_why is None


def parts(ctx: Context, letter: Letter) -> list[Part]:
    """The parts of a letter for its page."""
    rows, vault = tasks_of(ctx.session, letter), ctx.keys.vault
    names, day = names_of(ctx.session, {row.account_id for row in rows}), today(ctx)
    return [
        Part(
            row,
            names[row.account_id],
            vault.open(row.asked),
            vault.open(row.done) if row.done else "",
            row.account_id == ctx.actor.account_id,
            _is_open(row),
            _is_open(row) and row.due < day,
        )
        for row in rows
    ]
