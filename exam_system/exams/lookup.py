"""Finding an exam and its rule set; what every other feature begins with."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.models import District, Exam, Room, Site
from exam_system.exams.rules import RuleSet, parse_rules
from exam_system.exams.states import STATE_NAMES


def exam_by_code(session: Session, code: str) -> Exam:
    """The exam of this code; raises NotFound."""
    exam = session.scalar(select(Exam).where(Exam.code == code))
    if exam is None:
        raise NotFound("There is no exam %(code)s", code=code)
    return exam


def rules_of(exam: Exam) -> RuleSet:
    """The exam's rule set, typed."""
    return parse_rules(json.loads(exam.rules))


def open_exam(session: Session, code: str, *states: str) -> Exam:
    """The exam, locked until the transaction ends; Conflict unless it is in one of `states`."""
    found = select(Exam).where(Exam.code == code).with_for_update()
    exam = session.scalar(found.execution_options(populate_existing=True))
    if exam is None:
        raise NotFound("There is no exam %(code)s", code=code)
    if exam.state not in states:
        raise Conflict(
            "The exam %(code)s is in the state “%(state)s”: this cannot be done now",
            code=code,
            state=Sentence(STATE_NAMES[exam.state]),
        )
    return exam


def places_of(session: Session, exam: Exam) -> Sequence[Row[District, Site, Room]]:
    """Every room of an exam with its site and district, in the order of their codes."""
    query = (
        select(District, Site, Room)
        .join(Site, Site.district_id == District.id)
        .join(Room, Room.site_id == Site.id)
        .where(District.exam_id == exam.id)
        .order_by(District.code, Site.code, Room.code)
    )
    return session.execute(query).all()
