"""The first half of a double draw: who draws first. The order itself is then drawn by turn.

In the second draw (`order`) a label is a turn, `G01-003` for whoever came third in group G01, so
that a place follows from both draws: from the turn that somebody drew and from the place that this
turn drew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.draws.lookup import begun
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import Groups, Recipe, register
from exam_system.errors import Conflict
from exam_system.examday.plan import newest_attempt
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.interviews.lookup import groups_of, labels_by_group, require_panels
from exam_system.interviews.models import Interview, InterviewGroup
from exam_system.registration.models import Application
from exam_system.trust.canonical import sha256_hex


def build(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """Everybody of a group, all in one row: the row in which they draw."""
    open_exam(ctx.session, exam.code, "shortlisted")
    if rules_of(exam).interview_order != "double":
        raise Conflict("The rule set of this exam has one draw of the order, not two")
    require_panels(ctx.session, exam)
    if any(group.panel_id is None for group in groups_of(ctx.session, exam)):
        raise Conflict("The groups must be drawn first")
    people = labels_by_group(ctx.session, exam)
    groups = [
        {"id": code, "labels": labels, "slots": [{"id": "turns", "capacity": len(labels)}]}
        for code, labels in people.items()
    ]
    return groups, {
        "turn": "the n-th label of a group draws n-th",
        "then": f"the draw {exam.code}-order has these turns as its labels",
    }


def apply(ctx: Context, _exam: Exam, _attempt: Attempt, groups: Groups) -> None:
    """Give everybody their turn."""
    for group in groups:
        labels = group["slots"][0]["labels"]
        query = select(Application.label, Application.id).where(Application.label.in_(labels))
        ids = {row.label: row.id for row in ctx.session.execute(query)}
        rows = [{"application_id": ids[label], "turn": n} for n, label in enumerate(labels, 1)]
        ctx.session.execute(update(Interview), rows)


def turn_label(group: str, turn: int) -> str:
    """The label of a turn in the draw of the order."""
    return f"{group}-{turn:03d}"


def labels_by_turn(session: Session, exam: Exam) -> dict[str, list[str]]:
    """The labels of the turns of every group; raises Conflict while they are not published."""
    if not begun(session, exam, "turns", applied=True):
        raise Conflict("The turns must be drawn first: this exam draws the order twice")
    return {
        code: [turn_label(code, turn) for turn in range(1, len(people) + 1)]
        for code, people in labels_by_group(session, exam).items()
    }


def first_draw(session: Session, exam: Exam) -> dict[str, Any]:
    """What the manifest of the order says about the draw of the turns."""
    found = newest_attempt(session, exam, "turns")
    if found is None:
        raise Conflict("The turns must be drawn first: this exam draws the order twice")
    draw, attempt = found
    return {
        "draw": draw.code,
        "attempt": attempt.number,
        "result": sha256_hex(attempt.result.encode()),
        "label": "the group and the turn that somebody has in the result of that draw",
    }


def people_by_turn(session: Session, exam: Exam) -> Mapping[str, int]:
    """Application id by the label of the turn."""
    query = (
        select(InterviewGroup.code, Interview.turn, Interview.application_id)
        .join(Interview, Interview.group_id == InterviewGroup.id)
        .where(InterviewGroup.exam_id == exam.id, Interview.turn.is_not(None))
    )
    return {turn_label(code, turn): who for code, turn, who in session.execute(query) if turn}


register(
    Recipe(
        *("turns", "order/v1", "turn", build, apply),
        relies_on=("panel", "interview_group", "interview"),
        asked=lambda rules: rules.interview_order == "double",
    )
)
