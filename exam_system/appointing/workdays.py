"""Terms of working days, day by day with the reason why each one counts or does not.

The holidays and make-up days of the State come with the package `holidays`; a year that the office
has entered itself takes the place of the built-in one. A year in neither is not announced: nothing
is guessed, the term has no end yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays

_WEEKEND = 5  # weekday() of Saturday
LONGEST = 400  # days looked at; a term of 30 working days never takes a quarter of it


@dataclass(frozen=True, slots=True)
class Table:
    """Years entered by the office, and their days: "off" or "work" with its name."""

    years: frozenset[int]
    days: Mapping[date, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a term: `why` is working, weekend, holiday or make_up; `name` the holiday's."""

    day: date
    counts: bool
    why: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """The days of a term from the one after its beginning; `ends` None: `unknown` is the first
    year whose holidays are not announced."""

    days: tuple[Day, ...]
    ends: date | None
    unknown: int | None = None


BUILT_IN = Table(frozenset(), {})


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN", language="zh_CN")


def term(begins: date, working_days: int, table: Table = BUILT_IN) -> Term:
    """The term of so many working days whose first day is the one after `begins`."""
    found: list[Day] = []
    left = working_days
    for day in _days_after(begins):
        if not _announced(day.year, table):
            return Term(tuple(found), None, day.year)
        found.append(day_of(day, table))
        left -= found[-1].counts
        if left <= 0:
            break
    return Term(tuple(found), found[-1].day)


def _days_after(begins: date) -> Iterator[date]:
    return (begins + timedelta(days=number) for number in range(1, LONGEST))


def _announced(year: int, table: Table) -> bool:
    calendar = _china()
    date(year, 1, 1) in calendar  # noqa: B015  a year is filled in when it is first asked for
    return year in table.years or year in calendar.special_public_holidays


def day_of(day: date, table: Table = BUILT_IN) -> Day:
    """What kind of day it is; its year must be announced."""
    weekend = day.weekday() >= _WEEKEND
    off, name = _own(day, table) if day.year in table.years else _built_in(day, weekend)
    if off and name:
        return Day(day, counts=False, why="holiday", name=name)
    if off:
        return Day(day, counts=False, why="weekend")
    return Day(day, counts=True, why="make_up" if weekend else "working", name=name)


def _own(day: date, table: Table) -> tuple[bool, str]:
    kind, name = table.days.get(day, ("", ""))
    return (kind == "off" if kind else day.weekday() >= _WEEKEND), name


def _built_in(day: date, weekend: bool) -> tuple[bool, str]:
    calendar = _china()
    name = calendar.get(day) or ""
    off = not calendar.is_working_day(day)
    return off, name if off else ""
