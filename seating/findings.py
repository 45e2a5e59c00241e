"""Sentences about a draw: a fixed text with parameters, so that others can say it their way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: `msgid % params` says it in English."""

    msgid: str
    params: Mapping[str, str | int]

    def __str__(self) -> str:
        return self.msgid % self.params


class CannotWork(ValueError):
    """No draw keeps the rules, whatever the seed; `findings` says what is short by how much."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("The draw cannot be made: " + "; ".join(map(str, findings)) + ".")


# Before a draw: every one of these is a proof that no seed can help.
SEATS = (
    "district %(district)s: %(needed)s candidates, %(rooms)s rooms hold %(available)s: short by "
    "%(short)s; add rooms, or keep fewer seats free"
)
ACCESS = (
    "district %(district)s: %(needed)s candidates need a room of access %(access)s, %(rooms)s "
    "such rooms hold %(available)s: short by %(short)s; make more rooms accessible"
)
CAP = (
    "district %(district)s: %(kind)s %(group)s has %(needed)s candidates; %(rooms)s rooms take at "
    "most %(cap)s each = %(available)s: short by %(short)s; raise the cap, or keep more seats "
    "free so that more rooms are opened"
)
CAP_ACCESS = (
    "district %(district)s: %(kind)s %(group)s has %(needed)s candidates who need a room of access "
    "%(access)s; %(rooms)s such rooms take at most %(cap)s each = %(available)s: short by "
    "%(short)s; raise the cap, or make more rooms accessible"
)
APART = (
    "district %(district)s: %(kind)s %(group)s has %(needed)s candidates; %(rooms)s rooms hold at "
    "most %(available)s of whom no two sit side by side: short by %(short)s; move so many to "
    "another district, or keep enough seats free that more rooms are opened"
)
APART_ACCESS = (
    "district %(district)s: %(kind)s %(group)s has %(needed)s candidates who need a room of access "
    "%(access)s; %(rooms)s such rooms hold at most %(available)s of whom no two sit side by side: "
    "short by %(short)s; make more rooms accessible"
)
PANELS = "group %(group)s: %(needed)s interview groups, %(available)s places: short by %(short)s"
HALL = (
    "group %(group)s: %(needed)s interview groups (%(labels)s) may only be heard by panels "
    "%(panels)s because of relations: short by %(short)s; add a panel without these relations, or "
    "replace an interviewer who has them"
)
HALL_NONE = (
    "group %(group)s: the interview group %(labels)s may be heard by no panel because of "
    "relations: short by %(short)s; replace an interviewer who has them"
)
BEFORE = (SEATS, ACCESS, CAP, CAP_ACCESS, APART, APART_ACCESS, PANELS, HALL, HALL_NONE)

# After a draw: the search ended, which proves nothing.
LEFT_TOGETHER = (
    "district %(district)s: not found after %(steps)s exchanges: in room %(room)s seats %(seat)s "
    "and %(other)s, side by side, have candidates of one group"
)
LEFT_CROWDED = (
    "district %(district)s: not found after %(steps)s exchanges: room %(room)s holds %(found)s "
    "candidates of %(kind)s %(group)s, %(cap)s are allowed"
)

# What a check of an outcome finds.
WRONG_PEOPLE = "district %(district)s: the seats do not name its candidates, each once"
WRONG_ROOMS = "district %(district)s: the outcome does not name its rooms in the plan's order"
ELSEWHERE = "%(label)s sits in a room of another district, or in none"
NO_SUCH_SEAT = "district %(district)s room %(room)s: seats are not 1 to %(people)s, each once"
TOO_FULL = "district %(district)s room %(room)s: %(people)s people, %(places)s places"
UNEVEN = "district %(district)s: rooms are not opened in order and filled evenly"
NO_ACCESS = "%(label)s needs a room of access %(need)s; room %(room)s has %(access)s"
TOGETHER = (
    "district %(district)s room %(room)s: seats %(seat)s and %(other)s, side by side, have "
    "candidates of %(kind)s %(group)s"
)
CROWDED = (
    "district %(district)s room %(room)s: %(found)s candidates of %(kind)s %(group)s, %(cap)s are "
    "allowed"
)
SAME_FORM = (
    "district %(district)s room %(room)s: seats %(seat)s and %(other)s, side by side, have the "
    "same paper form"
)
NO_FORM = "district %(district)s room %(room)s: a paper form is not one of 1 to %(forms)s"
WRONG_GROUPS = "group %(group)s: the panels do not hear its interview groups, each once"
WRONG_PANELS = "group %(group)s: the outcome does not name its panels in listed order"
RELATED = "group %(group)s: panel %(panel)s hears %(label)s in spite of a relation"
OVERFULL = "group %(group)s: panel %(panel)s hears %(found)s groups, %(places)s are allowed"
