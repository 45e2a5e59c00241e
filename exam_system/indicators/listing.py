"""Indicators as a list to take out: exams and then years."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from exam_system.context import Context
from exam_system.indicators.columns import COLUMNS
from exam_system.indicators.figures import board
from exam_system.sheets import Cell

INDICATORS = (
    *("Exam or year", "Name", "Exams"),
    *(column.label for column in COLUMNS.values()),
    "Answered",
    "Grades given",
)
_MONEY = ("asked", "waived", "refunded")


def indicator_rows(ctx: Context, _fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """Every exam and every year; money in yuan, shares of 1, times in seconds."""
    found = board(ctx.session, ctx.clock.now(), ctx.config.zone, public=False)
    for one in (*found.exams, *found.years):
        cells = (_cell(key, column.value(one)) for key, column in COLUMNS.items())
        yield one.code, one.name, one.exams, *cells, one.answered, one.graded


def _cell(key: str, value: float | None) -> Cell:
    if value is None:
        return None
    return Decimal(round(value)) / 100 if key in _MONEY else Decimal(str(round(value, 4)))
