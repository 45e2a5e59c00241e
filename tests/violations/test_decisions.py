"""Decisions: the regime of the day, identical answers, reviews, who may not take part, the staff,
the totals, and what a stranger can check of a decision."""

from __future__ import annotations

import zipfile
from contextlib import nullcontext
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Person
from exam_system.context import SYSTEM, Context
from exam_system.draws.models import Draw
from exam_system.errors import Conflict, Forbidden
from exam_system.examday.listing import preview_invigilators
from exam_system.exams.models import Exam
from exam_system.exams.rules import defaults, parse_rules
from exam_system.oversight.service import cosign_notes
from exam_system.records.heads import newest_head
from exam_system.records.keys import keys_text
from exam_system.records.notes import note_bytes
from exam_system.registration.integrity import bars_of
from exam_system.registration.models import Application, Barred
from exam_system.results.rows import Entry, rows_of
from exam_system.trust.notes import parse, with_line
from exam_system.verify.run import verify
from exam_system.violations import cases, deciding, hearing, incidents, serving, signing
from exam_system.violations.bundle import decision_zip
from exam_system.violations.lookup import effects, honoured
from exam_system.violations.models import Decision, ScoreEffect, ViolationCase
from exam_system.violations.papers import kept
from exam_system.violations.regimes import regime_for, regimes
from scoring import recompute
from tests.violations.setting import (
    CODE,
    FACTS,
    REASONS,
    Hall,
    decided,
    hall_of,
    own_actor,
    person_of,
    rechecked,
    recorded,
    served,
    started,
    told,
)
from tests.world import World


@pytest.mark.parametrize(
    ("exam_type", "day", "regime"),
    [
        ("civil_service", "2018-04-21", "GWY2016"),
        ("police", "2021-09-17", "GWY2016"),
        ("civil_service", "2021-09-18", "GWY2021"),
        ("institution", "2018-01-01", "SYDW35"),
        ("professional", "2017-04-01", "ZJ31"),
    ],
)
def test_the_regime_is_that_of_the_day_of_the_exam(exam_type: str, day: str, regime: str) -> None:
    assert regime_for(exam_type, date.fromisoformat(day)).code == regime


def test_no_regime_is_made_up_and_each_can_be_named() -> None:
    with pytest.raises(Conflict):
        regime_for("institution", date(2017, 12, 31))
    assert regime_for("institution", date(2017, 12, 31), "SYDW35").code == "SYDW35"
    for one in regimes().values():
        assert all(tier.items and tier.article and tier.sanction for tier in one.tiers.values())
    # A record is no ban: only the civil service rules of 2021 bar anybody.
    barring = {one.code for one in regimes().values() if any(t.bar for t in one.tiers.values())}
    assert barring == {"GWY2021"}


@pytest.mark.parametrize("database", ["sqlite"])
def test_who_recorded_or_is_related_takes_no_part(world: World) -> None:
    at = hall_of(world)
    with world.acting(Role.OFFICER) as ctx:
        mine = cases.report_case(ctx, code=CODE, kind="materials", facts=FACTS, number=at.refs[1])
    with pytest.raises(Forbidden), world.acting(Role.OFFICER) as ctx:  # who opened it recorded it
        hearing.notify_case(
            ctx, ref=mine.ref, tier="REG_INVALID", item=1, facts=FACTS, reasons=REASONS
        )
    incident = recorded(world, at)
    with pytest.raises(Conflict), world.acting(at.first) as ctx:  # nobody signs twice
        signing.sign_incident(ctx, ref=incident.ref)
    with pytest.raises(Conflict), world.acting(at.head) as ctx:  # two must have signed
        signing.confirm_incident(ctx, ref=incident.ref, violation=True, opinion="属实")
    case = started(world, at, who=2)
    with world.acting(Role.INSPECTOR) as ctx:
        cases.avoid_case(ctx, ref=case.ref, reason="与当事人系师生关系")
    rechecked(world, case, "CANCEL_5Y", 3)
    with pytest.raises(Forbidden):  # the approver keeps away, so the approval is worth nothing
        decided(world, case)
    with world.acting(Role.OFFICER) as ctx:
        cases.avoid_case(ctx, ref=case.ref, reason="亲属")
    with pytest.raises(Forbidden), world.acting(Role.OFFICER) as ctx:
        hearing.recheck_case(ctx, ref=case.ref, finding="属实")


@pytest.mark.parametrize("database", ["sqlite"])
def test_being_told_early_of_the_wrong_room_is_no_violation(world: World) -> None:
    at = hall_of(world)
    incident = recorded(world, at, kind="room_told")
    own_actor(world, at.refs[0])
    end = _id_end(world, at)
    with world.acting(at.second) as ctx:
        signing.sign_incident(ctx, ref=incident.ref)
        signing.take_candidate_signature(ctx, ref=incident.ref, name="王小明", id_end=end)
    with pytest.raises(Conflict), world.acting(at.head) as ctx:
        signing.confirm_incident(ctx, ref=incident.ref, violation=True, opinion="走错考场")
    with world.acting(at.head) as ctx:
        done = signing.confirm_incident(
            ctx, ref=incident.ref, violation=False, opinion="及时说明，引导至本人考场"
        )
    assert done.state == "closed"
    with pytest.raises(Conflict), world.acting(Role.OFFICER) as ctx:
        cases.start_case(ctx, ref=incident.ref)


