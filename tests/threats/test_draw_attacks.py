"""Attacks on draws, D01 to D08 of docs/THREATS.md, each on the whole and on a broken build."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from exam_system.access import Role
from exam_system.approvals import lookup as approvals
from exam_system.chance import SystemChance
from exam_system.context import PUBLIC, Context
from exam_system.draws import computing, outside, parties, service, states, views
from exam_system.draws import manifest as manifests
from exam_system.draws.lookup import contributions, find
from exam_system.draws.models import Attempt
from exam_system.exams.models import Exam
from exam_system.oversight import alerts, watch
from exam_system.records import audit
from exam_system.records.models import Act, ActDetail
from exam_system.trust import drand, tickets
from exam_system.trust.canonical import jcs, parse_jcs, sha256_hex
from exam_system.verify import ceremony as ceremony_checks
from exam_system.verify.draw import verify_draw
from exam_system.verify.files import Bag
from exam_system.verify.keyring import parse_keys
from exam_system.verify.run import verify
from tests.draws import ceremony
from tests.draws.ceremony import DICE, DRAW, SECRETS, again, attempt, commitment, run
from tests.threats.red import (
    UNIFORM,
    Build,
    acting,
    audited,
    change,
    none_found,
    nothing,
    shares,
    spread,
    told,
    unguard,
)
from tests.verify import builder
from tests.verify.builder import DrawMaker, Office, bundle
from tests.world import World, confirm_in

DRAWS = 100_000
SOURCES = parties.sources_of([], with_drand=False)
PEOPLE = ("k-1", "k-2", "k-3", "k-4", "k-5")
FRIEND = PEOPLE[0]
LATER = timedelta(minutes=20)


def start_whenever(build: Build, office: World) -> None:
    """Broken: a draw may be begun whenever somebody likes, in the program and in the table."""

    def next_number(ctx: Context, _exam: Exam, _kind: str) -> int:
        return 1 + ctx.session.scalars(select(func.count(Attempt.id))).one()

    build.lacks(manifests.next_number, next_number)
    if not build.whole:
        with office.engine.begin() as db:
            db.execute(text("DROP INDEX uq_attempt_open"))


def voided(office: World) -> None:
    run(office, last=3)
    with office.acting(Role.OFFICER) as ctx:
        ceremony.void(ctx, 1)


def second(office: World) -> None:
    """A second attempt as it should be: the inspector has approved it."""
    voided(office)
    with office.acting(Role.INSPECTOR) as ctx:
        ceremony.approve(ctx, 1)
    run(office, last=7, number=2)


def verified(maker: DrawMaker, files: dict[str, bytes]) -> str:
    """What the verifier refuses of a bundle."""
    bag = Bag("draw", maker.name, maker.name, files, Path("/nowhere"))
    keys = parse_keys(maker.office.keys, "keys.txt")
    return told(lambda: verify_draw(bag, keys))


@pytest.mark.parametrize(
    ("begun", "words"),
    [
        (lambda office: run(office, last=3), "can be carried on, not begun again"),
        (lambda office: run(office), "can be carried on, not begun again"),
        (voided, "needs the inspector's approval with a reason"),
    ],
    ids=["running", "finished", "void"],
)
def test_d01_no_quiet_second_start(
    build: Build, office: World, begun: Callable[[World], None], words: str
) -> None:
    begun(office)
    start_whenever(build, office)
    build.judge(acting(office, Role.OFFICER, ceremony.freeze, 2), words)


def test_d01_every_second_start_is_shown_to_the_inspectors(build: Build, office: World) -> None:
    build.lacks(alerts.second_attempts, none_found)
    second(office)
    with office.context(office.people[Role.INSPECTOR]).session as db:
        every = watch.find_alerts(db, office.config.zone)
        found = [one for one in every if one.rule == "second_attempt"]
    build.judge(" ".join(f"{one.rule} {dict(one.values)}" for one in found), "second_attempt", DRAW)


def test_d01_a_start_deleted_from_the_tables_stops_the_draw(build: Build, office: World) -> None:
    build.lacks(service._require_all_attempts, nothing)
    second(office)
    with office.context(office.people[Role.OFFICER]).session as db:
        for row in contributions(db, find(db, DRAW, 1).attempt).values():
            db.delete(row)
        db.flush()
        db.delete(find(db, DRAW, 1).attempt)
        db.flush()
        find(db, DRAW, 2).attempt.number = 1
        db.commit()
    said = acting(office, Role.OFFICER, ceremony.finish, 1)
    build.judge(said, f"the log knows 2 attempts of {DRAW}")


def test_d01_a_start_left_out_of_the_bundle_is_named(build: Build) -> None:
    build.lacks(ceremony_checks._require_order, nothing)
    maker = DrawMaker(Office(), attempt=2)
    files = maker.hold()
    del maker.acts[:3]
    said = verified(maker, {**files, **maker.proofs()})
    build.judge(said, "V17", "commits.json", "not each of 2 attempts")


def winner(officer: str, inspector: str, dice: str = DICE) -> str:
    """Who is first: from the transcript as draws compute it."""
    manifest = {"draw": DRAW, "attempt": 1, "sources": SOURCES}
    values = {"officer": officer, "inspector": inspector, "dice": dice}
    seed = tickets.seed(computing.transcript_of(manifest, "ab" * 32, values))
    return min(PEOPLE, key=lambda label: tickets.ticket(seed, "seat", label))


def wins(draws: int, officer: str) -> list[int]:
    """How often each is first when one share, the inspector's, is honest."""
    counts = dict.fromkeys(PEOPLE, 0)
    for honest in shares(draws):
        counts[winner(officer, honest)] += 1
    return list(counts.values())


