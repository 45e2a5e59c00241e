"""Verbs of likeness: find photos of different people that look alike, say what one saw.

A likeness never refuses anybody: it waits for a person, who may then refuse the application or
report it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, insert, or_, select
from sqlalchemy.orm import Session

from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.people import reason_line
from exam_system.photos.models import PhotoPair, PhotoPrint
from exam_system.photos.prints import alike, print_of
from exam_system.registration.models import Application
from exam_system.registration.photos import photo_path

FINDINGS = {"same": "One person in both photos", "different": "Two different people"}
LONGEST_REASON = 200
OUT = ("draft", "withdrawn")


_KNOWN = select(
    PhotoPair.application_id, PhotoPair.other_id, PhotoPair.photo, PhotoPair.other_photo
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An application that stands, whose it is, and the print of its photo."""

    application: int
    person: int
    exam: int
    print: PhotoPrint


@verb
def compare_photos(ctx: Context, *, code: str) -> int:
    """Compare the photos of an exam with one another and with those of all other exams.

    Pairs of one person's own applications do not count. Returns how many pairs are new.
    """
    exam = exam_by_code(ctx.session, code)
    made = _print_missing(ctx)
    query = (
        select(Application.id, Application.person_id, Application.exam_id, PhotoPrint)
        .join(PhotoPrint, PhotoPrint.photo == Application.photo)
        .where(Application.state.not_in(OUT))
        .order_by(Application.id)
    )
    rows = [Shown(*row) for row in ctx.session.execute(query)]
    pairs = _new_pairs(ctx, exam, rows)
    if pairs:
        ctx.session.execute(insert(PhotoPair), pairs)
    ctx.record(exam=code, subject=f"exam:{code}", prints=made, photos=len(rows), pairs=len(pairs))
    return len(pairs)


def _print_missing(ctx: Context) -> int:
    known = select(PhotoPrint.photo)
    query = select(Application.photo).where(
        Application.photo.is_not(None), Application.photo.not_in(known)
    )
    rows = []
    for photo in sorted({str(photo) for photo in ctx.session.scalars(query)}):
        path = photo_path(ctx.config, photo)
        if path.exists():
            rows.append({"photo": photo, "bits": print_of(path.read_bytes())})
    if rows:
        ctx.session.execute(insert(PhotoPrint), rows)
    return len(rows)


def _new_pairs(ctx: Context, exam: Exam, rows: Sequence[Shown]) -> list[dict[str, object]]:
    if not rows:
        return []
    bits = np.frombuffer(b"".join(row.print.bits for row in rows), dtype=np.uint8)
    fresh = np.array([row.exam == exam.id for row in rows])
    known = set(map(tuple, ctx.session.execute(_KNOWN)))
    found = []
    for i, j, differ in alike(bits.reshape(len(rows), -1), fresh):
        # The newer one of the two that stands in this exam.
        newer, older = (rows[j], rows[i]) if fresh[j] else (rows[i], rows[j])
        key = (newer.application, older.application, newer.print.photo, older.print.photo)
        if older.person != newer.person and key not in known:
            found.append(_pair(ctx, exam, key, differ))
    return found


def _pair(ctx: Context, exam: Exam, key: tuple[int, int, str, str], bits: int) -> dict[str, object]:
    names = ("application_id", "other_id", "photo", "other_photo")
    rest = {"ref": reference(ctx.chance), "exam_id": exam.id, "bits": bits}
    return {**dict(zip(names, key, strict=True)), **rest}


def unjudged(session: Session, application: Application) -> int:
    """How many pairs with this application's photo nobody has looked at yet."""
    either = or_(PhotoPair.application_id == application.id, PhotoPair.other_id == application.id)
    query = select(func.count()).where(either, PhotoPair.finding.is_(None))
    return session.scalars(query).one()


@verb
def judge_likeness(ctx: Context, *, ref: str, finding: str, reason: str) -> PhotoPair:
    """Say, having looked at both photos, whether they show one person; once for each pair."""
    if finding not in FINDINGS:
        raise Invalid("Say whether the two photos show one person")
    query = select(PhotoPair, Exam).join(Exam, Exam.id == PhotoPair.exam_id)
    row = ctx.session.execute(
        query.where(PhotoPair.ref == ref).with_for_update(of=PhotoPair)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such pair of photos")
    pair: PhotoPair = row.PhotoPair
    if pair.finding is not None:
        raise Conflict("Somebody has looked at these two photos already")
    pair.finding, pair.reason = finding, reason_line(reason, LONGEST_REASON)
    pair.found_by, pair.found_at = ctx.actor.account_id, ctx.clock.now()
    ctx.record(
        exam=row.Exam.code,
        subject=f"photos:{ref}",
        photos=[pair.photo, pair.other_photo],
        finding=finding,
        why=pair.reason,
    )
    return pair
