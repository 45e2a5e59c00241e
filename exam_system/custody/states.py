"""Where a bag can be, and from where to where: the chain of places, one for each kind of bag."""

from __future__ import annotations

from exam_system.custody.models import Bag
from exam_system.errors import Conflict, Sentence

STATES = {
    "secrecy": "in the secrecy room",
    "escort": "with the escort",
    "site": "at the site",
    "room": "in its room",
    "opened": "opened",
    "packed": "counted and packed",
    "returned": "back at the site",
    "centre": "at the marking centre",
    "destroyed": "destroyed",
}
KINDS = {"paper": "Papers", "answer": "Answer sheets", "duty": "Duty paper"}
HANDED = ("escort", "site", "room", "returned", "centre")
"""What a hand-over leads to; the other states are reached by a deed of two."""
_CHAIN = {
    "secrecy": frozenset({"escort"}),
    "escort": frozenset({"site"}),
    # A bag that nobody needed goes back unopened.
    "site": frozenset({"room", "returned"}),
    "room": frozenset({"opened", "returned"}),
    "opened": frozenset({"packed"}),
    "packed": frozenset({"returned"}),
    "returned": frozenset({"centre", "destroyed"}),
    "centre": frozenset({"destroyed"}),
    "destroyed": frozenset[str](),
}
MOVES: dict[str, dict[str, frozenset[str]]] = {
    "paper": _CHAIN,
    # Answers go to the marking centre and are never waste.
    "answer": {**_CHAIN, "returned": frozenset({"centre"}), "centre": frozenset()},
    # A duty paper belongs to a district and is opened where its site keeps it.
    "duty": {**_CHAIN, "site": frozenset({"opened", "returned"}), "room": frozenset()},
}


def require_move(bag: Bag, to: str) -> None:
    """Raise Conflict unless the bag may go there from where it is."""
    if to not in MOVES[bag.kind][bag.state]:
        raise Conflict(
            "The bag %(barcode)s is %(state)s: from there it cannot become “%(to)s”",
            barcode=bag.barcode,
            state=Sentence(STATES[bag.state]),
            to=Sentence(STATES[to]),
        )


def move(bag: Bag, to: str) -> None:
    """Change the bag's place; raises Conflict for a move that there is not."""
    require_move(bag, to)
    bag.state = to
