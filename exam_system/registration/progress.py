"""Where an application stands, as steps, and what the candidate does next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.registration.lookup import is_open, rules_from
from exam_system.registration.models import Application

STEPS = ("Apply", "Photo", "Submit", "Review", "Fee", "Admission ticket", "Scores")
_SCORED = ("written", "shortlisted", "interviewing", "final")
_APPLY, _PHOTO, _SUBMIT, _REVIEW, _FEE, _TICKET, _SCORES = range(7)


@dataclass(frozen=True, slots=True)
class Action:
    """The next button: its label and the endpoint it leads to."""

    label: str
    endpoint: str


def current_step(application: Application, exam: Exam) -> int:
    """The index in STEPS of the step that is open now; -1 when withdrawn."""
    if application.state == "draft":
        return _PHOTO if application.photo is None else _SUBMIT
    if application.state == "paid" or application.number:
        return _SCORES if exam.state in _SCORED else _TICKET
    steps = {"submitted": _REVIEW, "second": _REVIEW}
    steps |= {"refused": _SUBMIT, "approved": _FEE, "withdrawn": -1}
    steps["choosing"] = _APPLY
    return steps[application.state]


def steps(application: Application, exam: Exam) -> list[tuple[str, str]]:
    """Every step with "done", "now" or "next"."""
    now = current_step(application, exam)
    kinds = ["done" if at < now else "now" if at == now else "next" for at in range(len(STEPS))]
    return list(zip(STEPS, kinds, strict=True))


def moments(
    application: Application, rules: RuleSet, paid_at: datetime | None, sits_on: datetime | None
) -> list[tuple[bool, datetime | date | None]]:
    """For each step of STEPS (whether it lies behind, the time at which it was done or is due).

    `paid_at` is when the fee was paid, `sits_on` when the first session begins; None is unknown.
    """
    closes, pays = rules.registration_closes, rules.payment_closes
    submitted, decided = application.submitted_at, application.decided_at
    return [
        (True, application.created_at),
        (application.photo is not None, None if application.photo else closes),
        (submitted is not None, submitted or closes),
        (decided is not None, decided or application.review_due),
        (paid_at is not None, paid_at or pays),
        (False, sits_on),
        (False, None),
    ]


def next_action(application: Application, exam: Exam, now: datetime) -> Action | None:
    """What the candidate can do now; None when the office or the calendar is next."""
    step = current_step(application, exam)
    if application.state == "choosing":
        return Action("Choose another post", "registration.choose")
    if step in (_PHOTO, _SUBMIT) and is_open(exam, now):
        return _ENTRY[application.state if application.state == "refused" else step]
    if step == _FEE and exam.state == "announced" and now < rules_from(exam.rules).payment_closes:
        return Action("Pay the fee", "fees.pay")
    if step == _TICKET and application.number:
        return Action("Admission ticket", "examday.ticket")
    return Action("Scores", "results.mine") if step == _SCORES else None


_ENTRY: dict[str | int, Action] = {
    _PHOTO: Action("Add your photo", "registration.application"),
    _SUBMIT: Action("Check and submit", "registration.application"),
    "refused": Action("Correct and submit again", "registration.application"),
}
