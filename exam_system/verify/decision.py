"""A decision on a violation: its signed text, its paper, and its act in the log."""

from __future__ import annotations

from exam_system.trust import acts, decision_note, proof
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.decision_note import KIND, NOTE, PAPER, PROOF, DecisionNote
from exam_system.verify.ceremony import proved
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring, remark


def verify_decision(bag: Bag, keys: Keyring) -> str:
    """Check a decision with its paper and its proof; returns what it is. Raises Refused."""
    for name in sorted(set(bag.files) - {NOTE, PAPER, PROOF}):
        refuse(Check.KNOWN, bag.at(name), "this file does not belong here")
    data = bag.get(NOTE)
    text, said = _opened(bag.at(NOTE), data, keys)
    if bag.name and bag.name != f"decision-{said.case}-v{said.version}":
        refuse(Check.NAME, bag.shown, f"the note is of {said.case} version {said.version}")
    require_equal(Check.DECISION_PAPER, bag.at(PAPER), sha256_hex(bag.get(PAPER)), said.paper)
    index = _act(bag, keys, text, said)
    ended = remark(keys.undated(data, bag.at(NOTE), "publisher"))
    return f"{bag.shown} ({_told(said)}, act {index} of the log{ended})"


def _act(bag: Bag, keys: Keyring, text: str, said: DecisionNote) -> int:
    where, data = bag.at(PROOF), bag.get(PROOF)
    index = proved(data, where, Check.DECISION_ACT, keys)
    with holds(Check.DECISION_ACT, where):
        entry = acts.parse_entry(proof.parse(data).extra or b"")
    found = (entry.kind, entry.subject, entry.exam, entry.at)
    expected = (KIND, decision_note.subject_of(text), said.exam, said.decided)
    require_equal(Check.DECISION_ACT, where, found, expected)
    return index


def verify_decision_note(name: str, data: bytes, keys: Keyring) -> str:
    """Check a decision's text that stands by itself: signature and form, nothing else."""
    _text, said = _opened(name, data, keys)
    ended = remark(keys.undated(data, name, "publisher"))
    return f"{name} ({_told(said)}; paper and proof are not here{ended})"


def _opened(where: str, data: bytes, keys: Keyring) -> tuple[str, DecisionNote]:
    text = keys.opened(data, where, "publisher", cosigners=0)
    with holds(Check.DECISION, where):
        said = decision_note.parse(text)
    require_equal(Check.DECISION, f"{where} origin", said.origin, keys.origin)
    return text, said


def _told(said: DecisionNote) -> str:
    sanction = f"{said.regime} {said.tier} {said.item}" if said.tier else "no sanction"
    return f"decision {said.case} v{said.version}, {said.outcome}: {sanction}"
