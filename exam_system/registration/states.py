"""The states of an application and the only moves between them."""

from __future__ import annotations

from exam_system.errors import Conflict, Sentence
from exam_system.registration.models import Application

STATES = {
    "draft": "Not submitted yet",
    "submitted": "Waiting for review",
    "second": "In second review",
    "approved": "Approved",
    "refused": "Refused",
    "paid": "Paid and confirmed",
    "withdrawn": "Withdrawn",
    "choosing": "The post was cancelled: choose another one",
}
WAITING = ("submitted", "second")
"""States in which a reviewer is next."""
# Whoever is not reviewed or was refused may change while registration is open (RULES 2.1); what
# was decided goes back to review only by `reviewing.reopen_review`.
MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"draft", "submitted", "withdrawn"}),
    "submitted": frozenset({"approved", "refused", "withdrawn", "choosing", "second"}),
    "second": frozenset({"approved", "refused", "withdrawn", "choosing", "submitted"}),
    "approved": frozenset({"paid", "withdrawn", "submitted"}),
    "refused": frozenset({"draft", "submitted"}),
    # A paid application moves only when its post is cancelled for want of candidates.
    "paid": frozenset({"choosing"}),
    "choosing": frozenset({"submitted", "withdrawn"}),
    "withdrawn": frozenset({"draft"}),
}


def move(application: Application, to: str) -> None:
    """Change the application's state; raises Conflict for every pair that MOVES does not list."""
    if to not in MOVES[application.state]:
        raise not_now(application)
    application.state = to


def not_now(application: Application) -> Conflict:
    """What is said when something cannot be done in this state."""
    return Conflict(
        "The application is in the state “%(state)s”: this cannot be done now",
        state=Sentence(STATES[application.state]),
    )
