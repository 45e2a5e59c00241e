"""Signed texts of a screening of answers: what was fixed before it, and what came out.

Frozen: `<origin>/screening/v1`, `exam`, `session`, `run`, `parameters` (the SHA-256 of
parameters.json), `at`. Screened: `<origin>/screened/v1`, `exam`, `session`, `run`, `frozen` (the
SHA-256 of the frozen text), `compared` (ordered pairs looked at), `flagged` (pairs), `cases`,
`flags` (the SHA-256 of flags.json), `at`. Neither names anybody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from exam_system.trust.canonical import clean_label, digest_text, fields, lines, number
from exam_system.trust.errors import Malformed

FROZEN, SCREENED = "/screening/v1", "/screened/v1"
_FROZEN = ["exam", "session", "run", "parameters", "at"]
_SCREENED = ["exam", "session", "run", "frozen", "compared", "flagged", "cases", "flags", "at"]
_AT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a screening was bound to before anybody saw a result."""

    exam: str
    session: str
    run: str
    parameters: str
    at: str

    def text(self, origin: str) -> str:
        """The text that is signed."""
        return _text(f"{origin}{FROZEN}", _FROZEN, self)


@dataclass(frozen=True, slots=True)
class Screened:
    """What came out: ordered pairs compared, pairs flagged, case files."""

    exam: str
    session: str
    run: str
    frozen: str
    compared: int
    flagged: int
    cases: int
    flags: str
    at: str

    def text(self, origin: str) -> str:
        """The text that is signed."""
        return _text(f"{origin}{SCREENED}", _SCREENED, self)


def _text(header: str, keys: Sequence[str], said: object) -> str:
    rows = (f"{key} {getattr(said, key)}\n" for key in keys)
    return f"{header}\n{''.join(rows)}"


def parse_frozen(text: str) -> Frozen:
    """Read a frozen text; raises Malformed."""
    told = _told(text, _FROZEN)
    digest_text(told["parameters"])
    return Frozen(**told)


def parse_screened(text: str) -> Screened:
    """Read a screened text; raises Malformed."""
    told = _told(text, _SCREENED)
    return Screened(
        exam=told["exam"],
        session=told["session"],
        run=told["run"],
        frozen=digest_text(told["frozen"]),
        compared=number(told["compared"]),
        flagged=number(told["flagged"]),
        cases=number(told["cases"]),
        flags=digest_text(told["flags"]),
        at=told["at"],
    )


def _told(text: str, keys: Sequence[str]) -> dict[str, str]:
    pairs = fields(lines(text)[1:])
    if [key for key, _ in pairs] != list(keys):
        raise Malformed(f"The lines must be {', '.join(keys)}, in this order.")
    told = dict(pairs)
    for key in ("exam", "session", "run"):
        clean_label(told[key])
    if not _AT.fullmatch(told["at"]):
        raise Malformed("The text is of no time.")
    return told
