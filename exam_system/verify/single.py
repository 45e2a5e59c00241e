"""Single files: the proof of an act, a candidate's slip, a signed note."""

from __future__ import annotations

import re

from exam_system.trust import (
    checkpoint,
    custody_note,
    decision_note,
    draw_note,
    figures,
    notes,
    proof,
    report,
    ticket_note,
)
from exam_system.trust.errors import Malformed, TrustError
from exam_system.trust.merkle import leaf_hash, verify_inclusion
from exam_system.verify.ceremony import proved
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.decision import verify_decision_note
from exam_system.verify.interview import interview, interview_sheets
from exam_system.verify.keyring import Keyring, remark
from exam_system.verify.keysfile import Listed
from exam_system.verify.log import read_head
from exam_system.verify.marking import verify_key
from exam_system.verify.money import verify_note
from exam_system.verify.records import read_record
from exam_system.verify.release import parse_publication
from exam_system.verify.similarity import verify_screening_note

_RESULTS = re.compile(r"/results/(.+)/v([1-9][0-9]*)")


def verify_single(name: str, data: bytes, keys: Keyring) -> str:
    """Check a file that stands by itself; returns what it is. Raises Refused."""
    if name.endswith(".tlog-proof") or data.startswith(proof.HEADER.encode()):
        return _proof(name, data, keys)
    try:
        text = notes.parse(data).text
    except TrustError as error:
        if name.endswith(".note") or name == "checkpoint":
            refuse(Check.NOTE, name, str(error))
        refuse(Check.KNOWN, name, "unknown file: nothing that is verified by itself")
    known = verify_note(name, data, keys) or verify_screening_note(name, data, keys)
    return known or verify_key(name, data, keys) or _note(name, data, text, keys)


def _proof(name: str, data: bytes, keys: Keyring) -> str:
    with holds(Check.NOTE, name):
        origin = notes.parse(proof.parse(data).checkpoint).text.partition("\n")[0]
    if origin == keys.origin:
        index = proved(data, name, Check.ACT_PROOF, keys)
        return f"{name} (act {index} of the log {origin})"
    return _slip(name, data, keys)


def _slip(name: str, data: bytes, keys: Keyring) -> str:
    with holds(Check.SLIP, name):
        found = proof.parse(data)
        if found.encode() != data or found.extra is None:
            raise Malformed("The slip does not carry its record.")
    text = keys.opened(found.checkpoint, name, "publisher", cosigners=1)
    exam, version = _results_origin(name, text, keys)
    with holds(Check.SLIP, name):
        head = checkpoint.parse(text)
        leaf = leaf_hash(found.extra)
        verify_inclusion(leaf, found.index, head.size, found.hashes, head.root)
    record = read_record(Check.SLIP, name, found.extra)
    require_equal(Check.SLIP, f"{name} exam", record["exam"], exam)
    require_equal(Check.SLIP, f"{name} version", record["version"], version)
    return f"{name} (slip of {record['admission']}, {exam} {record['stage']} v{version})"


def _results_origin(name: str, text: str, keys: Keyring) -> tuple[str, int]:
    origin = text.partition("\n")[0]
    match = _RESULTS.fullmatch(origin.removeprefix(keys.origin))
    if match is None or not origin.startswith(keys.origin):
        refuse(Check.SLIP, name, f"{origin} is no tree of results of {keys.origin}")
    return match[1], int(match[2])