def _id_end(world: World, at: Hall) -> str:
    return world.keys.vault.open(person_of(world, at.refs[0]).id_sealed)[-4:]


def _by_experts(ctx: Context, at: Hall, who: int = 0) -> ViolationCase:
    """What the marking experts' decision does inside its own verb."""
    query = select(Application).where(Application.ref == at.refs[who])
    application = ctx.session.scalars(query).one()
    return cases.open_case(
        ctx,
        exam=ctx.session.get_one(Exam, at.exam.id),
        application=application,
        kind="similar",
        facts="专家组三人确认：与同考场另一考生作答内容雷同。",
        source="forensics",
        documents=("0" * 64,),
        subject="xc",
    )


@pytest.mark.parametrize("database", ["sqlite"])
def test_identical_answers_void_the_subject_and_no_more(world: World) -> None:
    at = hall_of(world, "professional")
    with pytest.raises(Conflict), world.acting(at.first) as ctx:
        incidents.record_incident(
            ctx,
            code=CODE,
            subject="xc",
            room=at.room,
            kind="similar",
            facts=FACTS,
            number=at.numbers[0],
        )
    with pytest.raises(Conflict), world.acting(Role.OFFICER) as ctx:
        cases.report_case(ctx, code=CODE, kind="similar", facts=FACTS, number=at.numbers[0])
    ctx = world.context(world.people[Role.INSPECTOR])
    with ctx.session as db:
        case = _by_experts(ctx, at)
        db.commit()
    with pytest.raises(Conflict):  # more than the subject needs other evidence
        told(world, case, "ALL_VOID_5Y", 1)
    rechecked(world, case, "SIMILAR_VOID", 1)
    with pytest.raises(Forbidden):  # the expert who opened the case approves nothing of it
        decided(world, case)
    assert _standing(world, at) == {}


def _standing(world: World, at: Hall) -> dict[int, list[ScoreEffect]]:
    with world.context(SYSTEM).session as db:
        return effects(db, db.get_one(Exam, at.exam.id))


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_review_makes_versions_and_overwrites_none(world: World) -> None:
    at = hall_of(world)
    case = started(world, at)
    rechecked(world, case, "CANCEL_5Y", 3, answer="没有使用手机")
    first = decided(world, case)
    on = served(world, case)
    blind = person_of(world, at.refs[0]).id_blind
    assert _bars(world, blind, on) == 1
    for outcome, sanction in (("upheld", {}), ("changed", {"tier": "SUBJECT_ZERO", "item": 1})):
        _review(world, case, outcome)
        decided(world, case, **sanction)
        served(world, case)
        assert _bars(world, blind, on) == (1 if outcome == "upheld" else 0)
    rows = next(iter(_standing(world, at).values()))
    assert honoured({"xc": "61.50", "sl": "70.00"}, rows) == {"xc": "zero", "sl": "70.00"}
    _review(world, case, "cancelled")
    decided(world, case)
    assert _standing(world, at) == {}
    with world.context(SYSTEM).session as db:
        rows_now = list(db.scalars(select(Decision).order_by(Decision.version)))
        lifted = [row.lifted_why for row in db.scalars(select(Barred))]
    assert [row.outcome for row in rows_now] == ["decided", "upheld", "changed", "cancelled"]
    assert rows_now[0].note == first.note  # the first one is still what it was
    assert all(lifted)


def _review(world: World, case: ViolationCase, outcome: str) -> None:
    today = world.clock.now().astimezone(world.config.zone).date()
    with world.acting(Role.OFFICER) as ctx:
        serving.file_review(ctx, ref=case.ref, kind="review", body="市人民政府", on=today)
    with pytest.raises(Conflict), world.acting(Role.OFFICER) as ctx:  # nothing is known yet
        deciding.draft_decision(ctx, ref=case.ref, facts=FACTS, reasons=REASONS)
    with world.acting(Role.OFFICER) as ctx:
        serving.note_outcome(ctx, ref=case.ref, outcome=outcome, document="市府复决〔2026〕8号")


def _bars(world: World, blind: str, day: date) -> int:
    with world.context(SYSTEM).session as db:
        person = db.scalars(select(Person).where(Person.id_blind == blind)).one()
        return len(bars_of(db, person, "civil_service", day))


