"""The states of an exam and the only moves between them."""

from __future__ import annotations

from exam_system.errors import Conflict, Sentence
from exam_system.exams.models import Exam

STATE_NAMES = {
    "draft": "In preparation",
    "announced": "Announced",
    "closed": "Registration closed",
    "seated": "Seats drawn",
    "written": "Written scores published",
    "shortlisted": "Shortlist published",
    "interviewing": "Interviews under way",
    "final": "Final results published",
}
"""The states in their order, and what pages call them (to be translated)."""
STATES = tuple(STATE_NAMES)
MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"announced"}),
    "announced": frozenset({"closed"}),
    "closed": frozenset({"seated"}),
    "seated": frozenset({"written"}),
    "written": frozenset({"shortlisted"}),
    "shortlisted": frozenset({"interviewing"}),
    "interviewing": frozenset({"final"}),
    "final": frozenset(),
}


def move(exam: Exam, to: str) -> None:
    """Change the exam's state; raises Conflict for every pair that MOVES does not list."""
    if to not in MOVES[exam.state]:
        raise Conflict(
            "The exam %(code)s is in the state “%(state)s”: it cannot become “%(to)s” now",
            code=exam.code,
            state=Sentence(STATE_NAMES[exam.state]),
            to=Sentence(STATE_NAMES[to]),
        )
    exam.state = to
