"""The fairness report: what the announced formula does to a ranking, and how interviewers scored.

Nothing here changes a score. Numbers are floats, shown rounded, and only for people to look into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isnan

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.errors import Conflict
from exam_system.exams.models import Exam, Post
from exam_system.exams.rules import RuleSet
from exam_system.interviews.differences import Corrected, corrected
from exam_system.interviews.models import Interview, InterviewScore, Panel, PanelSeat
from exam_system.registration.models import Application
from exam_system.results.models import Result
from scoring.fairness import empirical_bayes, ranking_difference
from scoring.interviewers import far_means, panel_quality
from scoring.outliers import written_against_interview
from scoring.rounding import BadScore

LEAST = 3  # candidates, fewer say nothing
EACH = 4  # in each panel: two of them are trimmed, two are left


@dataclass(frozen=True, slots=True)
class Moved:
    """A candidate whose rank in the class would be another with the empirical-Bayes means."""

    number: str
    panel: str
    raw: str
    paid: str
    fair: str
    paid_rank: int
    fair_rank: int


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One class of posts: the announced correction, the shrunken one beside it, what differs."""

    group: Corrected
    shrink: tuple[str, ...]
    means: tuple[str, ...]
    moved: tuple[Moved, ...]
    tau: str
    entering: int


@dataclass(frozen=True, slots=True)
class Scorer:
    """How one interviewer of a panel scored, by place."""

    place: int
    severity: str
    error: str
    fit: str
    outliers: int
    trimmed: str
    expected: str
    correlation: str
    far: bool


