"""The correction of differences between panels, exactly as the rule set announces it.

Panels that interview the same class of posts (all panels, where the rule set names no elements) are
brought to one reference. The public page and the list of totals carry every input: the panel and
the raw score of each candidate, the panels' means and coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.errors import Conflict
from exam_system.exams.interview_rules import class_of
from exam_system.exams.models import Exam, Post
from exam_system.exams.rules import RuleSet
from exam_system.interviews.models import (
    Interview,
    InterviewGroup,
    InterviewScore,
    Panel,
    PanelSeat,
)
from exam_system.registration.models import Application
from exam_system.trust.canonical import JSON
from scoring.panels import Correction, CorrectionRule, correct
from scoring.rounding import BadScore, show


@dataclass(frozen=True, slots=True)
class Raw:
    """A candidate's interview as it was shown in the room."""

    application_id: int
    number: str
    post: str
    panel: str
    result: str


@dataclass(frozen=True, slots=True)
class Source:
    """The score that counts, and `interview_from` of the row in the list of totals."""

    score: str
    row: dict[str, JSON]


@dataclass(frozen=True, slots=True)
class Corrected:
    """One class of posts: its panels, who sat before each, and what the correction made of it."""

    post_class: str
    panels: tuple[str, ...]
    people: tuple[tuple[Raw, ...], ...]
    correction: Correction


def rule_of(rules: RuleSet) -> CorrectionRule:
    """The announced correction."""
    mean, coefficient = (
        None if text == "exact" else int(text)
        for text in (rules.panel_mean_decimals, rules.panel_coefficient_decimals)
    )
    return CorrectionRule(
        rules.panel_correction,
        mean,
        coefficient,
        rules.decimals,
        rules.rounding,
        rules.panel_sd_divisor,
    )


def raws(session: Session, exam: Exam, rules: RuleSet) -> dict[str, list[Raw]]:
    """Everybody who was scored, by class of posts, in the order of panels and admission numbers."""
    query = (
        select(
            Interview.application_id,
            Application.number,
            Post.code,
            Post.category,
            Panel.code.label("panel"),
            Interview.result,
        )
        .join(Application, Application.id == Interview.application_id)
        .join(Post, Post.id == Application.post_id)
        .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
        .join(Panel, Panel.id == InterviewGroup.panel_id)
        .where(Application.exam_id == exam.id, Interview.state == "scored")
        .order_by(Panel.code, Application.number)
    )
    found: dict[str, list[Raw]] = {}
    for row in session.execute(query):
        named = class_of(rules.interview_elements, row.category)
        one = Raw(row.application_id, row.number or "", row.code, row.panel, row.result)
        found.setdefault(named, []).append(one)
    return found


def corrected(session: Session, exam: Exam, rules: RuleSet) -> list[Corrected]:
    """What the announced correction makes of every class of posts.

    Raises Conflict where it cannot be applied: a panel with too few candidates, no spread.
    """
    return [
        _correct(name, people, rule_of(rules))
        for name, people in sorted(raws(session, exam, rules).items())
    ]


def _correct(name: str, people: Sequence[Raw], rule: CorrectionRule) -> Corrected:
    panels = tuple(dict.fromkeys(one.panel for one in people))
    split = tuple(tuple(one for one in people if one.panel == panel) for panel in panels)
    scores = [[Decimal(one.result) for one in panel] for panel in split]
    try:
        return Corrected(name, panels, split, correct(scores, rule))
    except BadScore as error:
        raise Conflict(
            "The announced correction between panels cannot be computed: %(why)s", why=error
        ) from None


def sources(session: Session, exam: Exam, rules: RuleSet) -> dict[int, Source]:
    """By application id the score that counts and what it is from; {} where nothing is asked."""
    if not rules.interview_elements and rules.panel_correction == "none":
        return {}
    sheets = _sheets(session, exam) if rules.interview_elements else {}
    scores = corrected_scores(session, exam, rules)
    return {
        one.application_id: Source(
            scores[one.application_id],
            {
                "class": name,
                "panel": one.panel,
                "sheets": sheets.get(one.application_id, []),
                "raw": one.result,
            },
        )
        for name, people in raws(session, exam, rules).items()
        for one in people
    }


def _sheets(session: Session, exam: Exam) -> dict[int, list[list[str]]]:
    query = (
        select(InterviewScore.application_id, InterviewScore.sheet)
        .join(PanelSeat, PanelSeat.id == InterviewScore.panel_seat_id)
        .join(Panel, Panel.id == PanelSeat.panel_id)
        .where(Panel.exam_id == exam.id)
        .order_by(InterviewScore.application_id, PanelSeat.place)
    )
    found: dict[int, list[list[str]]] = {}
    for who, sheet in session.execute(query):
        found.setdefault(who, []).append((sheet or "").split())
    return found


def corrected_scores(session: Session, exam: Exam, rules: RuleSet) -> dict[int, str]:
    """The interview score that counts in the total, by application id."""
    return {
        one.application_id: show(score, rules.decimals)
        for group in corrected(session, exam, rules)
        for people, panel in zip(group.people, group.correction.panels, strict=True)
        for one, score in zip(people, panel.results, strict=True)
    }
