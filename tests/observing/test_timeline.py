"""The timeline of dates: a pure function, tried at every instant at which something changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from exam_system.observing.dates import _term, midnight
from exam_system.observing.timeline import Dated, entries, said, state_of
from exam_system.workdays import BUILT_IN

HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
MOMENT = Dated(NOON, said("a"))
SPAN = Dated(NOON - HOUR, said("b"), NOON + HOUR)
OPEN = Dated(NOON, said("c"), lasts=True)
EARLIER = Dated(NOON - 5 * HOUR, said("d"))
LATER = Dated(NOON + 3 * HOUR, said("e"))
ALL = (LATER, OPEN, MOMENT, EARLIER, SPAN)


@pytest.mark.parametrize(
    ("dated", "at", "state"),
    [
        (MOMENT, -1, "coming"),
        (MOMENT, 0, "past"),
        (SPAN, -3601, "coming"),
        (SPAN, -3600, "now"),
        (SPAN, 3599, "now"),
        (SPAN, 3600, "past"),
        (OPEN, -1, "coming"),
        (OPEN, 0, "now"),
        (OPEN, 10**8, "now"),
    ],
)
def test_a_date_is_past_now_or_coming(dated: Dated, at: int, state: str) -> None:
    assert state_of(dated, NOON + timedelta(seconds=at)) == state


def test_entries_are_in_order_and_only_the_first_that_comes_is_next() -> None:
    changes = sorted({one.begins for one in ALL} | {one.ends for one in ALL if one.ends})
    for now in (changes[0] - HOUR, *changes, changes[-1] + HOUR):
        found = entries(ALL, now)
        assert [one.dated for one in found] == [EARLIER, SPAN, MOMENT, OPEN, LATER]
        assert all(a.dated.begins <= b.dated.begins for a, b in pairwise(found))
        coming = [one for one in found if one.state == "coming"]
        assert [one for one in found if one.next] == coming[:1]
        assert {one.dated for one in coming} == {one for one in ALL if one.begins > now}
    assert entries((), NOON) == []


def test_entries_do_not_depend_on_the_order_they_come_in() -> None:
    assert entries(ALL, NOON) == entries(reversed(ALL), NOON)


def test_a_term_ends_with_its_last_working_day_or_says_why_it_has_no_end() -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Asia/Shanghai")
    # Friday before the spring festival of 2026: the make-up days count, the holidays do not.
    begins = datetime(2026, 2, 13, 8, 0, tzinfo=zone)
    found = _term(said("x"), begins, 5, BUILT_IN, zone)
    assert found.ends == midnight(date(2026, 2, 27), zone)
    assert found.why == said(
        "%(days)s working days, the last one is %(day)s", days=5, day="2026-02-27"
    )
    unknown = _term(said("x"), datetime(2031, 12, 30, tzinfo=zone), 5, BUILT_IN, zone)
    assert unknown.ends is None
    assert unknown.lasts
    assert unknown.why is not None
    assert "not announced" in unknown.why[0]
