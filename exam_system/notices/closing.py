"""Closing an exam: not before each of its numbered public lists is posted."""

from __future__ import annotations

from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.notices.disclosures import closing_of, everything, public_lists
from exam_system.notices.models import ExamClosing
from exam_system.trust.canonical import JSON, jcs, sha256_hex


@verb
def close_exam(ctx: Context, *, code: str) -> ExamClosing:
    """Close an exam whose final results stand; raises Conflict naming the lists not posted yet."""
    exam = open_exam(ctx.session, code, "final")
    if ctx.actor.account_id is None:
        raise Forbidden("Only people close an exam")
    if closing_of(ctx.session, exam) is not None:
        raise Conflict("The exam %(code)s is closed already", code=code)
    lists = public_lists(rules_of(exam), everything(ctx.session, exam), ctx.clock.now())
    missing = [f"{one.key}. {one.name}" for one in lists if not one.postings]
    if missing:
        raise Conflict(
            "The exam %(code)s cannot be closed: these public lists are not posted: %(lists)s",
            code=code,
            lists=", ".join(missing),
        )
    told: list[JSON] = [
        {"number": one.key, "name": one.name, "posted": rfc3339(one.postings[0].at)}
        for one in lists
    ]
    text = jcs(told)
    row = ExamClosing(
        exam_id=exam.id,
        lists=text.decode(),
        closed_by=ctx.actor.account_id,
        closed_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", digest=sha256_hex(text), lists=len(lists))
    return row
