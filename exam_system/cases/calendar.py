"""Working days as the engine's calendar, many years at once.

Where the holidays of a year are not announced yet, its days from Monday to Friday count as
working days, and the slip says so; the deadline is counted anew as soon as they are announced.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from exam_system.cases.engine import Calendar
from exam_system.workdays import BUILT_IN, Table, is_working_day

BEFORE, AFTER = 3, 2  # years around a day that a calendar covers


@lru_cache(maxsize=64)
def _year(year: int) -> tuple[bool, ...]:
    return _flags(year, BUILT_IN)


def _flags(year: int, table: Table) -> tuple[bool, ...]:
    count = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(count))
    return tuple(is_working_day(day, table) for day in days)


def calendar_of(first: int, last: int, table: Table = BUILT_IN) -> Calendar:
    """The calendar of these years, both included."""
    years = range(first, last + 1)
    flags = [_flags(year, table) if year in table.years else _year(year) for year in years]
    return Calendar(date(first, 1, 1), np.concatenate(flags))


def calendar_around(day: date, oldest: date | None = None, table: Table = BUILT_IN) -> Calendar:
    """A calendar for cases that are open on a day, the oldest of them begun on `oldest`."""
    begins = min(day.year - BEFORE, (oldest or day).year)
    return calendar_of(begins, day.year + AFTER, table)
