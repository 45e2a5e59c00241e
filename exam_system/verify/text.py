"""Small readers that say where something is wrong: JSON of a known shape, tables, bytes."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from exam_system.trust.canonical import JSON, jcs, parse_jcs
from exam_system.verify.checks import Check, holds, refuse

# What spreadsheet programs take for a formula, in ASCII and full width.
_COMMANDS = frozenset("=+-@\t＝＋－＠")


def document(check: Check, where: str, data: bytes) -> JSON:
    """The value of canonical JSON bytes."""
    with holds(check, where):
        return parse_jcs(data)


def record(check: Check, where: str, value: object, shape: Mapping[str, Any]) -> dict[str, Any]:
    """An object with exactly the keys of `shape`, each value of the type given there."""
    if not isinstance(value, dict):
        refuse(check, where, "this is not an object")
    if value.keys() != shape.keys():
        differing = ", ".join(sorted(set(value) ^ set(shape)))
        refuse(check, where, f"these keys are missing or do not belong here: {differing}")
    for key, kind in shape.items():
        # True is an int to Python, but not to JSON
        one = value[key]
        if not isinstance(one, kind) or ((one is True or one is False) and kind is not bool):
            refuse(check, where, f"{key} has the wrong type")
    return value


def to_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """RFC 4180 with LF: fields are quoted only where they must be."""
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue().encode()


def harmless(text: str) -> str:
    """A cell as lists for people show it: an apostrophe before what could run as a formula."""
    if text[:1].isalnum():
        return text
    while text and (text[0] == "\ufeff" or unicodedata.category(text[0]) in ("Zs", "Cf")):
        text = text[1:]
    return f"'{text}" if text[:1] in _COMMANDS and text else text


def require_table(
    check: Check, where: str, data: bytes, rows: Sequence[Sequence[str]], *, bom: bool = False
) -> None:
    """Refuse unless data are exactly the bytes of these rows, header first; says which cell."""
    mark = "\ufeff".encode() if bom else b""
    if data == mark + to_csv(rows):
        return
    with holds(check, where):
        found = _cells(data.removeprefix(mark).decode("utf-8"))
    for number, (got, expected) in enumerate(zip_longest(found, rows)):
        _require_row(check, where, number, got, expected, rows[0])
    require_bytes(check, where, data, mark + to_csv(rows))


def _cells(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise ValueError(f"not a table: {error}") from None


def _require_row(
    check: Check,
    where: str,
    number: int,
    found: Sequence[str] | None,
    expected: Sequence[str] | None,
    header: Sequence[str],
) -> None:
    place = f"{where} row {number}" if number else f"{where} header"
    if found is None or expected is None:
        refuse(check, place, "the row is missing" if found is None else "the row is one too many")
    if len(found) != len(expected):
        refuse(check, place, f"found {len(found)} columns, expected {len(expected)}")
    for name, got, right in zip(header, found, expected, strict=True):
        if got != right:
            refuse(check, f"{place} column {name}", f"found {got[:80]!r}, recomputed {right!r}")


def require_bytes(check: Check, where: str, found: bytes, expected: bytes) -> None:
    """Refuse unless equal; says at which line and byte the first difference is."""
    if found == expected:
        return
    pairs = enumerate(zip_longest(found, expected))
    at = next(place for place, (one, other) in pairs if one != other)
    line = expected[:at].count(b"\n") + 1
    refuse(
        check,
        f"{where} line {line} byte {at}",
        f"found {found[at : at + 24]!r}, recomputed {expected[at : at + 24]!r}",
    )


def same_json(found: object, expected: JSON) -> bool:
    """Whether a parsed value is this JSON value; 1 and true differ."""
    return jcs(found) == jcs(expected)  # type: ignore[arg-type]
