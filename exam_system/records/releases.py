"""Releases: what the public is shown, numbered, signed, cosigned and never replaced.

A release is prepared (all its bytes made, signed by the publisher, kept in the database), cosigned
by the inspectors, and published (its folder written). A later release of the same stage corrects
the earlier one: it says why, and each release names the digest of the one before it in its chain.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.config import Config
from exam_system.context import Context
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.models import Exam
from exam_system.records.folders import check_folder, write_whole
from exam_system.records.keys import keys_text
from exam_system.records.models import Note, Release, ReleaseFile, ReleaseRecord
from exam_system.records.notes import (
    missing_cosigners,
    note_bytes,
    put_note,
    require_cosigned,
)
from exam_system.records.paper import ReleaseNotice, Table, signed_notice
from exam_system.records.tree import write_durable
from exam_system.trust import checkpoint
from exam_system.trust.canonical import JSON, clean_label, jcs, sha256, sha256_hex
from exam_system.trust.errors import TrustError
from exam_system.trust.merkle import Levels, inclusion_proof, leaf_hash
from exam_system.trust.proof import TlogProof
from exam_system.trust.publication import Publication, Root, digest_file

SALT = 32
RECORDS = "records.jsonl"
PRIVATE = frozenset({RECORDS})
"""Files of a release's folder that only inspectors may read."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is known of a release before its files are made."""

    exam: Exam
    chain: str
    stage: str
    version: int
    previous: str | None
    reason: str


def prepare(
    ctx: Context,
    *,
    exam: Exam,
    chain: str,
    stage: str,
    files: Mapping[str, bytes],
    title: str,
    table: Table,
    body: Sequence[str] = (),
    records: Sequence[tuple[int, Mapping[str, JSON]]] | None = None,
    reason: str = "",
    rules: str | None = None,
) -> Release:
    """Make, sign and keep the next version of a chain; the calling verb records it.

    rules.json (the exam's, or `rules` where the version changes them), notice.pdf and (with
    `records`: pairs of application id and list row) root.note and records.jsonl are added to
    `files`. Raises Conflict while a draft of the chain waits, and
    Invalid unless a reason is given exactly when an earlier version of the stage is corrected.
    """
    draft = _draft(ctx, exam, chain, stage, reason)
    lines = None if records is None else _salted(ctx, draft, records)
    root = None if lines is None else _root([line for _, line in lines])
    made = {**files, "rules.json": (rules or exam.rules).encode()}
    tree = _checkpoint(ctx, draft, root)
    made["notice.pdf"] = signed_notice(ctx, _paper(draft, title, table, body, tree))
    if lines is not None:
        made[RECORDS] = b"".join(line + b"\n" for _, line in lines)
    publication = _publication(ctx, draft, made, root)
    release = _store(ctx, draft, publication)
    _store_files(ctx.session, release, made)
    _store_records(ctx.session, release, lines or [])
    return release


def require_publishable(ctx: Context, release: Release) -> None:
    """Raise Conflict when the release is published already or a signature is missing."""
    ctx.session.refresh(release, with_for_update=True)
    if release.state != "draft":
        raise Conflict("Version %(version)s is published already", version=release.version)
    needed = needed_cosigners(ctx.session, release)
    for note_id in _note_ids(release):
        require_cosigned(ctx.session, note_id, needed=needed)


def publish(ctx: Context, release: Release) -> Path:
    """Write the folder of a release for which `require_publishable` holds; returns the folder."""
    require_publishable(ctx, release)
    release.state = "published"
    release.published_at = ctx.clock.now()
    ctx.session.flush()
    return write_folder(ctx.session, ctx.config, release)


def needed_cosigners(session: Session, release: Release) -> int:
    """How many inspectors must cosign the release: its own rules.json says so."""
    rules = json.loads(file_data(session, release, "rules.json"))
    return int(rules["cosigners"]["value"])


def missing_signatures(session: Session, release: Release) -> list[str]:
    """Names of the inspectors whose signature a release may still get; none when it has enough."""
    needed = needed_cosigners(session, release)
    return sorted(
        {
            name
            for note_id in _note_ids(release)
            for name in missing_cosigners(session, note_id, needed=needed)
        }
    )


def write_folder(session: Session, config: Config, release: Release) -> Path:
    """Write the folder of a published release, or check that it is there as it must be.

    The folder appears whole or not at all, also after a power cut. Raises Fault when a file of a
    folder that is there has other bytes: nothing published is ever replaced.
    """
    files = folder_files(session, release)
    target = config.published / folder_name(session, release)
    if target.exists():
        check_folder(target, files)
    else:
        write_whole(target, files)
    write_durable(config.published / "keys.txt", keys_text(session).encode())
    return target


