"""The verb of indicators: how many people were taken in within a year in every way."""

from __future__ import annotations

from sqlalchemy import select

from exam_system.context import Context, verb
from exam_system.errors import Forbidden, Invalid
from exam_system.indicators.models import Intake
from exam_system.people import reason_line

YEARS = range(1990, 2201)
MOST = 10_000_000


@verb
def enter_intake(ctx: Context, *, year: int, people: int, basis: str) -> Intake:
    """Enter, or correct, everybody taken in within a year, by exam and otherwise; `basis` names
    the table of the personnel office that says so. The act keeps the number before."""
    if year not in YEARS or not 0 < people <= MOST:
        raise Invalid("Enter a year and how many people were taken in").about("year people")
    if ctx.actor.account_id is None:
        raise Forbidden("Only people enter this number")
    query = select(Intake).where(Intake.year == year).with_for_update()
    row = ctx.session.scalar(query) or Intake(year=year)
    before = row.people or 0
    row.people, row.basis = people, reason_line(basis, 200, "basis")
    row.entered_by, row.entered_at = ctx.actor.account_id, ctx.clock.now()
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(exam="", subject=f"intake:{year}", people=people, before=before, basis=row.basis)
    return row
