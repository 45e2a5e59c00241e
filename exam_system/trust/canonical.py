"""Canonical bytes: RFC 8785 JSON without floats, clean labels, strict base64, SHA-256."""

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import NoReturn, TypeAlias

from exam_system.trust.errors import CanonicalError

JSON: TypeAlias = "bool | int | str | Sequence[JSON] | Mapping[str, JSON] | None"

# RFC 8785 numbers are IEEE 754 doubles: beyond this two programs may read two values.
MAX_SAFE_INTEGER = 2**53 - 1
MAX_NUMBER = 2**63 - 1

# Made once: `json.dumps` makes one for each call.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_sorted = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_ATOMS = frozenset({str, bool, type(None)})
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_LONGEST = len(str(-MAX_SAFE_INTEGER))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def jcs(value: JSON) -> bytes:
    """RFC 8785 bytes of strings, integers, booleans, null, lists and objects.

    Raises CanonicalError for floats, keys that are not strings, lone surrogates and
    integers beyond 2**53 - 1.
    """
    try:
        text = _encode_sorted(value) if _plain(value) else _encode(_ordered(value))
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise CanonicalError("A text contains half of a surrogate pair.") from None
    except RecursionError:
        raise CanonicalError("The value is nested too deeply.") from None


def parse_jcs(data: bytes) -> JSON:
    """The value of canonical bytes; anything that jcs() would write otherwise is refused."""
    try:
        text = data.decode("utf-8")
        value: JSON = _decode(text)
        # What was read has no key but texts and no unusual number: only where UTF-16 sorts keys
        # otherwise than code points do can the encoder differ from jcs().
        if _encode_sorted(value) == text and not _BEYOND.search(text):
            return value
    except CanonicalError:
        raise
    except (ValueError, RecursionError) as error:
        raise CanonicalError(f"This is not JSON: {error}.") from None
    if jcs(value) != data:
        raise CanonicalError("The JSON is not in its canonical form (RFC 8785).")
    return value


def _plain(value: object) -> bool:
    """Whether the value is sorted by its encoder as RFC 8785 asks: ASCII keys, nothing unusual."""
    kind = type(value)
    if kind in _ATOMS:
        return True
    if kind is int:
        return -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER  # type: ignore[operator]
    if kind is dict:
        try:
            ascii_keys = "".join(value).isascii()  # type: ignore[arg-type]
        except TypeError:
            return False
        return ascii_keys and _all_plain(value.values())  # type: ignore[attr-defined]
    return (kind is list or kind is tuple) and _all_plain(value)  # type: ignore[arg-type]


def _all_plain(values: Collection[object]) -> bool:
    return _ATOMS.issuperset(map(type, values)) or all(
        _plain(value) for value in values if type(value) not in _ATOMS
    )


def _ordered(value: object) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return _safe(value)
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    raise CanonicalError(
        f"A {type(value).__name__} has no canonical form; write it as a string or an integer."
    )


def _safe(value: int) -> int:
    if abs(value) > MAX_SAFE_INTEGER:
        raise CanonicalError("An integer is beyond 2**53 - 1; write it as a string.")
    return value


def _utf16(key: object) -> bytes:
    """RFC 8785 section 3.2.3 sorts keys by UTF-16 code units, not by code points."""
    if not isinstance(key, str):
        raise CanonicalError(f"The key {key!r} of an object is not a string.")
    return key.encode("utf-16-be")


def _refuse_number(text: str) -> NoReturn:
    raise CanonicalError(f"The number {text} is not an integer; write it as a string.")


def _safe_number(text: str) -> int:
    # Checked by its length first: to read a million digits takes minutes.
    if len(text) > _LONGEST:
        raise CanonicalError("An integer is beyond 2**53 - 1; write it as a string.")
    return _safe(int(text))


_decode = json.JSONDecoder(
    parse_int=_safe_number, parse_float=_refuse_number, parse_constant=_refuse_number
).decode


def clean_label(text: str) -> str:
    """The text itself when it is non-empty, NFC and without control characters."""
    if not text:
        raise CanonicalError("A label is empty.")
    if _CONTROL.search(text):
        raise CanonicalError(f"The label {text!r} contains a control character.")
    if not unicodedata.is_normalized("NFC", text):
        raise CanonicalError(f"The label {text!r} is not in Unicode normal form C.")
    return text


def has_control(text: str) -> bool:
    """Whether the text has a control character (Unicode Cc) or a lone surrogate."""
    return _CONTROL.search(text) is not None


def b64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Bytes of strict, canonical base64: no other spelling of the same bytes is accepted."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise CanonicalError(f"{text[:80]!r} is not base64.") from None
    if b64(data) != text:
        raise CanonicalError(f"{text[:80]!r} is not canonical base64.")
    return data


def sha256(*parts: bytes) -> bytes:
    """SHA-256 over the parts one after the other, 32 bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def sha256_hex(data: bytes) -> str:
    """SHA-256 as `sha256sum` prints it."""
    return hashlib.sha256(data).hexdigest()


def digest_text(text: str) -> str:
    """The text itself when it is a SHA-256 or SM3 digest: 64 lower-case hex digits."""
    if not _DIGEST.fullmatch(text):
        raise CanonicalError(f"{text[:80]!r} is not a digest of 64 lower-case hex digits.")
    return text


def number(text: str) -> int:
    """An integer written `0|[1-9][0-9]*`, below 2**63."""
    if not _NUMBER.fullmatch(text) or int(text) > MAX_NUMBER:
        raise CanonicalError(f"{text[:80]!r} is not a number written without leading zeros.")
    return int(text)


def lines(text: str) -> list[str]:
    """The lines of a text whose every line ends in one newline (U+000A and nothing else)."""
    if not text.endswith("\n"):
        raise CanonicalError("The text does not end in a newline.")
    return text[:-1].split("\n")


def fields(rows: Sequence[str]) -> list[tuple[str, str]]:
    """Each `key value` line as a pair, split at its first space."""
    pairs = []
    for row in rows:
        key, space, value = row.partition(" ")
        if not (key and space and value):
            raise CanonicalError(f"The line {row[:80]!r} is not a key, a space and a value.")
        pairs.append((key, value))
    return pairs
