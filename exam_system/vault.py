"""Secrets of the instance: field encryption, blind look-up, password hashes."""

from __future__ import annotations

import base64
import hmac
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidKey, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from exam_system.errors import Fault

_NONCE = 12


@dataclass(frozen=True, slots=True)
class Vault:
    """Field encryption (AES-256-GCM) and blind look-up (HMAC-SHA-256) under one secret."""

    secret: bytes

    def _key(self, purpose: str) -> bytes:
        return _derive(self.secret, purpose)

    def seal(self, text: str) -> bytes:
        """Encrypt one field; every call gives other bytes."""
        nonce = os.urandom(_NONCE)
        return nonce + _cipher(self._key("field")).encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """The text of a sealed field; raises Fault when it is not ours or was changed."""
        try:
            aead = _cipher(self._key("field"))
            return aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], None).decode()
        except InvalidTag:
            raise Fault("a sealed field does not open with this instance's secret") from None

    def seal_bytes(self, data: bytes, about: str) -> bytes:
        """Encrypt a file; it opens only as the file `about`."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._key("file")).encrypt(nonce, data, about.encode())

    def open_bytes(self, sealed: bytes, about: str) -> bytes:
        """The bytes of a sealed file; raises Fault when it is another one or was changed."""
        try:
            aead = AESGCM(self._key("file"))
            return aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
        except InvalidTag:
            raise Fault("a sealed file does not open with this instance's secret") from None

    def blind(self, text: str) -> str:
        """A look-up value equal for equal texts and useless without the secret (hex)."""
        return hmac.digest(self._key("blind"), text.encode(), "sha256").hex()

    def stretch(self, text: str, purpose: str) -> bytes:
        """64 bytes that follow from a short secret of somebody's, slowly (scrypt, 32 MiB)."""
        return Scrypt(salt=self._key(purpose), length=64, n=2**15, r=8, p=1).derive(text.encode())

    def cookie_key(self) -> str:
        """The key that signs cookies."""
        return self._key("cookie").hex()


@lru_cache(maxsize=32)
def _derive(secret: bytes, purpose: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode())
    return kdf.derive(secret)


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def create_secret(path: Path, passphrase: bytes) -> None:
    """Write a new 32-byte secret, encrypted with scrypt and AES-GCM; refuses to overwrite."""
    salt, nonce = os.urandom(16), os.urandom(_NONCE)
    sealed = AESGCM(_stretch(passphrase, salt)).encrypt(nonce, os.urandom(32), None)
    with open(path, "xb", opener=_private) as file:
        file.write(salt + nonce + sealed)


def open_vault(path: Path, passphrase: bytes) -> Vault:
    """Read the secret; raises Fault when the passphrase is wrong or the file is missing."""
    if not path.exists():
        raise Fault(f"{path} is missing: the instance has no secret")
    data = path.read_bytes()
    try:
        aead = AESGCM(_stretch(passphrase, data[:16]))
        return Vault(aead.decrypt(data[16 : 16 + _NONCE], data[16 + _NONCE :], None))
    except InvalidTag:
        raise Fault(f"{path} does not open: EXAM_PASSPHRASE is wrong") from None


def _stretch(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


_COST = {"standard": (19456, 2), "cheapest": (8, 1)}  # KiB and passes; OWASP's first choice


def hash_password(password: str, cost: str, salt: bytes) -> str:
    """Argon2id as `argon2id$memory$passes$salt$hash` (salt and hash base64)."""
    memory, passes = _COST[cost]
    digest = _argon(salt, memory, passes).derive(password.encode())
    return f"argon2id${memory}${passes}${_b64(salt)}${_b64(digest)}"


def decoy_hash(cost: str) -> str:
    """A hash that is no password's: checking one against it takes as long as against a real one."""
    memory, passes = _COST[cost]
    return f"argon2id${memory}${passes}${_b64(bytes(16))}${_b64(bytes(32))}"


def is_decoy(stored: str) -> bool:
    """Whether this is a `decoy_hash`: the account has no password yet."""
    return stored.endswith(f"${_b64(bytes(16))}${_b64(bytes(32))}")


def password_holds(password: str, stored: str) -> bool:
    """Whether the password is the one behind `stored`; constant time in the comparison."""
    _, memory, passes, salt, digest = stored.split("$")
    try:
        kdf = _argon(base64.b64decode(salt), int(memory), int(passes))
        kdf.verify(password.encode(), base64.b64decode(digest))
    except InvalidKey:
        return False
    return True


def _argon(salt: bytes, memory: int, passes: int) -> Argon2id:
    return Argon2id(salt=salt, length=32, iterations=passes, lanes=1, memory_cost=memory)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
