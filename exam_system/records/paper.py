"""What releases look like on paper: the notice, and what ties a page to a signed tree."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.exams.models import Exam
from exam_system.printing import texts
from exam_system.printing.fonts import register
from exam_system.printing.layout import Anchor
from exam_system.printing.notice import Heading, Notice, notice_pdf
from exam_system.printing.signing import sign_pdf
from exam_system.records import words
from exam_system.records.heads import newest_head
from exam_system.records.keys import rows_of
from exam_system.records.models import Note
from exam_system.trust import checkpoint
from exam_system.trust.canonical import b64
from exam_system.trust.keys import Verifier
from exam_system.trust.merkle import EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a release's notice."""

    columns: tuple[Heading, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ReleaseNotice:
    """The notice of one version; `root` is its tree of records, where it has one."""

    exam: Exam
    chain: str
    stage: str
    version: int
    reason: str
    title: str
    body: tuple[str, ...]
    table: Table
    root: checkpoint.Checkpoint | None


def signed_notice(ctx: Context, data: ReleaseNotice) -> bytes:
    """notice.pdf of a release: set, anchored to its tree and sealed (PAdES)."""
    now = ctx.clock.now().astimezone(ctx.config.zone)
    notice = Notice(
        bureau=ctx.config.bureau,
        exam=f"{data.exam.name}（{data.exam.code}）",
        title=data.title,
        stage=data.stage,
        version=data.version,
        reason=data.reason or None,
        body=(*data.body, *key_lines(ctx.session, data.chain)),
        columns=data.table.columns,
        rows=data.table.rows,
        anchor=anchor(ctx.session, ctx.config.origin, data.root),
        at=now,
    )
    return sign_pdf(
        notice_pdf(notice, register(ctx.config.fonts_folder)),
        key=ctx.keys.pdf_key,
        passphrase=ctx.keys.passphrase,
        certificate=ctx.keys.pdf_certificate,
        reason=data.title,
        at=now,
    )


def key_lines(session: Session, chain: str) -> list[str]:
    """The announcement prints the public keys, so that slips can be verified offline against it."""
    if chain != "announcement":
        return []
    rows = _serving(session)
    return [words.KEYS] + [
        words.KEY.format(role=texts.ROLES[role], vkey=vkey) for role, vkey in rows
    ]


def anchor_keys(session: Session) -> tuple[tuple[str, str], ...]:
    """Role and fingerprint of every public key that serves, as documents on paper show them.

    A fingerprint is the SHA-256 of the vkey's text: `printf '%s' "$vkey" | sha256sum`.
    """
    rows = _serving(session)
    return tuple((role, Verifier.parse(vkey).fingerprint) for role, vkey in rows)


def _serving(session: Session) -> list[tuple[str, str]]:
    """Role and vkey of the keys that have not been retired."""
    return [(row.role, row.vkey) for row in rows_of(session) if row.retired_at is None]


def anchor(session: Session, origin: str, root: checkpoint.Checkpoint | None) -> Anchor:
    """What a document is tied to: a tree of records, or else the newest head of the log."""
    if root is None:
        head = newest_head(session)
        empty = checkpoint.Checkpoint(origin, 0, EMPTY_ROOT)
        root = empty if head is None else _head_of(session, head.note_id)
    return Anchor(root.origin, root.size, b64(root.root), anchor_keys(session))


def _head_of(session: Session, note_id: int) -> checkpoint.Checkpoint:
    return checkpoint.parse(session.scalars(select(Note.text).where(Note.id == note_id)).one())
