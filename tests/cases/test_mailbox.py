"""The figures of the seed, replayed: 23 letters in four months, all within three working days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from exam_system.cases.models import Letter, Question
from exam_system.cases.trends import trends
from exam_system.chance import SeededChance
from exam_system.clock import RehearsalClock
from exam_system.context import PUBLIC
from exam_system.demo.cast import assemble
from exam_system.demo.letters import replay_letters
from exam_system.instance import create_instance
from exam_system.workdays import is_working_day
from tests.conftest import settings


@pytest.fixture
def database() -> str:
    return "sqlite"


def test_twenty_three_letters_in_four_months_all_within_three_working_days(tmp_path: Path) -> None:
    clock, chance = RehearsalClock(datetime(2008, 4, 1, 1, 0, tzinfo=UTC)), SeededChance("mailbox")
    folder = tmp_path / "instance"
    create_instance(folder, settings("sqlite:///exam.db"), clock.now(), chance)
    cast = assemble(folder, clock, chance)
    assert replay_letters(cast) == 23
    ctx = cast.office.context(PUBLIC, write=False)
    zone = ctx.config.zone
    with ctx.session as db:
        letters = list(db.scalars(select(Letter).order_by(Letter.id)))
        assert len(letters) == 23
        assert (letters[-1].registered_at - letters[0].registered_at) < timedelta(days=123)
        for one in letters:
            assert one.replied_at is not None
            came, went = (at.astimezone(zone).date() for at in (one.registered_at, one.replied_at))
            days = [came + timedelta(days=n + 1) for n in range((went - came).days)]
            assert sum(map(is_working_day, days)) <= 3
            assert went <= one.due
            assert one.state == "closed"
        assert len(db.scalars(select(Question)).all()) == 8
        found = trends(ctx)
        assert (found.taken, found.answered, found.in_time) == (23, 23, 23)
        assert sum(map(sum, found.counts.values())) == 23
        assert found.days == 1
    cast.office.engine.dispose()
