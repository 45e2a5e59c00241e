"""Rows of a screening of answers, which only the demonstration's exams in their stages have."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.forensics.models import (
    AnswerBlock,
    AnswerPaper,
    CaseFile,
    Expert,
    ExpertOpinion,
    FlaggedPair,
    Screening,
    ScreeningPart,
)
from exam_system.registration.models import Application


def add_screening(db: Session, exam: int, now: datetime) -> None:
    """One row in each table of forensics."""
    two = (
        select(Application.id).where(Application.exam_id == exam).order_by(Application.id).limit(2)
    )
    first, second = db.scalars(two).all()
    paper = AnswerPaper(exam_id=exam, subject="xc", document="{}", taken_at=now)
    account = db.scalars(select(Account.id)).first()
    expert = Expert(
        exam_id=exam, account_id=account, unit="外地", area_code="530100", appointed_at=now
    )
    db.add_all((paper, expert))
    db.flush()
    screening = Screening(
        ref="s" * 26,
        paper_id=paper.id,
        number=1,
        state="frozen",
        parameters="{}",
        salt=b"sealed",
        frozen=b"note",
        frozen_at=now,
    )
    db.add_all(
        (screening, AnswerBlock(paper_id=paper.id, form=1, people=1, sealed=b"s", taken_at=now))
    )
    db.flush()
    case = CaseFile(ref="q" * 26, screening_id=screening.id, number=1, state="open")
    part = {"name": "first", "data": b"\x93NUMPY", "step": "first", "done": 1, "steps": 2}
    db.add_all((case, ScreeningPart(screening_id=screening.id, **part, done_at=now)))
    db.flush()
    pair = FlaggedPair(
        case_id=case.id, first_id=first, second_id=second, tier="room", statistics="{}"
    )
    opinion = ExpertOpinion(
        case_id=case.id, expert_id=expert.id, finding="confirm", reason="雷同", given_at=now
    )
    db.add_all((pair, opinion))
