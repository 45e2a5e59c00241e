"""The deadline engine over ten years of days, against counting one day at a time."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from exam_system.cases.calendar import calendar_of
from exam_system.cases.engine import (
    EPOCH,
    ESCALATED,
    MARKED,
    REGISTERED,
    REMINDED,
    REPLIED,
    WORKED_ON,
    Columns,
    Days,
    Step,
    Term,
    deadlines,
    due_steps,
    number,
)
from exam_system.cases.kinds import kinds, places
from exam_system.workdays import Table, is_announced, is_working_day, term

FIRST, LAST = date(2016, 1, 1), date(2025, 12, 31)
CLOCKS = [one.clocks for one in kinds().values()]
CALENDAR = calendar_of(2015, 2026)
WATCHED = 80  # days for which a case is looked at every day: well past its deadline
BITS = {Step.REMIND: REMINDED, Step.OVERDUE: MARKED, Step.ESCALATE: ESCALATED}


def every_day() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def columns(kind: str, begun: list[date], phase: int = WORKED_ON) -> Columns:
    size = len(begun)
    days = np.array([number(day) for day in begun], dtype=np.int64)
    none = np.full(size, -1, dtype=np.int64)
    no = np.zeros(size, dtype=np.bool_)
    kind_column = np.full(size, places()[kind])
    made = Columns(
        kind_column, np.full(size, phase), days, no, none, np.zeros(size, np.int64), no.copy(), none
    )
    made.stored[:] = deadlines(made, CLOCKS, CALENDAR)
    return made


def slowly(day: date, term: Term) -> date:
    """The end of a term, one day after the other, by the rule itself."""
    left = term.days
    while left:
        day += timedelta(days=1)
        left -= not term.working or is_working_day(day)
    return day


@pytest.mark.parametrize("kind", list(kinds()))
def test_every_deadline_of_ten_years_is_that_of_counting_days(kind: str) -> None:
    days = every_day()
    answer = kinds()[kind].clocks.answer
    found = deadlines(columns(kind, days), CLOCKS, CALENDAR)
    assert found.tolist() == [number(slowly(day, answer)) for day in days]
    accept = kinds()[kind].clocks.accept or answer
    early = deadlines(columns(kind, days, REGISTERED), CLOCKS, CALENDAR)
    assert early.tolist() == [number(slowly(day, accept)) for day in days]


def test_working_days_are_those_the_other_features_count() -> None:
    for day in every_day()[::7]:
        assert (
            number(term(day, 3).ends or day)
            == deadlines(columns("letter", [day]), CLOCKS, CALENDAR)[0]
        )


def test_known_holidays_and_make_up_days() -> None:
    # RULES 2.8: 5 working days after 2026-09-28 end on 2026-10-10, a Saturday that is worked.
    assert slowly(date(2026, 9, 28), Term(5, True)) == date(2026, 10, 10)
    (end,) = deadlines(columns("recheck", [date(2026, 9, 28)]), CLOCKS, CALENDAR)
    assert end == number(date(2026, 10, 10))
    assert not is_working_day(date(2026, 2, 17))
    assert is_working_day(date(2026, 2, 14))  # a Saturday worked for the Spring Festival


def test_each_step_comes_once_on_its_day_over_ten_years() -> None:
    """A letter and a petition begun on every day of ten years; every day is gone through once."""
    begun = every_day()
    cases = columns("letter", [*begun, *begun])
    cases.kind[len(begun) :] = places()["petition"]
    cases.stored[:] = deadlines(cases, CLOCKS, CALENDAR)
    seen: dict[Step, dict[int, date]] = {}
    for n in range((LAST - FIRST).days + 90):
        today = FIRST + timedelta(days=n)
        age = number(today) - cases.begun
        rows = np.flatnonzero((age >= 0) & (age < WATCHED))
        for place, step, _ in due_steps(_some(cases, rows), CLOCKS, CALENDAR, today):
            row = int(rows[place])
            assert row not in seen.setdefault(step, {})
            seen[step][row] = today
            cases.marks[row] |= BITS[step]
    check_days(cases.begun[: len(begun)], "letter", seen, 0)
    check_days(cases.begun[len(begun) :], "petition", seen, len(begun))


def _some(cases: Columns, rows: Days) -> Columns:
    return Columns(*(getattr(cases, name)[rows] for name in Columns.__slots__))


def check_days(days: Days, kind: str, seen: dict[Step, dict[int, date]], first: int) -> None:
    clocks = kinds()[kind].clocks
    assert set(seen) == {Step.REMIND, Step.OVERDUE, Step.ESCALATE}
    for row, begun in enumerate(days.tolist(), first):
        end = slowly(EPOCH + timedelta(days=begun), clocks.answer)
        assert seen[Step.OVERDUE][row] == end + timedelta(days=1)
        assert seen[Step.ESCALATE][row] == end + timedelta(days=1)
        reminded = seen[Step.REMIND][row]
        ahead = sum(
            is_working_day(reminded + timedelta(days=n + 1)) for n in range((end - reminded).days)
        )
        assert ahead <= clocks.remind
        before = reminded - timedelta(days=1)
        assert ahead + is_working_day(reminded) > clocks.remind or before < EPOCH + timedelta(
            days=begun
        )


def test_a_missed_run_loses_no_step() -> None:
    cases = columns("letter", [date(2024, 2, 7)])  # two days before the Spring Festival
    found = due_steps(cases, CLOCKS, CALENDAR, date(2024, 6, 3))
    assert [(one.step, one.day) for one in found] == [
        (Step.OVERDUE, date(2024, 2, 18)),  # 8 and 9 February and the Sunday that is worked
        (Step.ESCALATE, date(2024, 2, 18)),
    ]


def test_an_extension_moves_the_end_and_an_answer_stops_the_clock() -> None:
    begun = [date(2024, 1, 2)] * 2
    cases = columns("petition", begun)
    cases.extended[1] = True
    ends = deadlines(cases, CLOCKS, CALENDAR)
    assert (ends - cases.begun).tolist() == [60, 90]
    cases.phase[:] = REPLIED
    cases.replied[:] = number(date(2024, 2, 1))
    assert due_steps(cases, CLOCKS, CALENDAR, date(2024, 3, 2)) == []
    closing = due_steps(cases, CLOCKS, CALENDAR, date(2024, 3, 3))
    assert [one.step for one in closing] == [Step.CLOSE, Step.CLOSE]


def test_an_absent_owner_hands_over() -> None:
    cases = columns("letter", [date(2024, 3, 4)])
    cases.away[0] = True
    assert [one.step for one in due_steps(cases, CLOCKS, CALENDAR, date(2024, 3, 4))] == [
        Step.HAND_OVER
    ]


def test_holidays_announced_later_are_counted_anew() -> None:
    year = 2030
    assert not is_announced(year)
    weekdays = calendar_of(year, year)  # 1 January 2030 is a Tuesday
    days = {date(year, 1, day): ("off", "元旦") for day in (1, 2, 3, 4)}
    own = Table(frozenset({year}), days | {date(year, 1, 5): ("work", "")})
    known = calendar_of(year, year, own)
    cases = columns("letter", [date(2020, 1, 2)])
    cases.begun[0] = number(date(year, 1, 1))
    cases.stored[:] = deadlines(cases, CLOCKS, weekdays)
    (found,) = due_steps(cases, CLOCKS, known, date(year, 1, 1))
    assert (found.step, found.day) == (Step.RECOUNT, date(year, 1, 8))


def test_a_day_outside_the_calendar_is_refused() -> None:
    cases = columns("letter", [date(2020, 1, 2)])
    with pytest.raises(ValueError, match="outside"):
        due_steps(cases, CLOCKS, calendar_of(2021, 2022), date(2021, 1, 4))