@pytest.mark.parametrize("database", ["sqlite"])
def test_staff_who_broke_the_rules_are_refused_at_the_next_import(world: World) -> None:
    at = hall_of(world)
    with world.acting(at.first) as ctx:
        incident = incidents.record_incident(
            ctx,
            code=CODE,
            subject="xc",
            room=at.room,
            kind="staff_serious",
            facts="擅自更改考场座位安排，并替考生抄写答案。",
            staff_no="T002",
            staff_name="监考二",
        )
    with pytest.raises(Conflict), world.acting(at.head) as ctx:
        signing.confirm_incident(ctx, ref=incident.ref, violation=True, opinion="属实")
    with world.acting(at.second) as ctx:
        signing.sign_incident(ctx, ref=incident.ref)
    with world.acting(at.head) as ctx:
        signing.confirm_incident(ctx, ref=incident.ref, violation=True, opinion="属实")
    with world.acting(Role.OFFICER) as ctx:
        case = cases.start_case(ctx, ref=incident.ref)
    with pytest.raises(Conflict):  # a sanction for candidates
        told(world, case, "CANCEL_5Y", 3)
    rechecked(world, case, "STAFF_OUT", 4, answer="无异议")
    decided(world, case)
    with world.acting(Role.OFFICER) as ctx:
        invigilators = "工号,姓名,性别,学校\nT001,张一,男,市第三中学\n{},李二,女,市第四中学\n"
        ctx.session.scalars(select(Draw)).one().kind = "turns"  # the list may change again
        for number in ("T003", "T002"):
            data = invigilators.format(number).encode()
            with pytest.raises(Conflict, match="T002") if number == "T002" else nullcontext():
                preview_invigilators(ctx, CODE, "监考.csv", data)
        ctx.session.rollback()


def test_a_void_subject_is_shown_as_such_and_never_ranked() -> None:
    document = defaults("civil_service")
    document["registration_opens"]["value"] = "2026-03-01T00:00:00Z"
    document["registration_closes"]["value"] = "2026-03-02T00:00:00Z"
    document["payment_closes"]["value"] = "2026-03-03T00:00:00Z"
    rules = parse_rules(document)
    codes = [one.code for one in rules.subjects]
    given = dict.fromkeys(codes, "70.00")
    marks = (
        given,
        {**given, codes[0]: "void"},
        {**given, codes[0]: "zero"},
        {**dict.fromkeys(codes, "void"), codes[0]: "absent"},
    )
    entries = [Entry(n, f"01{n}", "101", one) for n, one in enumerate(marks)]
    rows = rows_of("written", rules, entries, {"101": 1})
    found = {row["admission"]: (row["written"] != "", row["rank"], row["outcome"]) for row in rows}
    assert found["010"] == (True, 1, "scored")
    assert found["011"] == found["013"] == (False, None, "void")
    assert found["012"][1] == 2
    assert recompute.check(rules.document(), "written", rows, {"101": 1}) == []
    ranked = [{**row, "rank": 3} if row["outcome"] == "void" else row for row in rows]
    assert recompute.check(rules.document(), "written", ranked, {"101": 1})


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_stranger_can_check_a_decision(world: World, tmp_path: Path) -> None:
    at = hall_of(world)
    case = started(world, at)
    rechecked(world, case, "CANCEL_5Y", 3)
    decision = decided(world, case)
    world.seal()
    with world.acting(Role.INSPECTOR) as ctx:
        head = newest_head(ctx.session)
        assert head
        data = note_bytes(ctx.session, head.note_id)
        line = world.inspector.line(parse(data).text.encode(), int(world.clock.now().timestamp()))
        cosign_notes(ctx, files=[with_line(data, line)])
    ctx = world.context(SYSTEM)
    with ctx.session as db:
        name, whole = decision_zip(ctx, case, decision)
        (tmp_path / "keys.txt").write_text(keys_text(db))
    (tmp_path / name).write_bytes(whole)
    good = verify([tmp_path / name])
    assert not good.refused, good.lines
    assert "CANCEL_5Y 3" in "".join(good.lines)
    with zipfile.ZipFile(BytesIO(whole)) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    paper, note = (f"{name[:-4]}/decision.{kind}" for kind in ("pdf", "note"))
    assert _refused(tmp_path, name, {**files, paper: files[paper] + b"%"}) == "DECISION_PAPER"
    lie = files[note].replace(b"item 3", b"item 1")
    assert _refused(tmp_path, name, {**files, note: lie}) in ("NOTE", "SIGNERS")
    rest = {one: data for one, data in files.items() if not one.endswith("proof")}
    assert _refused(tmp_path, name, rest) == "COMPLETE"
    other = decided_again(world, case)
    assert other.version == 2
    mixed = {**files, note: other.note or b""}
    assert _refused(tmp_path, name, mixed) == "NAME"
    moved = {one.replace("-v1/", "-v2/"): data for one, data in mixed.items()}
    again = name.replace("-v1", "-v2")
    assert _refused(tmp_path, again, moved) == "DECISION_PAPER"
    second = kept(world.context(SYSTEM), other.ref)
    right = {**moved, paper.replace("-v1/", "-v2/"): second}
    assert _refused(tmp_path, again, right) == "DECISION_ACT"  # the proof is of the first one


def decided_again(world: World, case: ViolationCase) -> Decision:
    """A review upheld it: version 2."""
    served(world, case)
    _review(world, case, "upheld")
    return decided(world, case)


def _refused(folder: Path, name: str, files: dict[str, bytes]) -> str:
    with zipfile.ZipFile(folder / name, "w") as archive:
        for one, data in files.items():
            archive.writestr(one, data)
    [first, *_] = verify([folder / name]).refused
    return first.check.name