def folder_name(session: Session, release: Release) -> str:
    """The folder of a release below `published`: results-<exam>-v<k>."""
    code = session.scalars(select(Exam.code).where(Exam.id == release.exam_id)).one()
    return f"{release.chain}-{code}-v{release.version}"


def folder_files(session: Session, release: Release) -> dict[str, bytes]:
    """Every file of a release's folder with its bytes, the notes with all their signatures."""
    query = select(ReleaseFile.name, ReleaseFile.data).where(ReleaseFile.release_id == release.id)
    files = {row.name: row.data for row in session.execute(query)}
    for name, note_id in zip(("publication.note", "root.note"), _note_ids(release), strict=False):
        files[name] = note_bytes(session, note_id)
    return files


def file_names(session: Session, release: Release) -> list[str]:
    """The names of a release's folder, sorted, as `folder_files` has them."""
    query = select(ReleaseFile.name).where(ReleaseFile.release_id == release.id)
    notes = zip(("publication.note", "root.note"), _note_ids(release), strict=False)
    return sorted({*session.scalars(query), *(name for name, _note in notes)})


def file_data(session: Session, release: Release, name: str) -> bytes:
    """The bytes of one file (not of a note); raises NotFound."""
    data = session.scalar(
        select(ReleaseFile.data).where(
            ReleaseFile.release_id == release.id, ReleaseFile.name == name
        )
    )
    if data is None:
        raise NotFound("This release has no file named %(name)s", name=name)
    return data


def slip(session: Session, release: Release, application_id: int) -> bytes:
    """The `.tlog-proof` of one candidate's record: proof, root.note, and the record as `extra`.

    Raises NotFound when the release holds no record of the application.
    """
    record = session.scalar(
        select(ReleaseRecord).where(
            ReleaseRecord.release_id == release.id, ReleaseRecord.application_id == application_id
        )
    )
    if record is None or release.root_note_id is None:
        raise NotFound("This release has no record of this application")
    tree = _tree(file_data(session, release, RECORDS).splitlines())
    hashes = inclusion_proof(record.position, tree.size, tree.node)
    note = note_bytes(session, release.root_note_id)
    return TlogProof(record.position, hashes, note, record.line).encode()


def newest(
    session: Session,
    exam_id: int,
    chain: str,
    *,
    stage: str | None = None,
    state: str | None = None,
) -> Release | None:
    """The highest version of a chain, among those of a stage or in a state where one is named."""
    query = select(Release).where(Release.exam_id == exam_id, Release.chain == chain)
    if stage is not None:
        query = query.where(Release.stage == stage)
    if state is not None:
        query = query.where(Release.state == state)
    return session.scalar(query.order_by(Release.version.desc()).limit(1))


def next_version(session: Session, exam_id: int, chain: str) -> int:
    """The number the chain's next version will have."""
    last = newest(session, exam_id, chain)
    return 1 if last is None else last.version + 1


def by_version(session: Session, exam_id: int, chain: str, version: int) -> Release:
    """One version of a chain; raises NotFound."""
    release = session.scalar(
        select(Release).where(
            Release.exam_id == exam_id, Release.chain == chain, Release.version == version
        )
    )
    if release is None:
        raise NotFound("There is no version %(version)s", version=version)
    return release


def subject(code: str, release: Release) -> str:
    """The release's name in the log."""
    return f"release:{code}:{release.chain}:v{release.version}"


def release_digest(session: Session, release: Release) -> str:
    """SHA-256 of the text of the release's publication note (hex)."""
    return session.scalars(select(Note.digest).where(Note.id == release.note_id)).one()


def root_of(session: Session, release: Release) -> checkpoint.Checkpoint | None:
    """Origin, size and root of the release's tree of records; None without records."""
    if release.root_note_id is None:
        return None
    query = select(Note.text).where(Note.id == release.root_note_id)
    return checkpoint.parse(session.scalars(query).one())


def _draft(ctx: Context, exam: Exam, chain: str, stage: str, reason: str) -> _Draft:
    # Two officers at once: the second waits here and then finds the first one's draft.
    ctx.session.execute(select(Exam.id).where(Exam.id == exam.id).with_for_update())
    last = newest(ctx.session, exam.id, chain)
    if last is not None and last.state == "draft":
        raise Conflict("Version %(version)s is not published yet", version=last.version)
    reason = _one_line(reason)
    earlier = newest(ctx.session, exam.id, chain, stage=stage)
    if earlier is not None and not reason:
        raise Invalid(
            "Version %(version)s is published: a correction needs a reason", version=earlier.version
        ).about("reason")
    if earlier is None and reason:
        raise Invalid("Only a correction of a published version has a reason").about("reason")
    version = next_version(ctx.session, exam.id, chain)
    previous = None if last is None else release_digest(ctx.session, last)
    return _Draft(exam, chain, stage, version, previous, reason)


