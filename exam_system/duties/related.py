"""Who is related to whom, as far as rows and acts tell; the second red line goes by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.duties.redlines import Relation, Rules
from exam_system.exams.models import Exam
from exam_system.interviews.models import Interviewer
from exam_system.oversight.alerts import Seen
from exam_system.registration.models import Application

DECLARED = ("interviews.declare_avoidance", "violations.avoid_case")
_CHUNK = 500
_REVIEWED = ("registration.decide_application", "registration.confirm_decision")


def relations_of(session: Session, rules: Rules, fresh: Sequence[Seen]) -> list[Relation]:
    """The relations that these acts declare, and those of reviewers to people of their own unit."""
    if not rules.lines["relation"].on:
        return []
    return [*_avoidances(session, fresh), *_kept_away(fresh), *_same_unit(session, fresh)]


def _avoidances(session: Session, fresh: Sequence[Seen]) -> Iterator[Relation]:
    """An interviewer's to a candidate whom they may have heard before."""
    for act in fresh:
        if act.kind != DECLARED[0] or "candidate" not in act.details:
            continue
        label = act.subject.removeprefix("interviewer:")
        who = session.scalar(
            select(Account.ref)
            .join(Interviewer, Interviewer.account_id == Account.id)
            .where(Interviewer.label == label)
        )
        whom = session.scalar(
            select(Application.ref)
            .join(Exam, Exam.id == Application.exam_id)
            .where(Exam.code == act.exam, Application.label == act.details["candidate"])
        )
        if who and whom:
            yield Relation(who, f"interview:{whom}", act.id)


def _kept_away(fresh: Sequence[Seen]) -> Iterator[Relation]:
    """Somebody's to a case of a violation."""
    for act in fresh:
        if act.kind == DECLARED[1]:
            yield Relation(act.actor, act.subject, act.id)


def _same_unit(session: Session, fresh: Sequence[Seen]) -> Iterator[Relation]:
    """A reviewer's to an applicant who works for the reviewer's own unit."""
    reviewed = [act for act in fresh if act.kind in _REVIEWED]
    who = select(Account.ref, Account.office).where(Account.office.is_not(None))
    units: dict[str, str | None] = {}
    for some in chunks(sorted({act.actor for act in reviewed})):
        units |= {ref: unit for ref, unit in session.execute(who.where(Account.ref.in_(some)))}  # noqa: C416
    query = select(Application.ref, Application.employer)
    whose = {
        f"application:{ref}": unit
        for some in chunks(sorted({unit for unit in units.values() if unit}))
        for ref, unit in session.execute(query.where(Application.employer.in_(some)))
    }
    for act in reviewed:
        if act.subject in whose and whose[act.subject] == units.get(act.actor):
            yield Relation(act.actor, act.subject)


def chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """The items in portions that a statement can name."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
