"""What the pages of a session show: whose turn, how long, what is left, what was chosen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.choosing.lookup import Held, held, sessions_of
from exam_system.choosing.models import ChoiceProxy, ChoiceSession, ChoiceTurn
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.language import when
from exam_system.registration.models import Application
from exam_system.sheets import Cell
from scoring.post_choice import Chosen

OUTCOMES = {
    "chosen": "Has chosen",
    "absent": "Was not there",
    "gave_up": "Wanted none of the places left",
    "overtime": "Let the time run out",
    "none_left": "No place was left",
}
TONES = {"chosen": "good", "none_left": "neutral"}
CHOICES = (
    *("Post", "Turn", "Admission number", "Name", "Rank", "Outcome", "Place that is chosen"),
    *("Name of the place", "At", "By proxy"),
)
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Screen:
    """A session at a moment; `left` are seconds on the clock (None: it does not run), `mark`
    changes with everything that happens."""

    mark: str
    sentence: Sentence
    number: str
    then: tuple[str, ...]
    left: int | None
    places: tuple[tuple[str, str, int, int], ...]
    done: tuple[Chosen, ...]

    def shown(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The same for a page that asks: texts in the reader's language."""
        rows = [[one.ref, names.get(one.post, "") or _(OUTCOMES[one.outcome])] for one in self.done]
        return {
            "mark": self.mark,
            "sentence": self.sentence.text(_),
            "number": self.number,
            "then": ", ".join(self.then),
            "left": self.left,
            "places": [list(place) for place in self.places],
            "done": rows[::-1][:_SHOWN],
        }


def screen(one: Held, now: datetime) -> Screen:
    """A session as it stands; also one that is closed or was overtaken by a correction."""
    state = one.state
    following = state.order[state.turn + 1 :]
    running = state.ends_at is not None and not state.chosen and one.row.state == "open"
    return Screen(
        f"{len(one.events)}{one.row.state}",
        _sentence(one, now),
        (state.current or "") if one.row.state == "open" else "",
        following[:3],
        max(0, state.ends_at - int(now.timestamp())) if running and state.ends_at else None,
        tuple(
            (place.code, place.name, state.places[place.code], place.free) for place in one.places
        ),
        state.results,
    )


def _sentence(one: Held, now: datetime) -> Sentence:
    state = one.state
    if one.row.state == "void":
        return Sentence("The list behind this session was corrected: it ended without a result")
    if one.row.state == "closed":
        return Sentence("Closed: the signed result is public")
    if state.finished:
        return Sentence("Everybody has had a turn")
    if now < one.row.starts_at:
        return Sentence("The choice has not begun")
    if state.ends_at is None:
        if state.current in state.arrived:
            return Sentence("Is called next")
        return Sentence("Is awaited")
    if one.signed:
        return Sentence("Has signed; the inspector confirms it")
    if state.chosen:
        return Sentence("Has named a place and signs")
    return Sentence("Chooses now")


def place_names(one: Held) -> dict[str, str]:
    """Names of a session's places by code."""
    return {place.code: place.name for place in one.places}


@dataclass(frozen=True, slots=True)
class Queued:
    """Somebody of the queue as the desk sees them."""

    turn: ChoiceTurn
    number: str
    name: str
    proxy: str
    arrived: bool
    result: Chosen | None


def people(ctx: Context, one: Held) -> list[Queued]:
    """Everybody of a session in the order of the queue; `proxy` names who was authorised."""
    query = (
        select(ChoiceTurn.id, Person.name, ChoiceProxy.name_sealed)
        .join(Application, Application.id == ChoiceTurn.application_id)
        .join(Person, Person.id == Application.person_id)
        .outerjoin(
            ChoiceProxy,
            (ChoiceProxy.application_id == Application.id) & ChoiceProxy.ended_at.is_(None),
        )
        .where(ChoiceTurn.session_id == one.row.id)
    )
    told = {row.id: row for row in ctx.session.execute(query)}
    state = one.state
    results = {result.ref: result for result in state.results}
    found = []
    for turn in one.turns:
        row, number = told[turn.id], one.numbers[turn.id]
        proxy = ctx.keys.vault.open(row.name_sealed) if row.name_sealed else ""
        there = number in state.arrived
        found.append(Queued(turn, number, row.name, proxy, there, results.get(number)))
    return found


def proxies_of(ctx: Context, exam: Exam) -> list[tuple[ChoiceProxy, str, str, str]]:
    """Authorisations of an exam, those that stand first: number and name of who, and the proxy."""
    query = (
        select(ChoiceProxy, Application.number, Person.name)
        .join(Application, Application.id == ChoiceProxy.application_id)
        .join(Person, Person.id == Application.person_id)
        .where(Application.exam_id == exam.id)
        .order_by(ChoiceProxy.ended_at.is_not(None), ChoiceProxy.id)
    )
    return [
        (
            row.ChoiceProxy,
            str(row.number),
            row.name,
            ctx.keys.vault.open(row.ChoiceProxy.name_sealed),
        )
        for row in ctx.session.execute(query)
    ]


def own_session(session: Session, application: Application) -> Held | None:
    """The newest session in which an application has a turn."""
    query = (
        select(ChoiceSession)
        .join(ChoiceTurn, ChoiceTurn.session_id == ChoiceSession.id)
        .where(ChoiceTurn.application_id == application.id)
        .order_by(ChoiceSession.id.desc())
        .limit(1)
    )
    row = session.scalar(query)
    return held(session, row) if row else None


def results(one: Held) -> Sequence[Mapping[str, Any]]:
    """How the turns of a closed session ended, from what was signed."""
    rows: list[Mapping[str, Any]] = json.loads(one.row.document or '{"results":[]}')["results"]
    return rows


def choice_rows(ctx: Context, fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """The list of choices of an exam: every turn that has ended."""
    for one in sessions_of(ctx.session, exam_by_code(ctx.session, fields["code"])):
        names, ranks = place_names(one), {one.numbers[turn.id]: turn.rank for turn in one.turns}
        known = {row.number: row.name for row in people(ctx, one)}
        for turn, row in enumerate(one.state.results, 1):
            at = when(datetime.fromtimestamp(row.at, ctx.config.zone))
            who = (one.post.code, turn, row.ref, known[row.ref], ranks[row.ref])
            what = (_(OUTCOMES[row.outcome]), row.post, names.get(row.post, ""))
            yield *who, *what, at, _("Yes") if row.proxy else ""
