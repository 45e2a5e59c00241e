"""The algorithms of draws by name: pure functions of a manifest's groups, the seed, the purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from exam_system.trust import tickets
from exam_system.verify import matching
from exam_system.verify.rotating import check_rotating, rotating
from proctoring.deal import deal_v1
from seating import checking, findings, groups
from seating.findings import Finding
from seating.order import order_v1
from seating.seats import seats_v1

Groups = Sequence[Mapping[str, Any]]
Drawn = list[dict[str, Any]]
Engine = Callable[[Groups, str, str], Drawn]


def _by_ticket(engine: Callable[[Groups, Callable[[str], bytes]], Drawn]) -> Engine:
    """An engine that needs no more of the seed than everybody's ticket."""

    def run(groups: Groups, seed: str, purpose: str) -> Drawn:
        return engine(groups, partial(tickets.ticket, seed, purpose))

    return run


def _broken(listed: Groups, drawn: Drawn) -> list[Finding]:
    """What an outcome of seats/v1 breaks and does not say itself (`left`)."""
    said = {_place(left) for group in drawn for left in group["left"]}
    may = (findings.TOGETHER, findings.CROWDED)
    return [
        found
        for found in checking.check_v1(listed, drawn)
        if found.msgid not in may or _place(found.params) not in said
    ]


def _place(params: Mapping[str, str | int]) -> tuple[object, ...]:
    """Two seats, or a group in a room: what `left` and the check call by the same words."""
    where = params["district"], params["room"]
    if "seat" in params:
        return *where, frozenset({params["seat"], params["other"]})
    return *where, params["kind"], params["group"]


ENGINES: dict[str, Engine] = {
    "order/v1": _by_ticket(order_v1),
    "deal/v1": _by_ticket(deal_v1),
    "seats/v1": seats_v1,
    "groups/v1": groups.groups_v1,
    "rotation/v1": rotating,
    "match/v1": matching.match_engine,
    "lottery/v1": matching.lottery_engine,
}
"""(groups, seed, purpose) to the drawn groups; a ValueError says what cannot be drawn."""

CHECKS: dict[str, Callable[[Groups, Drawn], Sequence[object]]] = {
    "seats/v1": _broken,
    "groups/v1": groups.check_v1,
    "rotation/v1": check_rotating,
    "match/v1": matching.check_match,
    "lottery/v1": matching.check_lottery,
}
"""What is wrong with drawn groups, found without the seed and without the engine's code."""
