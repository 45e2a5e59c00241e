"""The clock by which deadlines are judged: it may not jump, and an administrator may accept it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from exam_system import timekeeping
from exam_system.access import Role
from exam_system.accounts.service import log_in
from exam_system.clock import rfc3339
from exam_system.context import PUBLIC, Context
from exam_system.errors import Conflict, Forbidden, Invalid, Unavailable
from exam_system.office import Office
from exam_system.oversight.clock import accept_time, beat
from exam_system.oversight.watch import find_alerts
from exam_system.records.models import Act
from exam_system.registration import service as registration
from exam_system.timekeeping import Timekeeper, UntrustedTime
from tests.registration.setting import CODE, account_of, add_candidate, add_exam, id_number
from tests.world import PASSWORD, World

FIELDS = {"education": "bachelor", "major": "法学 030101K", "school": "测试大学", "employer": ""}
NUMBERS = count(100)
Shift = Callable[[timedelta], None]


class Machine:
    """The machine's clock, which somebody may set."""

    off = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def shift(world: World, machine: Machine) -> Shift:
    """Sets the clock that counts: PostgreSQL's own, or the machine's under SQLite."""

    def shift(off: timedelta) -> None:
        machine.off = off
        if world.engine.dialect.name == "postgresql":
            _set_server(world, off)

    return shift


def _set_server(world: World, off: timedelta) -> None:
    name = world.engine.url.database
    seconds = int(off.total_seconds())
    statements = (
        "CREATE SCHEMA IF NOT EXISTS skewed",
        "CREATE OR REPLACE FUNCTION skewed.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
        f"$$ SELECT pg_catalog.clock_timestamp() + interval '{seconds} seconds' $$",
        f"ALTER DATABASE {name} SET search_path = skewed, pg_catalog, public",
    )
    with world.engine.begin() as db:
        for statement in statements:
            db.execute(text(statement))
    world.engine.dispose()


@pytest.fixture
def opened(world: World, machine: Machine, tmp_path: Path) -> Callable[[], Office]:
    """Opens the office as another process of the same machine would."""

    def opened() -> Office:
        keeper = Timekeeper(world.engine, tmp_path / "clock.json", machine)
        return Office(world.config, world.keys, world.engine, keeper, world.chance)

    return opened


def _apply(office: Office, world: World) -> None:
    who = add_candidate(world, next(NUMBERS))
    ctx = office.context(who, write=True)
    with ctx.session:
        registration.apply(ctx, exam_code=CODE, post_code="101", district_code=1, **FIELDS)
        ctx.session.commit()


def _accept(office: Office, world: World, said: datetime | None = None) -> None:
    """What `exam clock accept` does."""
    ctx = office.context(world.people[Role.ADMIN], write=True, reason="停电两小时，已核对手表")
    keeper = office.clock
    assert isinstance(keeper, Timekeeper)
    with ctx.session:
        now = accept_time(ctx, said=said or keeper.machine.now())
        ctx.session.commit()
    keeper.accept(now)


def _alerts(world: World) -> list[str]:
    with world.context(PUBLIC).session as db:
        found = find_alerts(db, ZoneInfo("Asia/Shanghai"))
    return [one.rule for one in reversed(found) if one.rule.startswith("time_")]


@pytest.fixture
def exam(world: World) -> None:
    """An exam that is open now, by every clock in the world."""
    world.clock.set(datetime.now(UTC) - timedelta(seconds=5))
    add_exam(world)


@pytest.mark.usefixtures("exam")
def test_a_clock_that_is_put_back_lets_nobody_in_and_the_inspectors_know(
    world: World, shift: Shift, opened: Callable[[], Office]
) -> None:
    office = opened()
    _apply(office, world)
    shift(timedelta(days=-1))
    with pytest.raises(UntrustedTime, match="too low"):
        _apply(office, world)
    another = opened()
    with pytest.raises(UntrustedTime, match="too low"):
        _apply(another, world)
    assert _alerts(world) == []
    for one in (office, another, office):
        beat(one)
    assert _alerts(world) == ["time_low"]
    shift(timedelta())
    _apply(office, world)
    _apply(another, world)


