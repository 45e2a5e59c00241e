"""The forms of a test paper (A, B, …) where marking meets them: keys and sheets have one."""

from __future__ import annotations

import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.errors import Invalid, Sentence
from exam_system.examday.models import Seat
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.registration.models import Application

LETTERS = "ABCDEFGHI"


def letter(form: int | None) -> str:
    """A for 1; "" for all forms."""
    return LETTERS[form - 1] if form else ""


def read_form(text: str) -> int | None:
    """A form as a machine or a person writes it (A, Ａ, 1); None for nothing. Raises Sentence."""
    plain = unicodedata.normalize("NFKC", text).strip().upper().removesuffix("卷")
    if not plain:
        return None
    if len(plain) == 1 and plain in LETTERS:
        return LETTERS.index(plain) + 1
    if len(plain) == 1 and plain in "123456789":
        return int(plain)
    raise Sentence("A paper form is a letter from A to I")


def require_form(rules: RuleSet, form: int | None) -> None:
    """Raise Invalid for a form that the papers of this exam do not have."""
    if form is not None and (rules.paper_forms == 1 or not 1 <= form <= rules.paper_forms):
        raise Invalid("The papers of this exam have no form %(form)s", form=letter(form))


def seat_forms(session: Session, exam: Exam) -> dict[int, int]:
    """The form that lay on everybody's seat, by application; 1 where there is one only."""
    query = (
        select(Seat.application_id, Seat.form)
        .join(Application, Application.id == Seat.application_id)
        .where(Application.exam_id == exam.id)
    )
    return {row.application_id: row.form or 1 for row in session.execute(query)}
