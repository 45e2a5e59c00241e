"""Draws that the office's own keys sign wrongly are refused, by the check meant for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exam_system.trust import notes
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.verify.checks import Check, Refused
from exam_system.verify.draw import verify_draw
from exam_system.verify.engines import ENGINES
from exam_system.verify.files import Bag
from exam_system.verify.keyring import parse_keys
from tests.verify import builder
from tests.verify.builder import DrawMaker, Office, bundle, signer


def draw_bag(maker: DrawMaker, files: dict[str, bytes]) -> Bag:
    return Bag("draw", maker.name, maker.name, files, Path("/nowhere"))


def refused_draw(maker: DrawMaker, files: dict[str, bytes], check: Check, why: str) -> None:
    keys = parse_keys(maker.office.keys, "keys.txt")
    with pytest.raises(Refused, match=why) as refused:
        verify_draw(draw_bag(maker, files), keys)
    assert refused.value.check is check, str(refused.value)


def signed_again(maker: DrawMaker, files: dict[str, bytes], **parts: str) -> dict[str, bytes]:
    """The bundle with draw.note changed and signed by everybody again."""
    text = notes.parse(files["draw.note"]).text
    rows = [line.partition(" ") for line in text.split("\n")[:-1]]
    text = "".join(f"{key}{space}{parts.get(key, value)}\n" for key, space, value in rows)
    return {**files, "draw.note": maker.office.note(text, maker.office.officer)}


def test_a_result_that_the_algorithm_does_not_give(office: Office) -> None:
    maker = DrawMaker(Office())
    files = maker.hold()
    maker.acts.pop()
    maker.office.entries.pop()
    other = files["result.json"].replace(b"m-1", b"m-x").replace(b"m-2", b"m-1")
    other = other.replace(b"m-x", b"m-2")
    assert other != files["result.json"]
    seed = notes.parse(files["draw.note"]).text.split("seed ")[1][:64]
    maker.step("finish_draw", seed=seed, result=sha256_hex(other))
    files = signed_again(
        maker, {**files, "result.json": other, **maker.proofs()}, result=sha256_hex(other)
    )
    refused_draw(maker, files, Check.RESULT, "result.json line 1 byte")


def test_a_seed_that_is_not_the_transcripts() -> None:
    maker = DrawMaker(Office())
    files = signed_again(maker, bundle(maker), seed="ab" * 32)
    refused_draw(maker, files, Check.SEED, "draw.note: found abab")


def test_details_that_are_not_those_of_the_log() -> None:
    maker = DrawMaker(Office())
    files = maker.hold()
    maker.acts[1]["salt"] = "ab" * 32
    refused_draw(maker, {**files, **maker.proofs()}, Check.PAYLOAD, "act 1: found")


@pytest.mark.parametrize(
    ("drop", "check"),
    [
        (0, Check.ATTEMPTS),
        (1, Check.ORDER),
        (2, Check.ORDER),
        (3, Check.ORDER),
        (4, Check.ORDER),
        (6, Check.ORDER),
        (7, Check.ORDER),
    ],
)
def test_a_step_that_is_not_in_the_log(drop: int, check: Check) -> None:
    maker = DrawMaker(Office())
    files = maker.hold()
    del maker.acts[drop]
    refused_draw(maker, {**files, **maker.proofs()}, check, "commits.json")


def test_dice_typed_after_the_secrets_were_shown() -> None:
    maker = DrawMaker(Office())
    files = maker.hold()
    maker.acts[3:7] = [maker.acts[n] for n in (5, 6, 3, 4)]
    refused_draw(maker, {**files, **maker.proofs()}, Check.ORDER, "log index")


def test_secrets_shown_before_the_dice_in_the_log_itself() -> None:
    maker = DrawMaker(Office())
    step, early = maker.step, []

    def swapped(kind: str, **more: Any) -> None:
        if kind in ("record_dice", "confirm_dice"):
            early.append((kind, more))
            return
        if kind == "finish_draw":
            for late, rest in early:
                step(late, **rest)
        step(kind, **more)

    maker.step = swapped  # type: ignore[method-assign]
    files = maker.hold()
    refused_draw(maker, {**files, **maker.proofs()}, Check.ORDER, "not in its order")


def test_a_hidden_attempt() -> None:
    maker = DrawMaker(Office(), attempt=2)
    files = maker.hold()
    del maker.acts[:3]
    refused_draw(maker, {**files, **maker.proofs()}, Check.ATTEMPTS, "2 attempts")


def test_another_secret_than_was_committed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = DrawMaker(Office())
    step = maker.step

    def false(kind: str, **more: Any) -> None:
        step(kind, **({**more, "secret": "ab" * 32} if kind == "reveal_secret" else more))

    maker.step = false  # type: ignore[method-assign]
    refused_draw(maker, bundle(maker), Check.COMMITMENT, "officer")


def test_one_person_for_both_sides() -> None:
    maker = DrawMaker(Office())
    step = maker.step

    def alone(kind: str, **more: Any) -> None:
        step(kind, **{**more, "actor": "o1"})

    maker.step = alone  # type: ignore[method-assign]
    refused_draw(maker, bundle(maker), Check.ACTORS, "o1 acted for both")


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"v": 2}, Check.MANIFEST),
        ({"draw": "2026-other-seats"}, Check.MANIFEST),
        ({"algorithm": "luck/v1"}, Check.MANIFEST),
        ({"dice": {"digits": 6, "sides": 10}}, Check.MANIFEST),
        ({"dice": {"digits": 21, "sides": 10}}, Check.DETAILS),
        ({"sources": ["dice"]}, Check.MANIFEST),
        ({"keys": {"officer": "a", "inspector": "b"}}, Check.DRAW_KEYS),
        ({"cosigners": 0}, Check.MANIFEST),
        ({"cosigners": 2}, Check.MANIFEST),
        ({"cosigners": True}, Check.MANIFEST),
        ({"attempt": 2}, Check.DRAW_NOTE),
        ({"rules": []}, Check.MANIFEST),
    ],
)
def test_a_manifest_that_is_not_what_it_should_be(changes: dict[str, Any], check: Check) -> None:
    right = DrawMaker(Office())
    files = right.hold()
    manifest = jcs(right.manifest() | changes)
    frozen = sha256_hex(manifest)
    right.office.entries.clear()
    right.acts.clear()
    step = right.step

    def other(kind: str, **more: Any) -> None:
        step(kind, **({**more, "manifest": frozen} if kind == "freeze_draw" else more))

    right.step = other  # type: ignore[method-assign]
    files = right.hold()
    files |= {"manifest.json": manifest, **right.proofs()}
    sources = files["transcript.txt"].split(b"\n")
    sources[3] = b"manifest " + frozen.encode()
    files["transcript.txt"] = b"\n".join(sources)
    files = signed_again(right, files, manifest=frozen)
    refused_draw(right, files, check, ".")


def test_people_who_are_not_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [{"id": "g", "labels": ["b", "a"], "slots": [{"id": "s", "capacity": 2}]}]
    drawn = [{"id": "g", "slots": [{"id": "s", "labels": ["b", "a"]}], "reserve": []}]
    monkeypatch.setitem(builder.ENGINES, "order/v1", lambda _groups, _ticket: drawn)
    maker = DrawMaker(Office(), changes={"groups": groups})
    refused_draw(maker, bundle(maker), Check.RESULT, "not sorted by their UTF-8")


@pytest.mark.parametrize("algorithm", ["seats/v1", "groups/v1"])
def test_two_who_changed_places(monkeypatch: pytest.MonkeyPatch, algorithm: str) -> None:
    real = builder.BY_SEED[algorithm]

    def swapped(groups: Any, seed: str, purpose: str) -> Any:
        drawn = real(groups, seed, purpose)
        labels = [label for slot in drawn[0]["slots"] for label in slot["labels"]]
        text = jcs(drawn).replace(labels[0].encode(), b"?").replace(labels[-1].encode(), b"!")
        text = text.replace(b"?", labels[-1].encode()).replace(b"!", labels[0].encode())
        return json.loads(text)

    monkeypatch.setitem(builder.BY_SEED, algorithm, swapped)
    maker = DrawMaker(Office(), "groups", algorithm)
    refused_draw(maker, bundle(maker), Check.RESULT, "result.json line 1 byte")


@pytest.mark.parametrize(
    ("algorithm", "group", "why"),
    [
        ("seats/v1", {"slots": [{"id": "r", "layout": "1x2", "capacity": 2}]}, "short by 6"),
        ("seats/v1", {"rules": {"spread": "school"}}, "school"),
        ("groups/v1", {"slots": [{"id": "02", "capacity": 3, "marks": ["k-1"]}]}, "no panel"),
    ],
)
def test_a_list_from_which_nothing_can_be_drawn(
    monkeypatch: pytest.MonkeyPatch, algorithm: str, group: dict[str, Any], why: str
) -> None:
    groups = [{**builder.groups_of(algorithm)[0], **group}]
    drawn = [{"id": groups[0]["id"], "slots": [], "reserve": []}]
    monkeypatch.setitem(builder.BY_SEED, algorithm, lambda *_: drawn)
    maker = DrawMaker(Office(), "groups", algorithm, changes={"groups": groups})
    refused_draw(maker, bundle(maker), Check.RESULT, why)


def test_an_outcome_that_breaks_its_own_rules_is_refused_though_it_is_recomputed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check of outcomes shares no code with the engine: it sees a fault of the engine."""
    drawn = [
        {"id": "g", "slots": [{"id": "s", "labels": ["a", "b"]}], "reserve": [], "left": []},
    ]
    groups = [
        {
            "id": "g",
            "labels": ["a", "b"],
            "apart": {"post": ["p", "p"]},
            "slots": [{"id": "s", "layout": "1x2", "capacity": 2}],
        }
    ]
    monkeypatch.setitem(builder.BY_SEED, "seats/v1", lambda *_: drawn)
    monkeypatch.setitem(ENGINES, "seats/v1", lambda *_: drawn)
    maker = DrawMaker(Office(), "groups", "seats/v1", changes={"groups": groups})
    refused_draw(maker, bundle(maker), Check.RESULT, "seats 1 and 2, side by side")
    left = {"district": "g", "room": "s", "seat": 2, "other": 1, "steps": 9}
    drawn[0]["left"] = [left]
    maker = DrawMaker(Office(), "groups", "seats/v1", changes={"groups": groups})
    keys = parse_keys(maker.office.keys, "keys.txt")
    assert "seats/v1, 2 labels" in verify_draw(draw_bag(maker, bundle(maker)), keys)


