"""A notice: its signed text and files, the hands that passed it, and their acts in the log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from exam_system.trust import notes, notice_note
from exam_system.trust.canonical import parse_jcs, sha256_hex
from exam_system.trust.notice_note import NOTE, TEXT, NoticeNote
from exam_system.trust.tiles import unpack_entries
from exam_system.verify.checks import Check, Refused, holds, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring, remark

_PASSED = re.compile(
    rb'"actor":"([^"]+)","at":"([^"]+)".*"kind":"notices\.pass_level".*"subject":"(notice:[^"]+)"'
)


def verify_notice(bag: Bag, keys: Keyring) -> str:
    """Check a notice with its files; returns what it is. Raises Refused."""
    said = read_notice(bag, keys)
    if bag.name:
        require_equal(Check.NAME, bag.shown, bag.name, said.folder)
    for name in sorted(set(bag.files) - {NOTE, TEXT, *(name for name, _ in said.files)}):
        refuse(Check.KNOWN, bag.at(name), "this file does not belong here")
    for name, digest in ((TEXT, said.text_digest), *said.files):
        require_equal(Check.NOTICE, bag.at(name), sha256_hex(bag.get(name)), digest)
    _require_text(bag, said)
    _require_previous(bag, said, keys)
    late = f", {said.late} s late" if said.late else ""
    ended = remark(keys.undated(bag.get(NOTE), bag.at(NOTE), "publisher"))
    hands = ", ".join(one.level for one in said.levels)
    return f"{said.folder} ({said.category}, passed by {hands}{late}{ended})"


def read_notice(bag: Bag, keys: Keyring) -> NoticeNote:
    """The opened notice.note of a folder."""
    where = bag.at(NOTE)
    text = keys.opened(bag.get(NOTE), where, "publisher", cosigners=0)
    with holds(Check.NOTICE, where):
        said = notice_note.parse(text)
    require_equal(Check.NOTICE, f"{where} origin", said.origin, keys.origin)
    return said


def _require_text(bag: Bag, said: NoticeNote) -> None:
    with holds(Check.NOTICE, bag.at(TEXT)):
        document = parse_jcs(bag.get(TEXT))
    told = document if isinstance(document, Mapping) else {}
    found = tuple(told.get(key) for key in ("ref", "version", "exam", "category"))
    exam = "" if said.exam == notice_note.NONE else said.exam
    expected = (said.ref, said.version, exam, said.category)
    require_equal(Check.NOTICE, bag.at(TEXT), found, expected)


def _require_previous(bag: Bag, said: NoticeNote, keys: Keyring) -> None:
    """Where the version before lies beside, its text is the one that this version names."""
    before = bag.beside(f"notice-{said.ref}-v{said.version - 1}") if said.version > 1 else None
    if before is not None:
        text = read_notice(before, keys).text
        require_equal(Check.NOTICE, bag.at(NOTE), sha256_hex(text.encode()), said.previous)


def acts_of(files: Mapping[str, bytes]) -> set[tuple[str, str, str]]:
    """Subject, actor and time of every level that the entries of a whole log say was passed."""
    found = set()
    for name, data in files.items():
        if name.startswith("tile/entries/") and b'"notices.pass_level"' in data:
            for match in filter(None, map(_PASSED.search, unpack_entries(data))):
                found.add((match[3].decode(), match[1].decode(), match[2].decode()))
    return found


def not_in_log(shown: str, said: NoticeNote, acts: set[tuple[str, str, str]]) -> Iterator[Refused]:
    """Levels of a notice that no act of the log beside it stands for (V99)."""
    for one in said.levels:
        subject = notice_note.subject_of(said.ref, said.version, one.level, said.text_digest)
        if (subject, one.actor, one.at) not in acts:
            why = f"the log has no act by which {one.actor} passed the level {one.level}"
            yield Refused(Check.NOTICE_ACTS, shown, why)


def said_by(bag: Bag) -> NoticeNote:
    """The text of a notice that was verified already."""
    return notice_note.parse(notes.parse(bag.get(NOTE)).text)
