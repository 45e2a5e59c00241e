"""A draw's bundle: everything from the frozen list to the result, computed once more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exam_system.trust import drand, draw_note, tickets
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.trust.draw_note import DrawNote
from exam_system.verify.ceremony import Ceremony, draw_details, read_acts, read_ceremony
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.engines import CHECKS, ENGINES
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Cosigners, Keyring
from exam_system.verify.text import (
    document,
    record,
    require_bytes,
    require_table,
)

OFFICES = ["officer", "inspector"]
MOST_CONTRIBUTORS = 3
_CONTRIBUTOR = re.compile(r"[a-z][a-z0-9-]*")
_TAKEN = frozenset({*OFFICES, "dice", "drand", "draw", "attempt", "manifest"})
FILES = frozenset(
    {
        "manifest.json",
        "commits.json",
        "transcript.txt",
        "tickets.csv",
        "result.json",
        "result.csv",
        "draw.note",
        "certificate.pdf",
    }
)
_PROOF = re.compile(r"log/(0|[1-9][0-9]*)\.tlog-proof")
_SHAPE = {
    "v": int,
    "draw": str,
    "attempt": int,
    "exam": str,
    "kind": str,
    "algorithm": str,
    "purpose": str,
    "groups": list,
    "rules": dict,
    "sources": list,
    "dice": dict,
    "keys": dict,
    "cosigners": int,
    "abort": str,
    "substitutes": str,
}
_FEWEST_DICE = 20  # beside two secrets (PROTOCOLS section 4 step 3)

KINDS = (
    *("seats", "invigilators", "interviewers", "groups", "order"),
    *("codes", "papers", "recount", "markers", "turns"),
)


def verify_draw(bag: Bag, keys: Keyring) -> str:
    """Check a bundle; returns what it is. Raises Refused."""
    for name in sorted(bag.files):
        if name not in FILES and not _PROOF.fullmatch(name):
            refuse(Check.KNOWN, bag.at(name), "no such file belongs to a draw")
    note = signed_result(bag, keys)
    manifest = _manifest(bag, note)
    by = named_cosigners(bag.at("manifest.json"), keys, manifest)
    by.opened(keys, bag.get("draw.note"), bag.at("draw.note"), "officer")
    acts = read_acts(bag, keys, by, draw_details)
    ceremony = read_ceremony(bag, acts, manifest, note)
    frozen = next(act.index for act in acts if act.details["attempt"] == note.attempt)
    require_serving(bag.at("manifest.json"), keys, manifest["keys"], frozen)
    seed = _seed(bag, note, ceremony)
    _outcome(bag, manifest, seed, note, ceremony)
    where = bag.at("certificate.pdf")
    require_equal(
        Check.CERTIFICATE, where, sha256_hex(bag.get("certificate.pdf")), note.certificate
    )
    labels = sum(len(group["labels"]) for group in manifest["groups"])
    name = f"draw-{note.draw}-{note.attempt}"
    beacon = _beacon_told(manifest)
    return f"{name} ({note.algorithm}, {labels} labels, {len(acts)} acts{beacon})"


def _beacon_told(manifest: Mapping[str, Any]) -> str:
    """Which beacon it was: only quicknet is known to nobody beforehand as far as we can tell."""
    if "drand" not in manifest:
        return ""
    chosen = drand.parse(manifest["drand"])
    if chosen.beacon == drand.QUICKNET:
        return f", round {chosen.number} of drand quicknet"
    return f", round {chosen.number} of a beacon that is NOT drand quicknet: {chosen.beacon.chain}"


def signed_result(bag: Bag, keys: Keyring) -> DrawNote:
    """draw.note, signed by the officer and an inspector of keys.txt; raises Refused."""
    where = bag.at("draw.note")
    text = keys.opened(bag.get("draw.note"), where, "officer", cosigners=1)
    with holds(Check.DRAW_NOTE, where):
        return draw_note.parse(text)


def _manifest(bag: Bag, note: DrawNote) -> dict[str, Any]:
    where, data = bag.at("manifest.json"), bag.get("manifest.json")
    value = document(Check.MANIFEST, where, data)
    outside = {"drand": dict} if isinstance(value, dict) and "drand" in value else {}
    manifest = record(Check.MANIFEST, where, value, {**_SHAPE, **outside})
    require_equal(Check.MANIFEST, where, sha256_hex(data), note.manifest)
    _require_known(where, manifest)
    for key, said in (
        ("draw", note.draw),
        ("attempt", note.attempt),
        ("algorithm", note.algorithm),
        ("sources", list(note.sources)),
    ):
        require_equal(Check.DRAW_NOTE, f"{where} {key}", manifest[key], said)
    if bag.name:
        require_equal(Check.NAME, bag.shown, bag.name, f"draw-{note.draw}-{note.attempt}")
    return manifest


def _require_known(where: str, manifest: Mapping[str, Any]) -> None:
    """The parts of the manifest that this version of the protocol fixes."""
    require_equal(Check.MANIFEST, f"{where} v", manifest["v"], 1)
    _require_sources(where, manifest)
    if manifest["kind"] not in KINDS or manifest["algorithm"] not in ENGINES:
        refuse(Check.MANIFEST, where, "kind or algorithm is not known to this program")
    if not manifest["draw"].startswith(f"{manifest['exam']}-{manifest['kind']}"):
        refuse(Check.MANIFEST, f"{where} draw", "the draw is not named after its exam and kind")
    dice = record(Check.MANIFEST, f"{where} dice", manifest["dice"], {"digits": int, "sides": int})
    if dice["digits"] < _FEWEST_DICE or dice["sides"] != 10:
        refuse(Check.MANIFEST, f"{where} dice", f"fewer than {_FEWEST_DICE} ten-sided dice")


def _require_sources(where: str, manifest: Mapping[str, Any]) -> None:
    """Officer, inspector, up to three further contributors, dice; drand where a round is named."""
    end = ["dice", "drand"] if "drand" in manifest else ["dice"]
    sources = manifest["sources"]
    further = sources[len(OFFICES) : -len(end)]
    require_equal(Check.MANIFEST, f"{where} sources", sources, [*OFFICES, *further, *end])
    named = all(_CONTRIBUTOR.fullmatch(str(one)) and one not in _TAKEN for one in further)
    if not named or len(further) > MOST_CONTRIBUTORS or len(set(further)) != len(further):
        refuse(Check.MANIFEST, f"{where} sources", "these are no further contributors")
    if "drand" in manifest:
        with holds(Check.MANIFEST, f"{where} drand"):
            drand.parse(manifest["drand"])


def named_cosigners(where: str, keys: Keyring, manifest: Mapping[str, Any]) -> Cosigners:
    """The inspectors whom the manifest names, all of keys.txt, and how many of them must sign.

    keys.txt may list inspectors who came later; they count for those who were retired since.
    """
    listed = manifest["keys"]
    named = tuple(one for one in keys.inspectors if one.key.vkey in listed.values())
    officers = [one.key.vkey for one in keys.all_of("officer")]
    known = listed.get("officer") in officers
    expected = {"officer": listed["officer"] if known else keys.of("officer").vkey}
    names = ["inspector", *(f"inspector-{n}" for n in range(2, len(named) + 1))]
    expected |= dict(zip(names, (one.key.vkey for one in named), strict=False))
    require_equal(Check.DRAW_KEYS, f"{where} keys", listed, expected)
    if not 1 <= manifest["cosigners"] <= len(named):
        refuse(Check.MANIFEST, f"{where} cosigners", f"{len(named)} inspectors are named")
    return Cosigners(manifest["cosigners"], keys.standing_in(named))


def require_serving(where: str, keys: Keyring, named: Mapping[str, str], frozen: int) -> None:
    """A list names nobody whose key had been retired when it was frozen, or came later."""
    for one in keys.rows:
        if one.key.vkey in named.values() and not one.signs_at(frozen):
            why = f"the key of {one.key.name} had not its role at act {frozen}, the freezing"
            refuse(Check.RETIRED, f"{where} keys", why)


def _seed(bag: Bag, note: DrawNote, ceremony: Ceremony) -> str:
    where, found = bag.at("transcript.txt"), bag.get("transcript.txt")
    sources = [(name, ceremony.values[name]) for name in note.sources]
    with holds(Check.TRANSCRIPT, where):
        expected = tickets.transcript(note.draw, note.attempt, note.manifest, sources)
    require_bytes(Check.TRANSCRIPT, where, found, expected)
    seed = tickets.seed(found)
    require_equal(Check.SEED, bag.at("draw.note"), note.seed, seed)
    require_equal(Check.SEED, bag.at("commits.json"), ceremony.seed, seed)
    return seed


def _outcome(
    bag: Bag, manifest: dict[str, Any], seed: str, note: DrawNote, ceremony: Ceremony
) -> None:
    algorithm, purpose = manifest["algorithm"], manifest["purpose"]
    with holds(Check.RESULT, bag.at("manifest.json")):
        groups = ENGINES[algorithm](manifest["groups"], seed, purpose)
        rows = [
            (purpose, label, tickets.ticket(seed, purpose, label).hex())
            for group in manifest["groups"]
            for label in tickets.order(seed, purpose, group["labels"])
        ]
    header = ("purpose", "label", "ticket")
    found = bag.get("tickets.csv")
    require_table(Check.TICKETS, bag.at("tickets.csv"), found, [header, *rows])
    result = {key: manifest[key] for key in ("draw", "attempt")} | {"v": 1, "groups": groups}
    where, data = bag.at("result.json"), bag.get("result.json")
    require_bytes(Check.RESULT, where, data, jcs(result))
    require_equal(Check.RESULT, where, sha256_hex(data), note.result)
    require_equal(Check.RESULT, bag.at("commits.json"), ceremony.result, note.result)
    if algorithm in CHECKS and (broken := CHECKS[algorithm](manifest["groups"], groups)):
        refuse(Check.RESULT, where, f"the result breaks its own rules: {broken[0]}")
    header4 = ("group", "slot", "place", "label")
    found = bag.get("result.csv")
    require_table(Check.RESULT_CSV, bag.at("result.csv"), found, [header4, *_places(groups)])


def _places(groups: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    """Group, slot, place from 1, label; the reserve stands last in its group, without a slot."""
    return [
        (group["id"], slot, str(place), label)
        for group in groups
        for slot, labels in (
            *((slot["id"], slot["labels"]) for slot in group["slots"]),
            ("", group["reserve"]),
        )
        for place, label in enumerate(labels, 1)
    ]
