"""Every rule on what it must find and on what it must leave alone; then through the real verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.approvals.models import Approval
from exam_system.errors import Invalid, NotFound
from exam_system.exams.service import create_exam
from exam_system.oversight import alerts, kept, watch_rows
from exam_system.oversight.acts import Filter
from exam_system.oversight.alerts import LIMITS, Alert, Closing, Cosigned, Seen, Step
from exam_system.oversight.service import export_acts, note_alert
from exam_system.oversight.watch import acknowledged, find_alerts
from exam_system.records.models import Act
from exam_system.registration.models import Application
from tests.draws import ceremony
from tests.marking.test_written_scores import correct, send, three
from tests.registration import setting
from tests.results import setting as marks
from tests.world import World

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def act(kind: str, n: int = 1, *, at: datetime = NOON, **more: object) -> Seen:
    return replace(Seen(n, at, kind, "e", "who", "exam:e"), **more)  # type: ignore[arg-type]


def rules(found: object) -> list[str]:
    return [alert.rule for alert in found]  # type: ignore[attr-defined]


def changed(count: int, old: str = "50.00", new: str = "60.00") -> dict[str, object]:
    return {"changed": [[f"01{n}", "xc", old, new] for n in range(count)]}


def test_a_second_attempt_and_not_a_first() -> None:
    first, second = (act("draws.freeze_draw", n, subject=f"draw:e-seats:{n}") for n in (1, 2))
    assert rules(alerts.second_attempts([first])) == []
    (found,) = alerts.second_attempts([first, second])
    assert (found.acts, dict(found.values)) == ((2,), {"draw": "e-seats", "n": "2"})


def test_after_the_deadline_to_the_second() -> None:
    day = NOON + timedelta(days=1)
    closing = {"e": [Closing(NOON, day)]}
    for kind, until in (("registration.apply", NOON), ("fees.create_order", day)):
        early, late = act(kind, at=until - timedelta(seconds=1)), act(kind, at=until)
        assert rules(alerts.after_deadline([early], closing, {})) == []
        assert rules(alerts.after_deadline([late], closing, {})) == ["after_deadline"]
    assert rules(alerts.after_deadline([act("exams.set_rules", 5)], {}, {"e": 6})) == []
    (found,) = alerts.after_deadline([act("exams.set_rules", 7)], {}, {"e": 6})
    assert found.red


def test_marks_that_change_and_the_first_table() -> None:
    kind = "marking.correct_written_scores"
    assert rules(alerts.score_changes([act("marking.import_written_scores")], {})) == []
    assert rules(alerts.score_changes([act(kind, details=changed(1))], {})) == ["score_change"]
    release = act("results.prepare_release", subject="release:e:results:v2")
    assert rules(alerts.score_changes([release], {})) == []
    assert rules(alerts.score_changes([release], {release.subject: "why"})) == ["correction"]


@pytest.mark.parametrize(("count", "found"), [(LIMITS.exports_a_day, 0), (6, 1)])
def test_many_exports_on_one_day_of_the_zone(count: int, found: int) -> None:
    some = [act("fees.export_ledger", n) for n in range(count)]
    assert len(list(alerts.many_exports(some, ZONE))) == found
    apart = [replace(one, at=NOON + timedelta(days=one.id)) for one in some]
    assert list(alerts.many_exports(apart, ZONE)) == []
    others = [replace(one, actor=f"a{one.id}") for one in some]
    assert list(alerts.many_exports(others, ZONE)) == []


@pytest.mark.parametrize(
    ("hour", "day"), [(21, None), (22, "2026-03-02"), (29, "2026-03-02"), (30, None)]
)
def test_night_by_the_bureaus_clock(hour: int, day: str | None) -> None:
    at = datetime(2026, 3, 2, tzinfo=ZONE) + timedelta(hours=hour)
    found = list(alerts.at_night([act("exams.set_rules", at=at)], ZONE))
    assert [dict(one.values)["day"] for one in found] == ([day] if day else [])


def test_one_hand_in_both_parts() -> None:
    def pair(other: str) -> list[Seen]:
        one = act("draws.commit_secret", 1, details={"role": "officer"})
        return [one, replace(one, id=2, actor=other, details={"role": "inspector"})]

    assert rules(alerts.one_hand(pair("somebody else"))) == []
    assert rules(alerts.one_hand(pair("who"))) == ["one_hand"]
    guest = replace(pair("")[0], id=3, actor="public", details={"role": "candidate"})
    assert rules(alerts.one_hand([*pair("who"), guest])) == ["one_hand"]
    dice = [act("draws.record_dice", 1), act("draws.record_dice", 2), act("draws.confirm_dice", 3)]
    assert rules(alerts.one_hand(dice[:2])) == []
    assert rules(alerts.one_hand(dice)) == ["one_hand"]


def test_the_clock_back_and_ahead_of_a_witness() -> None:
    before = act("exams.set_rules", 1)
    for back, found in ((LIMITS.backwards, 0), (LIMITS.backwards + timedelta(seconds=1), 1)):
        step = Step(before, replace(before, id=2, at=NOON - back))
        assert len(list(alerts.clock_moved([step], []))) == found
    for ahead, found in ((LIMITS.ahead, 0), (LIMITS.ahead + timedelta(seconds=1), 1)):
        head = Cosigned("inspector", NOON - ahead, before)
        assert len(list(alerts.clock_moved([], [head]))) == found


def test_marks_raised_by_one_person() -> None:
    kind = "marking.correct_written_scores"
    assert rules(alerts.in_favour([act(kind, details=changed(2))])) == []
    assert rules(alerts.in_favour([act(kind, details=changed(5, new="40.00"))])) == []
    assert rules(alerts.in_favour([act(kind, details=changed(3, old="absent"))])) == ["in_favour"]


def test_an_id_follows_from_what_is_named() -> None:
    one = Alert("at_night", False, "e", NOON, (1, 2))
    assert one.id == replace(one, at=NOON + timedelta(days=1)).id
    assert one.id not in {replace(one, acts=(1, 2, 3)).id, replace(one, rule="other").id}


def found(world: World) -> dict[str, list[Alert]]:
    with world.context(world.people[Role.INSPECTOR]).session as db:
        every: dict[str, list[Alert]] = {}
        for one in find_alerts(db, world.config.zone):
            every.setdefault(one.rule, []).append(one)
        return every


def test_a_quiet_ceremony_raises_nothing(held: World) -> None:
    assert found(held) == {}


def test_a_redraw(office: World) -> None:
    ceremony.run(office, 0, 2)
    for role, step in ((Role.OFFICER, ceremony.void), (Role.INSPECTOR, ceremony.approve)):
        with office.acting(role) as ctx:
            step(ctx, 1)
    assert found(office) == {}
    ceremony.run(office, 0, 1, number=2)
    assert list(found(office)) == ["second_attempt"]


def test_corrected_marks_by_one_hand(world: World) -> None:
    exam = marks.add_exam(world)
    marks.add_candidates(world, exam, 3)
    send(world, three())
    assert found(world) == {}
    correct(world, three(_0=("99", "71.5"), _1=("98", "71.5"), _2=("97", "71.5")))
    assert set(found(world)) == {"score_change", "in_favour"}


def export(world: World) -> None:
    with world.acting(Role.INSPECTOR) as ctx:
        export_acts(ctx, asked=Filter())


def test_exports_and_night(world: World) -> None:
    for _ in range(LIMITS.exports_a_day):
        export(world)
    assert found(world) == {}
    export(world)
    assert list(found(world)) == ["many_exports"]
    world.clock.advance(hours=13)  # 22:00 in Shanghai
    export(world)
    assert set(found(world)) == {"many_exports", "at_night"}


def test_a_look_reads_only_what_is_new(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "OVERLAP", 3)
    asked: list[int] = []

    def every(rows: kept.Rows = watch_rows.ACTS, question: int = 1) -> tuple[list[int], list[int]]:
        with world.context(world.people[Role.INSPECTOR]).session as db:

            def read(after: int) -> list[tuple[int, int]]:
                asked.append(after)
                return [(one, one) for one in db.scalars(select(Act.id).where(Act.id > after))]

            found = kept.kept(db, rows, "test", question, read)
            return sorted(found), sorted(db.scalars(select(Act.id)))

    for _ in range(3):
        for _ in range(4):
            export(world)
        found, there = every()
        assert found == there
    assert asked[0] == 0 < asked[1] < asked[2]
    assert asked[2] == there[-1] - 4 - kept.OVERLAP  # as of the look before
    every(question=2)
    every(kept.Rows(Act.id, Act.subject))  # another row stands where the last look ended
    assert asked[3:] == [0, 0]


def test_alerts_are_the_same_from_one_look_or_many(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "OVERLAP", 2)
    world.clock.advance(hours=13)
    for _ in range(LIMITS.exports_a_day + 1):
        export(world)
        many = found(world)
    world.clock.at -= timedelta(hours=1)
    export(world)
    many = found(world)
    kept._SHELVES.clear()
    assert found(world) == many
    assert set(many) == {"at_night", "many_exports", "clock_back"}


def test_the_clock_put_back(world: World) -> None:
    world.seal()
    world.clock.at -= timedelta(hours=1)
    with world.acting(Role.OFFICER) as ctx:
        create_exam(ctx, code="x-1", name="一", name_en="X", exam_type="police", area_code="520400")
    (one,) = found(world)["clock_back"]
    assert dict(one.values) == {"by": "1:00:00"}


Damage = Callable[[World], None]


def late_application(world: World) -> None:
    setting.add_exam(world)
    setting.submitted(world, setting.add_candidate(world))
    change(world, update(Application).values(submitted_at=world.clock.now() + timedelta(days=9)))


def own_approval(world: World) -> None:
    marks.add_candidates(world, marks.add_exam(world), 3)
    send(world, three())
    correct(world, three(_0=("99", "71.5")))
    query = select(Account.office).where(Account.username == "marker")
    with world.context(world.people[Role.OFFICER]).session as db:
        mine = db.scalars(query).one()
    change(world, update(Account).where(Account.username == "inspector").values(office=mine))
    with world.context(world.people[Role.OFFICER]).session as db:
        assert db.scalar(select(Approval.state)) == "used"


def change(world: World, statement: object) -> None:
    """A database administrator at work: no verb, no act."""
    with world.engine.begin() as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("damage", "rule"), [(late_application, "late_row"), (own_approval, "own_approval")]
)
def test_rows_that_no_verb_writes(world: World, damage: Damage, rule: str) -> None:
    damage(world)
    (one,) = found(world)[rule]
    assert one.red
    assert one.rows


def test_an_acknowledgment_is_an_act_and_stays_with_its_alert(world: World) -> None:
    world.clock.advance(hours=13)
    export(world)
    (one,) = found(world)["at_night"]
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Invalid):
        note_alert(ctx, alert=one.id, note="  ")
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(NotFound):
        note_alert(ctx, alert="0" * 16, note="x")
    world.clock.advance(hours=12)
    with world.acting(Role.INSPECTOR) as ctx:
        note_alert(ctx, alert=one.id, note="领导安排加班，\n已核实")
    with world.context(world.people[Role.INSPECTOR]).session as db:
        assert acknowledged(db)[one.id].note == "领导安排加班， 已核实"
        last = db.scalars(select(Act).order_by(Act.id.desc())).first()
        assert last is not None
        assert (last.kind, last.subject) == ("oversight.note_alert", f"alert:{one.id}")
    client = world.client(world.app(), Role.INSPECTOR)
    page = client.get("/oversight/alerts?language=en").text
    assert "To look at (0)" in page
    assert "Acknowledged (1)" in page
    assert "已核实" in page