def only_from(*sources: str) -> Callable[..., bytes]:
    """A transcript that leaves the other sources out."""
    right = computing.transcript_of

    def transcript_of(manifest: dict[str, Any], digest: str, values: dict[str, str]) -> bytes:
        return right({**manifest, "sources": sources}, digest, values)

    return transcript_of


def test_d01_a_refused_second_start_is_on_record(build: Build, office: World) -> None:
    build.lacks(views.refuse_start, nothing)
    run(office, last=3)
    officer = office.client(office.app(), Role.OFFICER)
    assert officer.post(f"/exams/{ceremony.EXAM}/draws/order/freeze").status_code == 302
    with office.context(office.people[Role.INSPECTOR]).session as db:
        query = select(Act.subject).where(Act.kind == "draws.refuse_start")
        build.judge(" ".join(db.scalars(query)), f"draw:{DRAW}:1")


def test_d02_the_best_of_many_secrets_is_no_better_than_any(build: Build) -> None:
    """The officer tries secrets until the friend wins with the inspector's share guessed."""
    build.lacks(computing.transcript_of, only_from("officer"))
    guess = "a7" * 32
    ground = next(one for one in shares(1_000) if winner(one, guess) == FRIEND)
    chi = spread(wins(DRAWS if build.whole else 100, ground))
    assert (chi < UNIFORM) == build.whole, chi


def test_d02_a_list_logged_after_a_commitment_is_refused(build: Build) -> None:
    build.lacks(ceremony_checks._require_order, nothing)
    maker = DrawMaker(Office())
    step, early = maker.step, list[dict[str, Any]]()

    def late(kind: str, **more: Any) -> None:
        if kind == "freeze_draw":
            early.append(more)
            return
        step(kind, **more)
        if kind == "commit_secret" and early:
            step("freeze_draw", **early.pop())

    maker.step = late  # type: ignore[method-assign]
    files = maker.hold()
    maker.acts[:2] = maker.acts[1::-1]  # shown in the right order: the log has the other one
    said = verified(maker, {**files, **maker.proofs()})
    build.judge(said, "V13", "commits.json act 1", "is not above the one before")


def test_d02_nobody_commits_who_may_know_the_outside_value(build: Build, office: World) -> None:
    build.lacks(service.require_before_round, nothing)
    at = office.clock.now() + LATER
    ceremony.choose(office, drand_at=at)
    run(office, last=2)
    office.clock.set(at + LATER)
    said = acting(office, Role.INSPECTOR, ceremony.commit, 1)
    build.judge(said, "Conflict", "whoever commits now could know it")


