"""Until when a review is due: working days with the holidays and make-up days of the State."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN")


@cache
def due_day(submitted: date, working_days: int) -> date | None:
    """The last day of a term of working days that begins on the day after `submitted`.

    None when the holidays of a year it touches are not announced yet: nothing is guessed.
    """
    calendar = _china()
    last = calendar.get_nth_working_day(submitted, working_days)
    announced = set(calendar.special_public_holidays)
    return last if {submitted.year, last.year} <= announced else None


def half_time(submitted: datetime, due: date | None, working_days: int, zone: ZoneInfo) -> datetime:
    """When half of the term is over; without a due day, half of so many days of 24 hours."""
    if due is None:
        return submitted + timedelta(days=working_days) / 2
    end = datetime.combine(due + timedelta(days=1), time(), zone)
    return submitted + (end - submitted) / 2
