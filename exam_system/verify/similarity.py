"""A screening of answers: its files are those that were signed, and its flags add up again.

Plain arithmetic on the sheets and the chances that flags.json gives; nothing of the program that
made them is used. What takes the whole screening again (abilities, cut-offs, M4) is not done here:
answers.csv and parameters.json say all that another program needs for that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isclose
from typing import Any

from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.similarity_note import (
    FROZEN,
    SCREENED,
    Frozen,
    Screened,
    parse_frozen,
    parse_screened,
)
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring, remark
from exam_system.verify.text import document, record

SIGNS = "-/*"
LETTERS = "ABCDEFGHI"
CLOSE = 2e-6  # statistics are told in seven digits
_NAMES = ("parameters.json", "screening.note", "flags.json", "screened.note")
_PARAMETERS = {
    "v": int,
    "exam": str,
    "session": str,
    "run": str,
    "statistic": str,
    "budgets": dict,
    "copied": str,
    "least": int,
    "basis": str,
    "inputs": dict,
    "software": dict,
}
_INPUTS = {"answers": str, "people": int, "short": int, "items": int, "paper": str}
_FLAGS = {
    "v": int,
    "run": str,
    "items": int,
    "options": int,
    "key": str,
    "model": str,
    "left_out": int,
    "tiers": list,
    "null": dict,
    "people": list,
    "pairs": list,
    "rings": list,
}
_PERSON = {"code": str, "answers": str, "chances": list}
_TIER = {"tier": str, "tests": int, "cutoff": str}
_COUNTS = ("matches", "right", "wrong", "first_wrong", "second_wrong", "differences")
_PAIR = {
    "first": str,
    "second": str,
    "tier": str,
    "adjacent": bool,
    "apart": list,
    "p": list,
    "expected": str,
    **dict.fromkeys(_COUNTS, int),
    "omega": list,
    "gbt": list,
    "ratio": list,
    "mutual": dict,
}
_MUTUAL = dict.fromkeys(("omega", "weighted", "gbt", "m4"), str)


@dataclass(frozen=True, slots=True)
class _Person:
    """A flagged candidate: the sheet as letters, and the chance of every option of every item."""

    answers: str
    chances: tuple[tuple[float, ...], ...]


def verify_similarity(bag: Bag, keys: Keyring) -> str:
    """Check a folder or zip of a screening; returns what it is. Raises Refused."""
    for file in sorted(set(bag.files) - {*_NAMES, "answers.csv"}):
        refuse(Check.KNOWN, bag.at(file), "this file does not belong here")
    frozen, parameters = _frozen(bag, keys)
    screened, flags = _screened(bag, keys, frozen)
    if bag.name and bag.name != f"similarity-{frozen.run}":
        refuse(Check.NAME, bag.shown, f"the note is of similarity-{frozen.run}")
    people = _people(bag, flags)
    _require_sums(bag, screened, flags)
    _require_sheets(bag, parameters, flags, people)
    for pair in flags["pairs"]:
        _require_pair(bag, flags, people, pair)
    told = f"{screened.compared} ordered pairs, {screened.flagged} flagged"
    ended = remark(keys.undated(bag.files["screened.note"], bag.at("screened.note"), "publisher"))
    beside = "" if "answers.csv" in bag.files else "; the answers are not here"
    return f"{bag.shown} (screening of {frozen.exam} {frozen.session}, {told}{beside}{ended})"


def verify_screening_note(name: str, data: bytes, keys: Keyring) -> str | None:
    """What a text of a screening that stands by itself is; None when it is of something else."""
    header = notes.parse(data).text.partition("\n")[0]
    if header not in (f"{keys.origin}{FROZEN}", f"{keys.origin}{SCREENED}"):
        return None
    text = keys.opened(data, name, "publisher", cosigners=0)
    ended = remark(keys.undated(data, name, "publisher"))
    with holds(Check.SCREENING, name):
        if header.endswith(FROZEN):
            frozen = parse_frozen(text)
            return f"{name} (screening of {frozen.exam} {frozen.session}, frozen{ended})"
        said = parse_screened(text)
    counts = f"{said.compared} ordered pairs, {said.flagged} flagged"
    return f"{name} (screening of {said.exam} {said.session}, {counts}{ended})"


def _text(bag: Bag, name: str, tail: str, keys: Keyring) -> str:
    text = keys.opened(bag.get(name), bag.at(name), "publisher", cosigners=0)
    require_equal(Check.SCREENING, bag.at(name), text.partition("\n")[0], f"{keys.origin}{tail}")
    return text


def _frozen(bag: Bag, keys: Keyring) -> tuple[Frozen, dict[str, Any]]:
    name, file = "screening.note", bag.at("parameters.json")
    text, data = _text(bag, name, FROZEN, keys), bag.get("parameters.json")
    with holds(Check.SCREENING, bag.at(name)):
        said = parse_frozen(text)
    require_equal(Check.SCREENING, file, sha256_hex(data), said.parameters)
    told = record(Check.SCREENING, file, document(Check.SCREENING, file, data), _PARAMETERS)
    record(Check.SCREENING, f"{file} inputs", told["inputs"], _INPUTS)
    for key in ("exam", "session", "run"):
        require_equal(Check.SCREENING, f"{file} {key}", told[key], getattr(said, key))
    return said, told


def _screened(bag: Bag, keys: Keyring, frozen: Frozen) -> tuple[Screened, dict[str, Any]]:
    name, file = "screened.note", bag.at("flags.json")
    text, data = _text(bag, name, SCREENED, keys), bag.get("flags.json")
    with holds(Check.SCREENING, bag.at(name)):
        said = parse_screened(text)
    first = sha256_hex(frozen.text(keys.origin).encode())
    require_equal(Check.SCREENING, f"{bag.at(name)} frozen", said.frozen, first)
    if said.at < frozen.at:
        refuse(Check.SCREENING, bag.at(name), "it is older than what was frozen before it")
    for key in ("exam", "session", "run"):
        at = f"{bag.at(name)} {key}"
        require_equal(Check.SCREENING, at, getattr(said, key), getattr(frozen, key))
    require_equal(Check.SCREENING, file, sha256_hex(data), said.flags)
    told = record(Check.SCREENING, file, document(Check.SCREENING, file, data), _FLAGS)
    require_equal(Check.SCREENING, f"{file} run", told["run"], said.run)
    return said, told


def _people(bag: Bag, flags: Mapping[str, Any]) -> dict[str, _Person]:
    file, items, options = bag.at("flags.json"), flags["items"], LETTERS[: flags["options"]]
    if len(flags["key"]) != items or set(flags["key"]) - set(options):
        refuse(Check.MATCHES, file, "the key is not one option of every item")
    found: dict[str, _Person] = {}
    for told in flags["people"]:
        one = record(Check.MATCHES, f"{file} people", told, _PERSON)
        where = f"{file} {one['code']}"
        if len(one["answers"]) != items or set(one["answers"]) - set(options + SIGNS):
            refuse(
                Check.MATCHES, where, "the sheet does not have an answer or a sign for each item"
            )
        if one["code"] in found:
            refuse(Check.MATCHES, where, "the sheet is here twice")
        found[one["code"]] = _Person(one["answers"], _chances(where, one["chances"], flags))
    return found


def _chances(where: str, told: Sequence[Any], flags: Mapping[str, Any]) -> tuple[Any, ...]:
    with holds(Check.TAILS, where):
        rows = tuple(tuple(float(cell) for cell in row) for row in told)
    shape = {len(row) for row in rows}
    if len(rows) != flags["items"] or shape != {flags["options"]}:
        refuse(Check.TAILS, where, "there is not a chance for every option of every item")
    if any(not 0 <= cell <= 1 for cell in chain(*rows)) or any(
        not isclose(sum(row), 1, abs_tol=1e-9) for row in rows
    ):
        refuse(Check.TAILS, where, "the chances of an item do not add up to one")
    return rows


def _require_sheets(
    bag: Bag, told: Mapping[str, Any], flags: Mapping[str, Any], people: Mapping[str, _Person]
) -> None:
    """answers.csv, where it lies here, is what was frozen, and the flagged sheets are from it."""
    data, file = bag.files.get("answers.csv"), bag.at("answers.csv")
    if data is None:
        return
    require_equal(Check.SCREENING, file, sha256_hex(data), told["inputs"]["answers"])
    with holds(Check.SCREENING, file):
        rows = [line.split(",") for line in data.decode("ascii").splitlines()[1:]]
    sheets = {row[0]: row[-1] for row in rows if len(row) == 4}
    require_equal(Check.SCREENING, f"{file} sheets", len(sheets), told["inputs"]["people"])
    for code, person in people.items():
        require_equal(Check.MATCHES, f"{file} {code}", sheets.get(code), person.answers)
    _require_tests(bag, flags, rows)


def _require_tests(bag: Bag, flags: Mapping[str, Any], rows: Sequence[Sequence[str]]) -> None:
    """The ordered pairs of each tier, counted from the places of the sheets."""
    rooms, sites = (_ordered(Counter(row[at] for row in rows)) for at in (2, 1))
    every = len(rows) * (len(rows) - 1)
    counted = {"room": rooms, "site": sites - rooms, "everywhere": every - sites}
    told = {tier["tier"]: tier["tests"] for tier in flags["tiers"]}
    require_equal(Check.SCREENING, bag.at("flags.json tiers"), told, counted)


def _ordered(groups: Counter[str]) -> int:
    return sum(size * (size - 1) for size in groups.values())


def _require_sums(bag: Bag, said: Screened, flags: Mapping[str, Any]) -> None:
    """The numbers of the note are those of the file; every ring is pairs that hang together."""
    file = bag.at("flags.json")
    for tier in flags["tiers"]:
        record(Check.SCREENING, f"{file} tiers", tier, _TIER)
    tests = sum(tier["tests"] for tier in flags["tiers"])
    require_equal(Check.SCREENING, f"{file} tests", tests, said.compared)
    require_equal(Check.SCREENING, f"{file} pairs", len(flags["pairs"]), said.flagged)
    require_equal(Check.SCREENING, f"{file} rings", len(flags["rings"]), said.cases)
    for pair in flags["pairs"]:
        record(Check.MATCHES, f"{file} pairs", pair, _PAIR)
    rings = {frozenset(ring) for ring in _rings(flags["pairs"])}
    told = {frozenset(map(str, ring)) for ring in flags["rings"]}
    require_equal(Check.MATCHES, f"{file} rings", _sorted(told), _sorted(rings))


def _sorted(rings: set[frozenset[str]]) -> list[list[str]]:
    return sorted(sorted(ring) for ring in rings)


def _rings(pairs: Sequence[Mapping[str, Any]]) -> list[set[str]]:
    """Pairs that share somebody, joined."""
    rings: list[set[str]] = []
    for pair in pairs:
        joined = {pair["first"], pair["second"]}
        for ring in [ring for ring in rings if ring & joined]:
            rings.remove(ring)
            joined |= ring
        rings.append(joined)
    return rings


def _require_pair(
    bag: Bag, flags: Mapping[str, Any], people: Mapping[str, _Person], pair: Mapping[str, Any]
) -> None:
    where = f"{bag.at('flags.json')} {pair['first']} {pair['second']}"
    if pair["first"] not in people or pair["second"] not in people:
        refuse(Check.MATCHES, where, "the sheets of the pair are not here")
    first, second = people[pair["first"]], people[pair["second"]]
    counted = _counts(first.answers, second.answers, flags["key"])
    for name in _COUNTS:
        require_equal(Check.MATCHES, f"{where} {name}", pair[name], counted[name])
    mutual = record(Check.TAILS, f"{where} mutual", pair["mutual"], _MUTUAL)
    tails = (_given(first, second), _given(second, first), _mutual(first, second))
    if len(pair["gbt"]) != 2:
        refuse(Check.TAILS, where, "there are not two directions")
    told = (*pair["gbt"], mutual["gbt"])
    for way, chances, found in zip(("forward", "backward", "mutual"), tails, told, strict=True):
        _require_tail(f"{where} gbt {way}", chances, counted["matches"], found)


def _counts(first: str, second: str, key: str) -> dict[str, int]:
    both = [(a, b, k) for a, b, k in zip(first, second, key, strict=True) if _answered(a, b)]
    same = [(a, k) for a, b, k in both if a == b]
    return {
        "matches": len(same),
        "right": sum(a == k for a, k in same),
        "wrong": sum(a != k for a, k in same),
        "first_wrong": _wrong(first, key),
        "second_wrong": _wrong(second, key),
        "differences": len(both) - len(same),
    }


def _answered(*answers: str) -> bool:
    return not any(answer in SIGNS for answer in answers)


def _wrong(answers: str, key: str) -> int:
    return sum(_answered(a) and a != k for a, k in zip(answers, key, strict=True))


def _given(copier: _Person, source: _Person) -> list[float]:
    """The chance of the source's answer in the copier's honest work, item by item."""
    return [
        row[LETTERS.index(b)]
        for row, a, b in zip(copier.chances, copier.answers, source.answers, strict=True)
        if _answered(a, b)
    ]


def _mutual(first: _Person, second: _Person) -> list[float]:
    """The chance that both choose one option."""
    rows = zip(first.chances, second.chances, first.answers, second.answers, strict=True)
    return [sum(p * q for p, q in zip(x, y, strict=True)) for x, y, a, b in rows if _answered(a, b)]


def _require_tail(where: str, chances: Sequence[float], matches: int, told: str) -> None:
    """The chance of so many agreements or more: f_k(i) = (1 - p_i) f_k + p_i f_(k-1)."""
    mass = [1.0]
    for p in chances:
        lower, upper = [*mass, 0.0], [0.0, *mass]
        mass = [(1 - p) * a + p * b for a, b in zip(lower, upper, strict=True)]
    tail = min(sum(mass[matches:]), 1.0)
    with holds(Check.TAILS, where):
        found = float(told)
    if not isclose(found, tail, rel_tol=CLOSE, abs_tol=1e-290):
        refuse(Check.TAILS, where, f"found {told}, recomputed {tail:.6e}")
