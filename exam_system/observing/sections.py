"""Reads what the views of observers show; each gives objects of `shown` only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from exam_system.access import VERBS
from exam_system.attendance.board import by_district, lines_of
from exam_system.attendance.staff import Place
from exam_system.cases.models import Letter
from exam_system.cases.states import STATES, WAITING
from exam_system.context import Context
from exam_system.draws.bundle import folder_name
from exam_system.draws.lookup import Held, attempts_of
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam, ExamSession
from exam_system.exams.rules import RuleSet
from exam_system.marking.blind_models import Script, ScriptMark
from exam_system.marking.models import WrittenMark
from exam_system.notices.dates import STAGES
from exam_system.notices.disclosures import everything
from exam_system.observing.live import draw_lines, last_acts, live_of, panel_lines
from exam_system.observing.lookup import today
from exam_system.observing.planning import KINDS
from exam_system.observing.shown import (
    Acts,
    DistrictLine,
    DrawLine,
    FileLine,
    Letters,
    Live,
    Marking,
    MarkingLine,
    PanelLine,
    Sitting,
)
from exam_system.observing.timeline import said
from exam_system.records.models import Act, Note
from exam_system.registration.models import Application

MOST_ACTS = 50
_FIGURES = (
    *("rooms", "people", "received", "opened", "present", "absent", "late"),
    *("incidents", "packed", "closed"),
)


def _now(ctx: Context, exam: Exam) -> Live:
    return live_of(ctx.session, exam, ctx.clock.now(), ctx.config.zone)


def _draws(ctx: Context, exam: Exam) -> tuple[DrawLine, ...]:
    return tuple(draw_lines(ctx.session, exam))


def _day(ctx: Context, exam: Exam) -> tuple[Sitting, ...]:
    rules, place = rules_of(exam), Place(exam, None, None, None, None, "", "inspection", None)
    query = select(ExamSession).where(ExamSession.exam_id == exam.id)
    return tuple(
        Sitting(
            *(rules.subject(row.subject).name, row.starts_at, row.ends_at),
            lines=tuple(_districts(ctx.session, place, row)),
        )
        for row in ctx.session.scalars(query.order_by(ExamSession.starts_at))
    )


def _districts(session: Session, place: Place, sitting: ExamSession) -> list[DistrictLine]:
    return [
        DistrictLine(part.district.name, *(getattr(part.figures, name) for name in _FIGURES))
        for part in by_district(lines_of(session, place, sitting))
    ]


def _marking(ctx: Context, exam: Exam) -> Marking:
    rules = rules_of(exam)
    scripts = select(func.count(Script.id)).where(
        Script.exam_id == exam.id, Script.arrived_at.is_not(None)
    )
    return Marking(
        ctx.session.scalar(scripts) or 0,
        tuple(_questions(ctx.session, exam, rules)),
        tuple(_subjects(ctx.session, exam, rules)),
    )


def _questions(session: Session, exam: Exam, rules: RuleSet) -> list[MarkingLine]:
    third = func.sum(case((ScriptMark.turn == 3, 1), else_=0))
    query = (
        select(ScriptMark.question, func.count(ScriptMark.mark), func.count(), third)
        .join(Script, Script.id == ScriptMark.script_id)
        .where(Script.exam_id == exam.id, Script.arrived_at.is_not(None))
        .where(ScriptMark.opened_at.is_not(None))
        .group_by(ScriptMark.question)
    )
    found = {row[0]: row[1:] for row in session.execute(query)}
    lines = []
    for one in rules.marking_questions:
        if one.markers:
            given, turns, thirds = found.get(one.code, (0, 0, 0))
            lines.append(MarkingLine(one.name, given, turns - given, int(thirds or 0)))
    return lines


def _subjects(session: Session, exam: Exam, rules: RuleSet) -> list[MarkingLine]:
    """How many marks of each subject are in, and of how many who paid there is none yet."""
    query = (
        select(WrittenMark.subject, func.count(WrittenMark.id))
        .join(Application, Application.id == WrittenMark.application_id)
        .where(Application.exam_id == exam.id)
        .group_by(WrittenMark.subject)
    )
    found = {row[0]: row[1] for row in session.execute(query)}
    paid = select(func.count(Application.id)).where(
        Application.exam_id == exam.id, Application.state == "paid"
    )
    people = session.scalar(paid) or 0
    return [
        MarkingLine(one.name, found.get(one.code, 0), max(0, people - found.get(one.code, 0)), 0)
        for one in rules.subjects
    ]


def _interviews(ctx: Context, exam: Exam) -> tuple[PanelLine, ...]:
    return tuple(panel_lines(ctx.session, exam))


def _letters(ctx: Context, exam: Exam) -> Letters:
    query = select(Letter.state, func.count(Letter.id)).where(Letter.exam_id == exam.id)
    counted = {row[0]: row[1] for row in ctx.session.execute(query.group_by(Letter.state))}
    late = select(func.count(Letter.id)).where(
        *(Letter.exam_id == exam.id, Letter.state.in_(WAITING), Letter.due < today(ctx))
    )
    states = tuple((STATES[state], counted.get(state, 0)) for state in STATES)
    return Letters(states, ctx.session.scalar(late) or 0)


def _acts(ctx: Context, exam: Exam) -> Acts:
    since = ctx.clock.now() - timedelta(days=1)
    query = (
        select(Act.kind, func.count(Act.id))
        .where(Act.exam == exam.code, Act.at >= since)
        .group_by(Act.kind)
    )
    counted = [
        (VERBS[kind].said, count) for kind, count in ctx.session.execute(query) if kind in VERBS
    ]
    ordered = sorted(counted, key=lambda one: (-one[1], one[0]))
    return Acts(tuple(last_acts(ctx.session, exam, MOST_ACTS)), tuple(ordered))


def _files(ctx: Context, exam: Exam) -> tuple[FileLine, ...]:
    """Everything that is published, the newest first."""
    db, found = ctx.session, []
    for row in everything(db, exam).releases:
        if row.published_at is not None:
            what = said(STAGES.get(row.stage, "Release, version %(version)s"), version=row.version)
            folder = f"{row.chain}-{exam.code}-v{row.version}"
            found.append((what, folder, row.published_at, row.note_id))
    for draw, attempts in attempts_of(db, exam):
        for one in attempts:
            if one.published_at is not None and one.note_id is not None:
                folder = folder_name(Held(exam, draw, one))
                found.append((said(KINDS[draw.kind]), folder, one.published_at, one.note_id))
    query = select(Note.id, Note.digest).where(Note.id.in_([row[3] for row in found]))
    digests = {row[0]: row[1] for row in db.execute(query)}
    lines = [FileLine(what, folder, at, digests[note]) for what, folder, at, note in found]
    return tuple(sorted(lines, key=lambda one: one.at, reverse=True))


VIEWS: dict[str, Callable[[Context, Exam], Any]] = {
    "now": _now,
    "draws": _draws,
    "day": _day,
    "marking": _marking,
    "interviews": _interviews,
    "letters": _letters,
    "acts": _acts,
    "files": _files,
}
"""What each view reads, by its name in kinds.SECTIONS."""
