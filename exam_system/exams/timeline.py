"""Where an exam stands: its steps for everybody, and what the office does next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.exams.opening import below, choosing
from exam_system.exams.readiness import is_frozen, missing
from exam_system.exams.rules import RuleSet
from exam_system.exams.states import STATES
from exam_system.language import when
from exam_system.records import releases

Step = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next in an exam: a sentence, the page (endpoint) where, and whose turn it is."""

    label: str
    page: str
    tone: str  # "info": the office acts; "wait": it waits


def registration_open(exam: Exam, rules: RuleSet, now: datetime) -> bool:
    """Whether a candidate may apply now."""
    return exam.state == "announced" and rules.registration_opens <= now < rules.registration_closes


def steps(exam: Exam, rules: RuleSet, now: datetime) -> list[Step]:
    """(label, "done" | "now" | "next", note) for parts.html's steps()."""
    at = STATES.index(exam.state)
    has_interview = rules.interview_weight > 0
    items = [
        (_("Announcement"), at >= 1, when(exam.announced_at)),
        (_("Registration"), _over(exam, rules.registration_closes, now), _span(rules)),
        (_("Payment"), at >= 2, _("until %(time)s", time=when(rules.payment_closes))),
        (_("Draw of seats"), at >= 3, ""),
        (_("Written exam"), at >= 4, ""),
    ]
    if has_interview:
        items += [
            (_("Shortlist"), at >= 5, ""),
            (_("Draw of panels and order"), at >= 6, ""),
            (_("Interview and results"), at >= 7, ""),
        ]
    return _marked(items)


def _over(exam: Exam, closes: datetime, now: datetime) -> bool:
    return exam.state not in ("draft", "announced") or (exam.state == "announced" and now >= closes)


def _span(rules: RuleSet) -> str:
    return f"{when(rules.registration_opens)} – {when(rules.registration_closes)}"


def _marked(items: list[tuple[str, bool, str]]) -> list[Step]:
    current = next((at for at, item in enumerate(items) if not item[1]), len(items))
    kinds = ["done"] * current + ["now"] + ["next"] * len(items)
    return [(label, kind, note) for (label, _done, note), kind in zip(items, kinds, strict=False)]


def next_step(session: Session, exam: Exam, now: datetime) -> Next:
    """What the office does next."""
    if exam.state == "draft":
        return _before_announcement(session, exam, now)
    if exam.state == "announced":
        return _during_registration(exam, now)
    if exam.state == "closed" and (below(session, exam) or choosing(session, exam)):
        return Next(_("Apply the opening ratio"), "exams.opening", "info")
    label, page = {
        "closed": (_("Draw the seats"), "draws.office"),
        "seated": (_("Invigilators, marking, written release"), "results.office"),
        "written": (_("Prepare the shortlist"), "results.office"),
        "shortlisted": (_("Set up the interviews"), "interviews.setup"),
        "interviewing": (_("Hold the interviews, then the final release"), "interviews.setup"),
        "final": (_("Results are published"), "results.office"),
    }[exam.state]
    return Next(label, page, "good" if exam.state == "final" else "info")


def _before_announcement(session: Session, exam: Exam, now: datetime) -> Next:
    if not is_frozen(session, exam):
        if missing(session, exam, now):
            return Next(_("Set it up"), "exams.setup", "info")
        return Next(_("Prepare the announcement"), "exams.prepare", "info")
    release = releases.newest(session, exam.id, "announcement", state="draft")
    if release is not None and releases.missing_signatures(session, release):
        return Next(_("The inspector's signature is awaited"), "exams.publish", "wait")
    return Next(_("Publish the announcement"), "exams.publish", "info")


def _during_registration(exam: Exam, now: datetime) -> Next:
    rules = rules_of(exam)
    if now >= rules.payment_closes:
        return Next(_("Close registration"), "exams.close", "info")
    label = _("Registration and payment run until %(time)s", time=when(rules.payment_closes))
    return Next(label, "registration.applicants", "wait")
