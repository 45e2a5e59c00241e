"""Score day: a published list as files that any web server hands out, opened with a code only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.exams.lookup import open_exam
from exam_system.exams.states import STATES
from exam_system.records import releases
from exam_system.records.keys import keys_text
from exam_system.records.models import Release, ReleaseRecord
from exam_system.records.notes import note_bytes
from exam_system.results.codes import sealed_codes
from exam_system.results.lookup_page import page_files
from exam_system.results.service import CHAIN
from exam_system.trust import notes
from exam_system.trust.canonical import sha256, sha256_hex
from exam_system.trust.merkle import Levels, leaf_hashes
from exam_system.trust.pickup import NONCE, LookupNote, derive, shard_name, shard_of
from exam_system.trust.proof import bodies
from exam_system.trust.publication import Root

EACH = 16  # records a shard on average: a look-up reads some twenty kilobytes
STEP = 64  # bytes to which every entry is filled up, so that its length tells nothing


@dataclass(frozen=True, slots=True)
class Tree:
    """A look-up tree to be written: its signed text, its files by path, and its shards in order."""

    note: LookupNote
    files: Mapping[str, bytes]
    shards: Sequence[bytes]


@verb
def export_lookup(ctx: Context, *, code: str, folder: Path, version: int | None = None) -> Tree:
    """Write the look-up tree of a published version (the newest) into an empty folder.

    Whoever has no code is left out and signs in. Raises Conflict when nothing is published, the
    folder is not empty or nobody has a code.
    """
    exam = open_exam(ctx.session, code, *STATES)
    release = _published(ctx, exam.id, version)
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(
            "%(folder)s is not empty: what is written there is never changed", folder=str(folder)
        )
    codes, vault = sealed_codes(ctx.session, exam), ctx.keys.vault
    query = (
        select(ReleaseRecord.application_id, ReleaseRecord.line)
        .where(ReleaseRecord.release_id == release.id)
        .order_by(ReleaseRecord.position)
    )
    rows = [
        (vault.open(codes[who]) if who in codes else None, line)
        for who, line in ctx.session.execute(query)
    ]
    if not any(one for one, _ in rows):
        raise Conflict("Nobody of this list has a pick-up code")
    assert release.root_note_id is not None
    root_note = note_bytes(ctx.session, release.root_note_id)
    page = {**page_files(), "root.note": root_note, "keys.txt": keys_text(ctx.session).encode()}
    tree = make_tree(ctx.config.origin, code, release.stage, release.version, rows, page)
    write_tree(folder, tree, notes.sign(tree.note.text, ctx.keys.publisher))
    ctx.record(
        exam=code,
        subject=releases.subject(code, release),
        digest=sha256_hex(tree.note.text.encode()),
        records=tree.note.records,
    )
    return tree


def _published(ctx: Context, exam_id: int, version: int | None) -> Release:
    if version is None:
        found = releases.newest(ctx.session, exam_id, CHAIN, state="published")
    else:
        found = releases.by_version(ctx.session, exam_id, CHAIN, version)
    if found is None or found.state != "published" or found.root_note_id is None:
        raise Conflict("There is no published list to look up")
    return found


def make_tree(
    origin: str,
    exam: str,
    stage: str,
    version: int,
    rows: Sequence[tuple[str | None, bytes]],
    page: Mapping[str, bytes],
) -> Tree:
    """The tree of these codes (None: no entry) and record lines, in the order of the lines.

    The same codes and lines give the same bytes.
    """
    leaves = Levels(leaf_hashes(line for _, line in rows))
    lines = [line for _, line in rows]
    texts = [
        (code, text)
        for (code, _), text in zip(rows, bodies(leaves, lines), strict=True)
        if code is not None
    ]
    length = -(-max(len(text) for _, text in texts) // STEP) * STEP
    entries = sorted(_entries(texts, exam, version, length))
    bits = max(0, (len(entries) // EACH).bit_length())
    shards = [bytearray() for _ in range(1 << bits)]
    for find, sealed in entries:
        shards[shard_of(find, bits)] += find + sealed
    note = LookupNote(
        origin=origin,
        exam=exam,
        stage=stage,
        version=version,
        bits=bits,
        length=len(entries[0][0]) + len(entries[0][1]),
        records=len(entries),
        root=Root(leaves.size, leaves.root()),
        shards=sha256_hex(b"".join(map(sha256, map(bytes, shards)))),
        files=tuple((name, sha256_hex(page[name])) for name in sorted(page)),
    )
    return Tree(note, page, [bytes(shard) for shard in shards])


def _entries(
    texts: Sequence[tuple[str, bytes]], exam: str, version: int, length: int
) -> Iterator[tuple[bytes, bytes]]:
    for code, text in texts:
        find, key = derive(code, exam, version)
        yield find, AESGCM(key).encrypt(NONCE, text.ljust(length, b"\0"), None)


def write_tree(folder: Path, tree: Tree, note: bytes) -> None:
    """Write everything; the signed note comes last, so that a stopped export is no tree."""
    made: set[Path] = set()
    for number, shard in enumerate(tree.shards):
        path = folder / shard_name(number)
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        path.write_bytes(shard)
    for name, data in tree.files.items():
        (folder / name).write_bytes(data)
    (folder / "lookup.note").write_bytes(note)