def test_d02_an_outside_value_known_before_a_commitment_does_not_verify(build: Build) -> None:
    source = "if late.entry.at >= chosen.time:"
    build.loses(ceremony_checks._beacon, source, "if False:")
    maker = DrawMaker(Office(), beacon=True, early=1)
    said = verified(maker, bundle(maker))
    build.judge(said, "V50", "commits.json act 2", "committed at")


def test_d02_an_outside_value_that_the_beacon_did_not_sign(build: Build, office: World) -> None:
    """Somebody would choose the value: the program refuses it, and so does the verifier."""
    build.lacks(drand._holds, lambda *_words: True)
    ceremony.choose(office, drand_at=office.clock.now() + LATER)
    run(office, last=5)
    office.clock.advance(seconds=2 * LATER.total_seconds())
    chosen: dict[str, Any] = {"draw": DRAW, "number": 1, "signature": "ab" * 48}
    said = acting(office, Role.OFFICER, lambda ctx: outside.record_drand(ctx, **chosen))
    build.judge(said, "Invalid", "This is not the signature of round")
    maker = DrawMaker(Office(), beacon=True)
    build.patch.setattr(DrawMaker, "signature", lambda *_words: "ab" * 48)
    said = verified(maker, bundle(maker))
    build.judge(said, "V50", "commits.json act 5", "This is not the signature of round")


def test_d03_a_list_changed_after_the_approval_is_not_frozen(build: Build, office: World) -> None:
    build.loses(approvals.use, "if found.digest != digest:", "if False:")
    office.approved("draws.freeze_draw", code=ceremony.EXAM, kind="order")
    build.patch.setitem(ceremony.PEOPLE, "g1", 13)  # the relative is put in

    def freeze(ctx: Context) -> None:
        service.freeze_draw(ctx, code=ceremony.EXAM, kind="order")

    build.judge(acting(office, Role.OFFICER, freeze), "What was approved is not what stands now")


EDITS: dict[str, Callable[[str], str]] = {
    "renamed": lambda text: text.replace("k-g1-03", "k-g1-03x"),
    "left out": lambda text: text.replace('"k-g1-03",', ""),
    "put in": lambda text: text.replace('"k-g1-03",', '"k-g1-03","k-g1-030",'),
    "re-ordered": lambda text: text.replace('"k-g1-03","k-g1-04"', '"k-g1-04","k-g1-03"'),
    "a blank": lambda text: text.replace("out-of-area only", "out-of-area  only"),
}


def test_d03_a_frozen_list_edited_in_the_table_is_named(build: Build, office: World) -> None:
    build.lacks(audit._difference, nothing)
    run(office, last=5)
    right = attempt(office).manifest
    for name, edit in EDITS.items():
        assert edit(right) != right, name
        change(office, "UPDATE attempt SET manifest = :new", new=edit(right))
        build.judge(audited(office), "attempt 1: changed in manifest; it was left by act")


@pytest.mark.parametrize("edit", ["renamed", "a blank"])
def test_d03_a_draw_from_an_edited_list_is_not_finished(
    build: Build, office: World, edit: str
) -> None:
    build.lacks(audit.require_whole, nothing)
    run(office, last=7)
    edited = EDITS[edit](attempt(office).manifest)
    change(office, "UPDATE attempt SET manifest = :new", new=edited)
    said = acting(office, Role.OFFICER, ceremony.finish, 1)
    build.judge(said, "Conflict", "attempt 1: changed in manifest; it was left by act")


def test_d03_a_draw_from_an_edited_list_does_not_verify(build: Build, office: World) -> None:
    """Manifest and digest are changed in the table; the log has the digest of the frozen list."""
    line = 'Check.DETAILS, f"{freeze.where} manifest", freeze.details["manifest"], note.manifest'
    said = line.replace("note.manifest", 'freeze.details["manifest"]')
    build.loses(ceremony_checks.read_ceremony, line, said)
    build.passed(audit.require_whole)
    run(office, last=7)
    edited = EDITS["renamed"](attempt(office).manifest)
    both = "UPDATE attempt SET manifest = :new, manifest_digest = :digest"
    change(office, both, new=edited, digest=sha256_hex(edited.encode()))
    run(office, 7)
    ceremony.cosign(office)
    run(office, ceremony.BEFORE_PUBLISHING, ceremony.BEFORE_PUBLISHING + 1)
    refused = verify([ceremony.bundle(office)]).refused
    build.judge("\n".join(map(str, refused)), "V14", "commits.json act 0 manifest")


