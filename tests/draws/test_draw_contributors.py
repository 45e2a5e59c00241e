"""Further contributors and a round of drand: what they add, and what they cannot do."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from exam_system.access import Role
from exam_system.context import PUBLIC, Context
from exam_system.demo.beacon import Beacon
from exam_system.draws import outside, service
from exam_system.errors import Conflict, Fault, Invalid, NotFound, Sentence
from exam_system.instance import migrate
from exam_system.records.models import Act
from exam_system.trust import drand
from exam_system.verify.run import verify
from tests.draws import ceremony
from tests.draws.ceremony import (
    DICE,
    DRAW,
    EXAM,
    SECRETS,
    attempt,
    choose,
    commit_by,
    link,
    reveal_by,
    run,
)
from tests.world import World, confirm_in

BEACON = Beacon("a beacon of the tests", 1_700_000_000)
ROLES = ("candidate", "journalist")
LATER = timedelta(minutes=20)


@pytest.fixture
def beacon(office: World) -> World:
    """An office whose drand is a beacon that the test can speak for."""
    path = office.folder / outside.CHAIN_FILE
    path.write_text(json.dumps(asdict(BEACON.chain)), "utf-8")
    return office


def enter(world: World, signature: str, who: Role = Role.OFFICER) -> None:
    with world.acting(who) as ctx:
        outside.record_drand(ctx, draw=DRAW, number=1, signature=signature)


def refused(kind: type[Sentence], world: World, who: Any, act: Any) -> str:
    """What is said when somebody tries."""
    with pytest.raises(kind) as caught, world.acting(who) as ctx:
        act(ctx)
    return str(caught.value)


def test_a_draw_of_four_secrets_dice_and_drand(beacon: World) -> None:
    office = beacon
    choose(office, *ROLES, drand_at=office.clock.now() + LATER)
    run(office, last=1)
    round_ = json.loads(attempt(office).manifest)["drand"]
    assert round_ == drand.Round(BEACON.chain, round_["round"]).document
    tokens = {role: link(office, role) for role in ROLES}
    run(office, 1, 3)
    assert attempt(office).state == "frozen"  # not all have committed
    for role, token in tokens.items():
        commit_by(office, token, role)
    run(office, 3, 5)
    right = BEACON.sign(round_["round"])
    early = refused(Conflict, office, Role.OFFICER, lambda ctx: ceremony.reveal(ctx, 1))
    assert "drand is to be entered first" in early
    with pytest.raises(Conflict, match="is out at"):
        enter(office, right)
    office.clock.advance(seconds=LATER.total_seconds())
    for wrong in (BEACON.sign(round_["round"] + 1), right[:-1] + "0", "00" * 48, "", "x" * 96):
        with pytest.raises(Invalid, match="not the signature of round"):
            enter(office, wrong)
    enter(office, f" {right[:48].upper()}\n{right[48:]}", Role.INSPECTOR)
    with pytest.raises(Conflict, match="does not wait"):
        enter(office, right)
    for role, token in tokens.items():
        reveal_by(office, token, role)
    run(office, 5, 8)
    office.seal()
    ceremony.cosign(office)
    run(office, 8, 9)
    folder = ceremony.bundle(office)
    frozen = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    value = hashlib.sha256(bytes.fromhex(right)).hexdigest()
    assert (folder / "transcript.txt").read_text() == (
        f"exam-system/draw/v1\ndraw {DRAW}\nattempt 1\nmanifest {frozen}\n"
        f"officer {SECRETS['officer']}\ninspector {SECRETS['inspector']}\n"
        f"candidate {SECRETS['candidate']}\njournalist {SECRETS['journalist']}\n"
        f"dice {DICE}\ndrand {value}\n"
    )
    assert "sources officer inspector candidate journalist dice drand\n" in (
        folder / "draw.note"
    ).read_text("utf-8")
    found = verify([folder])
    assert found.refused == []
    assert any("NOT drand quicknet" in line for line in found.lines)


def test_who_commits_after_the_round_is_refused_and_the_attempt_can_only_be_voided(
    beacon: World,
) -> None:
    at = beacon.clock.now() + LATER
    choose(beacon, drand_at=at)
    run(beacon, last=2)
    beacon.clock.set(at + timedelta(seconds=BEACON.period))
    said = refused(Conflict, beacon, Role.INSPECTOR, lambda ctx: ceremony.commit(ctx, 1))
    assert "has been out since" in said
    with beacon.acting(Role.INSPECTOR) as ctx:
        ceremony.void(ctx, 1)
        ceremony.approve(ctx, 1)
    over = refused(Conflict, beacon, Role.OFFICER, lambda ctx: ceremony.freeze(ctx, 2))
    assert "choose a later one" in over
    choose(beacon)
    run(beacon, last=8, number=2)
    assert attempt(beacon, 2).state == "finished"


def test_the_beacon_is_quicknet_unless_the_instance_names_another(office: World) -> None:
    assert outside.chain_of(office.config) == drand.QUICKNET
    (office.folder / outside.CHAIN_FILE).write_text('{"chain": "00"}')
    with pytest.raises(Fault, match=r"drand\.json describes no beacon"):
        outside.chain_of(office.config)


def test_the_choice_is_part_of_what_is_approved(office: World) -> None:
    office.approved("draws.freeze_draw", code=EXAM, kind="order")
    choose(office, "candidate")

    def freeze(ctx: Context) -> None:
        service.freeze_draw(ctx, code=EXAM, kind="order")

    assert "What was approved is not" in refused(Conflict, office, Role.OFFICER, freeze)
    too_many = ("candidate", "candidate-2", "journalist", "notary")
    for roles in (too_many, ("officer",), ("candidate", "candidate"), ("a friend",)):
        with pytest.raises(Invalid, match="at most 3"):
            choose(office, *roles)


def test_nobody_is_left_out_silently(office: World) -> None:
    """A contributor who does not come: no dice, no change, only a new attempt that says why."""
    choose(office, "candidate")
    run(office, last=3)
    choose(office)  # counts for the next attempt, not for this one
    said = refused(Conflict, office, Role.OFFICER, lambda ctx: ceremony.roll(ctx, 1))
    assert said == "Not now: the list is frozen, commitments are awaited"
    with office.acting(Role.INSPECTOR) as ctx:
        ceremony.void(ctx, 1)
        ceremony.approve(ctx, 1)
    run(office, last=8, number=2)
    assert json.loads(attempt(office, 2).manifest)["sources"] == ["officer", "inspector", "dice"]


def test_a_link_is_for_one_role_of_one_attempt_and_the_newest_counts(office: World) -> None:
    choose(office, *ROLES)
    run(office, last=1)
    first, token = link(office, "candidate"), link(office, "candidate")
    for wrong in (first, "", "x" * 26):
        with pytest.raises(NotFound, match="ask the exam officer for a new one"):
            commit_by(office, wrong, "candidate")
    commit_by(office, token, "candidate")
    with pytest.raises(Conflict, match="is in already"):
        commit_by(office, token, "candidate")
    copied = {"draw": DRAW, "number": 1, "commitment": ceremony.commitment("candidate")}
    other = {**copied, "token": link(office, "journalist")}
    act = lambda ctx: service.commit_secret(ctx, **other)  # noqa: E731
    assert "has been used before" in refused(Conflict, office, PUBLIC, act)
    with pytest.raises(Invalid, match="Nobody of this role"):
        link(office, "notary")
    with office.context(office.people[Role.OFFICER]).session as db:
        kinds = db.scalars(select(Act.kind).order_by(Act.id)).all()
    assert kinds.count("draws.invite_contributor") == 3


def test_an_absent_contributor_is_opened_by_the_inspector_and_only_by_them(office: World) -> None:
    choose(office, *ROLES)
    run(office, last=1)
    tokens = {role: link(office, role) for role in ROLES}
    for role, token in tokens.items():
        commit_by(office, token, role)
    run(office, 1, 5)
    reveal_by(office, tokens["candidate"], "candidate")
    away = {"draw": DRAW, "number": 1, "secret": SECRETS["journalist"]}
    act = lambda ctx: service.reveal_secret(  # noqa: E731
        ctx, **away, role="journalist", token=tokens["candidate"]
    )
    # with a link one's own secret is revealed, whatever role is asked for
    assert "is revealed already" in refused(Conflict, office, PUBLIC, act)
    void: dict[str, Any] = {"draw": DRAW, "number": 1, "reason": "密封件不符", "sealed": "?"}
    act = lambda ctx: service.void_draw(ctx, **void, failed="journalist")  # noqa: E731
    assert "You keep no sealed copy" in refused(Invalid, office, Role.OFFICER, act)
    void["sealed"] = SECRETS["journalist"]
    assert "The sealed copy holds" in refused(Conflict, office, Role.INSPECTOR, act)
    with office.acting(Role.INSPECTOR) as ctx:
        service.reveal_secret(ctx, **away, role="journalist")
    run(office, 5, 8)
    assert attempt(office).state == "finished"


def test_a_contributor_whose_copy_fails_is_named(office: World) -> None:
    choose(office, "candidate")
    run(office, last=1)
    commit_by(office, link(office, "candidate"), "candidate")
    run(office, 1, 5)
    with office.acting(Role.INSPECTOR) as ctx:
        confirm_in(ctx, "draws.void_draw", draw=DRAW, number=1)
        service.void_draw(
            ctx, draw=DRAW, number=1, reason="密封件不符", sealed="7" * 64, failed="candidate"
        )
    assert attempt(office).state == "void"


def test_the_tables_go_and_come_again_with_rows(office: World) -> None:
    choose(office, "candidate")
    run(office, last=3)
    commit_by(office, link(office, "candidate"), "candidate")
    office.seal()
    office.engine.dispose()
    migrate(office.config, "0009", down=True)
    with office.engine.connect() as db:
        kept = db.scalars(text("SELECT role FROM contribution")).all()
    assert sorted(kept) == ["inspector", "officer"]
    office.engine.dispose()
    migrate(office.config)
    with office.engine.connect() as db:
        assert db.scalars(text("SELECT count(*) FROM source_choice")).one() == 0
