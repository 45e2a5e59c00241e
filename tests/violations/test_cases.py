"""A violation of each regime from the record to the served decision, and what is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.errors import Conflict
from exam_system.registration.documents import open_document
from exam_system.registration.models import Barred
from exam_system.trust import decision_note, notes
from exam_system.trust.canonical import sha256_hex
from exam_system.violations import cases, deciding, hearing, serving
from exam_system.violations.evidence import FOLDER
from exam_system.violations.lookup import effects, honoured, records_among
from exam_system.violations.models import ViolationCase
from tests.violations.setting import (
    TIERS,
    decided,
    hall_of,
    own_actor,
    person_of,
    served,
    started,
    told,
)
from tests.world import World


@pytest.mark.parametrize("exam_type", TIERS)
@pytest.mark.parametrize("database", ["sqlite"])
def test_a_violation_of_each_regime_reaches_its_served_decision(
    world: World, exam_type: str
) -> None:
    at = hall_of(world, exam_type)
    regime, kind, tier, item = TIERS[exam_type]
    case = started(world, at, kind=kind)
    assert (case.regime, case.state, case.subject) == (regime, "open", "xc")
    own = own_actor(world, at.refs[0])
    told(world, case, tier, item)
    with world.acting(own) as ctx:
        hearing.answer_notice(ctx, ref=case.ref, text="手机是忘记上交，没有查看内容。")
    with world.acting(Role.OFFICER) as ctx:
        hearing.recheck_case(ctx, ref=case.ref, finding="照片显示屏幕亮着，事实成立")
    decision = decided(world, case)
    with world.acting(own) as ctx:
        service = serving.receive_decision(ctx, ref=case.ref)
    today = world.clock.now().astimezone(world.config.zone).date()
    assert (service.way, service.served_on) == ("page", today)
    said = decision_note.parse(notes.parse(decision.note or b"").text)
    assert (said.regime, said.tier, said.item, said.outcome) == (regime, tier, item, "decided")
    paper = open_document(world.config, world.keys.vault, decision.ref, FOLDER)
    assert said.paper == decision.sha256 == sha256_hex(paper)
    _effects_stand(world, at.refs[0], exam_type)


def _effects_stand(world: World, ref: str, exam_type: str) -> None:
    person = person_of(world, ref)
    with world.context(world.people[Role.OFFICER]).session as db:
        case = db.scalars(select(ViolationCase)).one()
        rows = effects(db, cases.exam_of(db, case))[case.application_id or 0]
        marks = honoured({"xc": "61.50", "sl": "70.00"}, rows)
        bars = list(db.scalars(select(Barred).where(Barred.id_blind == person.id_blind)))
        day = world.clock.now().date()
        archive = records_among(db, [person.id_blind], day).get(person.id_blind, [])
    if exam_type == "civil_service":
        assert marks == {"xc": "void", "sl": "void"}
        assert {row.regime for row in bars} == {"civil_service", "police"}
        assert {row.source for row in bars} == {"case"}
        assert all(row.ends and row.ends.year == row.begins.year + 5 for row in bars)
        assert archive == []
    elif exam_type == "institution":
        assert marks == {"xc": "void", "sl": "void"}
        assert bars == []  # a record is no ban
        assert [row.ends and row.ends.year - row.begins.year for row in archive] == [5]
    else:
        assert marks == {"xc": "void", "sl": "70.00"}
        assert (bars, archive) == ([], [])


@pytest.mark.parametrize("database", ["sqlite"])
def test_no_step_can_be_left_out_or_taken_twice(world: World) -> None:
    at = hall_of(world)
    case, today = started(world, at), world.clock.now().date()
    with pytest.raises(Conflict), world.acting(Role.OFFICER) as ctx:
        cases.start_case(ctx, ref=_incident_of(world, case))
    steps = {
        "note_answer": lambda ctx: hearing.note_answer(ctx, ref=case.ref, text="无"),
        "end_hearing": lambda ctx: hearing.end_hearing(ctx, ref=case.ref),
        "recheck": lambda ctx: hearing.recheck_case(ctx, ref=case.ref, finding="属实"),
        "draft": lambda ctx: deciding.draft_decision(ctx, ref=case.ref, facts="x", reasons="y"),
        "serve": lambda ctx: serving.serve_decision(
            ctx, ref=case.ref, way="person", proof="签收", on=today
        ),
        "review": lambda ctx: serving.file_review(
            ctx, ref=case.ref, kind="review", body="市政府", on=world.clock.now().date()
        ),
        "outcome": lambda ctx: serving.note_outcome(
            ctx, ref=case.ref, outcome="upheld", document="复决1号"
        ),
        "finish": lambda ctx: serving.finish_case(ctx, ref=case.ref),
        "notify": lambda ctx: hearing.notify_case(
            ctx, ref=case.ref, tier="CANCEL_5Y", item=3, facts="x", reasons="y"
        ),
        "close": lambda ctx: cases.close_case(ctx, ref=case.ref, reason="证据不足"),
    }

    def refused(*but: str) -> None:
        for name in steps.keys() - set(but):
            with pytest.raises(Conflict), world.acting(Role.OFFICER) as ctx:
                steps[name](ctx)

    refused("notify", "close")
    told(world, case, "CANCEL_5Y", 3)
    refused("note_answer", "close")
    with world.acting(Role.OFFICER) as ctx:
        steps["note_answer"](ctx)
    refused("recheck")
    with world.acting(Role.OFFICER) as ctx:
        steps["recheck"](ctx)
    refused("notify", "draft", "close")
    decided(world, case)
    refused("serve")
    served(world, case)
    refused("review")
    world.clock.advance(days=400)
    refused("finish")  # too late for a review
    with world.acting(Role.OFFICER) as ctx:
        assert serving.finish_case(ctx, ref=case.ref).state == "final"
    refused()


def _incident_of(world: World, case: ViolationCase) -> str:
    from exam_system.violations.models import Incident

    with world.context(world.people[Role.OFFICER]).session as db:
        return db.get_one(Incident, case.incident_id).ref