def test_d04_whoever_walks_away_changes_nothing(build: Build, office: World) -> None:
    build.lacks(service._failed_secret, lambda *_words: {})
    run(office, last=5)
    void: dict[str, Any] = {"draw": DRAW, "number": 1, "reason": "监督员离场"}
    said = acting(office, Role.OFFICER, lambda ctx: service.void_draw(ctx, **void))
    build.judge(said, "The dice have been thrown: this attempt can only be finished")
    if not build.whole:
        return
    with office.acting(Role.OFFICER) as ctx:
        ceremony.reveal(ctx, 1)
        held = SECRETS["inspector"]
        service.reveal_secret(ctx, draw=DRAW, number=1, secret=held, role="inspector")
    run(office, 7, 8)
    done = attempt(office)
    assert ceremony.drawn(done.result) == ceremony.expected()[1](done.manifest_digest)
    with office.context(office.people[Role.INSPECTOR]).session as db:
        query = select(Act.actor, ActDetail.details).join(ActDetail, ActDetail.act_id == Act.id)
        reveals = query.where(Act.kind == "draws.reveal_secret").order_by(Act.id.desc())
        actor, details = db.execute(reveals).first() or ("", "")
    assert actor == office.people[Role.OFFICER].ref  # did it for the absent one, who is named:
    assert '"role":"inspector"' in details


def test_d04_the_inspector_cannot_end_a_draw_by_a_contributors_absence(
    build: Build, office: World
) -> None:
    build.lacks(service._failed_secret, lambda *_words: {})
    ceremony.choose(office, "candidate")
    run(office, last=3)
    ceremony.commit_by(office, ceremony.link(office, "candidate"), "candidate")
    run(office, 3, 7)
    held: dict[str, Any] = {"sealed": SECRETS["candidate"], "failed": "candidate"}

    def void(ctx: Context) -> None:
        confirm_in(ctx, "draws.void_draw", draw=DRAW)
        service.void_draw(ctx, draw=DRAW, number=1, reason="考生代表离场", **held)

    said = acting(office, Role.INSPECTOR, void)
    build.judge(said, "The sealed copy holds: reveal it, the draw goes on")


def test_d05_a_contributor_copies_nobody_and_nobody_a_contributor(
    build: Build, office: World
) -> None:
    seen = "if ctx.session.scalar(known) is not None:"
    build.loses(service.commit_secret, seen, "if False:")
    ceremony.choose(office, "candidate", "journalist")
    run(office, last=2)
    token = ceremony.link(office, "candidate")
    if not build.whole:
        unguard(office, "contribution")
    for whose in ("officer", "journalist"):
        copied: dict[str, Any] = {"draw": DRAW, "number": 1, "commitment": commitment(whose)}
        if whose == "journalist":
            ceremony.commit_by(office, ceremony.link(office, whose), whose)
        actor: Any = PUBLIC if whose == "officer" else Role.INSPECTOR
        said = acting(
            office, actor, lambda ctx, of=copied: service.commit_secret(ctx, **of, token=token)
        )
        build.judge(said, "Conflict", "This commitment has been used before")


def test_d05_nobody_takes_a_contributors_place_without_the_link(
    build: Build, office: World
) -> None:
    build.lacks(service.invited_role, lambda *_words: "candidate")
    ceremony.choose(office, "candidate")
    run(office, last=3)
    ceremony.link(office, "candidate")
    taken: dict[str, Any] = {"draw": DRAW, "number": 1, "commitment": commitment("candidate")}
    act = lambda ctx: service.commit_secret(ctx, **taken, token="a" * 26)  # noqa: E731
    said = acting(office, PUBLIC, act)
    build.judge(said, "NotFound", "This link does not count")


