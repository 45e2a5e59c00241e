"""Verbs of the exam day: take the seating plan out."""

from __future__ import annotations

from collections.abc import Sequence

from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.examday import invigilation, seats, ticket_files, withdrawals
from exam_system.examday.plan import Sitter, sitters
from exam_system.exams.lookup import exam_by_code

__all__ = ["export_seats"]
RECIPES = (seats, invigilation)  # whoever has the verbs has the draws as well
TICKETS = (ticket_files, withdrawals)  # and their further verbs


@verb
def export_seats(ctx: Context, *, code: str) -> Sequence[Sitter]:
    """Everybody with a seat, by room and seat; raises Conflict before the draw."""
    exam = exam_by_code(ctx.session, code)
    rows = sitters(ctx.session, exam)
    if not rows:
        raise Conflict("The seats of this exam have not been drawn yet")
    ctx.record(exam=code, subject=f"exam:{code}", rows=len(rows))
    return rows
