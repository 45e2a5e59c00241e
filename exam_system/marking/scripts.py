"""What is drawn about scripts: the codes under which they are marked, the sample to recount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.context import Context, verb
from exam_system.draws.confidential import hidden, look_at_result
from exam_system.draws.lookup import begun
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import Groups, Recipe, register
from exam_system.errors import Conflict
from exam_system.examday.plan import newest_attempt
from exam_system.exams.lookup import exam_by_code, open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.marking.models import RecountPick, ScriptCode, WrittenMark
from exam_system.marking.service import ABSENT
from exam_system.people import reason_line
from exam_system.registration.models import Application

WIDTH = 5
"""Digits of a code after the one that says the subject."""
_LONGEST_REASON = 200
Script = tuple[int, str]
"""Application id and subject code."""


def build_codes(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """A group for each subject: everybody with a seat, all in one row."""
    open_exam(ctx.session, exam.code, "seated")
    scripts = _seated(ctx.session, exam)
    groups = [
        {
            "id": subject.code,
            "labels": _labels(scripts, subject.code),
            "slots": [{"id": str(n), "capacity": len(_labels(scripts, subject.code))}],
        }
        for n, subject in enumerate(rules_of(exam).subjects, 1)
    ]
    return groups, {
        "label": "the candidate's label, a hyphen and the subject",
        "code": f"the slot, then the place in {WIDTH} digits: slot 2, place 17 is 200017",
    }


def _seated(session: Session, exam: Exam) -> dict[str, Script]:
    """Every script by its label: one for each seat and subject."""
    query = select(Application.label, Application.id).where(
        Application.exam_id == exam.id, Application.number.is_not(None)
    )
    return {
        f"{row.label}-{subject.code}": (row.id, subject.code)
        for row in session.execute(query)
        for subject in rules_of(exam).subjects
    }


def _labels(scripts: dict[str, Script], subject: str) -> list[str]:
    return sorted((one for one, (_, code) in scripts.items() if code == subject), key=str.encode)


def apply_codes(ctx: Context, exam: Exam, attempt: Attempt, groups: Groups) -> None:
    """Give every script its code."""
    scripts = _seated(ctx.session, exam)
    rows = [
        {
            "application_id": scripts[label][0],
            "subject": scripts[label][1],
            "code": f"{slot['id']}{place:0{WIDTH}d}",
            "attempt_id": attempt.id,
        }
        for group in groups
        for slot in group["slots"]
        for place, label in enumerate(slot["labels"], 1)
    ]
    ctx.session.execute(insert(ScriptCode), rows)


def opens_codes(_ctx: Context, exam: Exam) -> datetime | None:
    """Until marking closes."""
    return rules_of(exam).marking_closes


@verb
def export_codes(ctx: Context, *, code: str, reason: str) -> Sequence[tuple[str, str, str]]:
    """(code, admission number, subject) of every script; before marking closes this is looking at
    a confidential result, which stays on record. Raises Conflict before the draw."""
    exam = exam_by_code(ctx.session, code)
    found = newest_attempt(ctx.session, exam, "codes")
    if found is None or not found[1].result:
        raise Conflict("The script codes have not been drawn yet")
    draw, attempt = found
    if hidden(attempt):
        look_at_result(ctx, draw=draw.code, number=attempt.number, reason=reason)
    query = (
        select(ScriptCode.code, Application.number, ScriptCode.subject)
        .join(Application, Application.id == ScriptCode.application_id)
        .where(ScriptCode.attempt_id == attempt.id)
        .order_by(ScriptCode.code)
    )
    rows = [(row.code, str(row.number), row.subject) for row in ctx.session.execute(query)]
    why = reason_line(reason, _LONGEST_REASON)
    ctx.record(exam=code, subject=f"exam:{code}", rows=len(rows), why=why)
    return rows


def build_recount(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """A group for each subject: every script that was written; as many as the rule says."""
    open_exam(ctx.session, exam.code, "seated")
    percent = rules_of(exam).recount_percent
    if not percent:
        raise Conflict("The rule set of this exam asks for no recount")
    scripts = _marked(ctx.session, exam)
    if not scripts or len(_seated(ctx.session, exam)) > len(scripts):
        raise Conflict("The written scores must be taken in first")
    written = {label: (who, code) for label, (who, code, mark) in scripts.items() if mark != ABSENT}
    groups = []
    for subject in rules_of(exam).subjects:
        labels = _labels(written, subject.code)
        size = -(-len(labels) * percent // 100)
        slots = [{"id": "recount", "capacity": size}]
        groups += [{"id": subject.code, "labels": labels, "slots": slots}] if labels else []
    return groups, {
        "label": "the candidate's label, a hyphen and the subject",
        "size": f"{percent} per cent of the scripts of each subject, rounded up",
    }


def _marked(session: Session, exam: Exam) -> dict[str, tuple[int, str, str]]:
    """Application id, subject and mark of every script whose mark is in, by its label."""
    query = (
        select(Application.label, Application.id, WrittenMark.subject, WrittenMark.mark)
        .join(WrittenMark, WrittenMark.application_id == Application.id)
        .where(Application.exam_id == exam.id)
    )
    return {
        f"{row.label}-{row.subject}": (row.id, row.subject, row.mark)
        for row in session.execute(query)
    }


def apply_recount(ctx: Context, exam: Exam, attempt: Attempt, groups: Groups) -> None:
    """Write the sample; a script in reserve stays where it is."""
    scripts = _marked(ctx.session, exam)
    rows = [
        {
            "application_id": scripts[label][0],
            "subject": scripts[label][1],
            "place": place,
            "attempt_id": attempt.id,
        }
        for group in groups
        for place, label in enumerate(group["slots"][0]["labels"], 1)
    ]
    ctx.session.execute(insert(RecountPick), rows)


def require_recount(session: Session, exam: Exam) -> None:
    """Raise Conflict while the rule set asks for a sample and none is drawn."""
    if rules_of(exam).recount_percent and not begun(session, exam, "recount", applied=True):
        raise Conflict("Draw the scripts to recount before the written scores are released")


@dataclass(frozen=True, slots=True)
class Picked:
    """One script of the sample."""

    subject: str
    place: int
    number: str
    name: str
    mark: str


def picked(session: Session, exam: Exam) -> list[Picked]:
    """The drawn sample by subject and place."""
    query = (
        select(RecountPick, Application.number, Person.name, WrittenMark.mark)
        .join(Application, Application.id == RecountPick.application_id)
        .join(Person, Person.id == Application.person_id)
        .join(
            WrittenMark,
            (WrittenMark.application_id == Application.id)
            & (WrittenMark.subject == RecountPick.subject),
        )
        .where(Application.exam_id == exam.id)
        .order_by(RecountPick.subject, RecountPick.place)
    )
    return [
        Picked(pick.subject, pick.place, number or "", name, mark)
        for pick, number, name, mark in session.execute(query)
    ]


SEATED = ("application", "seat")
register(
    Recipe(
        *("codes", "order/v1", "code", build_codes, apply_codes),
        relies_on=SEATED,
        opens=opens_codes,
        asked=lambda rules: rules.marking_closes is not None,
    )
)
register(
    Recipe(
        *("recount", "order/v1", "recount", build_recount, apply_recount),
        relies_on=("application", "written_mark"),
        asked=lambda rules: rules.recount_percent > 0,
    )
)