@dataclass(frozen=True, slots=True)
class PanelReport:
    """A panel's agreement (Kendall's W) and its interviewers; `why` when it is too small."""

    panel: str
    candidates: int
    concordance: str
    scorers: tuple[Scorer, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Odd:
    """A candidate whose interview lies far from the written score: for people to look into."""

    number: str
    post: str
    written: str
    interview: str
    written_rank: int
    total_rank: int
    of: int
    z: str
    spread: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it; `refused` says why the announced correction cannot be computed, if so."""

    classes: tuple[ClassReport, ...]
    panels: tuple[PanelReport, ...]
    odd: tuple[Odd, ...]
    refused: Conflict | None


def report(session: Session, exam: Exam, rules: RuleSet) -> Report:
    """The fairness report of an exam as its interviews stand now."""
    refused: Conflict | None = None
    classes: tuple[ClassReport, ...] = ()
    try:
        groups = corrected(session, exam, rules)
        classes = tuple(_class(one, _places(session, exam, one)) for one in groups)
    except Conflict as error:
        refused = error
    given = _given(session, exam)
    panels = tuple(_panel(code, table, rules) for code, table in sorted(given.items()))
    return Report(classes, panels, _odd(session, exam, rules, given), refused)


def _places(session: Session, exam: Exam, group: Corrected) -> int:
    """Vacancies of the posts of a class."""
    posts = {one.post for people in group.people for one in people}
    query = select(Post.vacancies).where(Post.exam_id == exam.id, Post.code.in_(posts))
    return sum(session.scalars(query))


def _class(group: Corrected, places: int) -> ClassReport:
    scores = [np.array([float(one.result) for one in people]) for people in group.people]
    people = [one for panel in group.people for one in panel]
    if min(map(len, scores)) < EACH or len(scores) < 2:
        return ClassReport(group, (), (), (), "", 0)
    found = empirical_bayes(scores)
    paid = [result for panel in group.correction.panels for result in panel.results]
    fair = np.concatenate(found.results)
    differs = ranking_difference(paid, fair, min(places, len(people)))
    moved = tuple(
        Moved(
            one.number,
            one.panel,
            one.result,
            f"{paid[at]:f}",
            f"{fair[at]:.3f}",
            differs.paid_rank[at],
            differs.fair_rank[at],
        )
        for at, one in enumerate(people)
        if differs.paid_rank[at] != differs.fair_rank[at]
    )
    return ClassReport(
        group,
        tuple(f"{value:.3f}" for value in found.shrink),
        tuple(f"{value:.3f}" for value in found.means),
        moved,
        _number(differs.tau),
        len(differs.entering),
    )


Table = dict[int, dict[int, Decimal]]
"""Scores of a panel: by application id, then by the interviewer's place."""


def _given(session: Session, exam: Exam) -> dict[str, Table]:
    query = (
        select(Panel.code, Interview.application_id, PanelSeat.place, InterviewScore.score)
        .join(PanelSeat, PanelSeat.id == InterviewScore.panel_seat_id)
        .join(Panel, Panel.id == PanelSeat.panel_id)
        .join(Interview, Interview.application_id == InterviewScore.application_id)
        .where(Panel.exam_id == exam.id, Interview.state == "scored")
        .order_by(Panel.code, Interview.place, PanelSeat.place)
    )
    found: dict[str, Table] = {}
    for code, who, place, score in session.execute(query):
        found.setdefault(code, {}).setdefault(who, {})[place] = Decimal(score)
    return found


def _panel(code: str, table: Table, rules: RuleSet) -> PanelReport:
    rows = np.array([[float(x) for x in own.values()] for own in table.values()])
    try:
        found = panel_quality(rows, rules.drop_high, rules.drop_low)
    except BadScore as error:
        return PanelReport(code, len(table), "", (), str(error))
    far = far_means(np.array([one.severity for one in found.interviewers]))
    scorers = tuple(
        Scorer(
            place,
            f"{round(one.severity, 2) + 0.0:+.2f}",
            _number(one.severity_se),
            _number(one.fit),
            one.outliers,
            f"{one.trimmed_share:.0%}",
            f"{one.expected_share:.0%}",
            _number(one.correlation),
            bool(far[place - 1]),
        )
        for place, one in enumerate(found.interviewers, 1)
    )
    return PanelReport(code, len(table), _number(found.concordance), scorers)


def _odd(
    session: Session, exam: Exam, rules: RuleSet, given: Mapping[str, Table]
) -> tuple[Odd, ...]:
    spreads = {
        who: float(np.std([float(score) for score in own.values()]))
        for table in given.values()
        for who, own in table.items()
    }
    query = (
        select(Application.id, Application.number, Post.code, Result.written, Interview.result)
        .join(Post, Post.id == Application.post_id)
        .join(Interview, Interview.application_id == Application.id)
        .join(Result, Result.application_id == Application.id)
        .where(Application.exam_id == exam.id, Result.stage == "shortlist")
        .where(Interview.state == "scored", Result.written != "")
        .order_by(Post.code, Application.number)
    )
    told = [(row[0], str(row[1]), row[2], row[3], row[4]) for row in session.execute(query)]
    rows = [row for row in told if row[0] in spreads]
    return _surprises(rules, rows, spreads) if len(rows) >= LEAST else ()


def _surprises(
    rules: RuleSet, rows: Sequence[tuple[int, str, str, str, str]], spreads: Mapping[int, float]
) -> tuple[Odd, ...]:
    written = np.array([float(row[3]) for row in rows])
    interview = np.array([float(row[4]) for row in rows])
    total = float(rules.written_weight) * written + float(rules.interview_weight) * interview
    codes = {code: at for at, code in enumerate(dict.fromkeys(row[2] for row in rows))}
    posts = np.array([codes[row[2]] for row in rows])
    spread = np.array([spreads[row[0]] for row in rows])
    return tuple(
        Odd(
            rows[one.index][1],
            rows[one.index][2],
            rows[one.index][3],
            rows[one.index][4],
            one.written_rank,
            one.total_rank,
            one.of,
            _number(one.z),
            f"{one.spread:.2f}",
            one.why,
        )
        for one in written_against_interview(written, interview, total, posts, spread)
    )


def _number(value: float) -> str:
    return "–" if isnan(value) else f"{value:.2f}"
