"""Signed texts about money: a day's statement, a count at the counter, a receipt; and their lists.

Statement: `<origin>/statement/v1`, then `day`, `source`, `version`, the sums `received` and
`refunded` in fen, how many lines `match`, are `only-ours`, `only-theirs`, `differs`, and `lines`,
the SHA-256 of its .csv. Count: `<origin>/takings/v1`, `exam`, `first`, `last`, `count`, `cash`,
`card`, `lines`. Receipt: `<origin>/receipt/v1`, `exam`, `order`, `transaction`, `fen`, `paid`,
`head <size> <base64 root>`. None of them names anybody.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
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

STATEMENT, TAKINGS, RECEIPT = "/statement/v1", "/takings/v1", "/receipt/v1"
OUTCOMES = {
    "match": "match",
    "only_ours": "only-ours",
    "only_theirs": "only-theirs",
    "differs": "differs",
}
_STATEMENT = ["day", "source", "version", "received", "refunded", *OUTCOMES.values(), "lines"]
_TAKINGS = ["exam", "first", "last", "count", "cash", "card", "lines"]
_RECEIPT = ["exam", "order", "transaction", "fen", "paid", "head"]
_STATEMENT_HEAD = "outcome,kind,number,order,ours_fen,theirs_fen"
_TAKINGS_HEAD = "number,order,fen,means,slip,taken"
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Said:
    """What a statement or a count says of its list: its name, sums and numbers by their key."""

    name: str
    sums: dict[str, int]
    digest: str


def parse_statement(text: str) -> Said:
    """Read a statement's text; raises Malformed."""
    told = _told(text, _STATEMENT)
    if not _DAY.fullmatch(told["day"]) or number(told["version"]) < 1:
        raise Malformed("The statement is of no day, or of no version.")
    name = f"statement-{told['day']}-{clean_label(told['source'])}-v{told['version']}"
    numbers = {key: number(told[key]) for key in ("received", "refunded", *OUTCOMES.values())}
    return Said(name, numbers, digest_text(told["lines"]))


def parse_takings(text: str) -> Said:
    """Read the text of a count; raises Malformed."""
    told = _told(text, _TAKINGS)
    clean_label(told["exam"])
    name = f"takings-{clean_label(told['last'])}"
    numbers = {key: number(told[key]) for key in ("count", "cash", "card")}
    return Said(name, numbers, digest_text(told["lines"]))


@dataclass(frozen=True, slots=True)
class Receipted:
    """What a receipt says; `size` is that of the log's head which it names."""

    exam: str
    order: str
    fen: int
    size: int


def parse_receipt(text: str) -> Receipted:
    """Read a receipt's text; raises Malformed."""
    told = _told(text, _RECEIPT)
    size, _, root = told["head"].partition(" ")
    if len(unb64(root)) != 32 or not _AT.fullmatch(told["paid"]):
        raise Malformed("The receipt names no head of the log, or no time of payment.")
    clean_label(told["transaction"])
    exam, order, fen = clean_label(told["exam"]), clean_label(told["order"]), number(told["fen"])
    if fen < 1:
        raise Malformed("A receipt is for one fen at least.")
    return Receipted(exam, order, fen, number(size))


def _told(text: str, keys: Sequence[str]) -> dict[str, str]:
    pairs = fields(lines(text)[1:])
    if [key for key, _ in pairs] != list(keys):
        raise Malformed(f"The lines must be {', '.join(keys)}, in this order.")
    return dict(pairs)


def add_statement(data: bytes) -> dict[str, int]:
    """The sums and numbers of a statement's list, added up again; raises Malformed."""
    found: Counter[str] = Counter()
    rows = _rows(data, _STATEMENT_HEAD)
    if rows != sorted(rows, key=lambda row: (row[1], row[2], row[0])):
        raise Malformed("The lines are not in the order of kind, number and outcome.")
    for outcome, kind, name, _order, ours, theirs in rows:
        if outcome not in OUTCOMES or kind not in ("payment", "refund"):
            raise Malformed(f"The line of {name!r} is of no outcome or kind.")
        mine, other = (number(fen) if fen else None for fen in (ours, theirs))
        if not _fits(outcome, mine, other):
            raise Malformed(f"The line of {name!r} is not what its outcome says.")
        found[OUTCOMES[outcome]] += 1
        found["received" if kind == "payment" else "refunded"] += other or 0
    return {key: found[key] for key in ("received", "refunded", *OUTCOMES.values())}


def _fits(outcome: str, ours: int | None, theirs: int | None) -> bool:
    """A line that differs may have one amount: then it is of another order."""
    if outcome in ("match", "differs"):
        there = ours is not None and theirs is not None
        return there and (outcome == "differs" or ours == theirs)
    return (ours is None, theirs is None) == (outcome == "only_theirs", outcome == "only_ours")


def add_takings(data: bytes) -> dict[str, int]:
    """Number, cash and card of a count's list, added up again; raises Malformed."""
    found: Counter[str] = Counter()
    seen: set[str] = set()
    for name, _order, fen, means, slip, taken in _rows(data, _TAKINGS_HEAD):
        if means not in ("cash", "card") or (means == "card") != bool(slip):
            raise Malformed(f"The receipt {name!r} is of neither cash nor card.")
        if name in seen or not _AT.fullmatch(taken):
            raise Malformed(f"The receipt {name!r} is there twice, or of no time.")
        seen.add(name)
        found["count"] += 1
        found[means] += number(fen)
    return {key: found[key] for key in ("count", "cash", "card")}


def _rows(data: bytes, head: str) -> list[list[str]]:
    """The cells of a list; none of them has a comma, a quotation mark or a line break."""
    try:
        first, *rows = lines(data.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        raise Malformed("The list is not UTF-8.") from error
    cells = [row.split(",") for row in rows]
    if first != head or any(
        len(row) != head.count(",") + 1 or '"' in "".join(row) for row in cells
    ):
        raise Malformed(f"The list must have the columns {head}.")
    return cells


def require_digest(said: Said, data: bytes) -> None:
    """Raise Malformed unless the list is the one that is signed."""
    if sha256_hex(data) != said.digest:
        raise Malformed("The list has another SHA-256 than the one that is signed.")