def test_d05_a_contributors_secret_by_the_officer_does_not_verify(build: Build) -> None:
    build.lacks(ceremony_checks._require_actors, nothing)
    build.patch.setitem(builder.ACTORS, "candidate", "o1")
    maker = DrawMaker(Office(), further=("candidate",))
    said = verified(maker, bundle(maker))
    build.judge(said, "V15", "commits.json act 3", "o1 acted for both sides")


def test_d05_nobodys_commitment_is_copied(build: Build, office: World) -> None:
    seen = "if ctx.session.scalar(known) is not None:"
    build.loses(service.commit_secret, seen, "if False:")
    run(office, last=2)
    if not build.whole:
        unguard(office, "contribution")
    copied: dict[str, Any] = {"draw": DRAW, "number": 1, "commitment": commitment("officer")}
    said = acting(office, Role.INSPECTOR, lambda ctx: service.commit_secret(ctx, **copied))
    build.judge(said, "Conflict", "This commitment has been used before")


def test_d05_nothing_is_revealed_before_everything_is_committed(
    build: Build, office: World
) -> None:
    build.lacks(states.require, nothing)
    build.lacks(states.move, nothing)
    run(office, last=2)
    said = acting(office, Role.OFFICER, ceremony.reveal, 1)
    build.judge(said, "Conflict", "Not now: the list is frozen, commitments are awaited")


def test_d06_a_rigged_generator_of_the_server_decides_nothing(build: Build) -> None:
    def rigged(size: int) -> bytes:
        return bytes(size)

    build.patch.setattr(os, "urandom", rigged)
    build.patch.setattr(random, "_urandom", rigged)  # where `secrets` has it from
    assert SystemChance().take(4) == bytes(4)
    right = computing.transcript_of

    def from_the_server(manifest: dict[str, Any], digest: str, _values: object) -> bytes:
        share = SystemChance().take(32).hex()
        return right({**manifest, "sources": ("server",)}, digest, {"server": share})

    build.lacks(computing.transcript_of, from_the_server)
    chi = spread(wins(20_000 if build.whole else 100, SECRETS["officer"]))
    assert (chi < UNIFORM) == build.whole, chi


def test_d07_no_place_is_likelier_than_another(build: Build) -> None:
    """The broken build takes the remainder of a byte, as a quick sampler would."""
    right = tickets.ticket

    def remainder(seed: str, purpose: str, label: str) -> bytes:
        return bytes([right(seed, purpose, label)[0] % 10])

    build.lacks(tickets.ticket, remainder)
    labels = [f"k-{n}" for n in range(5)]
    places = [[0] * len(labels) for _ in labels]
    for seed in shares(DRAWS // 5):
        for place, label in enumerate(tickets.order(seed, "seat", labels)):
            places[place][int(label[-1])] += 1
    worst = max(map(spread, places))
    assert (worst < UNIFORM) == build.whole, worst


def test_d07_a_number_below_n_has_no_bias(build: Build) -> None:
    """Three quarters of what 64 bits hold: a remainder would give the first third half of all."""
    build.loses(tickets.below, "2**64 // n * n", "2**64")
    n, thirds = 3 * 2**62, [0, 0, 0]
    for seed in shares(10_000):
        thirds[tickets.below(seed, "seat", n) // 2**62] += 1
    chi = spread(thirds)
    assert (chi < UNIFORM) == build.whole, chi


def test_d08_a_crash_is_no_excuse_for_another_start(build: Build, office: World) -> None:
    run(office, last=7)
    with build.patch.context() as crash:
        crash.setattr(service, "certificate_of", lambda *_words: 1 / 0)
        assert "division by zero" in acting(office, Role.OFFICER, ceremony.finish, 1)
    restarted = again(office)
    start_whenever(build, restarted)
    said = acting(restarted, Role.OFFICER, ceremony.freeze, 2)
    build.judge(said, "This draw has begun: it can be carried on, not begun again")
    if build.whole:
        run(restarted, 7, 8)
        done = attempt(restarted)
        assert ceremony.drawn(done.result) == ceremony.expected()[1](done.manifest_digest)
        assert jcs(parse_jcs(done.manifest.encode())) == done.manifest.encode()
    restarted.engine.dispose()
