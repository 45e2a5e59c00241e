"""The text in the code of an admission ticket: whose seat it is, when, and the log's head then.

Beside it the list of tickets that no longer admit: a signed file of the exam, a new version at
every withdrawal, so that a door without a network can refuse them.
"""

import re
from dataclasses import dataclass

from exam_system.trust.canonical import (
    b64,
    clean_label,
    digest_text,
    fields,
    lines,
    number,
    unb64,
)
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import Malformed

FIRST, SECOND = "/ticket/v1", "/ticket/v2"
WITHDRAWN = "/withdrawn/v1"
_AT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session: the code of its subject, its begin and end (RFC 3339, UTC, whole seconds)."""

    subject: str
    starts: str
    ends: str

    def __post_init__(self) -> None:
        _word(self.subject)
        if not (_AT.fullmatch(self.starts) and _AT.fullmatch(self.ends)):
            raise Malformed("A session begins and ends at times like 2026-03-14T01:00:00Z.")
        if self.ends <= self.starts:
            raise Malformed("A session ends after it begins.")


@dataclass(frozen=True, slots=True)
class TicketNote:
    """`number` is the admission number; `label`, `room` (group and slot joined by a hyphen) and
    `seat` (from 1) are those of the seats draw's result; `photo` is the SHA-256 of the JPEG on the
    ticket; `head` is a signed head of the log, so that every candidate holds one (no split view).

    `serial` counts the tickets of a candidate from 1 and `sittings` are the sessions, by time; a
    ticket of the first version (serial 0) has neither.
    """

    exam: str
    number: str
    label: str
    room: str
    seat: int
    photo: str
    head: Checkpoint
    serial: int = 0
    sittings: tuple[Sitting, ...] = ()

    def __post_init__(self) -> None:
        for word in (self.exam, self.number, self.label, self.room):
            clean_label(word)
        digest_text(self.photo)
        if self.seat < 1:
            raise Malformed("Seats are counted from 1.")
        begins = [one.starts for one in self.sittings]
        if self.serial < 0 or bool(self.serial) != bool(begins) or begins != sorted(begins):
            raise Malformed("A ticket has a serial number and its sessions by time, or neither.")

    @property
    def text(self) -> str:
        """What the publisher signs."""
        rows = [("exam", self.exam), ("number", self.number), ("label", self.label)]
        if self.serial:
            rows.insert(2, ("serial", str(self.serial)))
        rows += [("room", self.room), ("seat", str(self.seat)), ("photo", self.photo)]
        rows += [("session", f"{one.subject} {one.starts} {one.ends}") for one in self.sittings]
        rows.append(("head", f"{self.head.size} {b64(self.head.root)}"))
        tail = SECOND if self.serial else FIRST
        return f"{self.head.origin}{tail}\n" + "".join(f"{key} {value}\n" for key, value in rows)


def parse(text: str) -> TicketNote:
    """Read the text of a ticket's opened note, of either version; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    sittings = [value for key, value in pairs if key == "session"]
    origin, tail = header[: -len(FIRST)], header[-len(FIRST) :]
    if [key for key, _ in pairs] != _keys(tail, len(sittings)):
        raise Malformed(f"A ticket is <origin>{SECOND} and its lines in their order.")
    said = dict(pairs)
    size, _, root = said["head"].partition(" ")
    return TicketNote(
        exam=said["exam"],
        number=said["number"],
        label=said["label"],
        room=said["room"],
        seat=number(said["seat"]),
        photo=said["photo"],
        head=Checkpoint(origin, number(size), unb64(root)),
        serial=_serial(said["serial"]) if tail == SECOND else 0,
        sittings=tuple(map(_sitting, sittings)),
    )


def _keys(tail: str, sittings: int) -> list[str]:
    if tail == FIRST:
        return ["exam", "number", "label", "room", "seat", "photo", "head"]
    if tail != SECOND or not sittings:
        raise Malformed(f"A ticket is <origin>{SECOND} and has a line for every session.")
    first = ["exam", "number", "serial", "label", "room", "seat", "photo"]
    return [*first, *["session"] * sittings, "head"]


def _serial(text: str) -> int:
    if (found := number(text)) < 1:
        raise Malformed("Tickets are counted from 1.")
    return found


def _sitting(text: str) -> Sitting:
    parts = text.split(" ")
    if len(parts) != 3:
        raise Malformed("A session is its subject, its begin and its end.")
    return Sitting(*parts)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Version `version` (from 1) of an exam's list of withdrawn tickets, made `at`.

    `tickets` are (admission number, serial) in the order of the numbers: tickets of this number
    with this serial or an earlier one admit nobody.
    """

    origin: str
    exam: str
    version: int
    at: str
    tickets: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        clean_label(self.exam)
        numbers = [one for one, _ in self.tickets]
        for one in numbers:
            _word(one)
        if numbers != sorted(set(numbers)) or any(serial < 1 for _, serial in self.tickets):
            raise Malformed("The list names each admission number once, in their order.")
        if self.version < 1 or not _AT.fullmatch(self.at):
            raise Malformed("The list has a version from 1 and a time like 2026-03-14T01:00:00Z.")

    @property
    def text(self) -> str:
        """What the publisher signs."""
        head = f"exam {self.exam}\nversion {self.version}\nat {self.at}\n"
        rows = "".join(f"ticket {number} {serial}\n" for number, serial in self.tickets)
        return f"{self.origin}{WITHDRAWN}\n{head}{rows}"

    def holds(self, ticket: TicketNote) -> bool:
        """Whether the ticket is withdrawn by this list."""
        same = self.origin == ticket.head.origin and self.exam == ticket.exam
        return same and max(ticket.serial, 1) <= dict(self.tickets).get(ticket.number, 0)


def parse_withdrawn(text: str) -> Withdrawn:
    """Read the text of a list's opened note; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    if not header.endswith(WITHDRAWN) or [key for key, _ in pairs[:3]] != ["exam", "version", "at"]:
        raise Malformed(f"A list of withdrawn tickets begins <origin>{WITHDRAWN}.")
    exam, version, at = (value for _, value in pairs[:3])
    tickets = tuple(_ticket(key, value) for key, value in pairs[3:])
    return Withdrawn(header.removesuffix(WITHDRAWN), exam, number(version), at, tickets)


def _ticket(key: str, value: str) -> tuple[str, int]:
    admission, _, serial = value.rpartition(" ")
    if key != "ticket":
        raise Malformed("After its head the list has lines of tickets only.")
    return admission, _serial(serial)


def _word(text: str) -> None:
    if any(map(str.isspace, clean_label(text))):
        raise Malformed(f"{text!r} is not one word.")
