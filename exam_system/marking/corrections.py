"""Verbs of corrections that two people make: a wrong mark, a wrong key. After closing everybody's
written marks are computed anew, and the act says how many became others."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import Wanted, use
from exam_system.context import Context, verb
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.lookup import open_exam
from exam_system.exams.marking_rules import PaperQuestion
from exam_system.exams.models import Exam
from exam_system.marking.answer_keys import (
    Keyed,
    items_of,
    key_subject,
    keyed_as,
    newest_keys,
    store,
)
from exam_system.marking.blind import question_of, require_questions, seal_of
from exam_system.marking.blind_models import AnswerKey, Script, ScriptMark
from exam_system.marking.closing import rescore
from exam_system.marking.marks import digest_of, read_mark, standing
from exam_system.marking.paper_forms import letter
from exam_system.marking.service import require_time
from exam_system.people import reason_line
from exam_system.trust.canonical import JSON, jcs, sha256_hex

STATES = ("seated", "written", "shortlisted", "interviewing", "final")
_LONGEST_REASON = 200


def _rescored(ctx: Context, exam: Exam) -> int:
    """How many candidates' written marks a correction changed; 0 while marking is open."""
    seal = seal_of(ctx.session, exam, lock=True)
    return rescore(ctx, exam, seal.secret) if seal and seal.secret else 0


@verb
def correct_mark(
    ctx: Context, *, code: str, number: str, question: str, turn: int, mark: str, reason: str
) -> None:
    """Put a mark in the place of a wrong one, as an inspector approved; before or after closing.

    Raises Conflict when the two marks would then lie too far apart without an arbiter's.
    """
    wanted = wanted_mark(
        ctx, code=code, number=number, question=question, turn=turn, mark=mark, reason=reason
    )
    exam = open_exam(ctx.session, code, *STATES)
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    row, asked = _wrong_mark(ctx, exam, number, question, turn)
    before, row.mark = row.mark, read_mark(asked, number, mark)
    ctx.session.flush()
    _require_settled_still(ctx.session, exam, asked, row)
    changed = [[number, question, str(turn), row.mark]]
    candidates = _rescored(ctx, exam)
    ctx.record(
        exam=code,
        subject=f"exam:{code}",
        before=before,
        digest=digest_of(changed),
        marks=changed,
        candidates=candidates,
        correction=reason_line(reason, _LONGEST_REASON),
    )


def wanted_mark(
    ctx: Context, *, code: str, number: str, question: str, turn: int, mark: str, reason: str
) -> Wanted:
    """What an inspector approves of the correction of one mark."""
    exam = open_exam(ctx.session, code, *STATES)
    row, asked = _wrong_mark(ctx, exam, number, question, turn)
    after, why = read_mark(asked, number, mark), reason_line(reason, _LONGEST_REASON)
    if after == row.mark:
        raise Conflict("This is the mark that stands: there is nothing to correct")
    require_time(ctx.session, exam)
    said: dict[str, JSON] = {"number": number, "question": question, "turn": turn}
    said["before"] = row.mark
    return Wanted(
        "marking.correct_mark",
        code,
        f"script:{code}:{number}:{question}:{turn}",
        sha256_hex(jcs({**said, "after": after, "reason": why})),
        (
            Sentence(
                "Script %(number)s, %(question)s: %(before)s becomes %(after)s",
                number=number,
                question=asked.name,
                before=row.mark or "",
                after=after,
            ),
            Sentence("Reason: %(reason)s", reason=why),
        ),
    )


def _wrong_mark(
    ctx: Context, exam: Exam, number: str, question: str, turn: int
) -> tuple[ScriptMark, PaperQuestion]:
    asked = question_of(require_questions(exam), question, "subjective")
    if seal_of(ctx.session, exam, lock=True) is None:
        raise Conflict("Marking has not begun: the numbers of the scripts are not sealed yet")
    row = ctx.session.scalar(
        select(ScriptMark)
        .join(Script, Script.id == ScriptMark.script_id)
        .where(Script.exam_id == exam.id, Script.number == number)
        .where(ScriptMark.question == question, ScriptMark.turn == turn)
        .where(ScriptMark.mark.is_not(None))
        .with_for_update(of=ScriptMark)
    )
    if row is None:
        raise NotFound("Script %(number)s has no such mark", number=number)
    return row, asked


def _require_settled_still(
    session: Session, exam: Exam, question: PaperQuestion, row: ScriptMark
) -> None:
    query = select(ScriptMark).where(
        ScriptMark.script_id == row.script_id, ScriptMark.question == question.code
    )
    turns = {one.turn: Decimal(one.mark) for one in session.scalars(query) if one.mark is not None}
    if standing(require_questions(exam), question, turns) != "settled":
        raise Conflict(
            "With this mark the question would not be settled: the two first marks would lie too "
            "far apart, and there is no arbiter's"
        )


@verb
def correct_key(
    ctx: Context, *, code: str, question: str, text: str, reason: str, form: int | None = None
) -> AnswerKey:
    """Put a corrected key in force, as an inspector approved; everybody is scored anew by it.

    Raises Conflict while a release of results waits to be published.
    """
    exam, keyed = keyed_as(ctx, code, question, text, form)
    why = reason_line(reason, _LONGEST_REASON)
    _require_correction(ctx, exam, keyed)
    use(ctx, subject=key_subject(code, question, form), digest=_digest(keyed, why))
    return store(ctx, exam, keyed, why, rescored=_rescored)


def wanted_key(
    ctx: Context, *, code: str, question: str, text: str, reason: str, form: int | None = None
) -> Wanted:
    """What an inspector approves of a corrected key: its items and how many marks change."""
    exam, keyed = keyed_as(ctx, code, question, text, form)
    why = reason_line(reason, _LONGEST_REASON)
    _require_correction(ctx, exam, keyed)
    return Wanted(
        "marking.correct_key",
        code,
        key_subject(code, question, form),
        _digest(keyed, why),
        (
            Sentence(
                "%(question)s, version %(version)s of the key: %(changed)s of %(sheets)s sheets "
                "earn another mark",
                question=f"{keyed.question.name} {letter(keyed.form)}".strip(),
                version=keyed.version,
                changed=keyed.changed,
                sheets=keyed.sheets,
            ),
            *_differences(ctx.session, exam, keyed),
            Sentence("Reason: %(reason)s", reason=why),
        ),
    )


def _digest(keyed: Keyed, reason: str) -> str:
    return sha256_hex(
        jcs(
            {
                "question": keyed.question.code,
                "form": letter(keyed.form),
                "version": keyed.version,
                "items": keyed.items,
                "changed": keyed.changed,
                "reason": reason,
            }
        )
    )


def _differences(session: Session, exam: Exam, keyed: Keyed) -> list[Sentence]:
    before = items_of(newest_keys(session, exam)[keyed.question.code, keyed.form].items)
    return [
        Sentence(
            "Item %(item)s: %(before)s becomes %(after)s",
            item=new[0],
            before=" ".join(old[1:]),
            after=" ".join(new[1:]),
        )
        for old, new in zip(before, items_of(keyed.items), strict=False)
        if old != new
    ]


def _require_correction(ctx: Context, exam: Exam, keyed: Keyed) -> None:
    if keyed.version == 1:
        raise Conflict("This question has no key yet: there is nothing to correct")
    require_time(ctx.session, exam)
