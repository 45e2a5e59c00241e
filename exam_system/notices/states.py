"""The states of a notice's version and the only moves between them."""

from __future__ import annotations

from exam_system.errors import Conflict, Sentence
from exam_system.notices.models import NoticeVersion

STATES = {
    "draft": "Drafted",
    "checking": "Passes its levels",
    "cleared": "Cleared for publication",
    "published": "Published",
    "withheld": "Withheld",
}
MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"draft", "checking", "cleared", "withheld"}),
    "checking": frozenset({"draft", "checking", "cleared", "withheld"}),
    "cleared": frozenset({"draft", "published", "withheld"}),
    "withheld": frozenset({"draft"}),
    "published": frozenset(),
}


def move(version: NoticeVersion, to: str) -> None:
    """Change the state; raises Conflict for every pair that MOVES does not list."""
    if to not in MOVES[version.state]:
        raise Conflict(
            "The notice is in the state “%(state)s”: this cannot be done now",
            state=Sentence(STATES[version.state]),
        )
    version.state = to