@pytest.mark.usefixtures("exam")
def test_a_clock_that_runs_ahead_closes_nothing(
    world: World, shift: Shift, opened: Callable[[], Office]
) -> None:
    office = opened()
    _apply(office, world)
    shift(timedelta(minutes=4))
    _apply(office, world)
    shift(timedelta(days=365))
    for one in (office, opened()):
        with pytest.raises(UntrustedTime, match="ahead"):
            _apply(one, world)
    beat(office)
    assert _alerts(world) == ["time_ahead"]


@pytest.mark.usefixtures("exam")
def test_an_act_from_the_future_is_higher_than_the_clock_until_a_time_is_accepted(
    world: World, shift: Shift, opened: Callable[[], Office]
) -> None:
    office = opened()
    _apply(office, world)
    shift(timedelta(hours=3))
    ctx = office.context(PUBLIC, write=True)
    with ctx.session:  # logging in has no deadline
        log_in(ctx, account=account_of(world, world.people[Role.OFFICER]))
        ctx.session.commit()
    shift(timedelta())
    for one in (office, opened()):
        beat(one)
        with pytest.raises(UntrustedTime, match="too low"):
            _apply(one, world)
    running = opened()
    _accept(opened(), world)
    for one in (office, running, opened()):
        _apply(one, world)
        beat(one)
    assert _alerts(world) == ["time_low", "time_accepted"]


@pytest.mark.usefixtures("exam")
def test_after_an_outage_that_nobody_measured_an_administrator_accepts_the_time(
    world: World, shift: Shift, opened: Callable[[], Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    _apply(opened(), world)
    monkeypatch.setattr(timekeeping, "boot", lambda: "another start of the machine")
    shift(timedelta(minutes=4))
    _apply(opened(), world)
    monkeypatch.setattr(timekeeping, "boot", lambda: "a third one")
    shift(timedelta(hours=2))
    office = opened()
    with pytest.raises(UntrustedTime, match="ahead"):
        _apply(office, world)
    wrist = office.clock.machine.now() - timedelta(minutes=7)  # type: ignore[attr-defined]
    with pytest.raises(Conflict, match="set it right first"):
        _accept(office, world, wrist)
    _accept(office, world)
    _apply(office, world)
    assert _alerts(world) == ["time_accepted"]


def test_only_an_administrator_with_a_reason_accepts_a_time(world: World) -> None:
    now = world.clock.now()
    with pytest.raises(Forbidden), world.acting(Role.OFFICER) as ctx:
        accept_time(ctx, said=now)
    with pytest.raises(Invalid), world.acting(Role.ADMIN) as ctx:
        accept_time(ctx, said=now)


@pytest.mark.usefixtures("exam")
def test_the_page_says_so_and_the_alarm_is_there_at_once(
    world: World, shift: Shift, opened: Callable[[], Office]
) -> None:
    add_candidate(world, 11)
    app = world.app()
    app.extensions["office"] = opened()
    client = app.test_client()
    answer = client.post("/login", data={"login": id_number(11), "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    shift(timedelta(days=-1))
    form = {"post": "101", "district": "1", **FIELDS}
    for _ in range(2):
        answer = client.post(f"/exams/{CODE}/apply", data=form)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
    assert _alerts(world) == ["time_low"]


@pytest.mark.usefixtures("exam")
def test_a_transaction_has_one_time_that_costs_at_most_one_statement(
    world: World, opened: Callable[[], Office]
) -> None:
    office = opened()
    ctx: Context = office.context(PUBLIC, write=True)
    with ctx.session:
        first = ctx.due()
        assert [ctx.clock.now() for _ in range(3)] == [first] * 3
        ctx.session.rollback()
        assert ctx.clock.now() > first
        brought = first - timedelta(milliseconds=500)
        ctx.took(brought)
        if world.engine.dialect.name == "postgresql":
            assert ctx.due() == brought
    with world.context(PUBLIC).session as db:
        newest = db.scalars(select(Act.at).order_by(Act.id.desc()).limit(1)).one()
    assert rfc3339(newest) <= rfc3339(first)
    assert issubclass(UntrustedTime, Unavailable)
