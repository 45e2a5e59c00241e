"""Ed25519 keys and their signature lines (C2SP signed-note and tlog-cosignature)."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from exam_system.trust.canonical import MAX_NUMBER, b64, has_control, sha256, sha256_hex, unb64
from exam_system.trust.errors import BadKey, CanonicalError

ED25519 = 1
COSIGNATURE = 4

_KEY_ID = re.compile(r"[0-9a-f]{8}")
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64
_TIME_BYTES = 8


def key_name(name: str) -> str:
    """The name itself when it may stand in a signature line: no spaces, no `+`, no controls."""
    if not name or "+" in name or has_control(name) or any(map(str.isspace, name)):
        raise BadKey(f"The key name {name!r} is empty or contains a space, + or control character.")
    return name


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key; `key` is 32 bytes for the types this program knows, else as it came."""

    name: str
    type: int
    key: bytes

    def __post_init__(self) -> None:
        key_name(self.name)
        if not 0 <= self.type <= 255 or (self.known and len(self.key) != _KEY_BYTES):
            raise BadKey(f"The public key of {self.name} is not {_KEY_BYTES} bytes long.")

    @classmethod
    def parse(cls, vkey: str) -> "Verifier":
        """Read `name+<8 hex key id>+base64(type || key)`; raises BadKey."""
        parts = vkey.split("+", 2)
        if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
            raise BadKey(f"{vkey[:200]!r} is not a key of the form name+id+base64.")
        verifier = cls(parts[0], *_typed(parts[2]))
        if verifier.key_id.hex() != parts[1]:
            raise BadKey(f"The key id {parts[1]} does not belong to this key of {parts[0]}.")
        return verifier

    @property
    def known(self) -> bool:
        """Whether this program can check signatures of the key's type."""
        return self.type in (ED25519, COSIGNATURE)

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || type || key)[:4]."""
        return sha256(self.name.encode(), b"\n", bytes([self.type]), self.key)[:4]

    @property
    def vkey(self) -> str:
        """The one-line form that keys.txt, notices and manifests print."""
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([self.type]) + self.key)}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the one-line form, as notices and papers print it."""
        return sha256_hex(self.vkey.encode())

    def verify(self, text: bytes, blob: bytes) -> bool:
        """Whether blob (the signature without its key id) is this key's over the text."""
        at = self.time(blob)
        if self.type == COSIGNATURE and at is not None:
            return self._good(cosigned(text, at), blob[_TIME_BYTES:])
        return self.type == ED25519 and self._good(text, blob)

    def time(self, blob: bytes) -> int | None:
        """POSIX seconds inside a cosignature; None for other types and lengths."""
        if self.type != COSIGNATURE or len(blob) != _TIME_BYTES + _SIGNATURE_BYTES:
            return None
        at = int.from_bytes(blob[:_TIME_BYTES], "big")
        return at if at <= MAX_NUMBER else None

    def _good(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name and type."""

    name: str
    type: int
    private: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        key_name(self.name)
        if self.type not in (ED25519, COSIGNATURE):
            raise BadKey(f"This program cannot sign with a key of type {self.type}.")

    @classmethod
    def generate(cls, name: str, type: int = ED25519) -> "Signer":
        """A new key from the operating system's generator."""
        return cls(name, type, Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, name: str, seed: bytes, type: int = ED25519) -> "Signer":
        """The key whose RFC 8032 private key is these 32 bytes."""
        if len(seed) != _KEY_BYTES:
            raise BadKey(f"The private key of {name} is not {_KEY_BYTES} bytes long.")
        return cls(name, type, Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def load(cls, path: Path, name: str, passphrase: bytes, type: int = ED25519) -> "Signer":
        """Read an encrypted PKCS#8 PEM file; raises BadKey when it is not to be opened."""
        private = load_private(path, passphrase)
        if not isinstance(private, Ed25519PrivateKey):
            raise BadKey(f"The key file {path} does not hold an Ed25519 key.")
        return cls(name, type, private)

    def save(self, path: Path, passphrase: bytes) -> None:
        """Write an encrypted PKCS#8 PEM file that only its owner may read; never overwrite."""
        save_private(self.private, path, passphrase)

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.type, self.private.public_key().public_bytes_raw())

    def line(self, text: bytes, at: int | None) -> str:
        """One signature line over the text; a cosignature needs `at`, POSIX seconds."""
        blob = self.verifier.key_id + self._blob(text, at)
        return f"\u2014 {self.name} {b64(blob)}\n"

    def _blob(self, text: bytes, at: int | None) -> bytes:
        if self.type == ED25519:
            return self.private.sign(text)
        if at is None or not 0 < at <= MAX_NUMBER:
            raise BadKey(f"The cosignature of {self.name} needs the time it is made at.")
        return at.to_bytes(_TIME_BYTES, "big") + self.private.sign(cosigned(text, at))


def load_private(path: Path, passphrase: bytes) -> PrivateKeyTypes:
    """The key of an encrypted PKCS#8 PEM file; raises BadKey when it is not to be opened."""
    try:
        return load_pem_private_key(path.read_bytes(), passphrase)
    except OSError as error:
        raise BadKey(f"The key file {path} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey(f"The key file {path} does not open with this passphrase.") from None


def save_private(
    private: Ed25519PrivateKey | X25519PrivateKey, path: Path, passphrase: bytes
) -> None:
    """Write an encrypted PKCS#8 PEM file durably, for its owner only; raises BadKey instead of
    overwriting one, and without a passphrase."""
    if not passphrase:
        raise BadKey("A private key is not saved without a passphrase.")
    protected = BestAvailableEncryption(passphrase)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protected)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadKey(f"There is a key in {path} already; it is not overwritten.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def cosigned(text: bytes, at: int) -> bytes:
    """The bytes that a cosignature/v1 signs (C2SP tlog-cosignature v1.0.1)."""
    return b"cosignature/v1\ntime %d\n" % at + text


def _typed(text: str) -> tuple[int, bytes]:
    try:
        data = unb64(text)
    except CanonicalError as error:
        raise BadKey(f"The public key cannot be read: {error}") from None
    if not data:
        raise BadKey("The public key is empty.")
    return data[0], data[1:]
