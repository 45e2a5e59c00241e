"""The text of a decision on a violation, signed by the publisher; it names nobody.

<origin>/violation/v1
exam <exam code>
case <number of the case>
version <1 for the decision itself, more after a review>
outcome <decided|upheld|changed|cancelled>
regime <code of the rules>
tier <code of the sanction, none when cancelled>
item <number of the case of the article, 0 when cancelled>
paper <sha256 hex of the decision as PDF>
decided <time, UTC>
head <size> <base64 root>
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from exam_system.trust.canonical import (
    clean_label,
    digest_text,
    fields,
    lines,
    number,
    sha256_hex,
    unb64,
)
from exam_system.trust.errors import Malformed

TAIL = "/violation/v1"
KIND = "violations.decide_case"
NOTE, PAPER, PROOF = "decision.note", "decision.pdf", "act.tlog-proof"
OUTCOMES = ("decided", "upheld", "changed", "cancelled")
_KEYS = ["exam", "case", "version", "outcome", "regime", "tier", "item", "paper", "decided", "head"]
_NONE = "none"
_AT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class DecisionNote:
    """What a decision says; `tier` and `item` are "" and 0 when it was cancelled. `size` and
    `root` (base64) are those of the log's head before it."""

    origin: str
    exam: str
    case: str
    version: int
    outcome: str
    regime: str
    tier: str
    item: int
    paper: str
    decided: str
    size: int
    root: str

    def __post_init__(self) -> None:
        for label in (self.origin, self.exam, self.case, self.regime, self.tier or _NONE):
            clean_label(label)
        digest_text(self.paper)
        if self.outcome not in OUTCOMES or (self.outcome == "cancelled") != (self.tier == ""):
            raise Malformed("A decision imposes a sanction, or is cancelled and imposes none.")
        if self.version < 1 or (self.version == 1) != (self.outcome == "decided"):
            raise Malformed("Version 1 is the decision itself, each later one that of a review.")
        if (self.item == 0) != (self.tier == ""):
            raise Malformed("A sanction names the case of its article, counted from 1.")
        if not _AT.fullmatch(self.decided) or len(unb64(self.root)) != 32:
            raise Malformed("The decision names no time, or no head of the log.")

    @property
    def text(self) -> str:
        """What the publisher signs."""
        values = (self.exam, self.case, str(self.version), self.outcome, self.regime)
        rest = (self.tier or _NONE, str(self.item), self.paper, self.decided)
        rows = zip(_KEYS, (*values, *rest, f"{self.size} {self.root}"), strict=True)
        return f"{self.origin}{TAIL}\n" + "".join(f"{key} {value}\n" for key, value in rows)


def subject_of(text: str) -> str:
    """The subject of the act by which a decision stands in the log: the digest of its text."""
    return f"decision:{sha256_hex(text.encode())}"


def parse(text: str) -> DecisionNote:
    """Read the text of an opened decision note; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    if not header.endswith(TAIL) or [key for key, _ in pairs] != _KEYS:
        raise Malformed(f"A decision is <origin>{TAIL} and the lines {', '.join(_KEYS)}.")
    told = dict(pairs)
    size, _, root = told["head"].partition(" ")
    return DecisionNote(
        header.removesuffix(TAIL),
        told["exam"],
        told["case"],
        number(told["version"]),
        told["outcome"],
        told["regime"],
        "" if told["tier"] == _NONE else told["tier"],
        number(told["item"]),
        told["paper"],
        told["decided"],
        number(size),
        root,
    )
