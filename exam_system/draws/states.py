"""The states of an attempt. What is not in the table raises; nothing times out."""

from __future__ import annotations

from exam_system.draws.models import Attempt
from exam_system.errors import Conflict, Sentence

# Once dice lie on the table the values stand: from `rolled` the only way is forward, but for a
# secret that proves to be another than the one committed to (PROTOCOLS.md section 4, step 4).
MOVES: dict[str, frozenset[str]] = {
    "frozen": frozenset({"committed", "void"}),
    "committed": frozenset({"rolled", "void"}),
    "rolled": frozenset({"rolled", "confirmed"}),
    "confirmed": frozenset({"revealed", "void"}),
    "revealed": frozenset({"finished"}),
    "finished": frozenset({"published"}),
    "published": frozenset(),
    "void": frozenset(),
}

WORDS = {
    "frozen": "the list is frozen, commitments are awaited",
    "committed": "all commitments are in, the dice are awaited",
    "rolled": "the dice are typed in, the inspector must confirm them",
    "confirmed": "the dice are confirmed, the secrets are awaited",
    "revealed": "all secrets are revealed, the result is to be computed",
    "finished": "the result is computed and signed, publication is awaited",
    "published": "the draw is published",
    "void": "this attempt is void",
}


def require(attempt: Attempt, *states: str) -> None:
    """Raise Conflict unless the attempt is in one of these states."""
    if attempt.state not in states:
        raise Conflict("Not now: %(state)s", state=Sentence(WORDS[attempt.state]))


def move(attempt: Attempt, to: str) -> None:
    """Bring the attempt to the next state; raises Conflict for any move not in the table."""
    if to not in MOVES[attempt.state]:
        raise Conflict("Not now: %(state)s", state=Sentence(WORDS[attempt.state]))
    attempt.state = to
