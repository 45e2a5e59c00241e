"""Verbs of registration: the way through, every move that is not one, and who may."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Person
from exam_system.accounts.sessions import actor_for
from exam_system.context import PUBLIC, Actor, Context
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams.models import Exam
from exam_system.people import mask_id
from exam_system.printing.errors import PhotoError
from exam_system.records.models import Act, ActDetail
from exam_system.registration import service
from exam_system.registration.models import Application
from exam_system.registration.photos import photo_path
from exam_system.registration.states import MOVES, STATES, move
from tests.registration.setting import (
    CODE,
    account_of,
    add_candidate,
    add_exam,
    applied,
    approved,
    fresh,
    id_number,
    photo,
    refused,
    set_state,
    submitted,
)
from tests.world import World


def _kinds(world: World, application: Application) -> list[str]:
    with world.context(PUBLIC).session as db:
        subject = f"application:{application.ref}"
        return list(db.scalars(select(Act.kind).where(Act.subject == subject).order_by(Act.id)))


def test_an_application_goes_from_draft_to_approved_and_every_step_is_an_act(
    world: World,
) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    found = fresh(world, application)
    assert (found.state, found.reason, found.number) == ("approved", "", None)
    assert found.label.startswith("k-")
    assert found.submitted_at == found.decided_at == world.clock.now()
    assert _kinds(world, application) == [
        "registration.apply",
        "registration.add_photo",
        "registration.submit_application",
        "registration.decide_application",
    ]
    assert found.photo is not None
    assert photo_path(world.config, found.photo).read_bytes()[:2] == b"\xff\xd8"


def test_the_automatic_checks_are_stored_with_their_reasons(world: World) -> None:
    add_exam(world)
    application = submitted(world, add_candidate(world))
    checks = json.loads(application.checks)
    assert [(c["rule"], c["ok"]) for c in checks] == [
        ("age", True),
        ("education", True),
        ("sex", True),
        ("major", True),
        ("area", True),
        ("barred", True),
    ]
    assert checks[0]["params"] == {"age": "29", "day": "2026-03-10", "least": "18", "most": "35"}


@pytest.mark.parametrize("to", sorted(STATES))
@pytest.mark.parametrize("state", sorted(STATES))
def test_only_the_listed_moves_are_possible(state: str, to: str) -> None:
    application = Application(state=state)
    if to in MOVES[state]:
        move(application, to)
        assert application.state == to
    else:
        with pytest.raises(Conflict):
            move(application, to)
        assert application.state == state


def _submit(ctx: Context, ref: str) -> None:
    service.submit_application(ctx, ref=ref)


def _withdraw(ctx: Context, ref: str) -> None:
    service.withdraw_application(ctx, ref=ref)


def _photo(ctx: Context, ref: str) -> None:
    service.add_photo(ctx, ref=ref, data=photo())


def _apply(ctx: Context, ref: str) -> None:
    service.apply(ctx, **APPLY)


def _approve(ctx: Context, ref: str) -> None:
    service.decide_application(ctx, ref=ref, approve=True)


def _refuse(ctx: Context, ref: str) -> None:
    service.decide_application(ctx, ref=ref, approve=False, reason="年龄不符")


APPLY = {
    "exam_code": CODE,
    "post_code": "102",
    "district_code": 2,
    "education": "master",
    "major": "会计",
    "school": "测试大学",
    "employer": "",
}
VERBS: dict[Callable[[Context, str], None], dict[str, str]] = {
    _apply: {"draft": "draft", "refused": "draft", "withdrawn": "draft"},
    _photo: {"draft": "draft", "refused": "refused"},
    _submit: {"draft": "submitted", "refused": "submitted"},
    _withdraw: dict.fromkeys(("draft", "submitted", "second", "approved"), "withdrawn"),
    _approve: {"submitted": "approved"},
    _refuse: {"submitted": "refused"},
}


def test_every_verb_in_every_state(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = applied(world, who)
    with world.acting(who) as ctx:
        service.add_photo(ctx, ref=application.ref, data=photo())
    for verb, moves in VERBS.items():
        actor: Actor | Role = Role.REVIEWER if verb in (_approve, _refuse) else who
        for state in STATES:
            set_state(world, application, state)
            if state in moves:
                with world.acting(actor) as ctx:
                    verb(ctx, application.ref)
            else:
                before = _kinds(world, application)
                with pytest.raises(Conflict), world.acting(actor) as ctx:
                    verb(ctx, application.ref)
                assert _kinds(world, application) == before
            assert fresh(world, application).state == moves.get(state, state)


def test_a_refused_candidate_is_told_why_and_may_take_another_post(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = refused(world, who, reason="学历证明不清晰")
    assert fresh(world, application).reason == "学历证明不清晰"
    with world.acting(who) as ctx:
        again = service.apply(ctx, **APPLY)
        assert again.ref == application.ref
        assert service.submit_application(ctx, ref=again.ref).state == "submitted"
    assert fresh(world, application).reason == ""


def test_a_refusal_needs_a_reason(world: World) -> None:
    add_exam(world)
    application = submitted(world, add_candidate(world))
    for reason in ("", "   ", "长" * 301, "控制\x00字符"):
        with pytest.raises(Invalid), world.acting(Role.REVIEWER) as ctx:
            service.decide_application(ctx, ref=application.ref, approve=False, reason=reason)
    assert fresh(world, application).state == "submitted"


def test_whoever_withdrew_an_approved_application_cannot_change_to_another_post(
    world: World,
) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    with world.acting(who) as ctx:
        service.withdraw_application(ctx, ref=application.ref)
    with pytest.raises(Conflict, match="no other"), world.acting(who) as ctx:
        service.apply(ctx, **APPLY)
    other = add_candidate(world, 21)
    first = submitted(world, other)
    with world.acting(other) as ctx:
        service.withdraw_application(ctx, ref=first.ref)
        assert service.apply(ctx, **APPLY).state == "draft"


def test_registration_opens_and_closes_by_the_rules(world: World) -> None:
    add_exam(world)
    early, who = add_candidate(world, 21), add_candidate(world)
    with world.context(PUBLIC).session as db:
        exam = db.scalars(select(Exam)).one()
        exam.rules = exam.rules.replace("2026-03-02T01:00:00Z", "2026-03-03T01:00:00Z")
        db.commit()
    with pytest.raises(Conflict, match="opens at 3 March 2026, 09:00"):
        applied(world, who)
    world.clock.advance(days=1)
    application = applied(world, who)
    world.clock.advance(days=7)
    with pytest.raises(Conflict, match="closed at 10 March 2026, 09:00"):
        applied(world, early)
    for verb in (_photo, _submit):
        with pytest.raises(Conflict, match="closed"), world.acting(who) as ctx:
            verb(ctx, application.ref)


@pytest.mark.parametrize("state", ["closed", "seated", "final"])
def test_after_registration_is_closed_nothing_moves(world: World, state: str) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = submitted(world, who)
    with world.context(PUBLIC).session as db:
        db.scalars(select(Exam)).one().state = state
        db.commit()
    with pytest.raises(Conflict), world.acting(Role.REVIEWER) as ctx:
        _approve(ctx, application.ref)
    for verb in (_apply, _withdraw):
        with pytest.raises(Conflict), world.acting(who) as ctx:
            verb(ctx, application.ref)


def test_a_draft_exam_and_an_unknown_one_look_the_same(world: World) -> None:
    add_exam(world, state="draft")
    who = add_candidate(world)
    for code in (CODE, "none"):
        with pytest.raises(NotFound, match="no exam"), world.acting(who) as ctx:
            service.apply(ctx, **{**APPLY, "exam_code": code})


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    "change",
    [
        {"post_code": "999"},
        {"district_code": 9},
        {"education": "high school"},
        {"major": " "},
        {"school": ""},
        {"school": "长" * 121},
        {"employer": "a\u202eb"},
        {"major": "a\ud800"},
    ],
)
def test_what_is_stated_must_make_sense(world: World, change: dict[str, object]) -> None:
    add_exam(world)
    who = add_candidate(world)
    with pytest.raises(Invalid), world.acting(who) as ctx:
        service.apply(ctx, **{**APPLY, **change})  # type: ignore[arg-type]


def test_a_post_of_another_exam_is_no_post_of_this_one(world: World) -> None:
    add_exam(world)
    add_exam(world, code="other")
    who = add_candidate(world)
    with world.context(PUBLIC).session as db:
        other = db.scalars(select(Exam).where(Exam.code == "other")).one()
        db.execute(
            Exam.metadata.tables["post"]
            .update()
            .where(Exam.metadata.tables["post"].c.exam_id == other.id)
            .values(code="x" + Exam.metadata.tables["post"].c.code)
        )
        db.commit()
    with pytest.raises(Invalid, match="no post x101"), world.acting(who) as ctx:
        service.apply(ctx, **{**APPLY, "post_code": "x101"})


@pytest.mark.parametrize("name", ["欧阳𬭎", "阿卜杜热合曼·买买提艾力"])
def test_rare_names_come_through_to_the_export(world: World, name: str) -> None:
    add_exam(world)
    application = submitted(world, add_candidate(world, name=name))
    with world.acting(Role.OFFICER) as ctx:
        rows = service.export_applicants(ctx, code=CODE)
    assert [(row.ref, row.name) for row in rows] == [(application.ref, name)]
    assert rows[0].id_number == mask_id(id_number(11))
    with world.context(PUBLIC).session as db:
        act = db.scalars(select(Act).where(Act.kind == "registration.export_applicants")).one()
        detail = db.get_one(ActDetail, act.id)
        assert json.loads(detail.details) == {"rows": 1}


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "JPEG or PNG"),
        (b"GIF89a", "JPEG or PNG"),
        (photo(100, 130), "pixels"),
        (photo(400, 300), "upright"),
        (photo()[:400], "damaged"),
        (b"\xff\xd8" + b"x" * (5 * 1024 * 1024), "larger than 5 MB"),
    ],
)
def test_a_bad_photo_is_refused_in_a_sentence(world: World, data: bytes, words: str) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = applied(world, who)
    with pytest.raises(PhotoError, match=words), world.acting(who) as ctx:
        service.add_photo(ctx, ref=application.ref, data=data)
    with pytest.raises(Conflict, match="photo first"), world.acting(who) as ctx:
        service.submit_application(ctx, ref=application.ref)


def test_nobody_touches_the_application_of_another(world: World) -> None:
    add_exam(world)
    application = applied(world, add_candidate(world))
    stranger = add_candidate(world, 21)
    for verb in (_photo, _submit, _withdraw):
        with pytest.raises(NotFound), world.acting(stranger) as ctx:
            verb(ctx, application.ref)


def test_nobody_reviews_their_own_application(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = submitted(world, who)
    reviewer = world.people[Role.REVIEWER]
    with world.context(PUBLIC).session as db:
        person = db.scalars(select(Person)).one()
        person.account_id = reviewer.account_id or 0
        db.commit()
    with pytest.raises(Forbidden, match="own"), world.acting(reviewer) as ctx:
        _approve(ctx, application.ref)


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CANDIDATE, Role.PUBLIC, Role.SYSTEM}))
def test_only_candidates_apply_and_only_reviewers_decide(world: World, role: Role) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = submitted(world, who)
    with pytest.raises(Forbidden), world.acting(role) as ctx:
        service.apply(ctx, **APPLY)
    if role is not Role.REVIEWER:
        with pytest.raises(Forbidden), world.acting(role) as ctx:
            _approve(ctx, application.ref)
    with pytest.raises(Forbidden), world.acting(actor_for(account_of(world, who))) as ctx:
        _approve(ctx, application.ref)


def test_one_application_an_exam_but_several_exams(world: World) -> None:
    add_exam(world)
    add_exam(world, code="other")
    who = add_candidate(world)
    first, again = applied(world, who), applied(world, who, post="103")
    assert first.ref == again.ref
    assert applied(world, who, code="other").ref != first.ref
