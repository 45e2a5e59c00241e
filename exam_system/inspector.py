"""The inspector's desk: a folder on the inspector's own machine, with a key and a memory.

The private key and the memory of what was signed never lie on the exam server: a server that
forks its log, cuts it, or shows two lists under one number finds nobody to sign the second.
"""

from __future__ import annotations

import fcntl
import io
import os
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import click

from exam_system.clock import SystemClock
from exam_system.records.tree import write_durable
from exam_system.trust import (
    checkpoint,
    draw_note,
    interview_note,
    notes,
    publication,
    witness,
)
from exam_system.trust.canonical import b64, jcs, parse_jcs, sha256_hex, unb64
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import BadKey, Malformed, TrustError
from exam_system.trust.keys import COSIGNATURE, ED25519, Signer, Verifier
from exam_system.trust.witness import Request

PASSPHRASE = "EXAM_INSPECTOR_PASSPHRASE"
KEY, VKEY, TRUSTED, MEMORY, LOCK = "inspector.pem", "vkey.txt", "trusted.txt", "heads.json", "lock"
_MOST_BYTES = 1_000_000
_MOST_FILES = 200


class Declined(TrustError):
    """The desk does not sign; `status` is the one a tlog-witness would answer with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{status}: {sentence}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Signed:
    """A note with the inspector's line, and in words what was signed."""

    data: bytes
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
        write_durable(folder / MEMORY, jcs({"heads": {}, "signed": {}}))
        return cls(folder, signer)

    @classmethod
    def open(cls, folder: Path, passphrase: bytes) -> InspectorFolder:
        """Open a folder that `create` made; raises BadKey with what is wrong."""
        try:
            verifier = Verifier.parse((folder / VKEY).read_text(encoding="utf-8").rstrip("\n"))
        except OSError:
            raise BadKey(f"{folder} is no inspector's folder: run `inspector init`.") from None
        signer = Signer.load(folder / KEY, verifier.name, passphrase, COSIGNATURE)
        if signer.verifier != verifier:
            raise BadKey(f"{VKEY} in {folder} is not the public half of {KEY}.")
        return cls(folder, signer)

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

    def trust(self, vkeys: Iterable[str]) -> list[Verifier]:
        """Believe these keys from now on; returns those that are new."""
        present = self.trusted
        new = [key for key in map(Verifier.parse, vkeys) if key not in present]
        for key in new:
            if any(key.name == other.name for other in present):
                raise BadKey(f"This desk trusts another key named {key.name}.")
        rows = [f"{key.vkey}\n" for key in (*present, *new)]
        write_durable(self.folder / TRUSTED, "".join(rows).encode())
        return new

    def trust_file(self, data: bytes) -> list[Verifier]:
        """On first use believe the office's keys of a keys.txt; later only compare with them."""
        rows = [row.partition(" ") for row in data.decode("utf-8").split("\n")[:-1]]
        vkeys = [vkey for role, _, vkey in rows if role != "inspector"]
        known = self.trusted
        if not known:
            return self.trust(vkeys)
        if strangers := [vkey for vkey in vkeys if Verifier.parse(vkey) not in known]:
            raise BadKey(f"The file has a key that this desk does not trust: {strangers[0]}")
        return []

    def cosign(self, data: bytes, at: int) -> bytes:
        """The note with the inspector's line, signed at POSIX second `at`; see `sign`."""
        return self.sign(data, at).data

    def sign(self, data: bytes, at: int) -> Signed:
        """Judge a witness request or a note, remember it, then sign it; raises Declined."""
        with self._alone():
            if data.startswith(b"old "):
                return self._sign_request(_request(data), at)
            text = _note_text(data)
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
        origin = _note_text(request.checkpoint).partition("\n")[0]
        log = self._key(404, origin)
        head = self._head(origin)
        verdict = witness.judge(head, request, log)
        if verdict.checkpoint is None:
            raise Declined(verdict.status, _why(verdict, head, request))
        new = verdict.checkpoint
        self._remember("heads", origin, {"root": b64(new.root), "size": new.size})
        was = head.size if head else 0
        told = f"head of the log {origin}: {new.size} acts, extends the {was} signed before"
        return Signed(self._line(request.checkpoint, at), f"{told}, root {b64(new.root)}")

    def _sign_note(self, data: bytes, text: str, at: int) -> Signed:
        subject, signer, told = _understood(text)
        key = self._key(403, signer, data)
        try:
            notes.open_note(data, [key])
        except TrustError as error:
            raise Declined(403, str(error)) from None
        digest = sha256_hex(text.encode())
        before = self._memory()["signed"].setdefault(subject, digest)
        if before != digest:
            raise Declined(409, f"another text was signed for {subject}: {before}")
        self._remember("signed", subject, digest)
        return Signed(self._line(data, at), told)

    def _key(self, status: int, name: str, data: bytes = b"") -> Verifier:
        """The trusted key of a name; an empty name stands for any officer that signed."""
        names = [line.name for line in notes.parse(data).signatures] if data else [name]
        for key in self.trusted:
            if key.type == ED25519 and key.name in names and key.name.endswith(name):
                return key
        raise Declined(
            status, f"no key *{name} that this desk trusts has signed: `inspector trust`"
        )

    def _line(self, data: bytes, at: int) -> bytes:
        try:
            notes.open_note(data, [self.verifier])
        except TrustError:
            line = self._signer.line(_note_text(data).encode(), at)
            return notes.with_line(data, line)
        return data  # it bears our signature already


def _request(data: bytes) -> Request:
    try:
        return witness.parse(data)
    except Malformed as error:
        raise Declined(400, str(error)) from None


def _note_text(data: bytes) -> str:
    try:
        return notes.parse(data).text
    except Malformed as error:
        raise Declined(400, str(error)) from None


