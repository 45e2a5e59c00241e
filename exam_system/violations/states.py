"""How incidents and cases move; any pair that is not listed raises."""

from __future__ import annotations

from exam_system.errors import Conflict, Sentence
from exam_system.violations.models import Incident, ViolationCase

INCIDENT_STATES = {
    "open": "recorded",
    "signed": "signed",
    "confirmed": "confirmed by the head of the site",
    "case": "handed on as a case",
    "closed": "closed, no violation",
}
INCIDENT_MOVES: dict[str, frozenset[str]] = {
    "open": frozenset({"signed", "confirmed", "closed"}),
    "signed": frozenset({"confirmed", "closed"}),
    "confirmed": frozenset({"case", "closed"}),
    "case": frozenset(),
    "closed": frozenset(),
}
CASE_STATES = {
    "open": "opened as a case",
    "noticed": "hearing: waits for the answer",
    "heard": "heard: what was raised is checked",
    "rechecked": "checked: may be decided",
    "decided": "decided: to be served",
    "served": "served",
    "review": "under review",
    "final": "final",
    "closed": "closed, no sanction",
}
CASE_MOVES: dict[str, frozenset[str]] = {
    "open": frozenset({"noticed", "closed"}),
    "noticed": frozenset({"heard", "closed"}),
    "heard": frozenset({"rechecked"}),
    "rechecked": frozenset({"noticed", "decided", "closed"}),
    "decided": frozenset({"served"}),
    "served": frozenset({"review", "final"}),
    "review": frozenset({"decided"}),
    "final": frozenset(),
    "closed": frozenset(),
}
"""A hearing that found something new goes back to a new notice; a review makes a new version."""


def move_incident(incident: Incident, to: str) -> None:
    """Raise Conflict unless the incident may move there."""
    _require(INCIDENT_MOVES, INCIDENT_STATES, incident.state, to)
    incident.state = to


def move_case(case: ViolationCase, to: str) -> None:
    """Raise Conflict unless the case may move there."""
    _require(CASE_MOVES, CASE_STATES, case.state, to)
    case.state = to


def require_state(row: Incident | ViolationCase, *states: str) -> None:
    """Raise Conflict unless it is in one of these states."""
    names = INCIDENT_STATES if isinstance(row, Incident) else CASE_STATES
    if row.state not in states:
        raise Conflict(
            "It is %(state)s: this step cannot be taken now", state=Sentence(names[row.state])
        )


def _require(moves: dict[str, frozenset[str]], names: dict[str, str], now: str, to: str) -> None:
    if to not in moves[now]:
        raise Conflict("It is %(state)s: this step cannot be taken now", state=Sentence(names[now]))
