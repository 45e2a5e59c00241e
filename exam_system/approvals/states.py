"""How an approval may move, and nothing else."""

from __future__ import annotations

from exam_system.approvals.models import Approval
from exam_system.errors import Conflict, Sentence

MOVES: dict[str, frozenset[str]] = {
    "asked": frozenset({"approved", "refused", "withdrawn"}),
    "approved": frozenset({"used", "withdrawn"}),
    "refused": frozenset(),
    "withdrawn": frozenset(),
    "used": frozenset(),
}
NAMES = {
    "asked": "Approval asked for",
    "approved": "Approval given",
    "refused": "Approval refused",
    "withdrawn": "Request withdrawn",
    "used": "Approved and carried out",
}


def move(approval: Approval, to: str) -> None:
    """Change the state, or raise Conflict when the table does not list the pair."""
    if to not in MOVES[approval.state]:
        raise Conflict(
            "This approval is past that: it stands at “%(state)s”",
            state=Sentence(NAMES[approval.state]),
        )
    approval.state = to
