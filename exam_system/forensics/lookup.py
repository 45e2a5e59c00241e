"""Finding papers, screenings, case files and experts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.errors import Conflict, NotFound
from exam_system.exams.models import Exam
from exam_system.forensics.models import AnswerPaper, CaseFile, Expert, FlaggedPair, Screening


def paper_of(session: Session, exam: Exam, subject: str) -> AnswerPaper | None:
    """The paper of a subject, locked by whoever writes."""
    query = select(AnswerPaper).where(
        AnswerPaper.exam_id == exam.id, AnswerPaper.subject == subject
    )
    return session.scalar(query.with_for_update())


def screenings_of(session: Session, exam: Exam) -> Sequence[tuple[Screening, AnswerPaper]]:
    """The screenings of an exam, newest first, each with its paper."""
    query = (
        select(Screening, AnswerPaper)
        .join(AnswerPaper, AnswerPaper.id == Screening.paper_id)
        .where(AnswerPaper.exam_id == exam.id)
        .order_by(Screening.id.desc())
    )
    return [(screening, paper) for screening, paper in session.execute(query)]


def require_idle(session: Session, paper: AnswerPaper) -> None:
    """Raise Conflict while a screening of this paper is frozen and not done."""
    query = select(Screening).where(Screening.paper_id == paper.id, Screening.state == "frozen")
    if session.scalar(query) is not None:
        raise Conflict(
            "A screening of these answers is frozen and not done yet: nothing changes before"
        )


def screening_by(session: Session, ref: str) -> tuple[Screening, AnswerPaper, Exam]:
    """A screening by its reference, locked, with paper and exam; raises NotFound."""
    query = (
        select(Screening, AnswerPaper, Exam)
        .join(AnswerPaper, AnswerPaper.id == Screening.paper_id)
        .join(Exam, Exam.id == AnswerPaper.exam_id)
        .where(Screening.ref == ref)
        .with_for_update(of=Screening)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such screening")
    screening, paper, exam = row
    return screening, paper, exam


def case_by(session: Session, ref: str) -> tuple[CaseFile, Screening, AnswerPaper, Exam]:
    """A case file by its reference, locked, with all that it belongs to; raises NotFound."""
    query = (
        select(CaseFile, Screening, AnswerPaper, Exam)
        .join(Screening, Screening.id == CaseFile.screening_id)
        .join(AnswerPaper, AnswerPaper.id == Screening.paper_id)
        .join(Exam, Exam.id == AnswerPaper.exam_id)
        .where(CaseFile.ref == ref)
        .with_for_update(of=CaseFile)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such case file")
    case, screening, paper, exam = row
    return case, screening, paper, exam


def cases_of(session: Session, screening: Screening) -> Sequence[CaseFile]:
    """The case files of a screening, by number."""
    query = select(CaseFile).where(CaseFile.screening_id == screening.id)
    return session.scalars(query.order_by(CaseFile.number)).all()


def pairs_of(session: Session, case: CaseFile) -> Sequence[FlaggedPair]:
    """The flagged pairs of a case file, most surprising first."""
    query = select(FlaggedPair).where(FlaggedPair.case_id == case.id)
    return session.scalars(query.order_by(FlaggedPair.id)).all()


def experts_of(session: Session, exam: Exam) -> Sequence[Expert]:
    """The exam's group of experts, in the order of their appointment."""
    query = select(Expert).where(Expert.exam_id == exam.id)
    return session.scalars(query.order_by(Expert.id)).all()
