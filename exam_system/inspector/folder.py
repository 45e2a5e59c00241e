"""The inspector's folder: signs only what it understands, remembers it first, signs it once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from exam_system.clock import rfc3339
from exam_system.inspector.reading import Declined, declined, note_text, read_request, understood
from exam_system.records.tree import write_durable
from exam_system.trust import notes, witness
from exam_system.trust.canonical import JSON, b64, jcs, parse_jcs, sha256_hex, unb64
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import BadKey, TrustError
from exam_system.trust.keys import COSIGNATURE, ED25519, Signer, Verifier
from exam_system.trust.report import sealing_key_text
from exam_system.trust.sealed import Recipient
from exam_system.trust.witness import Request
from exam_system.verify.keysfile import SINGLE, read_history

KEY, VKEY, TRUSTED, MEMORY, LOCK = "inspector.pem", "vkey.txt", "trusted.txt", "heads.json", "lock"
HISTORY = "history.jsonl"
_LONGEST_ROW = 65_536


@dataclass(frozen=True, slots=True)
class Signed:
    """A note with the inspector's line, the line alone, and in words what was signed."""

    data: bytes
    line: str
    told: str


class InspectorFolder:
    """Key, trusted keys and memory of one inspector. Signs only what it understands, once."""

    def __init__(self, folder: Path, signer: Signer) -> None:
        self.folder = folder
        self._signer = signer

    @classmethod
    def create(
        cls, folder: Path, name: str, passphrase: bytes, *, seed: bytes | None = None
    ) -> InspectorFolder:
        """Make a key and an empty memory; refuses (BadKey) a folder that has a key.

        `seed` is for demonstrations, whose keys follow from their seed; nobody else gives it.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = Signer.generate(name, COSIGNATURE)
        signer = fresh if seed is None else Signer.from_seed(name, seed, COSIGNATURE)
        signer.save(folder / KEY, passphrase)
        write_durable(folder / VKEY, f"{signer.verifier.vkey}\n".encode())
        write_durable(folder / HISTORY, b"")
        write_durable(folder / MEMORY, jcs({"heads": {}, "signed": {}}))
        return cls(folder, signer)

    @classmethod
    def open(cls, folder: Path, passphrase: bytes) -> InspectorFolder:
        """Open a folder that `create` made; raises BadKey with what is wrong."""
        verifier = cls.key_of(folder)
        signer = Signer.load(folder / KEY, verifier.name, passphrase, COSIGNATURE)
        if signer.verifier != verifier:
            raise BadKey(f"{VKEY} in {folder} is not the public half of {KEY}.")
        return cls(folder, signer)

    @staticmethod
    def key_of(folder: Path) -> Verifier:
        """The public key of a folder, without its passphrase; raises BadKey."""
        try:
            return Verifier.parse((folder / VKEY).read_text(encoding="utf-8").rstrip("\n"))
        except OSError:
            raise BadKey(f"{folder} is no inspector's folder: run `inspector init`.") from None

    @staticmethod
    def history_of(folder: Path) -> list[dict[str, Any]]:
        """Every head and note ever signed, oldest first.

        {at, digest} and of a head {origin, size, root}, of a note {subject}.
        """
        path = folder / HISTORY
        rows = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        return [cast(dict[str, Any], parse_jcs(row)) for row in rows]

    @property
    def verifier(self) -> Verifier:
        """The inspector's public key."""
        return self._signer.verifier

    @property
    def trusted(self) -> list[Verifier]:
        """The office's keys that this desk believes."""
        path = self.folder / TRUSTED
        rows = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        return [Verifier.parse(row) for row in rows]

    def trust(self, vkeys: Iterable[str], *, instead: bool = False) -> list[Verifier]:
        """Believe these keys from now on; returns those that are new.

        With `instead` they take the place of those of the same names, which the office replaced.
        """
        present = self.trusted
        new = [key for key in map(Verifier.parse, vkeys) if key not in present]
        names = {key.name for key in new}
        for key in present:
            if key.name in names and not instead:
                raise BadKey(f"This desk trusts another key named {key.name}.")
        present = [key for key in present if key.name not in names]
        rows = [f"{key.vkey}\n" for key in (*present, *new)]
        write_durable(self.folder / TRUSTED, "".join(rows).encode())
        return new

    def trust_file(self, data: bytes) -> list[Verifier]:
        """On first use believe the office's keys of a keys.txt; later only compare with them."""
        rows = [one for one in read_history(data) if one.role in SINGLE and one.retired is None]
        vkeys = [one.key.vkey for one in rows]
        known = self.trusted
        if not known:
            return self.trust(vkeys)
        if strangers := [vkey for vkey in vkeys if Verifier.parse(vkey) not in known]:
            raise BadKey(f"The file has a key that this desk does not trust: {strangers[0]}")
        return []

    def sign_sealing_key(self, key: Recipient, at: int) -> bytes:
        """A note that says which X25519 key reports to this inspector are sealed to."""
        return notes.sign(sealing_key_text(key), self._signer, at=at)

    def cosign(self, data: bytes, at: int) -> bytes:
        """The note with the inspector's line, signed at POSIX second `at`; see `sign`."""
        return self.sign(data, at).data

    def sign_request(self, data: bytes, at: int) -> Signed:
        """Judge a witness request (nothing else), remember its head, sign it; raises Declined."""
        with self._alone():
            return self._sign_request(read_request(data), at)

    def sign(self, data: bytes, at: int) -> Signed:
        """Judge a witness request or a note, remember it, then sign it; raises Declined."""
        with self._alone():
            if data.startswith(b"old "):
                return self._sign_request(read_request(data), at)
            text = note_text(data)
            if text.partition("\n")[0] in [key.name for key in self.trusted]:
                return self._sign_request(Request(self._seen(text), (), data), at)
            return self._sign_note(data, text, at)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # Judging and remembering is one step: two signers at once could sign two branches.
        with open(self.folder / LOCK, "w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _memory(self) -> dict[str, dict[str, Any]]:
        try:
            return cast(dict[str, dict[str, Any]], parse_jcs((self.folder / MEMORY).read_bytes()))
        except (OSError, TrustError) as error:
            raise BadKey(
                f"{MEMORY} cannot be read, nothing is signed without it: {error}"
            ) from None

    def _remember(self, part: str, key: str, value: Any) -> None:
        memory = self._memory()
        memory[part][key] = value
        write_durable(self.folder / MEMORY, jcs(memory))

    def _head(self, origin: str) -> Checkpoint | None:
        kept = self._memory()["heads"].get(origin)
        return kept and Checkpoint(origin, kept["size"], unb64(kept["root"]))

    def _seen(self, text: str) -> int:
        head = self._head(text.partition("\n")[0])
        return head.size if head else 0

    def _sign_request(self, request: Request, at: int) -> Signed:
        origin = note_text(request.checkpoint).partition("\n")[0]
        log = self._key(404, origin)
        head = self._head(origin)
        verdict = witness.judge(head, request, log)
        if verdict.checkpoint is None:
            raise declined(verdict, head, request)
        new, was = verdict.checkpoint, head.size if head else 0
        if new != head:
            value: dict[str, JSON] = {"root": b64(new.root), "size": new.size}
            self._write_history(at, new.text, {"origin": origin, **value})
            self._remember("heads", origin, value)
        told = f"head of the log {origin}: {new.size} acts, extends the {was} signed before"
        return self._signed(request.checkpoint, at, f"{told}, root {b64(new.root)}")

    def _sign_note(self, data: bytes, text: str, at: int) -> Signed:
        subject, signer, told = understood(text)
        key = self._key(403, signer, data)
        try:
            notes.open_note(data, [key])
        except TrustError as error:
            raise Declined(403, str(error)) from None
        digest = sha256_hex(text.encode())
        before = self._memory()["signed"].get(subject)
        if before not in (None, digest):
            raise Declined(409, f"another text was signed for {subject}: {before}")
        if before is None:
            self._write_history(at, text, {"subject": subject})
            self._remember("signed", subject, digest)
        return self._signed(data, at, told)

    def _key(self, status: int, name: str, data: bytes = b"") -> Verifier:
        """The trusted key of a name; an empty name stands for any officer that signed."""
        names = [line.name for line in notes.parse(data).signatures] if data else [name]
        for key in self.trusted:
            if key.type == ED25519 and key.name in names and key.name.endswith(name):
                return key
        raise Declined(
            status, f"no key *{name} that this desk trusts has signed: `inspector trust`"
        )

    def _signed(self, data: bytes, at: int, told: str) -> Signed:
        line = self._signer.line(note_text(data).encode(), at)
        try:
            notes.open_note(data, [self.verifier])
        except TrustError:
            return Signed(notes.with_line(data, line), line, told)
        return Signed(data, line, told)  # it bears our signature already

    def _write_history(self, at: int, text: str, what: dict[str, JSON]) -> None:
        """Add a line for what is about to be signed; on disk before the memory says the same."""
        when = rfc3339(datetime.fromtimestamp(at, UTC))
        row = jcs({"at": when, "digest": sha256_hex(text.encode()), **what})
        with open(self.folder / HISTORY, "a+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LONGEST_ROW))
            tail = file.read()
            # A line that a power cut left unfinished was never answered.
            file.truncate(size - len(tail) + tail.rfind(b"\n") + 1)
            file.write(row + b"\n")
            file.flush()
            os.fsync(file.fileno())
