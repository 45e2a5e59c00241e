"""Verbs of public questions and answers, made from letters that were answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.cases.kinds import kind_of
from exam_system.cases.lookup import exam_code, find_letter, require_desk, written
from exam_system.cases.models import Letter, Question
from exam_system.cases.personal import require_impersonal
from exam_system.cases.search import grams
from exam_system.cases.words import body
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, NotFound
from exam_system.people import reason_line
from exam_system.trust.canonical import sha256_hex


@verb
def publish_question(ctx: Context, *, ref: str, asked: str, answer: str) -> Question:
    """Put a question and its answer on the public pages, as retyped without anything personal.

    A program looks for what was overlooked: Invalid names it. One public page for each letter.
    """
    letter = find_letter(ctx.session, ref, lock=True)
    require_desk(ctx, letter)
    if letter.state not in ("replied", "closed") or not kind_of(letter.kind).open:
        raise Conflict("Only letters that were answered become public questions")
    if question_of(ctx.session, letter) is not None:
        raise Conflict("This letter has its public page already")
    if ctx.actor.account_id is None:
        raise Forbidden("Only people publish questions")
    who = written(ctx, letter)
    question, told = body(asked, 1000), body(answer)
    require_impersonal(f"{question}\n{told}", [who.name], [who.phone, letter.number])
    row = Question(
        ref=reference(ctx.chance),
        letter_id=letter.id,
        topic=letter.topic,
        asked=question,
        answer=told,
        grams=grams(f"{question}\n{told}"),
        by=ctx.actor.account_id,
        published_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    digest = sha256_hex(f"{question}\n{told}".encode())
    about = {"question": row.ref, "digest": digest}
    ctx.record(exam=exam_code(ctx.session, letter), subject=f"letter:{ref}", **about)
    return row


@verb
def withdraw_question(ctx: Context, *, ref: str, reason: str) -> Question:
    """Take a question off the public pages; the reason stays in the log."""
    row = find_question(ctx.session, ref)
    letter = ctx.session.get_one(Letter, row.letter_id)
    require_desk(ctx, letter)
    row.why, row.withdrawn_at = reason_line(reason, 200), ctx.clock.now()
    ctx.session.flush()
    ctx.record(exam=exam_code(ctx.session, letter), subject=f"letter:{letter.ref}", why=row.why)
    return row


def question_of(session: Session, letter: Letter) -> Question | None:
    """The public page of a letter, withdrawn or not."""
    return session.scalar(select(Question).where(Question.letter_id == letter.id))


def find_question(session: Session, ref: str) -> Question:
    """A question that is public now; raises NotFound."""
    query = select(Question).where(Question.ref == ref, Question.withdrawn_at.is_(None))
    found = session.scalar(query)
    if found is None:
        raise NotFound("There is no such question")
    return found


def questions_stamp(session: Session) -> tuple[int | None, datetime | None]:
    """What changes whenever a public question comes or goes: what the pages are kept under."""
    query = select(func.max(Question.id), func.max(Question.withdrawn_at))
    last, withdrawn = session.execute(query).one()
    return last, withdrawn
