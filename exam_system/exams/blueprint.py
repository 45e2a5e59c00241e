"""The blueprint of exams and what its pages share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint
from sqlalchemy import select

from exam_system.clock import parse_rfc3339
from exam_system.exams.models import Exam, ExamSession, FeeItem
from exam_system.exams.rules_form import OPTION_NAMES
from exam_system.exams.states import STATE_NAMES
from exam_system.language import when
from exam_system.web import looking, office

bp = Blueprint("exams", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.app_context_processor
def words() -> dict[str, Any]:
    """What every template may call an exam's state and a rule's value."""
    return {"exam_states": STATE_NAMES, "option_names": OPTION_NAMES}


@bp.app_template_filter("moment")
def moment(text: str) -> str:
    """A time of a document (RFC 3339) as pages show times."""
    return when(parse_rfc3339(text))


def now() -> datetime:
    """The office's time."""
    return office().clock.now()


def sessions_of(exam: Exam) -> list[ExamSession]:
    """The sessions in their order."""
    query = select(ExamSession).where(ExamSession.exam_id == exam.id)
    return list(looking().session.scalars(query.order_by(ExamSession.starts_at)))


def fees_of(exam: Exam) -> list[FeeItem]:
    """The fee items in the order they were added."""
    query = select(FeeItem).where(FeeItem.exam_id == exam.id).order_by(FeeItem.id)
    return list(looking().session.scalars(query))
