"""The integrity board: green on a whole instance; what is broken turns its promise red, named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, event, select, text, update

from exam_system import access_pages
from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.app import create_app
from exam_system.approvals.models import Approval
from exam_system.draws.models import Attempt, Contribution
from exam_system.fees.models import Payment
from exam_system.oversight import board, board_commands
from exam_system.oversight.board import FILE, Board, read_board, run_checks
from exam_system.oversight.checks import CHECKS
from exam_system.records.models import Act, ActDetail, NoteSignature
from exam_system.registration.models import Application
from exam_system.trust.canonical import jcs
from tests.draws import ceremony
from tests.fees.books import ordered, paid, taken_in
from tests.oversight.test_alerts import change
from tests.registration import setting
from tests.world import World

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

UNSAFE = [
    f"postgresql: {name} is off" for name in ("fsync", "full_page_writes", "synchronous_commit")
]
"""What the tests' own server says of itself: it runs without, for speed."""


def run(world: World) -> Board:
    app = world.app()
    try:
        return run_checks(app.extensions["office"], app, CHECKS, lambda _name: None)
    finally:
        app.extensions["office"].engine.dispose()


def red(world: World) -> dict[str, str]:
    """Faults by promise, of every promise that is not green."""
    found = run(world)
    return {
        line.promise: "\n".join(line.faults) or str(line.values)
        for line in found.lines
        if line.state != "green"
    }


@pytest.fixture
def office(held: World) -> World:
    """A published draw, and a candidate who has paid in another exam."""
    setting.add_exam(held)
    who = setting.add_candidate(held)
    order = ordered(held, who, setting.approved(held, who))
    taken_in(held, paid(held, order))
    held.seal()
    ceremony.cosign(held)
    return held


STAGED = ("exam", "district", "post", "fee_item")  # put in by hand, without an act


def real(faults: str) -> list[str]:
    """Faults but those of rows that tests put in without an act."""
    return [line for line in faults.splitlines() if not line.startswith(STAGED)]


def test_green_on_a_whole_instance(office: World) -> None:
    found = red(office)
    assert real(found.pop("P1", "")) == []
    if office.engine.dialect.name == "postgresql":
        assert found.pop("P4").splitlines() == UNSAFE
    assert found == {}
    kept = read_board(office.config.instance)
    assert kept is not None
    assert kept.is_fresh(office.clock.now())
    assert not kept.is_fresh(office.clock.now() + timedelta(days=1, seconds=1))
    assert list(kept.states()) == list(board.PROMISES)


def _result(world: World) -> None:
    path = ceremony.bundle(world) / "result.csv"
    path.write_bytes(path.read_bytes().replace(b"k-g1-00", b"k-g1-01"))


def _bundle_gone(world: World) -> None:
    shutil.rmtree(ceremony.bundle(world))


def _seed(world: World) -> None:
    change(world, update(Attempt).values(seed="0" * 64))


def _secret(world: World) -> None:
    query = update(Contribution).where(Contribution.role == "inspector")
    change(world, query.values(secret=None))


def _approval_gone(world: World) -> None:
    change(world, delete(Approval).where(Approval.verb == "draws.publish_draw"))


def _approval_twice(world: World) -> None:
    with world.engine.begin() as db:
        rows = db.execute(select(ActDetail.act_id, ActDetail.details).order_by(ActDetail.act_id))
        known = [(at, json.loads(told)) for at, told in rows if '"approval"' in told]
    (_first, one), (at, other) = known[0], known[-1]
    told = json.dumps(other | {"approval": one["approval"]})
    change(world, update(ActDetail).where(ActDetail.act_id == at).values(details=told))


def _one_office(world: World) -> None:
    change(world, update(Account).values(office="考试中心"))


def _cosignature_gone(world: World) -> None:
    change(world, delete(NoteSignature).where(NoteSignature.key_name == world.inspector.name))


def _paid_by_hand(world: World) -> None:
    change(world, update(Application).values(state="approved"))


def _payment_gone(world: World) -> None:
    change(world, delete(Payment))


def _payment_kept(world: World) -> None:
    change(world, update(Payment).values(kept=False))


def _late(world: World) -> None:
    late = world.clock.now() + timedelta(days=20)
    change(world, update(Application).values(submitted_at=late))


def _id_number(world: World) -> None:
    (world.config.published / "list.csv").write_text(f"a,{setting.id_number(11)}\n")


def _head_cut(world: World) -> None:
    path = world.config.published / "log" / "checkpoint"
    path.write_bytes(path.read_bytes()[:-9] + b"AAAAAAAA\n")


def _trace(world: World) -> None:
    change(world, text("ALTER TABLE tip ADD COLUMN came_from TEXT"))


