"""Sealed boxes, `exam-system/sealed/v1`: bytes that only the holders of X25519 keys can open.

    exam-system/sealed/v1
    from <base64 ephemeral public key>
    to <name> <base64 public key> <base64 wrapped content key>      one line a recipient
    <empty line>
    <ciphertext>

A fresh content key encrypts the padded content with AES-256-GCM, the lines up to and including the
empty one as additional data. For each recipient it is wrapped with AES-256-GCM under
HKDF-SHA-256(X25519(ephemeral, recipient), salt = ephemeral || recipient, info = header line).
Each of these keys encrypts once only, so every nonce is twelve zero bytes. Padding is 0x80 and
zeros up to the next of `CLASSES`, so that the length says little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from exam_system.trust.canonical import b64, unb64
from exam_system.trust.errors import BadKey, Malformed, TrustError
from exam_system.trust.keys import key_name

HEADER = "exam-system/sealed/v1"
KIB = 1024
CLASSES = tuple(KIB * size for size in (8, 64, 512, 1024, 2048, 4096, 8192))
MOST = CLASSES[-1] - 1
"""The largest content in bytes."""
_KEY = 32
_TAG = 16
_ZERO = bytes(12)
_MOST_RECIPIENTS = 50


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who may open a box: a name as in signature lines, and an X25519 public key of 32 bytes."""

    name: str
    key: bytes

    def __post_init__(self) -> None:
        key_name(self.name)
        if len(self.key) != _KEY:
            raise BadKey(f"The sealing key of {self.name} is not {_KEY} bytes long.")


@dataclass(frozen=True, slots=True)
class Box:
    """A sealed box taken apart; `head` is the additional data."""

    head: bytes
    ephemeral: bytes
    wrapped: tuple[tuple[Recipient, bytes], ...]
    body: bytes

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Who may open it."""
        return tuple(recipient for recipient, _ in self.wrapped)

    @property
    def size(self) -> int:
        """The size class in bytes."""
        return len(self.body) - _TAG


def public_half(private: bytes) -> bytes:
    """The X25519 public key of 32 private bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(content: bytes, recipients: Sequence[Recipient], chance: bytes) -> bytes:
    """Seal to all recipients; `chance` is 64 fresh random bytes. Raises Malformed, BadKey."""
    if len(chance) != 2 * _KEY:
        raise Malformed("Sealing needs 64 fresh random bytes.")
    private, key = chance[:_KEY], chance[_KEY:]
    ephemeral = public_half(private)
    rows = [HEADER, f"from {b64(ephemeral)}"]
    for to in _distinct(recipients):
        wrapped = AESGCM(_kek(private, to.key, ephemeral, to.key)).encrypt(_ZERO, key, None)
        rows.append(f"to {to.name} {b64(to.key)} {b64(wrapped)}")
    head = ("\n".join(rows) + "\n\n").encode()
    return head + AESGCM(key).encrypt(_ZERO, _pad(content), head)


def _distinct(recipients: Sequence[Recipient]) -> Sequence[Recipient]:
    if not 0 < len(recipients) <= _MOST_RECIPIENTS:
        raise Malformed(f"A box is sealed to 1 to {_MOST_RECIPIENTS} recipients.")
    if len({to.name for to in recipients}) != len(recipients):
        raise Malformed("A box names one of its recipients twice.")
    return recipients


def _kek(private: bytes, peer: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    try:
        mine = X25519PrivateKey.from_private_bytes(private)
        shared = mine.exchange(X25519PublicKey.from_public_bytes(peer))
    except ValueError:
        raise BadKey("An X25519 key of the box is one of those that share no secret.") from None
    info, salt = HEADER.encode(), ephemeral + recipient
    return HKDF(algorithm=SHA256(), length=_KEY, salt=salt, info=info).derive(shared)


def _pad(content: bytes) -> bytes:
    for size in CLASSES:
        if len(content) < size:
            return content + b"\x80" + bytes(size - len(content) - 1)
    raise Malformed(f"The content is larger than {MOST} bytes.")


def parse(data: bytes) -> Box:
    """Take a box apart without opening it; raises Malformed unless it is exactly of this form."""
    end = data.find(b"\n\n") + 2
    try:
        rows = data[: max(0, end - 2)].decode().split("\n")
    except UnicodeDecodeError:
        raise Malformed("The head of the sealed box is no text.") from None
    if end < 2 or rows[0] != HEADER or len(rows) < 3 or not rows[1].startswith("from "):
        raise Malformed(f"This is no sealed box of the form {HEADER}.")
    wrapped = tuple(_recipient(row) for row in rows[2:])
    _distinct([to for to, _ in wrapped])
    box = Box(data[:end], _exact(unb64(rows[1][5:]), _KEY), wrapped, data[end:])
    if box.size not in CLASSES:
        raise Malformed("The sealed content is of none of the sizes to which boxes are padded.")
    return box


def _recipient(row: str) -> tuple[Recipient, bytes]:
    parts = row.split(" ")
    if len(parts) != 4 or parts[0] != "to":
        raise Malformed("A line of the sealed box names no recipient.")
    return Recipient(parts[1], unb64(parts[2])), _exact(unb64(parts[3]), _KEY + _TAG)


def _exact(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise Malformed(f"A key of the sealed box is not {size} bytes long.")
    return data


def open_box(data: bytes, private: bytes) -> bytes:
    """The content, for the holder of one recipient's private key; raises TrustError."""
    box, own = parse(data), public_half(private)
    for to, wrapped in box.wrapped:
        if to.key == own:
            return _unpad(_opened(box, _kek(private, box.ephemeral, box.ephemeral, own), wrapped))
    names = ", ".join(to.name for to in box.recipients)
    raise BadKey(f"This box is sealed to other keys: {names}.")


def _opened(box: Box, kek: bytes, wrapped: bytes) -> bytes:
    try:
        return AESGCM(AESGCM(kek).decrypt(_ZERO, wrapped, None)).decrypt(_ZERO, box.body, box.head)
    except InvalidTag:
        raise TrustError("The sealed box does not open: its bytes were changed.") from None


def _unpad(padded: bytes) -> bytes:
    content, mark, rest = padded.rpartition(b"\x80")
    if not mark or rest.strip(b"\0"):
        raise Malformed("The content of the sealed box is not padded as it must be.")
    return content
