"""The states of a fee order and of a refund, and the only moves between them."""

from __future__ import annotations

from exam_system.errors import Conflict, Sentence
from exam_system.fees.models import Order, Refund

STATES = {
    "created": "Order made",
    "paying": "Waiting for the payment",
    "paid": "Paid",
    "closed": "Closed",
}
MOVES: dict[str, frozenset[str]] = {
    "created": frozenset({"paying", "paid", "closed"}),
    "paying": frozenset({"paying", "paid", "closed"}),
    "paid": frozenset({"closed"}),  # the post was cancelled: the money goes back
    "closed": frozenset(),
}

REFUND_STATES = {
    "open": "Refund ordered",
    "asked": "Refund under way",
    "refunded": "Refunded",
    "failed": "Refund failed",
}
REFUND_MOVES: dict[str, frozenset[str]] = {
    "open": frozenset({"asked", "refunded", "failed"}),
    "asked": frozenset({"refunded", "failed"}),
    "refunded": frozenset(),
    "failed": frozenset({"refunded"}),  # once the merchant platform has cured what held it up
}


def move(order: Order, to: str) -> None:
    """Change the order's state; raises Conflict for every pair that MOVES does not list."""
    if to not in MOVES[order.state]:
        raise Conflict(
            "The order is in the state “%(state)s”: this cannot be done now",
            state=Sentence(STATES[order.state]),
        )
    order.state = to


def move_refund(refund: Refund, to: str) -> None:
    """Change the refund's state; raises Conflict for every pair that REFUND_MOVES does not list."""
    if to not in REFUND_MOVES[refund.state]:
        raise Conflict(
            "The refund is in the state “%(state)s”: this cannot be done now",
            state=Sentence(REFUND_STATES[refund.state]),
        )
    refund.state = to
