"""The custody statement of one session: how many bags moved, were opened and packed, no more.

`<origin>/custody/v1`, `exam …`, `session <subject>`, `starts <RFC 3339>`, `ends …`, `opens …`
(from when on bags might be opened), `at …` (when it was counted), `bags <papers> <answer sheets>
<duty papers>`, `handovers <hand-overs that count> <signatures under them>`, `opened <bags> <first>
<last>` and `packed <bags> <first> <last>` (`none none` without any), `unopened <bags>`, `seals
<bags whose seal was reported>`, `held <papers in the packed bags when they were closed first>`,
`counted <issued> <blank> <spare> <faulty> <missing>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exam_system.trust.canonical import clean_label, fields, lines, number
from exam_system.trust.errors import Malformed

HEADER_TAIL = "/custody/v1"
SIGNATURES = 6
"""Three parties of two people each sign a hand-over, at least."""
_KEYS = [
    *("exam", "session", "starts", "ends", "opens", "at", "bags", "handovers", "opened", "packed"),
    *("unopened", "seals", "held", "counted"),
]
_AT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
NONE = "none"


@dataclass(frozen=True, slots=True)
class Span:
    """So many bags, the first and the last time (RFC 3339 in UTC; "none" without any)."""

    bags: int
    first: str
    last: str

    def __post_init__(self) -> None:
        if (self.bags == 0) != (self.first == NONE) or (self.bags == 0) != (self.last == NONE):
            raise Malformed("Without bags there is no time, with bags there is one.")
        if self.bags and not (_AT.fullmatch(self.first) and _AT.fullmatch(self.last)):
            raise Malformed("A time of the statement is not one.")

    @property
    def value(self) -> str:
        """The value of its line."""
        return f"{self.bags} {self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class Statement:
    """What the publisher signs; whether it adds up is for `faults`.

    bags: of papers, answer sheets, duty papers. handovers: those that count, and signatures.
    counted: issued, blank, spare, faulty, missing.
    """

    origin: str
    exam: str
    session: str
    starts: str
    ends: str
    opens: str
    at: str
    bags: tuple[int, int, int]
    handovers: tuple[int, int]
    opened: Span
    packed: Span
    unopened: int
    seals: int
    held: int
    counted: tuple[int, int, int, int, int]

    def __post_init__(self) -> None:
        for label in (self.origin, self.exam, self.session):
            clean_label(label)
        if not all(_AT.fullmatch(at) for at in (self.starts, self.ends, self.opens, self.at)):
            raise Malformed("A time of the statement is not one.")

    @property
    def text(self) -> str:
        """What is signed."""
        values = [
            *(self.exam, self.session, self.starts, self.ends, self.opens, self.at),
            *(_joined(self.bags), _joined(self.handovers), self.opened.value, self.packed.value),
            *(str(self.unopened), str(self.seals), str(self.held), _joined(self.counted)),
        ]
        rows = [f"{key} {value}\n" for key, value in zip(_KEYS, values, strict=True)]
        return "".join([f"{self.origin}{HEADER_TAIL}\n", *rows])


def _joined(numbers: tuple[int, ...]) -> str:
    return " ".join(map(str, numbers))


def parse(text: str) -> Statement:
    """Read the text of an opened statement; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    if not header.endswith(HEADER_TAIL) or [key for key, _ in pairs] != _KEYS:
        raise Malformed(f"A statement is <origin>{HEADER_TAIL} and the lines {', '.join(_KEYS)}.")
    said = dict(pairs)
    bags, moved, counted = (said[key].split(" ") for key in ("bags", "handovers", "counted"))
    if (len(bags), len(moved), len(counted)) != (3, 2, 5):
        raise Malformed("A line of the statement has not its numbers.")
    paper, answer, duty = map(number, bags)
    done, signed = map(number, moved)
    issued, blank, spare, faulty, missing = map(number, counted)
    exam, session, starts, ends, opens, at = (said[key] for key in _KEYS[:6])
    return Statement(
        header.removesuffix(HEADER_TAIL),
        exam,
        session,
        starts,
        ends,
        opens,
        at,
        (paper, answer, duty),
        (done, signed),
        _span(said["opened"]),
        _span(said["packed"]),
        number(said["unopened"]),
        number(said["seals"]),
        number(said["held"]),
        (issued, blank, spare, faulty, missing),
    )


def _span(value: str) -> Span:
    parts = value.split(" ")
    if len(parts) != 3:
        raise Malformed("A line of the statement has not its numbers.")
    return Span(number(parts[0]), parts[1], parts[2])


def faults(said: Statement) -> Iterator[str]:
    """What in a statement does not hold; times compare as text, all being UTC."""
    if not said.opens <= said.starts < said.ends <= said.at:
        yield "its times are not in order"
    if said.opened.bags + said.unopened != sum(said.bags):
        yield "opened and unopened bags are not all bags"
    if said.opened.bags and not said.opens <= said.opened.first <= said.opened.last < said.ends:
        yield "a bag was opened before its time or after the session"
    if said.packed.bags != said.opened.bags:
        yield "not every opened bag was packed"
    if said.packed.bags and not said.ends <= said.packed.first <= said.packed.last <= said.at:
        yield "a bag was packed before the session was over"
    if said.handovers[1] < SIGNATURES * said.handovers[0]:
        yield "a hand-over has fewer than six signatures"
    if said.opened.bags and not said.handovers[0]:
        yield "bags were opened that nobody handed over"
    if sum(said.counted) != said.held:
        yield "the papers counted are not those that the bags held"
