"""The working-day clock of the public notice, and what a change of the holidays does to it."""

from __future__ import annotations

from datetime import date

import pytest

from exam_system.access import Role
from exam_system.appointing import noticing
from exam_system.appointing.models import PublicNotice
from exam_system.errors import Conflict, Invalid
from exam_system.workdays import Table, term
from tests.appointing import setting
from tests.world import World


@pytest.fixture
def database() -> str:
    return "sqlite"


def test_five_working_days_over_the_national_holiday() -> None:
    found = term(date(2026, 9, 28), 5)
    assert found.ends == date(2026, 10, 10)  # RULES 2.8: a Saturday that is worked
    kinds = [day.why for day in found.days]
    assert kinds.count("make_up") == 1
    assert sum(day.counts for day in found.days) == 5
    assert {day.name for day in found.days if day.why == "holiday"} >= {"国庆节"}


def test_seven_days_and_an_ordinary_week() -> None:
    assert term(date(2026, 3, 6), 5).ends == date(2026, 3, 13)
    assert term(date(2026, 3, 6), 7).ends == date(2026, 3, 17)


def test_nothing_is_guessed_of_a_year_that_is_not_announced() -> None:
    assert (term(date(2031, 1, 5), 5).ends, term(date(2031, 1, 5), 5).unknown) == (None, 2031)
    own = Table(frozenset({2031}), {date(2031, 1, 8): ("off", "调休")})
    assert term(date(2031, 1, 5), 5, own).ends == date(2031, 1, 13)


def test_a_changed_table_moves_the_end_of_a_running_notice_with_the_reason(world: World) -> None:
    setting.begun(world)
    notice = setting.noticed(world)
    assert notice.ends is not None
    before = notice.ends
    with world.acting(Role.OFFICER) as ctx:
        year = before.year
        with pytest.raises(Invalid, match="like"):
            noticing.set_holidays(ctx, year=year, lines="tomorrow off", basis="x")
        moves = noticing.set_holidays(
            ctx, year=year, lines=f"{before.isoformat()} 休 临时放假", basis="市政府通告第3号"
        )
        assert [(move.before, move.why) for move in moves] == [(before, "市政府通告第3号")]
        row = ctx.session.get_one(PublicNotice, notice.id)
        assert row.ends is not None
        assert row.ends > before
        names = {day.day: day.name for day in noticing.term_of(ctx.session, row).days}
        assert names[before] == "临时放假"
    page = world.client(world.app()).get("/exams/gwy-2026/public-notice").text
    assert "临时放假" in page
    assert "市政府通告第3号" in page
    world.clock.advance(days=(before - notice.published_on).days + 1)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="runs until"):
        noticing.close_notice(ctx, ref=notice.ref)
    with world.acting(Role.OFFICER) as ctx:
        assert noticing.set_holidays(ctx, year=before.year, lines="", basis="撤销")[0].after
