"""Figures of letters that everybody may see: by topic and month, how fast, how content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import select

from exam_system.cases.calendar import calendar_around
from exam_system.cases.engine import number
from exam_system.cases.kinds import TOPICS
from exam_system.cases.models import Letter
from exam_system.context import Context
from exam_system.workdays import office_table

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Trends:
    """Letters of the last twelve months: `counts` by topic, one number a month; how many were
    taken in, answered, answered in time; the median of working days; the mean satisfaction."""

    months: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]
    taken: int
    answered: int
    in_time: int
    days: float | None
    content: float | None

    @property
    def most(self) -> int:
        """The largest number of letters of a topic in a month, at least 1."""
        return max(max(row) for row in self.counts.values()) or 1


def trends(ctx: Context) -> Trends:
    """The figures of today."""
    today = ctx.clock.now().astimezone(ctx.config.zone).date()
    months = _months(today)
    columns = (Letter.topic, Letter.registered_at, Letter.replied_at, Letter.due)
    query = select(*columns, Letter.day, Letter.satisfaction)
    zone = ctx.config.zone
    rows: list[Any] = [
        row
        for row in ctx.session.execute(query)
        if f"{row.registered_at.astimezone(zone):%Y-%m}" >= months[0]
    ]
    count = Counter((row.topic, f"{row.registered_at.astimezone(zone):%Y-%m}") for row in rows)
    answered = [row for row in rows if row.replied_at is not None]
    took = _took(ctx, answered, today)
    graded = [row.satisfaction for row in rows if row.satisfaction is not None]
    return Trends(
        months,
        {topic: tuple(count[topic, month] for month in months) for topic in TOPICS},
        len(rows),
        len(answered),
        sum(row.replied_at.astimezone(zone).date() <= row.due for row in answered),
        median(took) if took else None,
        sum(graded) / len(graded) if graded else None,
    )


def _months(today: date) -> tuple[str, ...]:
    last = today.year * 12 + today.month - 1
    return tuple(f"{n // 12}-{n % 12 + 1:02d}" for n in range(last - MONTHS + 1, last + 1))


def _took(ctx: Context, rows: Sequence[Any], today: date) -> list[int]:
    """Working days from the day a letter came to that of its answer, 0 on the same day."""
    if not rows:
        return []
    begun = np.array([number(row.day) for row in rows])
    zone = ctx.config.zone
    ended = np.array([number(row.replied_at.astimezone(zone).date()) for row in rows])
    calendar = calendar_around(today, min(row.day for row in rows), office_table(ctx.session))
    found: list[int] = (calendar.passed(ended) - calendar.passed(begun)).tolist()
    return found
