"""Rows of letters: one with an answer, a document, a part and its public page; an intake."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.cases.models import Letter, LetterAnswer, LetterDocument, LetterTask, Question
from exam_system.indicators.models import Intake


def add_letters(db: Session, exam: int, now: datetime) -> None:
    """One row in each table of cases, in the running transaction."""
    one, two = db.scalars(select(Account.id).order_by(Account.id).limit(2)).all()
    letter = Letter(ref="letter1", number="FW2008900001", kind="petition", topic="fees")
    letter.channel, letter.exam_id, letter.account_id = "web", exam, one
    letter.sealed, letter.code_blind, letter.state = b"sealed", "0" * 64, "closed"
    letter.owner_id, letter.deputy_id, letter.marks, letter.extended = one, two, 1, True
    letter.day = letter.due = now.date()
    letter.extension_why, letter.finding, letter.remark = "核实", b"finding", b"remark"
    letter.registered_at = letter.assigned_at = letter.handled_at = now
    letter.replied_at = letter.closed_at = now
    letter.satisfaction = 4
    db.add(letter)
    db.flush()
    own = {"letter_id": letter.id}
    answer = LetterAnswer(**own, version=1, sealed=b"answer", by=one, at=now)
    document = LetterDocument(**own, ref="document1", kind="pdf", sha256="0" * 64)
    public = Question(**own, ref="question1", topic="fees", asked="问", answer="答", grams="问 答")
    public.by, public.published_at, public.withdrawn_at, public.why = one, now, now, "过时"
    task = LetterTask(**own, ref="task1", account_id=two, asked=b"asked", asked_by=one)
    task.asked_at, task.due, task.dropped_why = now, now.date(), "重复"
    intake = Intake(year=2008, people=208, basis="年报", entered_by=one, entered_at=now)
    db.add_all((answer, document, public, task, intake))
