"""The draws of groups (which panel hears which group) and of the order within each group."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import Groups, Recipe, register
from exam_system.errors import Conflict
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.interviews.lookup import (
    groups_of,
    labels_by_group,
    panels_of,
    require_panels,
)
from exam_system.interviews.models import Avoidance, Interview, InterviewGroup, Panel, PanelSeat
from exam_system.interviews.panel_draw import require_seated
from exam_system.interviews.turns import first_draw, labels_by_turn, people_by_turn
from exam_system.registration.models import Application


def build_groups(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """The list of the draw of groups: each panel gets one group it does not have to avoid."""
    open_exam(ctx.session, exam.code, "shortlisted")
    panels = require_seated(ctx.session, exam)
    avoided = {panel.code: _avoided(ctx.session, panel) for panel in panels}
    every = set().union(*avoided.values())
    people = labels_by_group(ctx.session, exam)
    marks = {
        code: [label for label in labels if label in every]
        for code, labels in people.items()
        if every.intersection(labels)
    }
    slots = [
        {"id": code, "capacity": 1, "marks": sorted(labels, key=str.encode)}
        for code, labels in avoided.items()
    ]
    groups = [{"id": "groups", "labels": sorted(people), "marks": marks, "slots": slots}]
    rules = {
        "avoidance": "no panel hears a candidate whom one of its interviewers must avoid",
        "sizes": {code: len(labels) for code, labels in people.items()},
    }
    return groups, rules


def _avoided(session: Session, panel: Panel) -> set[str]:
    """Labels of the candidates whom an interviewer of the panel must avoid.

    Candidates of other exams cannot stand in this draw's groups and are left out of its list.
    """
    query = (
        select(Application.label)
        .join(Avoidance, Avoidance.application_id == Application.id)
        .join(PanelSeat, PanelSeat.interviewer_id == Avoidance.interviewer_id)
        .join(Interview, Interview.application_id == Application.id)
        .where(PanelSeat.panel_id == panel.id, Application.exam_id == panel.exam_id)
    )
    return set(session.scalars(query))


def apply_groups(ctx: Context, exam: Exam, _attempt: Attempt, groups: Groups) -> None:
    """Give every group its panel."""
    panels = {panel.code: panel.id for panel in panels_of(ctx.session, exam)}
    rows = {group.code: group for group in groups_of(ctx.session, exam)}
    for slot in groups[0]["slots"]:
        rows[slot["labels"][0]].panel_id = panels[slot["id"]]
    ctx.session.flush()


def build_order(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """The list of the draw of the order: everybody of a group, all in one row."""
    open_exam(ctx.session, exam.code, "shortlisted")
    panels = {panel.id: panel.code for panel in require_panels(ctx.session, exam)}
    rows = groups_of(ctx.session, exam)
    if any(group.panel_id is None for group in rows):
        raise Conflict("The groups must be drawn first")
    double = _how(exam) == "double"
    listed = labels_by_turn if double else labels_by_group
    people = listed(ctx.session, exam)
    groups = [
        {
            "id": group.code,
            "labels": people[group.code],
            "slots": [{"id": panels[group.panel_id or 0], "capacity": len(people[group.code])}],
        }
        for group in rows
    ]
    rules: dict[str, Any] = {"order": "number n is the n-th label of the panel's slot"}
    return groups, rules | ({"turns": first_draw(ctx.session, exam)} if double else {})


def _how(exam: Exam) -> str:
    """How the rule set has the order made; raises Conflict where it is not drawn here."""
    how = rules_of(exam).interview_order
    if how == "lots":
        raise Conflict("In this exam the candidates pick sealed envelopes: there is no draw")
    return how


def apply_order(ctx: Context, exam: Exam, _attempt: Attempt, groups: Groups) -> None:
    """Give every candidate their number; a label is a candidate's or, drawn twice, a turn's."""
    turns = people_by_turn(ctx.session, exam) if _how(exam) == "double" else None
    for group in groups:
        labels = group["slots"][0]["labels"]
        query = select(Application.label, Application.id).where(Application.label.in_(labels))
        ids = turns or {row.label: row.id for row in ctx.session.execute(query)}
        rows = [
            {"application_id": ids[label], "place": place} for place, label in enumerate(labels, 1)
        ]
        ctx.session.execute(update(Interview), rows)


def order_drawn(session: Session, panel: Panel) -> bool:
    """Whether the panel has a group and everybody in it a number."""
    places = list(
        session.scalars(
            select(Interview.place)
            .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
            .where(InterviewGroup.panel_id == panel.id)
        )
    )
    return bool(places) and None not in places


CALLED = ("panel", "interview_group", "interview")
register(
    Recipe(
        *("groups", "groups/v1", "group", build_groups, apply_groups),
        relies_on=(*CALLED, "panel_seat", "avoidance"),
    )
)
register(
    Recipe(
        *("order", "order/v1", "order", build_order, apply_order),
        relies_on=CALLED,
        asked=lambda rules: rules.interview_order != "lots",
    )
)
