"""Until when a review is due: working days with the holidays and make-up days of the State."""

from __future__ import annotations

from datetime import date
from functools import cache

import holidays


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN")


def due_day(submitted: date, working_days: int) -> date | None:
    """The last day of a term of working days that begins on the day after `submitted`.

    None when the holidays of a year it touches are not announced yet: nothing is guessed.
    """
    calendar = _china()
    last = calendar.get_nth_working_day(submitted, working_days)
    announced = set(calendar.special_public_holidays)
    return last if {submitted.year, last.year} <= announced else None
