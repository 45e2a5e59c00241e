"""Freezing: what a list is computed from stands still until it is published, or is named."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.errors import Conflict
from exam_system.exams.models import Exam
from exam_system.results.models import ResultFreeze
from exam_system.results.rows import Entry, Row
from exam_system.trust.canonical import jcs, sha256_hex


def digest_of(entries: Sequence[Entry]) -> str:
    """SHA-256 (hex) of everybody's post, marks and scores, in the order of admission numbers."""
    lines = [
        jcs([one.admission, one.post, dict(one.marks), list(one.scores), one.interview])
        for one in sorted(entries, key=lambda entry: entry.admission)
    ]
    return sha256_hex(b"\n".join(lines))


def frozen(session: Session, exam: Exam, stage: str) -> ResultFreeze | None:
    """What was frozen for the next list of a stage."""
    query = select(ResultFreeze).where(ResultFreeze.exam_id == exam.id, ResultFreeze.stage == stage)
    return session.scalar(query)


def freeze(ctx: Context, exam: Exam, stage: str, entries: Sequence[Entry]) -> ResultFreeze:
    """Fix what the list is computed from, in place of what was fixed before."""
    row = frozen(ctx.session, exam, stage)
    if row is None:
        row = ResultFreeze(exam_id=exam.id, stage=stage)
        ctx.session.add(row)
    row.digest, row.people = digest_of(entries), len(entries)
    row.frozen_at = ctx.clock.now()
    ctx.session.flush()
    return row


def require_frozen(ctx: Context, exam: Exam, stage: str, entries: Sequence[Entry]) -> str:
    """The digest the list is signed over; what was not frozen before is frozen now.

    Raises Conflict when a mark or score is another one since it was frozen.
    """
    row = frozen(ctx.session, exam, stage) or freeze(ctx, exam, stage, entries)
    if row.digest != digest_of(entries):
        raise Conflict(
            "Marks or scores were changed since they were frozen at %(at)s: look at the acts of "
            "these days, then freeze again",
            at=row.frozen_at,
        )
    return row.digest


def thaw(session: Session, exam: Exam, stage: str) -> None:
    """Nothing is frozen any more: the list is published or was thrown away."""
    session.execute(
        delete(ResultFreeze).where(ResultFreeze.exam_id == exam.id, ResultFreeze.stage == stage)
    )


def require_same(digest: str | None, rows: Sequence[Row], entries: Sequence[Entry]) -> None:
    """Raise Conflict, naming the first candidate, when the marks are not those that were signed."""
    if digest is None or digest_of(entries) == digest:
        return
    signed = {row["admission"]: row for row in rows}
    differing = [one.admission for one in entries if not _same(signed.get(one.admission), one)]
    raise Conflict(
        "The marks or scores of %(number)s are not those this list was signed over: discard the "
        "draft and prepare it again",
        number=min(differing, default="?"),
    )


def _same(row: Row | None, entry: Entry) -> bool:
    if row is None:
        return False
    return (row["post"], row["subjects"], tuple(row["interview_scores"])) == (
        entry.post,
        entry.marks,
        entry.scores,
    )
