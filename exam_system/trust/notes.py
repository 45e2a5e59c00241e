"""Signed notes (C2SP signed-note v1.0.0): a text, an empty line, signature lines."""

from collections.abc import Iterable
from dataclasses import dataclass

from exam_system.trust.canonical import b64, has_control, lines, unb64
from exam_system.trust.errors import (
    BadKey,
    BadSignature,
    CanonicalError,
    MalformedNote,
    NoKnownSignature,
)
from exam_system.trust.keys import Signer, Verifier, key_name

MAX_BYTES = 1_000_000
MAX_SIGNATURES = 100
_KEY_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the key's name, its 4-byte id, and what follows the id."""

    name: str
    key_id: bytes
    blob: bytes

    @property
    def line(self) -> str:
        """The line with its newline."""
        return f"\u2014 {self.name} {b64(self.key_id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note whose shape is right; nothing in it is verified."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The bytes that parse() read."""
        return (self.text + "\n" + "".join(s.line for s in self.signatures)).encode()


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A text and the known keys that signed it, in the order of their lines.

    `times` gives for each cosigner the latest POSIX second it signed at.
    """

    text: str
    signers: tuple[Verifier, ...]
    times: dict[str, int]


def parse(data: bytes) -> Note:
    """Read a note without verifying it; raises MalformedNote."""
    if len(data) > MAX_BYTES:
        raise MalformedNote(f"The note is longer than {MAX_BYTES} bytes.")
    text, separator, tail = _decode(data).rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise MalformedNote("The note has no empty line followed by whole signature lines.")
    rows = lines(tail)
    if len(rows) > MAX_SIGNATURES:
        raise MalformedNote(f"The note has more than {MAX_SIGNATURES} signatures.")
    return Note(text + "\n", tuple(_signature(row) for row in rows))


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedNote("The note is not UTF-8.") from None
    if has_control(text.replace("\n", "")):
        raise MalformedNote("The note contains a control character other than newline.")
    return text


def _signature(row: str) -> Signature:
    parts = row.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014":
        raise MalformedNote(f"The line {row[:80]!r} is not a signature line.")
    try:
        name, blob = key_name(parts[1]), unb64(parts[2])
    except (BadKey, CanonicalError) as error:
        raise MalformedNote(f"A signature line cannot be read: {error}") from None
    if len(blob) <= _KEY_ID_BYTES:
        raise MalformedNote(f"The signature of {name} is too short.")
    return Signature(name, blob[:_KEY_ID_BYTES], blob[_KEY_ID_BYTES:])


def open_note(data: bytes, verifiers: Iterable[Verifier]) -> OpenedNote:
    """The text of a note that at least one of the verifiers signed.

    Raises MalformedNote, BadSignature (any line of a known key is bad) or NoKnownSignature;
    keys and signature types that are not known are ignored.
    """
    note, known = parse(data), _by_id(verifiers)
    signers: dict[Verifier, None] = {}
    times: dict[str, int] = {}
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        _require_good(verifier, note.text, signature)
        signers[verifier] = None
        at = verifier.time(signature.blob)
        if at is not None:
            times[verifier.name] = max(at, times.get(verifier.name, at))
    if not signers:
        raise NoKnownSignature("None of the keys you trust signed this note.")
    return OpenedNote(note.text, tuple(signers), times)


def _by_id(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if verifier.known and known.setdefault((verifier.name, verifier.key_id), verifier) != (
            verifier
        ):
            raise BadKey(f"Two keys share the name and key id of {verifier.name}.")
    return known


def _require_good(verifier: Verifier, text: str, signature: Signature) -> None:
    if not verifier.verify(text.encode(), signature.blob):
        raise BadSignature(f"The signature of {verifier.name} does not belong to this text.")


def sign(text: str, *signers: Signer, at: int | None = None) -> bytes:
    """A note over the text with one line of each signer; cosigners sign the time `at`."""
    if not text.endswith("\n"):
        raise MalformedNote("The text of a note must end in a newline.")
    try:
        message = text.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedNote("The text contains half of a surrogate pair.") from None
    data = message + b"\n" + "".join(signer.line(message, at) for signer in signers).encode()
    return parse(data).encode()


def with_line(data: bytes, line: str) -> bytes:
    """The note with one more signature line; a line it already has is not added again."""
    note, rows = parse(data), line.split("\n")
    if len(rows) != 2 or rows[1]:
        raise MalformedNote("This is not exactly one signature line with its newline.")
    signature = _signature(rows[0])
    if signature in note.signatures:
        return data
    return parse(data + signature.line.encode()).encode()