def test_heads_that_the_inspector_has_not_signed() -> None:
    maker = DrawMaker(Office())
    files = maker.hold()
    maker.office.inspector = signer("city.example/other", 9, 4)
    files |= maker.proofs()
    maker.office.inspector = signer("city.example/inspector", 4, 4)
    refused_draw(maker, files, Check.NOTE, "not in keys.txt")


def test_a_note_without_the_officer() -> None:
    maker = DrawMaker(Office())
    files = bundle(maker)
    text = notes.parse(files["draw.note"]).text
    files["draw.note"] = notes.sign(text, maker.office.inspector, at=1)
    refused_draw(maker, files, Check.SIGNERS, "officer is missing")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sources": ["officer", "inspector", "guest", "guest", "dice"]}, "no further contributor"),
        ({"sources": ["officer", "inspector", "a", "b", "c", "d", "dice"]}, "no further contribut"),
        ({"sources": ["officer", "inspector", "Guest", "dice"]}, "no further contributors"),
        ({"sources": ["officer", "inspector", "drand", "dice"]}, "no further contributors"),
        ({"sources": ["officer", "inspector", "dice", "drand"]}, "manifest.json sources"),
        ({"sources": ["officer", "inspector", 7, "dice"]}, "no further contributors"),
        ({"drand": {}}, "manifest.json sources"),
    ],
)
def test_sources_that_cannot_be(changes: dict[str, Any], why: str) -> None:
    maker = DrawMaker(Office(), changes=changes)
    refused_draw(maker, bundle(maker), Check.MANIFEST, why)