Break = tuple[Callable[[World], None], str, str]
BREAKS: tuple[tuple[Break, ...], ...] = (
    (
        (_result, "P1", "draw-2026-kp-order-1/result.csv"),
        (_seed, "P1", "attempt"),
        (_secret, "P2", "draw 2026-kp-order attempt 1"),
        (_approval_gone, "P3", "draws.publish_draw on draw:2026-kp-order:1"),
        (_payment_gone, "P5", "payment t1 is in the log and not in the books"),
        (_late, "P6", "gk-2026: application"),
        (_id_number, "P7", "list.csv has an ID number in it"),
        (_trace, "P9", "tip has a column came_from"),
    ),
    (
        (_bundle_gone, "P1", "draw-2026-kp-order-1 was published"),
        (_approval_twice, "P3", "names the approval of an earlier act"),
        (_one_office, "P3", "by the same office"),
        (_cosignature_gone, "P3", "without enough cosignatures"),
        (_paid_by_hand, "P5", "application approved"),
        (_payment_kept, "P5", "payment t1 is not as the log has it"),
    ),
)


@pytest.mark.parametrize("breaks", BREAKS, ids=("rows", "people"))
def test_what_is_broken_is_red_and_named(office: World, breaks: tuple[Break, ...]) -> None:
    for one, _promise, _named in breaks:
        one(office)
    found = red(office)
    for one, promise, named in breaks:
        lines = real(found.get(promise, ""))
        assert any(named in line for line in lines), (one.__name__, lines)


def test_settings_that_lose_what_was_answered(office: World) -> None:
    if office.engine.dialect.name == "sqlite":
        app = office.app()
        parts = app.extensions["office"]

        def weaken(connection: object, _record: object) -> None:
            connection.execute("PRAGMA synchronous=NORMAL")  # type: ignore[attr-defined]

        event.listen(parts.engine, "connect", weaken)
        parts.engine.dispose()
        (line,) = [one for one in run_checks(parts, app, CHECKS, str).lines if one.promise == "P4"]
        parts.engine.dispose()
        assert line.faults == ("sqlite: synchronous is 1",)
    else:  # the tests' own server runs without, for speed: that is just what must be named
        assert red(office)["P4"].splitlines() == UNSAFE


@on_sqlite
def test_a_damaged_head_is_red_or_grey_but_never_green(office: World) -> None:
    _head_cut(office)
    found = run(office)
    states = found.states()
    assert (states["P1"], states["P2"], states["P8"]) == ("red", "grey", "red")
    assert "does not belong to this text" in found.lines[0].faults[0]


@on_sqlite
def test_a_gap_in_the_access_tables(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app = office.app()
    monkeypatch.setitem(access_pages.PAGES, "oversight.nowhere", frozenset({Role.ADMIN}))
    found = run_checks(app.extensions["office"], app, CHECKS, str)
    app.extensions["office"].engine.dispose()
    (line,) = [one for one in found.lines if one.promise == "P7"]
    assert line.state == "grey"
    assert "oversight.nowhere" in str(line.values)


@on_sqlite
def test_a_page_that_lets_strangers_in(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app = office.app()
    app.before_request_funcs[None].clear()  # as if nobody guarded the pages
    app.config["PROPAGATE_EXCEPTIONS"] = False  # pages that fail without a person answer 500
    found = run_checks(app.extensions["office"], app, CHECKS, str)
    app.extensions["office"].engine.dispose()
    (line,) = [one for one in found.lines if one.promise == "P7"]
    assert "accounts.users answers 200 to a stranger" in line.faults


@on_sqlite
def test_a_check_that_cannot_run_is_grey_and_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_look: object) -> None:
        raise RuntimeError("no disk\nat all")

    monkeypatch.setitem(CHECKS, "P5", broken)
    world.seal()
    found = run(world)
    (line,) = [one for one in found.lines if one.promise == "P5"]
    assert (line.state, line.values) == ("grey", {"why": "no disk"})
    assert found.states()["P4"] == "green"


def command(world: World) -> Result:
    group = board_commands.board_commands(lambda folder: create_app(folder, clock=world.clock))
    return CliRunner().invoke(group, ["check"], obj=world.folder)


@on_sqlite
def test_the_command_tells_records_and_fails_on_red(office: World) -> None:
    change(office, delete(Payment))
    answer = command(office)
    assert answer.exit_code == 1
    assert "P5  red" in answer.output
    with office.context(office.people[Role.INSPECTOR]).session as db:
        query = select(ActDetail.details).join(Act, Act.id == ActDetail.act_id)
        said = json.loads(db.scalars(query.where(Act.kind == "oversight.check_board")).one())
    assert said["states"]["P5"] == "red"


@on_sqlite
def test_the_page_shows_its_age(office: World) -> None:
    client = office.client(office.app(), Role.INSPECTOR)
    assert "have not been measured yet" in client.get("/oversight/board?language=en").text
    run(office)
    page = client.get("/oversight/board?language=en").text
    assert page.count(">holds<") >= 8
    office.clock.advance(hours=11)
    assert "older than a day" not in client.get("/oversight/board?language=en").text
    raw = json.loads((office.config.instance / FILE).read_text())
    raw["at"] = "2026-02-01T00:00:00Z"
    (office.config.instance / FILE).write_bytes(jcs(raw))
    page = client.get("/oversight/board?language=en").text
    assert ">holds<" not in page
    assert "older than a day" in page
