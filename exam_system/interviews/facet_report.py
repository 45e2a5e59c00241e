"""The many-facet model of a panel, and of all panels that share an interviewer with it.

Inside a panel everybody marks everybody, so severity, infit and outfit can be told apart from the
candidates and the elements. Between panels that share nobody they cannot: each is fitted alone.
Marks are taken by tenths of their full marks. Nothing here changes a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.exams.models import Exam, Post
from exam_system.exams.rules import RuleSet
from exam_system.interviews.models import Interview, InterviewScore, Panel, PanelAbsence, PanelSeat
from exam_system.interviews.sheets import elements_for, marks_of
from exam_system.registration.models import Application
from scoring.facets import Facets, facets
from scoring.rounding import BadScore

TENTHS = 10
LEAST = 4  # candidates; fewer say nothing
SMOOTH, ERRATIC = 0.5, 1.5  # infit and outfit outside are looked into (Linacre 2002)
_NORMAL = 1.96


@dataclass(frozen=True, slots=True)
class Rating:
    """One mark: whose it is, of which interviewer at which place, the element, its tenth."""

    candidate: int
    interviewer: int
    panel: str
    place: int
    element: str
    tenth: int


@dataclass(frozen=True, slots=True)
class Line:
    """One interviewer or element in logits, with the ends of its 95 % interval.

    `infit`, `outfit` None of an element; `erratic`: one of them is above 1.5, the scores jump;
    `smooth`: one is below 0.5, they differ less than the model expects.
    """

    name: str
    value: float
    error: float
    infit: float | None = None
    outfit: float | None = None

    @property
    def ends(self) -> tuple[float, float]:
        return self.value - _NORMAL * self.error, self.value + _NORMAL * self.error

    @property
    def erratic(self) -> bool:
        return max(self.infit or 0.0, self.outfit or 0.0) > ERRATIC

    @property
    def smooth(self) -> bool:
        return min(self.infit or 1.0, self.outfit or 1.0) < SMOOTH


@dataclass(frozen=True, slots=True)
class FacetReport:
    """Panels that hang together, their interviewers and elements; no lines where it cannot be
    said."""

    panels: tuple[str, ...]
    candidates: int
    interviewers: tuple[Line, ...]
    elements: tuple[Line, ...]


def report(session: Session, exam: Exam, rules: RuleSet, panel: str) -> FacetReport:
    """The model of one panel and those it overlaps with, as their interviews stand now."""
    given = _ratings(session, exam, rules)
    panels = _overlapping(given, panel)
    own = [one for one in given if one.panel in panels]
    people = len({one.candidate for one in own})
    empty = FacetReport(tuple(sorted(panels)), people, (), ())
    if people < LEAST or len({one.tenth for one in own}) < 2:
        return empty
    try:
        return _fitted(empty, own)
    except (BadScore, np.linalg.LinAlgError):
        return empty


def _fitted(empty: FacetReport, given: Sequence[Rating]) -> FacetReport:
    seats: dict[int, set[str]] = {}
    for one in given:
        seats.setdefault(one.interviewer, set()).add(f"{one.panel}-{one.place}")
    names = {who: " ".join(sorted(at)) for who, at in seats.items()}
    raters = sorted(names, key=lambda who: names[who])
    elements = sorted({one.element for one in given})
    found = facets(
        _numbers([one.candidate for one in given]),
        np.array([raters.index(one.interviewer) for one in given]),
        np.array([elements.index(one.element) for one in given]),
        _numbers([one.tenth for one in given]),
    )
    return FacetReport(
        empty.panels, empty.candidates, _raters(found, raters, names), _elements(found, elements)
    )


def _numbers(values: Sequence[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """From 0 without gaps, in their order."""
    return np.unique(np.array(values), return_inverse=True)[1].astype(np.int64)


def _raters(found: Facets, raters: Sequence[int], names: Mapping[int, str]) -> tuple[Line, ...]:
    return tuple(
        Line(
            names[who],
            float(found.severity[at]),
            float(found.severity_se[at]),
            float(found.infit[at]),
            float(found.outfit[at]),
        )
        for at, who in enumerate(raters)
    )


def _elements(found: Facets, elements: Sequence[str]) -> tuple[Line, ...]:
    return tuple(
        Line(name, float(found.element[at]), float(found.element_se[at]))
        for at, name in enumerate(elements)
    )


def _overlapping(given: Sequence[Rating], panel: str) -> set[str]:
    """The panel and all that hang together with it by interviewers who sat in several."""
    sat: dict[int, set[str]] = {}
    for one in given:
        sat.setdefault(one.interviewer, set()).add(one.panel)
    found = {panel}
    while more := {code for own in sat.values() if own & found for code in own} - found:
        found |= more
    return found


def _ratings(session: Session, exam: Exam, rules: RuleSet) -> list[Rating]:
    left = _left(session, exam)
    query = (
        select(InterviewScore, PanelSeat, Panel.code, Post.category)
        .join(PanelSeat, PanelSeat.id == InterviewScore.panel_seat_id)
        .join(Panel, Panel.id == PanelSeat.panel_id)
        .join(Interview, Interview.application_id == InterviewScore.application_id)
        .join(Application, Application.id == Interview.application_id)
        .join(Post, Post.id == Application.post_id)
        .where(Panel.exam_id == exam.id, Interview.state == "scored")
        .order_by(Panel.code, Interview.place, PanelSeat.place)
    )
    found = []
    for row, seat, code, category in session.execute(query):
        who = _sat(left.get(seat.id, ()), row.entered_at) or seat.interviewer_id
        for element, tenth in _tenths(rules, category, row):
            one = Rating(row.application_id, who, code, seat.place, element, tenth)
            found.append(one)
    return found


def _tenths(rules: RuleSet, category: str | None, row: InterviewScore) -> list[tuple[str, int]]:
    """The mark of every element by tenths of its full marks; of a single score one, named ""."""
    elements = elements_for(rules, category)
    if not elements:
        return [("", _tenth(row.score, Decimal(100)))]
    named = zip(elements, marks_of(row), strict=True)
    return [(one.name, _tenth(mark, one.full)) for one, mark in named]


def _tenth(mark: str, full: Decimal) -> int:
    return min(TENTHS - 1, int(Decimal(mark) * TENTHS / full))


Left = Sequence[tuple[datetime, int]]
"""When a seat passed on, and whose it was before, the earliest first."""


def _left(session: Session, exam: Exam) -> dict[int, list[tuple[datetime, int]]]:
    query = (
        select(PanelAbsence)
        .where(PanelAbsence.exam_id == exam.id, PanelAbsence.replaced_at.is_not(None))
        .order_by(PanelAbsence.replaced_at)
    )
    found: dict[int, list[tuple[datetime, int]]] = {}
    for row in session.scalars(query):
        if row.panel_seat_id and row.replaced_at:
            found.setdefault(row.panel_seat_id, []).append((row.replaced_at, row.interviewer_id))
    return found


def _sat(left: Left, at: datetime) -> int | None:
    """Who sat there at a time, when it is not the one who sits there now."""
    return next((who for until, who in left if at < until), None)
