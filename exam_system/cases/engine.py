"""The deadline engine: which steps are due for open cases on a day; a pure function of columns.

It knows no database, no clock and no page. Days are numbers of days since 1970-01-01. Every
deadline is computed anew from the day a case was registered and the rules, so that holidays
announced later, or a run that was missed, change nothing but when a step is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]
Flags = NDArray[np.bool_]
EPOCH = date(1970, 1, 1)
REGISTERED, WORKED_ON, REPLIED = 0, 1, 2
"""Phases that have clocks: not yet accepted, accepted and not yet answered, answered."""
REMINDED, MARKED, ESCALATED = 1, 2, 4
"""Bits of what has been done for a case since its deadline was set."""


class Step(StrEnum):
    """What can be due for a case, in the order in which it is done."""

    RECOUNT = "recount"
    HAND_OVER = "hand_over"
    REMIND = "remind"
    OVERDUE = "overdue"
    ESCALATE = "escalate"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Term:
    """So many days, counted from the day after; `working` ones or those of the calendar."""

    days: int
    working: bool


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of one kind of case. `accept`: until when the person is told whether it is taken
    up (None: with the answer). `extension` days more of the answer's sort may be granted once.
    Reminded `remind` working days before the end; handed to the inspection office once more than
    `escalate` working days are over; closed `close` days after the answer.
    """

    answer: Term
    accept: Term | None
    extension: int
    remind: int
    escalate: int
    close: int


class Due(NamedTuple):
    """Case number `row` of the columns needs `step`; `day` is its deadline as counted today."""

    row: int
    step: Step
    day: date


@dataclass(frozen=True, slots=True)
class Columns:
    """Open cases, one entry each: kind (index of the clocks), phase, day registered, whether the
    extension was granted, day answered (-1: not), marks, whether its owner is away while the deputy
    is there, and the deadline as it is stored (-1: none)."""

    kind: NDArray[Any]
    phase: NDArray[Any]
    begun: Days
    extended: Flags
    replied: Days
    marks: NDArray[Any]
    away: Flags
    stored: Days


class Calendar:
    """Working days from `first` on, one flag a day; for adding and counting many at once."""

    def __init__(self, first: date, working: Sequence[bool] | Flags) -> None:
        flags = np.asarray(working, dtype=np.bool_)
        self._first = number(first)
        self._passed = np.cumsum(flags)
        self._days = np.flatnonzero(flags) + self._first

    def passed(self, days: Days) -> Days:
        """How many working days of the calendar lie before the end of each day."""
        place = np.asarray(days, dtype=np.int64) - self._first
        if place.size and (place.min() < 0 or place.max() >= len(self._passed)):
            raise ValueError("a day lies outside the calendar")
        return np.asarray(self._passed[place], dtype=np.int64)

    def add(self, days: Days, count: Days) -> Days:
        """The `count`-th working day after each day; the day itself for 0."""
        place = self.passed(days) + count - 1
        if place.size and place.max() >= len(self._days):
            raise ValueError("a term ends outside the calendar")
        return np.where(count == 0, days, self._days[np.maximum(place, 0)])


def number(day: date) -> int:
    """A day as the engine counts it."""
    return (day - EPOCH).days


def deadlines(cases: Columns, clocks: Sequence[Clocks], calendar: Calendar) -> Days:
    """The last day of what each case waits for: acceptance, or the answer."""
    accept = _ends(cases, [one.accept or one.answer for one in clocks], calendar)
    answer = _ends(cases, [one.answer for one in clocks], calendar, _extensions(cases, clocks))
    first = np.where(cases.phase == REGISTERED, np.minimum(accept, answer), answer)
    return np.asarray(first, dtype=np.int64)


def _extensions(cases: Columns, clocks: Sequence[Clocks]) -> Days:
    more = _of(cases, [one.extension for one in clocks])
    return np.asarray(np.where(cases.extended, more, 0), dtype=np.int64)


def _ends(cases: Columns, terms: Sequence[Term], calendar: Calendar, more: Days | int = 0) -> Days:
    length = _of(cases, [term.days for term in terms]) + more
    working = _of(cases, [term.working for term in terms]).astype(np.bool_)
    found = cases.begun + length
    found[working] = calendar.add(cases.begun[working], length[working])
    return found


def _of(cases: Columns, values: Sequence[int]) -> Days:
    table = np.array(values, dtype=np.int64)
    return table.take(cases.kind)


def due_steps(
    cases: Columns, clocks: Sequence[Clocks], calendar: Calendar, today: date
) -> list[Due]:
    """Every step that is due for these cases on this day, by step and then by row.

    Doing a step makes it no longer due: it leaves its mark, or changes owner, deadline or phase.
    """
    ends = deadlines(cases, clocks, calendar)
    found = _found(cases, clocks, calendar, ends, number(today))
    due: list[Due] = []
    for step, flags in found.items():
        rows = np.flatnonzero(flags)
        days = ends[rows].astype("datetime64[D]").tolist()
        due += map(Due, rows.tolist(), repeat(step), days)
    return due


def _found(
    cases: Columns, clocks: Sequence[Clocks], calendar: Calendar, ends: Days, now: int
) -> dict[Step, Flags]:
    waits = cases.phase < REPLIED
    late = waits & (now > ends)
    left = calendar.passed(ends) - calendar.passed(np.full_like(ends, now))
    soon = waits & ~late & (left <= _of(cases, [one.remind for one in clocks]))
    grace = calendar.add(ends, _of(cases, [one.escalate for one in clocks]))
    over = cases.replied + _of(cases, [one.close for one in clocks])
    return {
        Step.RECOUNT: waits & (cases.stored != ends),
        Step.HAND_OVER: waits & cases.away,
        Step.REMIND: soon & ~_has(cases, REMINDED),
        Step.OVERDUE: late & ~_has(cases, MARKED),
        Step.ESCALATE: late & (now > grace) & ~_has(cases, ESCALATED),
        Step.CLOSE: (cases.phase == REPLIED) & (now > over),
    }


def _has(cases: Columns, bit: int) -> Flags:
    return np.asarray((cases.marks & bit) != 0, dtype=np.bool_)
