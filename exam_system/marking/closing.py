"""Verbs that end marking: an inspector opens the numbers; the written marks follow from it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, func, insert, select

from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.marking.blind import require_marking
from exam_system.marking.blind_models import Script, ScriptMark
from exam_system.marking.models import WrittenMark
from exam_system.marking.sealing import require_secret
from exam_system.marking.service import marks_of
from exam_system.marking.written import (
    Row,
    differing,
    open_sheets,
    require_explained,
    stored,
    written_marks,
)
from exam_system.registration.models import Application
from exam_system.trust.canonical import jcs, sha256_hex


@verb
def close_marking(ctx: Context, *, code: str, secret: str) -> int:
    """Open the numbers with the key that only inspectors had; the written marks come about.

    Raises Conflict before the hour of the rules, while a mark is missing, while a sheet does not
    fit the sign-in and is not explained, and for another key. Returns how many have marks.
    """
    exam = open_exam(ctx.session, code, "seated")
    seal = require_marking(ctx.session, exam, lock=True)
    found = require_secret(seal, code, secret)
    _require_hour(ctx, exam)
    _require_all(ctx, exam)
    sheets = open_sheets(ctx.session, exam, found)
    require_explained([*differing(ctx.session, exam, sheets)])
    seal.secret, seal.closed_at = found, ctx.clock.now()
    rows = _rewrite(ctx, exam, found)
    ctx.record(exam=code, subject=f"exam:{code}", candidates=len(rows), digest=marks_digest(rows))
    return len(rows)


def _require_hour(ctx: Context, exam: Exam) -> None:
    closes = rules_of(exam).marking_closes
    if closes is not None and ctx.due() < closes:
        at = closes.astimezone(ctx.config.zone)
        raise Conflict("Marking closes at %(at)s by the rules", at=f"{at:%Y-%m-%d %H:%M}")


def _require_all(ctx: Context, exam: Exam) -> None:
    """Every open turn of a script that came has its mark; somebody opened none are left."""
    query = (
        select(func.count(), func.min(Script.number))
        .select_from(ScriptMark)
        .join(Script, Script.id == ScriptMark.script_id)
        .where(Script.exam_id == exam.id, Script.arrived_at.is_not(None))
        .where(ScriptMark.mark.is_(None), ScriptMark.opened_at.is_not(None))
    )
    missing, first = ctx.session.execute(query).one()
    if missing:
        raise Conflict(
            "%(count)s marks are missing, first of all of script %(number)s",
            count=missing,
            number=first,
        )


def rescore(ctx: Context, exam: Exam, secret: str) -> int:
    """Write the marks anew after a correction; how many candidates have other ones."""
    before = marks_of(ctx.session, exam.id)
    after = _rewrite(ctx, exam, secret)
    return sum(before.get(who) != row for who, row in after.items())


def _rewrite(ctx: Context, exam: Exam, secret: str) -> dict[int, Row]:
    rows = written_marks(ctx.session, exam, secret, stored(ctx.session, exam))
    ours = select(Application.id).where(Application.exam_id == exam.id)
    ctx.session.execute(delete(WrittenMark).where(WrittenMark.application_id.in_(ours)))
    ctx.session.execute(
        insert(WrittenMark),
        [
            {"application_id": who, "subject": subject, "mark": mark}
            for who, row in sorted(rows.items())
            for subject, mark in sorted(row.items())
        ],
    )
    return rows


def marks_digest(rows: Mapping[int, Row]) -> str:
    """SHA-256 (hex) of all written marks, by application."""
    return sha256_hex(jcs([[str(who), dict(row)] for who, row in sorted(rows.items())]))
