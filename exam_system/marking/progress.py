"""How far marking is, by question and by marker: numbers about marks, nothing about candidates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.exams.models import Exam
from exam_system.marking.blind import markers_of, require_questions
from exam_system.marking.blind_models import Marker, Script, ScriptMark
from scoring.rounding import round_to

_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Done:
    """One turn as it stands: `partner` is the mark of the other first turn, None without one."""

    question: str
    turn: int
    marker: str
    mark: Decimal | None
    at: datetime | None
    partner: Decimal | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a question or a marker: open turns, marks given, their mean, agreement and drift.

    `agreement`: per cent of marks with a partner that lie within the threshold; `apart`: mean
    difference from the partner; `hourly`: marks an hour between the first and the last; `drift`:
    mean of the later half minus mean of the earlier half. "" where there is too little to say.
    """

    name: str
    open: int
    given: int
    third: int
    mean: str
    agreement: str
    apart: str
    hourly: str
    drift: str


def by_question(session: Session, exam: Exam) -> list[Figures]:
    """The figures of every subjective question, in the order of the rules."""
    turns, questions = list(_turns(session, exam)), require_questions(exam).marking_questions
    limits = {one.code: one.threshold for one in questions}
    return [
        _figures(one.name, [t for t in turns if t.question == one.code], limits)
        for one in questions
        if one.markers
    ]


def by_marker(session: Session, exam: Exam) -> list[Figures]:
    """The figures of every marker, by label."""
    turns, rules = list(_turns(session, exam)), require_questions(exam)
    limits = {one.code: one.threshold for one in rules.marking_questions}
    return [
        _figures(one.label, [t for t in turns if t.marker == one.label], limits)
        for one in markers_of(session, exam)
    ]


def _turns(session: Session, exam: Exam) -> Iterator[Done]:
    """All open turns of the scripts that came."""
    query = (
        select(ScriptMark, Marker.label)
        .join(Script, Script.id == ScriptMark.script_id)
        .join(Marker, Marker.id == ScriptMark.marker_id)
        .where(Script.exam_id == exam.id, Script.arrived_at.is_not(None))
        .where(ScriptMark.opened_at.is_not(None))
        .order_by(ScriptMark.id)
    )
    found = [(row, label) for row, label in session.execute(query)]
    marks = {(row.script_id, row.question, row.turn): row.mark for row, _ in found}
    for row, label in found:
        other = marks.get((row.script_id, row.question, 3 - row.turn))
        yield Done(row.question, row.turn, label, _number(row.mark), row.marked_at, _number(other))


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _figures(name: str, turns: Sequence[Done], limits: dict[str, Decimal]) -> Figures:
    given = [one for one in turns if one.mark is not None]
    apart = [
        (abs(one.mark - one.partner), limits[one.question])
        for one in given
        if one.mark is not None and one.partner is not None and one.turn < 3
    ]
    within = [Decimal(100) if gap <= limit else Decimal(0) for gap, limit in apart]
    return Figures(
        name,
        len(turns) - len(given),
        len(given),
        sum(one.turn == 3 for one in turns),
        _mean(one.mark for one in given if one.mark is not None),
        _mean(within),
        _mean(gap for gap, _ in apart),
        _hourly([one.at for one in given if one.at is not None]),
        _drift(given),
    )


def _mean(numbers: Iterable[Decimal]) -> str:
    found = list(numbers)
    if not found:
        return ""
    return f"{round_to(sum(found, Decimal(0)) / len(found), _SHOWN, 'half_up'):f}"


def _hourly(times: Sequence[datetime]) -> str:
    if len(times) < 2 or (seconds := int((max(times) - min(times)).total_seconds())) == 0:
        return ""
    return f"{round_to(Decimal(len(times) - 1) * 3600 / seconds, 0, 'half_up'):f}"


def _drift(given: Sequence[Done]) -> str:
    """Mean of the later half of the marks minus mean of the earlier half, by the time given."""
    ordered = [
        one.mark
        for one in sorted(given, key=lambda one: str(one.at))
        if one.mark is not None and one.at is not None
    ]
    half = len(ordered) // 2
    if half < 2:
        return ""
    early, late = sum(ordered[:half], Decimal(0)), sum(ordered[-half:], Decimal(0))
    return f"{round_to((late - early) / half, _SHOWN, 'half_up'):f}"
