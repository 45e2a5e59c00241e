"""The pool of interviewers as a file that one bureau signs and another reads; no database here.

A signed note (C2SP): the lines `<origin>/pool/v1`, `bureau <name>`, `made <RFC 3339>`,
`rows <number>`, and one line for each interviewer: 16 hex digits of the SHA-256 of the row, a
blank, the row (JCS). The digits name the damaged row where the signature only says that something
is damaged. A row tells nothing of candidates and of scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from exam_system.clock import parse_rfc3339, rfc3339
from exam_system.errors import Invalid
from exam_system.interviews.pool import COLUMNS, RELATIONS
from exam_system.trust import notes
from exam_system.trust.canonical import jcs, parse_jcs, sha256_hex
from exam_system.trust.errors import BadSignature, CanonicalError, TrustError
from exam_system.trust.keys import Signer, Verifier

KIND = "/pool/v1"
DIGITS = 16
_KEYS = {column.key for column in COLUMNS} | {"trained_on", "last_served", "apart"}
_PARSERS: dict[str, Callable[[str], Any]] = {column.key: column.parse for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class Row:
    """One interviewer: `values` by the column's name, `apart` (certificate, relation)."""

    values: Mapping[str, Any]
    apart: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PoolFile:
    """A file whose signature holds. `key` is the name of the key that signed it."""

    key: str
    bureau: str
    made: datetime
    rows: tuple[Row, ...]


def write_pool(
    signer: Signer, *, origin: str, bureau: str, made: datetime, rows: Iterable[Row]
) -> bytes:
    """The signed file; raises Invalid when it would be longer than a note may be."""
    lines = [_line(jcs(_plain(row)).decode()) for row in rows]
    head = [f"{origin}{KIND}", f"bureau {bureau}", f"made {rfc3339(made)}", f"rows {len(lines)}"]
    text = "".join(f"{line}\n" for line in (*head, *lines))
    if len(text.encode()) > notes.MAX_BYTES - 1000:
        raise Invalid("The pool is too large for one file: %(rows)s interviewers", rows=len(lines))
    return notes.sign(text, signer)


def _line(row: str) -> str:
    return f"{sha256_hex(row.encode())[:DIGITS]} {row}"


def _plain(row: Row) -> dict[str, Any]:
    shown = {key: _text(value) for key, value in row.values.items()}
    return {**shown, "apart": [list(pair) for pair in row.apart]}


def _text(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value


def signers(name: str, data: bytes) -> list[str]:
    """The names of the keys that a file says it is signed by; raises Invalid."""
    try:
        return [signature.name for signature in notes.parse(data).signatures]
    except TrustError:
        raise Invalid(
            "%(file)s is no signed pool of interviewers, or it is cut off", file=name
        ) from None


def read_pool(name: str, data: bytes, key: Verifier) -> PoolFile:
    """The rows of a file that this key signed; Invalid names the file and the row at fault."""
    try:
        text = notes.open_note(data, [key]).text
    except BadSignature:
        raise _damaged(name, notes.parse(data).text.splitlines()) from None
    except TrustError:
        raise Invalid(
            "%(file)s is not signed by the key of %(key)s that is registered here",
            file=name,
            key=key.name,
        ) from None
    lines = text.splitlines()
    head, body = lines[:4], lines[4:]
    bureau, made, count = _head(name, head)
    if count != len(body):
        raise Invalid(
            "%(file)s has %(rows)s rows and says %(said)s", file=name, rows=len(body), said=count
        )
    rows = tuple(_row(name, number, line) for number, line in enumerate(body, 1))
    _require_once(name, rows)
    return PoolFile(key.name, bureau, made, rows)


def _head(name: str, lines: Sequence[str]) -> tuple[str, datetime, int]:
    try:
        kind, bureau, made, rows = lines
        if not kind.endswith(KIND):
            raise ValueError
        told = [line.split(" ", 1) for line in (bureau, made, rows)]
        if [word for word, _ in told] != ["bureau", "made", "rows"]:
            raise ValueError
        return told[0][1], parse_rfc3339(told[1][1]), int(told[2][1])
    except ValueError:
        raise Invalid("%(file)s is signed, but it is no pool of interviewers", file=name) from None


def _damaged(name: str, lines: Sequence[str]) -> Invalid:
    """The signature does not hold: the row at fault, if a row's own digits tell it."""
    for number, line in enumerate(lines[4:], 1):
        if line != _line(line[DIGITS + 1 :]):
            return Invalid(
                "%(file)s is damaged at row %(row)s: have it sent again", file=name, row=number
            )
    return Invalid("%(file)s was changed after it was signed: nothing of it is taken in", file=name)


def _row(name: str, number: int, line: str) -> Row:
    try:
        raw = parse_jcs(line[DIGITS + 1 :].encode())
        if line != _line(line[DIGITS + 1 :]) or not isinstance(raw, dict) or set(raw) != _KEYS:
            raise ValueError("The row has not the columns of a pool")
        values = {key: _value(key, raw[key]) for key in sorted(_KEYS - {"apart"})}
        return Row(values, tuple(_pair(one) for one in raw["apart"]))
    except (CanonicalError, ValueError, TypeError) as error:
        raise Invalid("%(file)s, row %(row)s: %(why)s", file=name, row=number, why=error) from None


def _value(key: str, raw: Any) -> Any:
    if key == "chief":
        if not isinstance(raw, bool):
            raise ValueError("chief is true or false")
        return raw
    if not isinstance(raw, str):
        raise ValueError(f"{key} is a text")
    if key in ("trained_on", "last_served"):
        return date.fromisoformat(raw) if raw else None
    return _PARSERS[key](raw)


def _pair(raw: Any) -> tuple[str, str]:
    certificate, relation = raw
    if relation not in RELATIONS:
        raise ValueError(f"the relation {relation} is not known")
    return _PARSERS["certificate"](certificate), relation


def _require_once(name: str, rows: Sequence[Row]) -> None:
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        certificate = row.values["certificate"]
        if certificate in seen:
            raise Invalid(
                "%(file)s, row %(row)s: the certificate %(certificate)s stands there twice",
                file=name,
                row=number,
                certificate=certificate,
            )
        seen.add(certificate)
