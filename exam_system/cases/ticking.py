"""Going through all open cases once a day: what the engine says is due is done as acts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from exam_system.cases.calendar import calendar_around
from exam_system.cases.engine import ESCALATED, MARKED, REMINDED, Due, Step, due_steps
from exam_system.cases.lookup import away_on, exam_code, find_letter
from exam_system.cases.models import Letter
from exam_system.cases.states import OPEN, move
from exam_system.cases.terms import clocks, columns_of, set_due
from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.registration.reviewing import today
from exam_system.workdays import office_table

BITS = {Step.REMIND: REMINDED, Step.OVERDUE: MARKED, Step.ESCALATE: ESCALATED}


def due_now(ctx: Context) -> list[tuple[Letter, Step]]:
    """The open cases for which a step is due now, in the order in which it is done."""
    letters = list(ctx.session.scalars(select(Letter).where(Letter.state.in_(OPEN))))
    return [(letters[one.row], one.step) for one in _found(ctx, letters)]


def _found(ctx: Context, letters: Sequence[Letter]) -> list[Due]:
    if not letters:
        return []
    day, zone = today(ctx), ctx.config.zone
    replied = [one.replied_at and one.replied_at.astimezone(zone).date() for one in letters]
    columns = columns_of(letters, replied, away_on(ctx.session, day))
    calendar = calendar_around(day, min(one.day for one in letters), office_table(ctx.session))
    return due_steps(columns, clocks(), calendar, day)


@verb
def carry_out(ctx: Context, *, ref: str, step: str) -> Letter:
    """Do one due step; raises Conflict when it is not due any more."""
    letter = find_letter(ctx.session, ref, lock=True)
    if letter.state not in OPEN or step not in {one.step for one in _found(ctx, [letter])}:
        raise Conflict("This step is not due")
    _do(ctx, letter, Step(step))
    ctx.session.flush()
    told = {"step": step, "number": letter.number, "due": str(letter.due)}
    ctx.record(exam=exam_code(ctx.session, letter), subject=f"letter:{ref}", **told)
    return letter


def _do(ctx: Context, letter: Letter, step: Step) -> None:
    if step in BITS:
        letter.marks |= BITS[step]
    elif step is Step.RECOUNT:
        set_due(ctx.session, letter)
    elif step is Step.HAND_OVER:
        letter.owner_id, letter.deputy_id = letter.deputy_id, letter.owner_id
    else:
        move(letter, "closed")
        letter.closed_at = ctx.clock.now()


def tick(ctx: Context) -> int:
    """Do everything that is due, each as an act; returns how many steps."""
    done = 0
    for letter, step in due_now(ctx):
        try:
            carry_out(ctx, ref=letter.ref, step=step)
        except Conflict:  # an earlier step of the same run has changed the deadline
            continue
        done += 1
    return done