def test_a_contributor_who_did_not_take_part() -> None:
    maker = DrawMaker(Office(), changes={"sources": ["officer", "inspector", "guest", "dice"]})
    files = signed_again(maker, bundle(maker), sources="officer inspector guest dice")
    refused_draw(maker, files, Check.ORDER, "not complete")


@pytest.mark.parametrize(
    "change",
    [{"time": "2026-03-02T01:00:00Z"}, {"round": 9}, {"scheme": "bls"}, {"period": 0}, {"x": 1}],
)
def test_a_round_that_cannot_be(change: dict[str, Any]) -> None:
    maker = DrawMaker(Office(), beacon=True)
    maker.changes["drand"] = {**maker.manifest()["drand"], **change}
    refused_draw(maker, bundle(maker), Check.MANIFEST, "manifest.json drand")


def test_further_contributors_and_a_round() -> None:
    maker = DrawMaker(Office(), further=("candidate", "guest-1"), beacon=True, typed_wrong=True)
    said = verify_draw(draw_bag(maker, bundle(maker)), parse_keys(maker.office.keys, "keys.txt"))
    assert "14 acts, round 6 of a beacon that is NOT drand quicknet" in said


@pytest.mark.parametrize("drop", [3, 6, 9])
def test_a_contributors_step_that_is_not_in_the_log(drop: int) -> None:
    """The commitment, the round, the reveal."""
    maker = DrawMaker(Office(), further=("candidate",), beacon=True)
    files = maker.hold()
    del maker.acts[drop]
    refused_draw(maker, {**files, **maker.proofs()}, Check.ORDER, "commits.json")


def test_a_contributor_who_reveals_another_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = DrawMaker(Office(), further=("candidate",))
    step = maker.step

    def other(kind: str, **more: Any) -> None:
        if kind == "reveal_secret" and more["role"] == "candidate":
            more["secret"] = "7" * 64
        step(kind, **more)

    monkeypatch.setattr(maker, "step", other)
    refused_draw(maker, bundle(maker), Check.COMMITMENT, "candidate")
