"""Signed money: a day's statement and a count with their lists added up again, and receipts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exam_system.trust import money_notes, notes
from exam_system.trust.errors import TrustError
from exam_system.trust.money_notes import Said
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring, remark

LINES = "lines.csv"


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of signed list: the end of its header, how it is read, how its list is added up."""

    tail: str
    told: str
    check: Check
    parse: Callable[[str], Said]
    add: Callable[[bytes], dict[str, int]]


_KINDS = {
    "statement.note": _Kind(
        money_notes.STATEMENT,
        "daily statement",
        Check.STATEMENT,
        money_notes.parse_statement,
        money_notes.add_statement,
    ),
    "takings.note": _Kind(
        money_notes.TAKINGS,
        "count at the counter",
        Check.TAKINGS,
        money_notes.parse_takings,
        money_notes.add_takings,
    ),
}


def verify_money(bag: Bag, keys: Keyring) -> str:
    """Check a folder or zip with a signed text and the list that it signs; raises Refused."""
    names = [name for name in _KINDS if name in bag.files]
    if len(names) != 1:
        refuse(Check.COMPLETE, bag.shown, f"one of {' and '.join(_KINDS)} must be there")
    [name] = names
    kind, data = _KINDS[name], bag.get(LINES)
    for file in sorted(set(bag.files) - {name, LINES}):
        refuse(Check.KNOWN, bag.at(file), "this file does not belong here")
    said = _said(bag.at(name), bag.files[name], kind, keys)
    if bag.name and bag.name != said.name:
        refuse(Check.NAME, bag.shown, f"the note is of {said.name}")
    with holds(kind.check, bag.at(LINES)):
        money_notes.require_digest(said, data)
        added = kind.add(data)
    for key, found in said.sums.items():
        require_equal(kind.check, f"{bag.at(name)} {key}", found, added[key])
    ended = remark(keys.undated(bag.files[name], bag.at(name), "publisher"))
    return f"{bag.shown} ({kind.told}, {_sums(said)}{ended})"


def _said(where: str, data: bytes, kind: _Kind, keys: Keyring) -> Said:
    text = keys.opened(data, where, "publisher", cosigners=0)
    if text.partition("\n")[0] != f"{keys.origin}{kind.tail}":
        refuse(kind.check, where, f"this is no {kind.told} of {keys.origin}")
    with holds(kind.check, where):
        return kind.parse(text)


def verify_note(name: str, data: bytes, keys: Keyring) -> str | None:
    """What a text about money that stands by itself is; None when it is of something else.

    Of a list that does not lie with it only the signature and the form can be checked.
    """
    try:
        header = notes.parse(data).text.partition("\n")[0]
    except TrustError:
        return None
    if header == f"{keys.origin}{money_notes.RECEIPT}":
        return _receipt(name, data, keys)
    for kind in _KINDS.values():
        if header == f"{keys.origin}{kind.tail}":
            said = _said(name, data, kind, keys)
            ended = remark(keys.undated(data, name, "publisher"))
            return f"{name} ({kind.told} {said.name}, {_sums(said)}; its list is not here{ended})"
    return None


def _receipt(name: str, data: bytes, keys: Keyring) -> str:
    text = keys.opened(data, name, "publisher", cosigners=0)
    with holds(Check.RECEIPT, name):
        said = money_notes.parse_receipt(text)
    ended = remark(keys.undated(data, name, "publisher"))
    return f"{name} (receipt of order {said.order}, {said.exam}: {said.fen} fen{ended})"


def _sums(said: Said) -> str:
    return ", ".join(f"{key} {value}" for key, value in said.sums.items())
