"""The acts of a draw's ceremony: in the signed log, in order, by the right hands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from exam_system.trust import acts, checkpoint, drand, proof, tickets
from exam_system.trust.acts import Entry
from exam_system.trust.canonical import digest_text, jcs
from exam_system.trust.draw_note import DrawNote
from exam_system.trust.errors import Malformed
from exam_system.trust.merkle import leaf_hash, verify_inclusion
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Cosigners, Keyring
from exam_system.verify.text import document, record

_HEAD = {"draw": str, "attempt": int}
DETAILS: dict[str, dict[str, type]] = {
    "draws.freeze_draw": {"manifest": str},
    "draws.commit_secret": {"role": str, "commit": str},
    "draws.record_dice": {"dice": str},
    "draws.confirm_dice": {"dice": str},
    "draws.reveal_secret": {"role": str, "secret": str},
    "draws.finish_draw": {"seed": str, "result": str},
    "draws.void_draw": {"reason": str},
    "draws.approve_redraw": {"reason": str},
    "draws.record_drand": {"signature": str},
}
# The secret that failed, shown where an attempt was voided after the dice.
_MAY_ADD = {"draws.void_draw": {"failed": str, "sealed": str}}
_LETTERS = dict(zip(DETAILS, "FCDKRXVAB", strict=True))
_PUBLIC = ("dice", "drand")


@dataclass(frozen=True, slots=True)
class Act:
    """One act with its details and its place in the log."""

    entry: Entry
    details: Mapping[str, Any]
    index: int
    where: str


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What the acts of the attempt say: each source's value, seed and digest of the result."""

    values: Mapping[str, str]
    seed: str
    result: str


Details = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
"""(where, kind, details) to the details, when they are those of such an act; else Refused."""


def read_acts(bag: Bag, keys: Keyring, by: Cosigners, details: Details) -> list[Act]:
    """The acts of commits.json, each proved to stand in the log that enough of `by` cosigned."""
    where = bag.at("commits.json")
    value = document(Check.ACTS, where, bag.get("commits.json"))
    listed = record(Check.ACTS, where, value, {"acts": list})["acts"]
    proofs = {f"log/{n}.tlog-proof" for n in range(len(listed))}
    for name in sorted(bag.files):
        if name.startswith("log/") and name not in proofs:
            refuse(Check.KNOWN, bag.at(name), "this is the proof of no act of commits.json")
    return [_act(bag, keys, by, details, number, item) for number, item in enumerate(listed)]


def _act(
    bag: Bag, keys: Keyring, by: Cosigners, details: Details, number: int, item: object
) -> Act:
    where = f"{bag.at('commits.json')} act {number}"
    shape = {"entry": dict, "salt": str, "details": dict, "proof": str}
    raw = record(Check.ACTS, where, item, shape)
    name = f"log/{number}.tlog-proof"
    require_equal(Check.ACTS, f"{where} proof", raw["proof"], name)
    data = jcs(raw["entry"])
    with holds(Check.ACTS, where):
        entry = acts.parse_entry(data)
        salt = bytes.fromhex(digest_text(raw["salt"]))
    with holds(Check.PAYLOAD, where):
        made = acts.payload(salt, raw["details"])
    require_equal(Check.PAYLOAD, where, entry.payload, made)
    index = proved(bag.get(name), bag.at(name), Check.PROOF, keys, data, by=by)
    return Act(entry, details(where, entry.kind, raw["details"]), index, where)


def proved(
    data: bytes,
    where: str,
    check: Check,
    keys: Keyring,
    entry: bytes | None = None,
    *,
    by: Cosigners | None = None,
) -> int:
    """The index of an act that a proof shows to stand in the cosigned log.

    The proof must carry the entry itself, `entry` where the caller knows it; without `by` one
    inspector of keys.txt is enough.
    """
    with holds(check, where):
        found = proof.parse(data)
        if found.encode() != data or found.extra is None:
            raise Malformed("The proof does not carry the entry of its act.")
        acts.parse_entry(found.extra)
        if entry not in (None, found.extra):
            raise Malformed("The proof carries another act.")
    enough = by or Cosigners(1, keys.inspectors)
    text = enough.opened(keys, found.checkpoint, where, "log")
    with holds(check, where):
        head = checkpoint.parse(text)
        if head.origin != keys.origin:
            raise Malformed(f"The proof is of {head.origin}, not of the log {keys.origin}.")
        leaf = leaf_hash(found.extra)
        verify_inclusion(leaf, found.index, head.size, found.hashes, head.root)
    return found.index


def draw_details(where: str, kind: str, details: Mapping[str, Any]) -> Mapping[str, Any]:
    """The details of an act of a draw; raises Refused for any other."""
    if kind not in DETAILS:
        refuse(Check.ORDER, where, f"{kind} is no act of a draw")
    shape = {**_HEAD, **DETAILS[kind]}
    may = dict.fromkeys(("reason", "rows_digest", "approval", "factor"), str)
    may |= _MAY_ADD.get(kind, {})
    shape |= {key: type_ for key, type_ in may.items() if key in details}
    return record(Check.DETAILS, f"{where} details", details, shape)


