"""What the objects of one run say about one another: one history of the log, the newest lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exam_system.trust import checkpoint, notes, proof, ticket_note
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.merkle import Levels
from exam_system.trust.notice_note import NoticeNote
from exam_system.trust.ticket_note import TicketNote, Withdrawn
from exam_system.trust.tiles import unpack_entries
from exam_system.verify.checks import Check, Refused, refuse
from exam_system.verify.notice import acts_of, not_in_log

_PUBLISHED = re.compile(
    rb'"kind":"(?:exams\.publish_(?:announcement|change)|results\.publish_release)".*'
    rb'"subject":"release:(.+):(announcement|results):v([1-9][0-9]{0,8})"'
)
_FOLDER = re.compile(r"(announcement|results)-(.+)-v([1-9][0-9]{0,8})(?:\.zip)?")


@dataclass(frozen=True, slots=True)
class Seen:
    """A signed head of the log and the file that shows it."""

    size: int
    root: bytes
    shown: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A log whose every entry was read, and where it lies."""

    shown: str
    tree: Levels
    files: Mapping[str, bytes]
    parent: Path

    def releases(self) -> Iterator[tuple[str, str, int]]:
        """Exam, chain and version of every publication that the acts say was published."""
        for name, data in self.files.items():
            if name.startswith("tile/entries/") and b'"release:' in data:
                for match in filter(None, map(_PUBLISHED.search, unpack_entries(data))):
                    yield match[1].decode(), match[2].decode(), int(match[3])


@dataclass(slots=True)
class History:
    """Every head and log of a run, and which publications lie where."""

    heads: dict[tuple[int, bytes], Seen] = field(default_factory=dict)
    logs: list[Whole] = field(default_factory=list)
    folders: dict[tuple[Path, str, str], int] = field(default_factory=dict)
    notices: list[tuple[str, Path, NoticeNote]] = field(default_factory=list)
    tickets: list[tuple[str, TicketNote]] = field(default_factory=list)
    withdrawn: dict[str, tuple[str, Withdrawn]] = field(default_factory=dict)
    """Of each exam the newest list, and the file that it is."""

    def saw(self, shown: str, files: Mapping[str, bytes], origin: str) -> None:
        """Keep the heads that verified files show; `shown` names what they are in, "" nothing."""
        for name, data in files.items():
            head = _head(name, data)
            if head is not None and head.origin == origin:
                where = f"{shown}/{name}" if shown else name
                self.heads.setdefault((head.size, head.root), Seen(head.size, head.root, where))

    def lies(self, path: Path) -> None:
        """Keep that a publication lies here, whether it holds or not."""
        match = _FOLDER.fullmatch(path.name)
        if match:
            key = (path.parent, match[2], match[1])
            self.folders[key] = max(int(match[3]), self.folders.get(key, 0))

    def admits(self, name: str, data: bytes) -> None:
        """Keep a verified ticket, or a verified list of withdrawn ones."""
        try:
            text = notes.parse(data).text
        except ValueError:
            return
        header = text.partition("\n")[0]
        if header.endswith((ticket_note.FIRST, ticket_note.SECOND)):
            self.tickets.append((name, ticket_note.parse(text)))
        elif header.endswith(ticket_note.WITHDRAWN):
            said = ticket_note.parse_withdrawn(text)
            known = self.withdrawn.get(said.exam)
            if known is None or known[1].version < said.version:
                self.withdrawn[said.exam] = (name, said)

    def turned_away(self, at: str = "") -> Iterator[Refused]:
        """Tickets that are withdrawn (V76), or over at the time `at`, RFC 3339 in UTC (V77)."""
        for name, ticket in self.tickets:
            shown, listed = self.withdrawn.get(ticket.exam, ("", None))
            if listed is not None and listed.holds(ticket):
                why = f"{shown} (v{listed.version}) says that it is withdrawn"
                yield Refused(Check.WITHDRAWN, name, why)
            elif at and ticket.sittings and max(one.ends for one in ticket.sittings) <= at:
                yield Refused(Check.TICKET_OVER, name, f"its last session was over before {at}")

    def contradictions(self) -> Iterator[Refused]:
        """Heads that no single log can have (V44), lists that are not the newest (V49)."""
        heads = list(self.heads.values())
        for one in heads:
            for check in (self._require_one_root, self._require_in_logs):
                try:
                    check(one)
                except Refused as error:
                    yield error
        for log in self.logs:
            yield from self._superseded(log)
            yield from self._unpassed(log)

    def _require_one_root(self, head: Seen) -> None:
        for other in self.heads.values():
            if other is head:
                return
            if other.size == head.size:
                why = f"{other.shown} has another root of {head.size} acts: two histories"
                refuse(Check.GROWTH, head.shown, why)

    def _require_in_logs(self, head: Seen) -> None:
        for log in self.logs:
            if head.size <= log.tree.size and log.tree.root(head.size) != head.root:
                why = f"the first {head.size} acts of {log.shown} have another root"
                refuse(Check.GROWTH, head.shown, why)

    def _unpassed(self, log: Whole) -> Iterator[Refused]:
        beside = [(shown, said) for shown, parent, said in self.notices if parent == log.parent]
        acts = acts_of(log.files) if beside else set()
        for shown, said in beside:
            yield from not_in_log(shown, said, acts)

    def _superseded(self, log: Whole) -> Iterator[Refused]:
        newest: dict[tuple[str, str], int] = {}
        for exam, chain, version in log.releases():
            newest[exam, chain] = max(version, newest.get((exam, chain), 0))
        for (parent, exam, chain), here in self.folders.items():
            said = newest.get((exam, chain), 0)
            if parent == log.parent and said > here:
                why = f"{log.shown} says that v{said} was published, and it does not lie beside"
                yield Refused(Check.NEWEST, f"{chain}-{exam}-v{here}", why)


def _head(name: str, data: bytes) -> Checkpoint | None:
    """The head that a verified file shows, if it is one of those that show one."""
    is_proof = data.startswith(proof.HEADER.encode())
    if "/" in name and not is_proof:
        return None
    try:
        text = notes.parse(proof.parse(data).checkpoint if is_proof else data).text
        header = text.partition("\n")[0]
        if header.endswith((ticket_note.FIRST, ticket_note.SECOND)):
            return ticket_note.parse(text).head
        return checkpoint.parse(text)
    except ValueError:
        return None
