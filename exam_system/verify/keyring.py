"""The keys that a verification trusts, and what must be signed by whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from exam_system.trust import notes
from exam_system.trust.canonical import lines, sha256_hex
from exam_system.trust.errors import Malformed
from exam_system.trust.keys import COSIGNATURE, ED25519, Verifier
from exam_system.verify.checks import Check, holds, refuse

ROLES = ("log", "publisher", "officer", "inspector")


@dataclass(frozen=True, slots=True)
class Cosigners:
    """How many of which inspectors must have signed."""

    needed: int
    among: tuple[Verifier, ...]

    def opened(self, keys: Keyring, data: bytes, where: str, role: str) -> str:
        """The text of a note that the role's key and enough of these have signed."""
        return keys.opened(data, where, role, cosigners=self.needed, among=self.among)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by role. Keys of types that this program does not know are listed, and passed over."""

    rows: tuple[tuple[str, Verifier], ...]

    @property
    def origin(self) -> str:
        """The name of the log and of everything published with it."""
        return self.of("log").name

    def of(self, role: str) -> Verifier:
        """The one key of log, publisher or officer."""
        return next(key for name, key in self.rows if name == role and key.known)

    @property
    def inspectors(self) -> tuple[Verifier, ...]:
        """The keys of all inspectors, in the order of the file."""
        return tuple(key for name, key in self.rows if name == "inspector" and key.known)

    @property
    def fingerprints(self) -> list[str]:
        """Role, name and SHA-256 of each key's line form, as documents on paper show them."""
        return [f"{role} {key.name} {sha256_hex(key.vkey.encode())}" for role, key in self.rows]

    def opened(
        self,
        data: bytes,
        where: str,
        role: str,
        *,
        cosigners: int,
        among: Sequence[Verifier] | None = None,
    ) -> str:
        """The text of a note signed by the role's key and as many inspectors as are needed.

        `among` are the inspectors that count (default: all of the file).
        """
        text, signers = self.signers(data, where)
        if self.of(role) not in signers:
            refuse(Check.SIGNERS, where, f"the signature of {self.of(role).name} is missing")
        counted = self.inspectors if among is None else among
        missing = [key.name for key in counted if key not in signers]
        signed = len(counted) - len(missing)
        if signed < cosigners:
            names = ", ".join(missing) or "nobody else is listed"
            why = f"{signed} of {cosigners} inspectors have signed, missing: {names}"
            refuse(Check.SIGNERS, where, why)
        return text

    def signers(self, data: bytes, where: str) -> tuple[str, tuple[Verifier, ...]]:
        """Text and signers of a note all of whose lines are by listed keys and hold.

        A published note has no line that nobody can check: keys are listed before they sign.
        """
        listed = {(key.name, key.key_id) for _, key in self.rows}
        with holds(Check.NOTE, where):
            note = notes.parse(data)
            for number, line in enumerate(note.signatures, 1):
                if (line.name, line.key_id) not in listed:
                    raise Malformed(f"signature {number} is by {line.name}, a key not in keys.txt")
            opened = notes.open_note(data, [key for _, key in self.rows])
        return opened.text, opened.signers


def parse_keys(data: bytes, where: str) -> Keyring:
    """Read keys.txt: `<role> <vkey>` a line; Refused (V1) for anything else."""
    with holds(Check.KEYS, where):
        rows = tuple(_row(line) for line in lines(data.decode("utf-8")))
        _require_roles(rows)
    return Keyring(rows)


def _row(line: str) -> tuple[str, Verifier]:
    role, space, vkey = line.partition(" ")
    if role not in ROLES or not space:
        raise Malformed(f"The line {line[:80]!r} is not a role, a space and a key.")
    key = Verifier.parse(vkey)
    if key.known and key.type != (COSIGNATURE if role == "inspector" else ED25519):
        raise Malformed(f"The key of {key.name} is not of the type that a key of {role} has.")
    return role, key


def _require_roles(rows: tuple[tuple[str, Verifier], ...]) -> None:
    counts = Counter(role for role, key in rows if key.known)
    for role in ROLES[:3]:
        if counts[role] != 1:
            raise Malformed(f"There must be one key of the role {role}, not {counts[role]}.")
    if not counts["inspector"]:
        raise Malformed("There is no key of an inspector.")
    vkeys = Counter(key.vkey for _, key in rows) + Counter(key.key.hex() for _, key in rows)
    if max(vkeys.values()) > 1:
        raise Malformed("A key is listed twice: no key doubles as another.")
