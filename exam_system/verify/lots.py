"""The bundle of a group's sealed lots (lots/v1): commitment, picks and places, all over again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from exam_system.trust import lots
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.draw_note import DrawNote
from exam_system.trust.lots import Lot
from exam_system.verify.ceremony import Act, read_acts
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.draw import named_cosigners, require_serving, signed_result
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring
from exam_system.verify.text import document, record, require_bytes, require_table

FILES = frozenset(
    {"list.json", "picks.csv", "result.json", "result.csv", "commits.json", "draw.note"}
    | {"certificate.pdf"}
)
_PROOF = re.compile(r"log/(0|[1-9][0-9]*)\.tlog-proof")
_SHAPE = {
    "v": int,
    "algorithm": str,
    "exam": str,
    "group": str,
    "panel": str,
    "attempt": int,
    "labels": list,
    "keys": dict,
    "cosigners": int,
}
DETAILS: dict[str, dict[str, type]] = {
    "interviews.commit_lots": {"list": str, "commit": str},
    "interviews.pick_lot": {"turn": int, "envelope": int},
    "interviews.void_lots": {"why": str, "factor": str},
    "interviews.open_lots": {"secret": str, "result": str},
}
_LETTERS = dict(zip(DETAILS, "CPVO", strict=True))
_COMMON = {"group": str, "attempt": int}
_MAY = ("reason", "rows_digest")


def verify_lots(bag: Bag, keys: Keyring) -> str:
    """Check a bundle; returns what it is. Raises Refused."""
    for name in sorted(bag.files):
        if name not in FILES and not _PROOF.fullmatch(name):
            refuse(Check.KNOWN, bag.at(name), "no such file belongs to sealed lots")
    note = signed_result(bag, keys)
    listed = _list(bag, note)
    where = bag.at("list.json")
    by = named_cosigners(where, keys, listed)
    by.opened(keys, bag.get("draw.note"), bag.at("draw.note"), "officer")
    found = read_acts(bag, keys, by, _details)
    own = _ceremony(bag, found, listed, note)
    require_serving(where, keys, listed["keys"], own[0].index)
    _commitment(bag, own, listed, note)
    settled = _settled(bag, own, listed, note)
    _result(bag, own, listed, note, settled)
    at = bag.at("certificate.pdf")
    require_equal(Check.CERTIFICATE, at, sha256_hex(bag.get("certificate.pdf")), note.certificate)
    name = f"lots-{listed['exam']}-{listed['group']}"
    return f"{name} (lots/v1, {len(settled)} envelopes, {len(found)} acts)"


def _list(bag: Bag, note: DrawNote) -> dict[str, Any]:
    where, data = bag.at("list.json"), bag.get("list.json")
    listed = record(Check.LOTS_LIST, where, document(Check.LOTS_LIST, where, data), _SHAPE)
    require_equal(Check.LOTS_LIST, where, sha256_hex(data), note.manifest)
    require_equal(Check.LOTS_LIST, f"{where} v", listed["v"], 1)
    labels = listed["labels"]
    if not labels or not all(isinstance(one, str) for one in labels):
        refuse(Check.LOTS_LIST, f"{where} labels", "these are not labels")
    if len(set(labels)) < len(labels):
        refuse(Check.LOTS_LIST, f"{where} labels", "somebody is named twice")
    name = lots.name_of(listed["exam"], listed["group"])
    said = (note.draw, note.attempt, note.algorithm, note.sources)
    expected = (name, listed["attempt"], lots.ALGORITHM, lots.SOURCES)
    for found, right in zip(said, expected, strict=True):
        require_equal(Check.DRAW_NOTE, where, found, right)
    require_equal(Check.LOTS_LIST, f"{where} algorithm", listed["algorithm"], lots.ALGORITHM)
    if bag.name:
        shown = f"lots-{listed['exam']}-{listed['group']}"
        require_equal(Check.NAME, bag.shown, bag.name, shown)
    return listed


def _details(where: str, kind: str, details: Mapping[str, Any]) -> Mapping[str, Any]:
    if kind not in DETAILS:
        refuse(Check.LOTS_ORDER, where, f"{kind} is no act of sealed lots")
    shape = {**_COMMON, **DETAILS[kind]}
    shape |= {key: str for key in _MAY if key in details}
    return record(Check.DETAILS, f"{where} details", details, shape)


def _ceremony(
    bag: Bag, found: Sequence[Act], listed: Mapping[str, Any], note: DrawNote
) -> list[Act]:
    """The acts of this attempt, after every earlier one was begun and voided."""
    where, group = bag.at("commits.json"), listed["group"]
    subject = f"lots:{listed['exam']}:{group}"
    for act in found:
        said = (act.entry.exam, act.entry.subject, act.details["group"])
        require_equal(Check.DETAILS, act.where, said, (listed["exam"], subject, group))
    for earlier, later in pairwise(found):
        if earlier.index >= later.index:
            why = f"log index {later.index} is not above the one before"
            refuse(Check.LOTS_ORDER, later.where, why)
    letters = "".join(_LETTERS[act.entry.kind] for act in found)
    if not re.fullmatch("(CP*V)*CP+O", letters) or letters.count("C") != note.attempt:
        refuse(Check.LOTS_ORDER, where, "the acts are not complete or not in their order")
    require_equal(Check.ATTEMPTS, where, note.attempts, note.attempt)
    attempts = [letters[: at + 1].count("C") for at in range(len(letters))]
    require_equal(Check.ATTEMPTS, where, [act.details["attempt"] for act in found], attempts)
    return [act for act in found if act.details["attempt"] == note.attempt]


def _commitment(bag: Bag, own: Sequence[Act], listed: Mapping[str, Any], note: DrawNote) -> None:
    first, last, where = own[0], own[-1], bag.at("draw.note")
    require_equal(Check.LOTS_LIST, f"{first.where} list", first.details["list"], note.manifest)
    require_equal(Check.DETAILS, f"{last.where} secret", last.details["secret"], note.seed)
    with holds(Check.LOTS_COMMITMENT, where):
        made = lots.commitment(
            listed["exam"], listed["group"], note.attempt, note.manifest, note.seed
        )
    require_equal(Check.LOTS_COMMITMENT, first.where, first.details["commit"], made)


def _settled(bag: Bag, own: Sequence[Act], listed: Mapping[str, Any], note: DrawNote) -> list[Lot]:
    """Every envelope with who has it, from the acts of the picks."""
    where, labels = bag.at("commits.json"), listed["labels"]
    turns = [act.details["turn"] for act in own[1:-1]]
    require_equal(Check.LOTS_PICKS, where, turns, list(range(1, len(labels) + 1)))
    picks = [act.details["envelope"] or None for act in own[1:-1]]
    with holds(Check.LOTS_PICKS, where):
        settled = lots.settle(note.seed, labels, picks)
    rows = [
        (str(turn), label, "" if pick is None else str(pick))
        for turn, (label, pick) in enumerate(zip(labels, picks, strict=True), 1)
    ]
    header = ("turn", "label", "envelope")
    at = bag.at("picks.csv")
    require_table(Check.LOTS_PICKS, at, bag.get("picks.csv"), [header, *rows])
    return settled


def _result(
    bag: Bag, own: Sequence[Act], listed: Mapping[str, Any], note: DrawNote, settled: list[Lot]
) -> None:
    where, data = bag.at("result.json"), bag.get("result.json")
    expected = lots.result_text(listed["exam"], listed["group"], note.attempt, settled)
    require_bytes(Check.LOTS_RESULT, where, data, expected)
    require_equal(Check.LOTS_RESULT, where, sha256_hex(data), note.result)
    require_equal(Check.LOTS_RESULT, own[-1].where, own[-1].details["result"], note.result)
    at = bag.at("result.csv")
    require_table(Check.LOTS_RESULT, at, bag.get("result.csv"), lots.result_rows(settled))
