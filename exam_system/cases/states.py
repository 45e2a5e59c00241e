"""How a case moves: registered, assigned, handled, replied, then the follow-up."""

from __future__ import annotations

from exam_system.cases.engine import REGISTERED, REPLIED, WORKED_ON
from exam_system.cases.models import Letter
from exam_system.errors import Conflict, Sentence

STATES = {
    "registered": "registered",
    "assigned": "assigned",
    "handled": "handled",
    "replied": "replied",
    "closed": "closed after the follow-up",
}
MOVES: dict[str, frozenset[str]] = {
    "registered": frozenset({"assigned"}),
    "assigned": frozenset({"assigned", "handled"}),
    "handled": frozenset({"assigned", "replied"}),
    "replied": frozenset({"assigned", "replied", "closed"}),
    "closed": frozenset(),
}
"""Assigned again: to somebody else, or because whoever wrote was not content with the answer.
Replied again: a second answer, which stands beside the first."""
PHASES = {"registered": REGISTERED, "assigned": WORKED_ON, "handled": WORKED_ON, "replied": REPLIED}
OPEN = tuple(PHASES)
WAITING = ("registered", "assigned", "handled")
"""States in which a case has a deadline."""


def move(letter: Letter, to: str) -> None:
    """Change the state; raises Conflict for every pair that MOVES does not list."""
    if to not in MOVES[letter.state]:
        raise Conflict(
            "It is %(state)s: this step cannot be taken now", state=Sentence(STATES[letter.state])
        )
    letter.state = to
