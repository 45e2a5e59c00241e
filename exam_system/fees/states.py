"""The states of a fee order and the only moves between them."""

from __future__ import annotations

from exam_system.errors import Conflict, Sentence
from exam_system.fees.models import Order

STATES = {
    "created": "Order made",
    "paying": "Waiting for the payment",
    "paid": "Paid",
    "closed": "Closed",
}
MOVES: dict[str, frozenset[str]] = {
    "created": frozenset({"paying", "paid", "closed"}),
    "paying": frozenset({"paying", "paid", "closed"}),
    "paid": frozenset(),
    "closed": frozenset(),
}


def move(order: Order, to: str) -> None:
    """Change the order's state; raises Conflict for every pair that MOVES does not list."""
    if to not in MOVES[order.state]:
        raise Conflict(
            "The order is in the state “%(state)s”: this cannot be done now",
            state=Sentence(STATES[order.state]),
        )
    order.state = to
