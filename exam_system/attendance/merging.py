"""What the marks of a candidate come to, in whatever order they arrive.

Marks are never changed. One that names another as corrected takes its place; the head of a site
settles what differs. Everything else stands side by side: marks that say the same count once,
marks that differ are a dispute. Until that is settled somebody whom one of them saw is present.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """What a mark says of attendance, in the order of `id`."""

    id: int
    client: str
    kind: str
    outcome: str
    replaces: tuple[str, ...]
    settles: bool

    @property
    def state(self) -> str:
        """The state it stands for: somebody who came too late was not let in."""
        return "late" if self.outcome == "late" else self.kind


@dataclass(frozen=True, slots=True)
class Merged:
    """What counts; `disputed` when marks that stand side by side say different things."""

    state: str
    disputed: bool


def standing(marks: Iterable[Said]) -> list[Said]:
    """The marks that no later one has taken the place of."""
    counted = [one for one in marks if _counts(one)]
    settled = max((one.id for one in counted if one.settles), default=0)
    left = [one for one in counted if one.id >= settled]
    # what the head of the site has settled is not corrected in the room
    firm = {one.client for one in left if one.settles}
    gone = {client for one in left for client in one.replaces} - firm
    return [one for one in left if one.client not in gone]


def _counts(one: Said) -> bool:
    return one.kind != "elsewhere" and one.outcome in ("counts", "late")


def merge(marks: Sequence[Said]) -> Merged | None:
    """What the marks of one candidate in one session come to; None when none counts."""
    states = {one.state for one in standing(marks)}
    if not states:
        return None
    if "present" in states:
        return Merged("present", len(states) > 1)
    # marked absent, then came too late: both say that they did not sit the exam
    return Merged("late" if "late" in states else "absent", disputed=False)