def _why(verdict: witness.Verdict, head: Checkpoint | None, request: Request) -> str:
    """The sentence for a person; the protocol's body for 409 is a bare number."""
    if verdict.status != 409:
        return verdict.body.rstrip("\n")
    seen, new = head.size if head else 0, checkpoint.parse(_note_text(request.checkpoint)).size
    if new < seen:
        return (
            f"this desk has signed {seen} acts and is now shown {new}: the log was cut or restored "
            "from an old copy. Nothing is signed; this must be looked into"
        )
    return (
        f"this desk has signed {seen} acts, the proof begins at {request.old}: hand in the note "
        "signed last, then fetch a new request"
    )


def _understood(text: str) -> tuple[str, str, str]:
    """(what it is, ending of the name of the key that must have signed, in words)."""
    header = text.partition("\n")[0]
    try:
        if header == draw_note.HEADER:
            return _draw(draw_note.parse(text))
        if header.endswith("/publication/v1"):
            return _publication(publication.parse(text))
        if header.endswith("/interview/v1"):
            return _interview(interview_note.parse(text))
        root = checkpoint.parse(text)
    except TrustError as error:
        raise Declined(400, f"this is nothing that an inspector signs: {error}") from None
    match = re.fullmatch(r"(.+)/results/[^/]+/v[1-9][0-9]*", root.origin)
    if match is None:
        raise Declined(404, f"this desk does not watch the log {root.origin}")
    told = f"root of {root.size} records of {root.origin}: {b64(root.root)}"
    return f"root {root.origin}", f"{match[1]}/publisher", told


def _draw(note: draw_note.DrawNote) -> tuple[str, str, str]:
    told = (
        f"draw {note.draw}, attempt {note.attempt} of {note.attempts}, {note.algorithm}: "
        f"seed {note.seed}, list {note.manifest}, result {note.result}"
    )
    return f"draw {note.draw} {note.attempt}", "/officer", told


def _publication(said: publication.Publication) -> tuple[str, str, str]:
    name = f"{said.chain} of {said.exam} version {said.version}"
    why = f", corrects because: {said.reason}" if said.reason else ""
    told = f"{name}, stage {said.stage}, {len(said.files)} files, rules {said.rules}{why}"
    return f"publication {said.origin} {name}", f"{said.origin}/publisher", told


def _interview(said: interview_note.InterviewNote) -> tuple[str, str, str]:
    name = f"interview of {said.number} in {said.exam}"
    told = f"{name}: {' '.join(said.scores)} gives {said.result}"
    return f"{said.origin} {name}", f"{said.origin}/publisher", told


@click.group()
def inspector() -> None:
    """The inspector's own machine: key, memory, cosignatures."""


def _passphrase(*, confirm: bool = False) -> bytes:
    value = os.environ.get(PASSPHRASE) or click.prompt(
        "Passphrase of the inspector's key", hide_input=True, confirmation_prompt=confirm
    )
    return str(value).encode()


_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


@inspector.command()
@_FOLDER
@click.option("--name", required=True, help="Name of the key, e.g. city.example/inspector.")
def init(folder: Path, name: str) -> None:
    """Make the inspector's key in DIR and print its public half."""
    made = InspectorFolder.create(folder, name, _passphrase(confirm=True))
    click.echo(made.verifier.vkey)


@inspector.command()
@_FOLDER
@click.argument("vkeys", metavar="VKEY…", nargs=-1, required=True)
def trust(folder: Path, vkeys: tuple[str, ...]) -> None:
    """Believe the office's keys; compare them with the printed announcement first."""
    _told(InspectorFolder.open(folder, _passphrase()).trust(vkeys))


def _told(keys: Iterable[Verifier]) -> None:
    for key in keys:
        click.echo(f"trusts {key.name} {sha256_hex(key.vkey.encode())}")


@inspector.command()
@_FOLDER
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Where signed notes are put.")
@click.option("--keys", type=click.Path(path_type=Path), help="keys.txt, believed on first use.")
def cosign(folder: Path, files: tuple[Path, ...], out: Path | None, keys: Path | None) -> None:
    """Cosign witness requests, notes, or the zip that the inspector's desk offers."""
    desk = InspectorFolder.open(folder, _passphrase())
    if keys:
        _told(desk.trust_file(_bytes(keys)))
    failed = False
    for path in files:
        for name, data in _opened(path):
            failed |= not _cosign_one(desk, (out or path.parent) / f"{name}.signed", name, data)
    if failed:
        sys.exit(1)


def _cosign_one(desk: InspectorFolder, target: Path, name: str, data: bytes) -> bool:
    for_whom = re.fullmatch(r".*-for-(.+)\.request", name)
    if for_whom and for_whom[1] != re.sub(r"[^0-9A-Za-z._-]+", "-", desk.verifier.name):
        click.echo(f"passed over {name}: it is for another inspector")
        return True
    try:
        signed = desk.sign(data, int(SystemClock().now().timestamp()))
    except Declined as error:
        click.echo(f"NOT SIGNED {name}: {error}", err=True)
        return False
    write_durable(target, signed.data)
    click.echo(f"signed {name}: {signed.told}")
    return True


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}") from None


def _opened(path: Path) -> list[tuple[str, bytes]]:
    """The file itself, or the files of a zip by their plain names."""
    data = _bytes(path)
    if not data.startswith(b"PK"):
        return [(path.name, data)]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > _MOST_FILES or any(info.file_size > _MOST_BYTES for info in infos):
                raise click.ClickException(f"{path} holds more than notes to sign can be")
            return [(Path(info.filename).name, archive.read(info)) for info in infos]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise click.ClickException(f"{path} is no zip that can be opened: {error}") from None
