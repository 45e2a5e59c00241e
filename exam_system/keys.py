"""The keys that live on the server, and what the passphrase opens."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from exam_system.chance import Chance
from exam_system.config import Config
from exam_system.errors import Fault
from exam_system.printing.signing import make_certificate
from exam_system.records.tree import sync_folder, write_durable
from exam_system.trust.errors import BadKey
from exam_system.trust.keys import ED25519, Signer
from exam_system.vault import Vault, create_secret, open_vault

PASSPHRASE = "EXAM_PASSPHRASE"
ROLES = ("log", "publisher", "officer")


@dataclass(frozen=True, slots=True)
class Keys:
    """Signers of the log, the publisher and the draws office; the PDF seal; the vault."""

    log: Signer
    publisher: Signer
    officer: Signer
    pdf_key: bytes
    pdf_certificate: bytes
    passphrase: bytes
    vault: Vault


def key_name(origin: str, role: str) -> str:
    """The signed-note name of a role's key: the origin itself for the log."""
    return origin if role == "log" else f"{origin}/{role}"


def passphrase() -> bytes:
    """From the environment; without it the system does not start."""
    value = os.environ.get(PASSPHRASE, "")
    if not value:
        raise Fault(f"{PASSPHRASE} is not set: the keys of this instance cannot be opened")
    return value.encode()


def create_keys(folder: Path, origin: str, secret: bytes, at: datetime, chance: Chance) -> None:
    """Make all server keys of a new instance, encrypted under the passphrase."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for role in ROLES:
        signer = Signer.from_seed(key_name(origin, role), chance.take(32), ED25519)
        signer.save(folder / f"{role}.pem", secret)
    create_secret(folder / "secret.bin", secret)
    key, certificate = make_certificate(key_name(origin, "publisher"), passphrase=secret, at=at)
    (folder / "pdf.pem").touch(mode=0o600)
    (folder / "pdf.pem").write_bytes(key)
    (folder / "pdf.crt").write_bytes(certificate)


def open_keys(config: Config) -> Keys:
    """Open every key of the instance; raises Fault when one is missing or does not open."""
    folder, secret = config.instance / "keys", passphrase()
    try:
        log, publisher, officer = (_load(folder, config.origin, role, secret) for role in ROLES)
        key, certificate = ((folder / name).read_bytes() for name in ("pdf.pem", "pdf.crt"))
    except (OSError, ValueError) as error:
        raise Fault(f"a key in {folder} cannot be opened: {error}") from None
    vault = open_vault(folder / "secret.bin", secret)
    return Keys(log, publisher, officer, key, certificate, secret, vault)


def _load(folder: Path, origin: str, role: str, secret: bytes) -> Signer:
    return Signer.load(folder / f"{role}.pem", key_name(origin, role), secret, ED25519)


def next_key(config: Config, role: str, chance: Chance) -> Signer:
    """The key that will take a role's place: made and stored encrypted, or found as it was left.

    It lies beside the one that serves until `take_over`.
    """
    folder, name, secret = config.instance / "keys", key_name(config.origin, role), passphrase()
    path = folder / f"{role}.new.pem"
    if not path.exists():
        Signer.from_seed(name, chance.take(32), ED25519).save(path, secret)
    return Signer.load(path, name, secret, ED25519)


def take_over(config: Config, *names: str) -> None:
    """The new files take the place of the old ones, which are gone with that; on disk at once.

    `names` as pdf.pem; the new one lies beside as pdf.new.pem.
    """
    folder = config.instance / "keys"
    for name in names:
        stem, _, ending = name.rpartition(".")
        os.replace(folder / f"{stem}.new.{ending}", folder / name)
    sync_folder(folder)


def next_document_key(config: Config, at: datetime) -> bytes:
    """A new PAdES key and its certificate (PEM, returned), stored beside those that serve."""
    folder = config.instance / "keys"
    name = key_name(config.origin, "publisher")
    key, certificate = make_certificate(name, passphrase=passphrase(), at=at)
    write_durable(folder / "pdf.new.pem", key)
    (folder / "pdf.new.pem").chmod(0o600)  # encrypted all the same
    write_durable(folder / "pdf.new.crt", certificate)
    return certificate


def set_aside_lost(config: Config, role: str, chance: Chance) -> None:
    """A fresh key where the file of a lost one lay; what lay there is kept as `.lost`.

    Raises Fault when the key can still be opened: then it is not lost, and is to sign as well.
    """
    path, name = config.instance / "keys" / f"{role}.pem", key_name(config.origin, role)
    try:
        Signer.load(path, name, passphrase(), ED25519)
    except BadKey:
        next_key(config, role, chance)
        if path.exists():
            os.replace(path, path.with_suffix(".lost"))
        take_over(config, f"{role}.pem")
        return
    raise Fault(f"{path} opens with the passphrase: the key is not lost")
