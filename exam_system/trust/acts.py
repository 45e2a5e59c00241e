"""Entries of the log of acts: what happened, without a name, a number or a score."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain

from exam_system.trust.canonical import JSON, clean_label, digest_text, jcs, parse_jcs, sha256
from exam_system.trust.errors import Malformed

SALT_BYTES = 32
MAX_ENTRY_BYTES = 65_535

_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
# Every day of a year but 29 February, whose years a regular expression need not know.
_DAY = (
    rb"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    rb"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
# An entry of printable ASCII without escapes, which has one spelling only: this one.
_PLAIN = (
    rb'\{"actor":"[ !#-\[\]-~]+","at":"(?!0000)[0-9]{4}-' + _DAY + rb"T(?:[01][0-9]|2[0-3])"
    rb':[0-5][0-9]:[0-5][0-9]Z","exam":"[ !#-\[\]-~]*",'
    rb'"kind":"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*",'
    rb'"payload":"[0-9a-f]{64}","subject":"[ !#-\[\]-~]+","v":1\}'
)
_PLAIN_ENTRY = re.compile(_PLAIN)
_PLAIN_BUNDLE = re.compile(rb"(?s:..)(" + _PLAIN + rb")")
_LENGTHS = [length.to_bytes(2, "big") for length in range(MAX_ENTRY_BYTES + 1)]
_FIELDS = ("kind", "exam", "at", "actor", "subject", "payload")


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `at` is UTC RFC 3339 in whole seconds, `actor` and `subject` are opaque ids,
    `exam` may be empty, `payload` is what payload() gave."""

    kind: str
    exam: str
    at: str
    actor: str
    subject: str
    payload: str

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise Malformed(f"{self.kind!r} cannot name a kind of act.")
        for label in (self.actor, self.subject, self.exam or "-"):
            clean_label(label)
        _require_time(self.at)
        digest_text(self.payload)

    def encode(self) -> bytes:
        """The JCS bytes that become a leaf of the log."""
        data = jcs({"v": 1, **asdict(self)})
        if len(data) > MAX_ENTRY_BYTES:
            raise Malformed(f"An entry of the log is at most {MAX_ENTRY_BYTES} bytes long.")
        return data


def payload(salt: bytes, details: JSON) -> str:
    """Hex SHA-256(salt || jcs(details)); the salt is 32 random bytes, new for every act."""
    if len(salt) != SALT_BYTES:
        raise Malformed(f"The salt of an act is {SALT_BYTES} bytes long.")
    return sha256(salt, jcs(details)).hex()


def entry(kind: str, exam: str, at: str, actor: str, subject: str, payload: str) -> bytes:
    """Canonical bytes of one act; raises Malformed or CanonicalError."""
    return Entry(kind, exam, at, actor, subject, payload).encode()


def parse_entry(data: bytes) -> Entry:
    """Read the canonical bytes of one act; raises Malformed."""
    value = parse_jcs(data)
    if not isinstance(value, Mapping) or set(value) != {"v", *_FIELDS}:
        raise Malformed("An entry has v, kind, exam, at, actor, subject and payload.")
    if value["v"] is True or value["v"] != 1:
        raise Malformed("This program reads entries of version 1 only.")
    return Entry(*(_text(name, value[name]) for name in _FIELDS))


def require_entry(data: bytes) -> None:
    """Refuse exactly what parse_entry refuses; ten times as fast for entries of plain ASCII."""
    if not _PLAIN_ENTRY.fullmatch(data):
        parse_entry(data)


def plain_bundle(data: bytes) -> list[bytes] | None:
    """The entries of a packed bundle when all are plain ASCII and right, else None.

    None says nothing but that they must be looked at one by one: unpacked, then `require_entry`.
    """
    entries: list[bytes] = _PLAIN_BUNDLE.findall(data)
    lengths = map(_LENGTHS.__getitem__, map(len, entries))
    packed = b"".join(chain.from_iterable(zip(lengths, entries, strict=True)))
    return entries if packed == data else None


def _text(name: str, value: JSON) -> str:
    if not isinstance(value, str):
        raise Malformed(f"The {name} of an entry is not a string.")
    return value


def _require_time(at: str) -> None:
    try:
        good = _TIME.fullmatch(at) and datetime.fromisoformat(at)
    except ValueError:
        good = None
    if not good:
        raise Malformed(f"{at!r} is not a UTC time like 2008-08-01T09:00:00Z.")
