"""Working days, the one way to count them: holidays and make-up days of the State, and the office's
own table of them.

The State's come with the package `holidays`; a year that the office has entered itself takes the
place of the built-in one. A year in neither is not announced: nothing is guessed, a term that
touches it has no end yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import extract, select
from sqlalchemy.orm import Session

from exam_system.appointing.desk_models import HolidayDay, HolidayYear

_WEEKEND = 5  # weekday() of Saturday
_LONGEST_HOLIDAY = 12  # days: a holiday of eight with the weekends around it
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


def office_table(session: Session) -> Table:
    """The years that the office has entered itself; one statement."""
    query = select(HolidayYear.year, HolidayDay.day, HolidayDay.kind, HolidayDay.name).outerjoin(
        HolidayDay, extract("year", HolidayDay.day) == HolidayYear.year
    )
    rows = session.execute(query).all()
    days = {row.day: (row.kind, row.name) for row in rows if row.day is not None}
    return Table(frozenset(row.year for row in rows), days)


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN", language="zh_CN")


def term(begins: date, working_days: int, table: Table = BUILT_IN) -> Term:
    """The term of so many working days whose first day is the one after `begins`."""
    found: list[Day] = []
    left = working_days
    for day in _days_after(begins):
        if not is_announced(day.year, table):
            return Term(tuple(found), None, day.year)
        found.append(day_of(day, table))
        left -= found[-1].counts
        if left <= 0:
            break
    return Term(tuple(found), found[-1].day)


def _days_after(begins: date) -> Iterator[date]:
    return (begins + timedelta(days=number) for number in range(1, LONGEST))


def is_announced(year: int, table: Table = BUILT_IN) -> bool:
    """Whether the holidays of a year are known: announced by the State, or entered."""
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


def is_working_day(day: date, table: Table = BUILT_IN) -> bool:
    """Whether offices are open; in a year that is not announced, from Monday to Friday."""
    if not is_announced(day.year, table):
        return day.weekday() < _WEEKEND
    return day_of(day, table).counts


def last_day(begins: date, working_days: int, table: Table = BUILT_IN) -> date:
    """The last day of a term against a person. While the holidays of a year it touches are not
    announced nothing is guessed: it is made so long that no holiday can shorten it."""
    weeks, rest = divmod(working_days, 5)
    longer = begins + timedelta(days=weeks * 7 + rest + _LONGEST_HOLIDAY)
    return term(begins, working_days, table).ends or longer


def half_time(begins: datetime, due: date | None, working_days: int, zone: ZoneInfo) -> datetime:
    """When half of a term is over; without a due day, half of so many days of 24 hours."""
    if due is None:
        return begins + timedelta(days=working_days) / 2
    end = datetime.combine(due + timedelta(days=1), time(), zone)
    return begins + (end - begins) / 2
