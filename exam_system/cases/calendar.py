"""The State's working days as the engine's calendar: holidays and make-up days.

Where the holidays of a year are not announced yet, its days from Monday to Friday count as
working days, and the slip says so; the deadline is counted anew as soon as they are announced.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache

import holidays
import numpy as np

from exam_system.cases.engine import Calendar

BEFORE, AFTER = 3, 2  # years around a day that a calendar covers


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN")


def is_announced(year: int) -> bool:
    """Whether the State has announced the holidays of a year, as far as this program knows."""
    _china().get(date(year, 1, 1))  # a year is known once it was asked for
    return year in _china().special_public_holidays


def is_working_day(day: date) -> bool:
    """Whether offices are open on a day."""
    return _china().is_working_day(day) if is_announced(day.year) else day.weekday() < 5


@lru_cache(maxsize=8)
def calendar_of(first: int, last: int) -> Calendar:
    """The calendar of these years, both included."""
    start = date(first, 1, 1)
    count = (date(last + 1, 1, 1) - start).days
    flags = [is_working_day(start + timedelta(days=n)) for n in range(count)]
    return Calendar(start, np.array(flags))


def calendar_around(day: date, oldest: date | None = None) -> Calendar:
    """A calendar for cases that are open on a day, the oldest of them begun on `oldest`."""
    begins = min(day.year - BEFORE, (oldest or day).year)
    return calendar_of(begins, day.year + AFTER)