def _note(name: str, data: bytes, text: str, keys: Keyring) -> str:
    header = text.partition("\n")[0]
    if header == draw_note.HEADER:
        opened = keys.opened(data, name, "officer", cosigners=1)
        with holds(Check.DRAW_NOTE, name):
            drawn = draw_note.parse(opened)
        return f"{name} (note of draw {drawn.draw} attempt {drawn.attempt})"
    if header == f"{keys.origin}/publication/v1":
        opened = keys.opened(data, name, "publisher", cosigners=1)
        said = parse_publication(opened, name, keys)
        return f"{name} (note of {said.chain} {said.exam} v{said.version}, {said.stage})"
    if header == f"{keys.origin}/interview/v1":
        opened = keys.opened(data, name, "publisher", cosigners=0)
        return interview(name, opened, keys.undated(data, name, "publisher"))
    if header == f"{keys.origin}/interview/v2":
        opened = keys.opened(data, name, "publisher", cosigners=0)
        return interview_sheets(name, opened, keys.undated(data, name, "publisher"))
    if header == f"{keys.origin}{figures.HEADER_TAIL}":
        opened = keys.opened(data, name, "publisher", cosigners=0)
        return _figures(name, opened, keys.undated(data, name, "publisher"))
    if header == f"{keys.origin}{custody_note.HEADER_TAIL}":
        opened = keys.opened(data, name, "publisher", cosigners=0)
        return _custody(name, opened, keys.undated(data, name, "publisher"))
    if header == f"{keys.origin}{decision_note.TAIL}":
        return verify_decision_note(name, data, keys)
    if header == f"{keys.origin}{ticket_note.WITHDRAWN}":
        opened = keys.opened(data, name, "publisher", cosigners=0)
        return _withdrawn(name, opened, keys.undated(data, name, "publisher"))
    if header in (f"{keys.origin}{tail}" for tail in (ticket_note.FIRST, ticket_note.SECOND)):
        opened = keys.opened(data, name, "publisher", cosigners=0)
        return _ticket(name, opened, keys.undated(data, name, "publisher"))
    if header == f"{keys.origin}/report/v1":
        opened = keys.opened(data, name, "publisher", cosigners=0)
        return _confirmation(name, opened, keys.undated(data, name, "publisher"))
    if header == keys.origin:
        head, remark = read_head(data, name, keys)
        return f"{name} (checkpoint of {head.origin} at {head.size}, {remark})"
    return _root(name, data, keys)


def _root(name: str, data: bytes, keys: Keyring) -> str:
    header = notes.parse(data).text.partition("\n")[0]
    if not header.startswith(f"{keys.origin}/results/"):
        refuse(Check.KNOWN, name, f"unknown file: {header[:80]!r} begins no note that is known")
    text = keys.opened(data, name, "publisher", cosigners=1)
    exam, version = _results_origin(name, text, keys)
    with holds(Check.ROOT, name):
        head = checkpoint.parse(text)
    return f"{name} (root of the results of {exam} v{version}, {head.size} records)"


def _confirmation(name: str, text: str, ended: Listed | None) -> str:
    with holds(Check.NOTE, name):
        said = report.parse_confirmation(text)
    return f"{name} (confirmation of the report {said.digest} of {said.day}{remark(ended)})"


def _figures(name: str, text: str, ended: Listed | None) -> str:
    with holds(Check.FIGURES, name):
        said = figures.parse(text)
    counted = figures.add_up(said.posts, said.counted)
    for field in ("posts", "vacancies", "applied", "approved", "paid", "idle", "below"):
        found, expected = getattr(said.totals, field), getattr(counted, field)
        require_equal(Check.FIGURES, f"{name} {field}", found, expected)
    of = f"figures of {said.exam} on {said.day}: {counted.posts} posts, {counted.paid} paid"
    return f"{name} ({of}{remark(ended)})"


def _custody(name: str, text: str, ended: Listed | None) -> str:
    with holds(Check.CUSTODY, name):
        said = custody_note.parse(text)
    for fault in custody_note.faults(said):
        refuse(Check.CUSTODY, name, fault)
    of = f"custody of {said.exam} {said.session}: {sum(said.bags)} bags, {said.opened.bags} opened"
    return f"{name} ({of}{remark(ended)})"


def _ticket(name: str, text: str, ended: Listed | None) -> str:
    with holds(Check.TICKET, name):
        said = ticket_note.parse(text)
    if ended and ended.retired and said.head.size > ended.retired.size:
        why = f"it names a head of {said.head.size} acts, its key was retired at "
        refuse(Check.RETIRED, name, f"{why}{ended.retired.size}")
    which = f", serial {said.serial}" if said.serial else ""
    return f"{name} (admission ticket {said.number} of {said.exam}{which}{remark(ended)})"


def _withdrawn(name: str, text: str, ended: Listed | None) -> str:
    with holds(Check.WITHDRAWN_LIST, name):
        said = ticket_note.parse_withdrawn(text)
    told = f"withdrawn tickets of {said.exam} v{said.version}, {said.at}: {len(said.tickets)}"
    return f"{name} ({told}{remark(ended)})"