def read_ceremony(
    bag: Bag, found: Sequence[Act], manifest: Mapping[str, Any], note: DrawNote
) -> Ceremony:
    """Check that the acts are the whole ceremony of this draw and say the same as its manifest."""
    where = bag.at("commits.json")
    _require_order(where, found, note)
    for act in found:
        attempt = act.details["attempt"]
        require_equal(Check.DETAILS, f"{act.where} draw", act.details["draw"], note.draw)
        require_equal(Check.DETAILS, f"{act.where} exam", act.entry.exam, manifest["exam"])
        subject = f"draw:{note.draw}:{attempt}"
        require_equal(Check.DETAILS, f"{act.where} subject", act.entry.subject, subject)
    own = [act for act in found if act.details["attempt"] == note.attempt]
    freeze = own[0]
    require_equal(
        Check.DETAILS, f"{freeze.where} manifest", freeze.details["manifest"], note.manifest
    )
    values = {"dice": _dice(own, manifest), **_secrets(where, own, note)}
    _require_actors(own)
    if "drand" in note.sources:
        values["drand"] = _beacon(own, drand.parse(manifest["drand"]))
    last = own[-1].details
    return Ceremony(values, last["seed"], last["result"])


def _require_order(where: str, found: Sequence[Act], note: DrawNote) -> None:
    for earlier, later in pairwise(found):
        if earlier.index >= later.index:
            refuse(Check.ORDER, later.where, f"log index {later.index} is not above the one before")
    letters = "".join(_LETTERS[act.entry.kind] for act in found)
    attempts = [act.details["attempt"] for act in found]
    before = note.attempt - 1
    # each earlier attempt: frozen, voided, another one approved
    earlier_ones = [n for n in range(1, note.attempt) for _ in "FVA"]
    rest = [note.attempt] * (len(found) - len(earlier_ones))
    whole = letters[: 3 * before] == "FVA" * before and attempts == earlier_ones + rest
    counted = letters.count("F") == note.attempt == note.attempts
    if not (whole and counted):
        refuse(Check.ATTEMPTS, where, f"not each of {note.attempts} attempts is accounted for")
    roles = sum(name not in _PUBLIC for name in note.sources)
    beacon = "B" * ("drand" in note.sources)
    if not re.fullmatch(f"F{'C' * roles}D+K{beacon}{'R' * roles}X", letters[3 * before :]):
        refuse(Check.ORDER, where, "the ceremony is not complete or not in its order")


def _of(own: Sequence[Act], kind: str) -> list[Act]:
    return [act for act in own if act.entry.kind == f"draws.{kind}"]


def _dice(own: Sequence[Act], manifest: Mapping[str, Any]) -> str:
    """The digits that were typed last and confirmed."""
    typed, confirmed = _of(own, "record_dice")[-1], _of(own, "confirm_dice")[0]
    dice = str(confirmed.details["dice"])
    require_equal(Check.DETAILS, f"{typed.where} dice", typed.details["dice"], dice)
    digits = manifest["dice"]["digits"]
    if len(dice) != digits or not re.fullmatch("[0-9]*", dice):
        refuse(Check.DETAILS, f"{confirmed.where} dice", f"these are not {digits} digits")
    return dice


def _secrets(where: str, own: Sequence[Act], note: DrawNote) -> dict[str, str]:
    """The secret of each role, checked against what the role committed to."""
    commits = {act.details["role"]: act.details["commit"] for act in _of(own, "commit_secret")}
    reveals = {act.details["role"]: act.details["secret"] for act in _of(own, "reveal_secret")}
    roles = [name for name in note.sources if name not in _PUBLIC]
    if set(commits) != set(roles) or set(reveals) != set(roles):
        refuse(Check.ORDER, where, f"{', '.join(roles)} have not each committed and revealed")
    for role in roles:
        with holds(Check.COMMITMENT, where):
            secret = bytes.fromhex(digest_text(reveals[role]))
            made = tickets.commitment(note.draw, note.attempt, role, secret)
        require_equal(Check.COMMITMENT, f"{where} {role}", commits[role], made)
    return reveals


def _require_actors(own: Sequence[Act]) -> None:
    """Officer and inspector are two people, and neither committed for a further contributor."""
    commits = {act.details["role"]: act for act in _of(own, "commit_secret")}
    officer, inspector = commits.pop("officer"), commits.pop("inspector")
    pairs = [(_of(own, "record_dice")[-1], _of(own, "confirm_dice")[0]), (officer, inspector)]
    pairs += [(one, other) for other in commits.values() for one in (officer, inspector)]
    for one, other in pairs:
        if one.entry.actor == other.entry.actor:
            refuse(Check.ACTORS, other.where, f"{other.entry.actor} acted for both sides")


def _beacon(own: Sequence[Act], chosen: drand.Round) -> str:
    """The value of the round that the manifest names: out after the last commitment, and signed."""
    late = _of(own, "commit_secret")[-1]
    if late.entry.at >= chosen.time:
        refuse(Check.DRAND, late.where, f"committed at {late.entry.at}, the round: {chosen.time}")
    entered = _of(own, "record_drand")[0]
    if entered.entry.at < chosen.time:
        refuse(Check.DRAND, entered.where, f"entered before the round was out at {chosen.time}")
    with holds(Check.DRAND, entered.where):
        return drand.require_signed(chosen, entered.details["signature"])
