"""What the hall screen and the interviewer's desk show. No name ever comes in here.

The queries take places in the drawn order and scores, nothing of a person, so that nothing these
pages are made of could say who a candidate is; the only admission numbers are those that an
interviewer has typed in to declare an avoidance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from exam_system.exams.interview_rules import SheetElement
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.interviews.lookup import dropped_places, scores_of, substituted_at
from exam_system.interviews.models import (
    Avoidance,
    Interview,
    Interviewer,
    InterviewGroup,
    InterviewScore,
    Panel,
    PanelSeat,
)
from exam_system.interviews.sheets import dropped_parts, elements_of, marks_of, rows_of
from exam_system.registration.models import Application


@dataclass(frozen=True, slots=True)
class Box:
    """One interviewer's box; the score stays empty until all are in. `dropped`: high, low or "".

    `marks`: where elements are trimmed, the mark of each and whether that was dropped.
    """

    place: int
    entered: bool
    score: str = ""
    dropped: str = ""
    substitute: bool = False
    marks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """A candidate who has been heard (or was absent), by the number drawn."""

    place: int
    result: str
    absent: bool


@dataclass(frozen=True, slots=True)
class Hall:
    """What everybody may see of a panel. `place` is the number in the room or just scored."""

    panel: str
    state: str
    candidates: int
    place: int | None
    phase: str
    boxes: tuple[Box, ...]
    result: str
    heard: tuple[Heard, ...]

    @property
    def mark(self) -> str:
        """Changes whenever a page must be drawn anew: another candidate, a result, a closing."""
        return f"{self.state}:{self.place or 0}:{self.phase}:{len(self.heard)}"


def hall_of(session: Session, exam: Exam, panel: Panel) -> Hall:
    """The state of a panel's hall screen."""
    interviews = _interviews(session, panel)
    shown = _shown(interviews)
    heard = tuple(
        Heard(one.place or 0, one.result, one.state == "absent")
        for one in interviews
        if one.state in ("scored", "absent")
    )
    return Hall(
        panel=panel.code,
        state=panel.state,
        candidates=len(interviews),
        place=shown.place if shown else None,
        phase=shown.state if shown else "waiting",
        boxes=_boxes(session, exam, panel, shown),
        result=shown.result if shown else "",
        heard=heard,
    )


def _interviews(session: Session, panel: Panel) -> list[Interview]:
    query = (
        select(Interview)
        .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
        .where(InterviewGroup.panel_id == panel.id)
        .order_by(Interview.place)
    )
    return list(session.scalars(query))


def _shown(interviews: list[Interview]) -> Interview | None:
    """Who is in the room, else who was scored last."""
    for one in interviews:
        if one.state == "called":
            return one
    scored = [one for one in interviews if one.state == "scored"]
    return scored[-1] if scored else None


def _boxes(session: Session, exam: Exam, panel: Panel, shown: Interview | None) -> tuple[Box, ...]:
    seats = select(PanelSeat.place).where(PanelSeat.panel_id == panel.id)
    places = list(session.scalars(seats.order_by(PanelSeat.place)))
    scores = scores_of(session, shown) if shown else {}
    came = substituted_at(session, panel)
    if shown is None or shown.state != "scored":
        return tuple(Box(n, n in scores, substitute=n in came) for n in places)
    rules = rules_of(exam)
    kinds = _kinds(dropped_places(shown), rules.drop_high)
    marks = _marks(session, rules, shown)
    return tuple(
        Box(n, True, scores[n], kinds.get(n, ""), n in came, marks.get(n, ())) for n in places
    )


def _kinds(dropped: Sequence[int], high: int) -> dict[int, str]:
    return {place: "high" if at < high else "low" for at, place in enumerate(dropped)}


def _marks(
    session: Session, rules: RuleSet, shown: Interview
) -> dict[int, tuple[tuple[str, str], ...]]:
    """Every interviewer's marks with what was dropped of them, where elements are trimmed."""
    if not elements_of(session, rules, shown.application_id):
        return {}
    parts = dropped_parts(shown) if rules.interview_trimming == "element" else ()
    kinds = [_kinds(part, rules.drop_high) for part in parts]
    return {
        place: tuple(
            (mark, kinds[at].get(place, "") if kinds else "")
            for at, mark in enumerate(marks_of(row))
        )
        for place, row in rows_of(session, shown).items()
    }


@dataclass(frozen=True, slots=True)
class Own:
    """A score that the interviewer has entered, and the result once it is shown."""

    place: int
    score: str
    result: str


@dataclass(frozen=True, slots=True)
class Desk:
    """An interviewer's own panel: their place in it, what the hall shows, their own scores."""

    exam: Exam
    panel: Panel
    seat: int
    hall: Hall
    own: tuple[Own, ...]
    elements: tuple[SheetElement, ...] = ()

    @property
    def entered(self) -> bool:
        """Whether the own score of the candidate in the room is in."""
        return any(box.place == self.seat and box.entered for box in self.hall.boxes)

    @property
    def finished(self) -> bool:
        """Whether everybody has been heard."""
        return len(self.hall.heard) == self.hall.candidates


def desk_of(session: Session, account_id: int | None) -> Desk | None:
    """The desk of an account: its open panel, else the next to open, else the last one closed."""
    rank = case({"open": 0, "waiting": 1}, value=Panel.state, else_=2)
    row = session.execute(
        select(PanelSeat, Panel, Exam)
        .join(Panel, Panel.id == PanelSeat.panel_id)
        .join(Exam, Exam.id == Panel.exam_id)
        .join(Interviewer, Interviewer.id == PanelSeat.interviewer_id)
        .where(Interviewer.account_id == account_id)
        .order_by(rank, Panel.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    seat, panel, exam = row
    hall = hall_of(session, exam, panel)
    since = substituted_at(session, panel).get(seat.place, datetime.min.replace(tzinfo=UTC))
    called = [one for one in _interviews(session, panel) if one.state == "called"]
    named = elements_of(session, rules_of(exam), called[0].application_id) if called else ()
    return Desk(exam, panel, seat.place, hall, _own(session, seat, since), named)


def _own(session: Session, seat: PanelSeat, since: datetime) -> tuple[Own, ...]:
    """Scores from this seat that its interviewer of today has entered."""
    query = (
        select(Interview.place, InterviewScore.score, Interview.result)
        .join(Interview, Interview.application_id == InterviewScore.application_id)
        .where(InterviewScore.panel_seat_id == seat.id, InterviewScore.entered_at >= since)
        .order_by(Interview.place)
    )
    return tuple(Own(row.place, row.score, row.result) for row in session.execute(query))


def own_avoidances(session: Session, account_id: int | None, exam: Exam) -> list[tuple[str, str]]:
    """Admission number and relation of what an interviewer has declared in an exam."""
    query = (
        select(Application.number, Avoidance.relation)
        .join(Avoidance, Avoidance.application_id == Application.id)
        .join(Interviewer, Interviewer.id == Avoidance.interviewer_id)
        .where(Interviewer.account_id == account_id, Application.exam_id == exam.id)
        .order_by(Application.number)
    )
    return [(row[0] or "", row[1]) for row in session.execute(query)]