def _one_line(text: str) -> str:
    line = " ".join(unicodedata.normalize("NFC", text).split())
    try:
        return clean_label(line) if line else ""
    except TrustError as error:
        raise Invalid("The reason cannot be printed: %(why)s", why=error).about("reason") from None


def _salted(
    ctx: Context, draft: _Draft, records: Sequence[tuple[int, Mapping[str, JSON]]]
) -> list[tuple[int, bytes]]:
    """Application id and record line, in the order of the lines' digests: it tells nothing."""
    common: dict[str, JSON] = {
        "v": 1,
        "exam": draft.exam.code,
        "stage": draft.stage,
        "version": draft.version,
    }
    lines = [
        (application_id, jcs({**row, **common, "salt": ctx.chance.take(SALT).hex()}))
        for application_id, row in records
    ]
    return sorted(lines, key=lambda pair: sha256(pair[1]))


def _tree(lines: Sequence[bytes]) -> Levels:
    return Levels(leaf_hash(line) for line in lines)


def _root(lines: Sequence[bytes]) -> Root:
    tree = _tree(lines)
    return Root(tree.size, tree.root())


def _paper(
    draft: _Draft,
    title: str,
    table: Table,
    body: Sequence[str],
    root: checkpoint.Checkpoint | None,
) -> ReleaseNotice:
    return ReleaseNotice(
        draft.exam,
        draft.chain,
        draft.stage,
        draft.version,
        draft.reason,
        title,
        tuple(body),
        table,
        root,
    )


def _checkpoint(ctx: Context, draft: _Draft, root: Root | None) -> checkpoint.Checkpoint | None:
    if root is None:
        return None
    origin = f"{ctx.config.origin}/results/{draft.exam.code}/v{draft.version}"
    return checkpoint.Checkpoint(origin, root.size, root.root)


def _publication(
    ctx: Context, draft: _Draft, made: Mapping[str, bytes], root: Root | None
) -> Publication:
    return Publication(
        origin=ctx.config.origin,
        exam=draft.exam.code,
        stage=draft.stage,
        chain=draft.chain,
        version=draft.version,
        rules=sha256_hex(made["rules.json"]),
        files=tuple(digest_file(name, made[name]) for name in sorted(made)),
        root=root,
        previous=draft.previous,
        reason=draft.reason or None,
    )


def _store(ctx: Context, draft: _Draft, publication: Publication) -> Release:
    head = publication.checkpoint
    title = f"{draft.chain} {draft.exam.code} v{draft.version} {draft.stage}"
    note = _put(ctx, "publication", title, publication.text, draft.exam.code)
    root = _put(ctx, "root", f"{title} root", head.text, draft.exam.code) if head else None
    release = Release(
        exam_id=draft.exam.id,
        chain=draft.chain,
        version=draft.version,
        stage=draft.stage,
        state="draft",
        rules_digest=publication.rules,
        reason=draft.reason,
        note_id=note.id,
        root_note_id=root.id if root else None,
        prepared_at=ctx.clock.now(),
    )
    ctx.session.add(release)
    ctx.session.flush()
    return release


def _put(ctx: Context, purpose: str, title: str, text: str, exam: str) -> Note:
    return put_note(
        ctx.session,
        purpose=purpose,
        title=title,
        exam=exam,
        text=text,
        signers=[ctx.keys.publisher],
        at=ctx.clock.now(),
    )


def _store_files(session: Session, release: Release, made: Mapping[str, bytes]) -> None:
    rows = [{"release_id": release.id, "name": name, "data": made[name]} for name in sorted(made)]
    session.execute(insert(ReleaseFile), rows)


def _store_records(session: Session, release: Release, lines: Sequence[tuple[int, bytes]]) -> None:
    rows = [
        {"release_id": release.id, "position": place, "application_id": who, "line": line}
        for place, (who, line) in enumerate(lines)
    ]
    if rows:
        session.execute(insert(ReleaseRecord), rows)


def _note_ids(release: Release) -> list[int]:
    return [note_id for note_id in (release.note_id, release.root_note_id) if note_id is not None]
