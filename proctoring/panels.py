"""match/v1: interviewers into panels, and panels to groups of candidates.

Epoch e = 0, 1, … is part of the algorithm; the first in which every step succeeds counts. With
`<p>` = `<purpose>/<epoch>`; numbers below n are u32 words of a stream by rejection:

1. Who serves. One pass over the people from elsewhere by ticket(<p>, label). A person is taken if
   a role is open to them, others moving to another role of theirs where that is the only way, and
   if the taken stay within P panels' limits per employer and city and leave P times `per_sex`
   seats to the other sex. The rest in the same order are the reserves, as many as each role needs.
2. Deal. Role by role the people by ticket to the panels by words(<p>/panels, role id), lap by lap.
3. Repair, stream (<p>/repair, "steps"): of the panels that break a limit one is drawn, a seat of
   it, any panel, and a seat of the same role there; the two exchange unless the excess grows.
4. Mixing, stream (<p>/mix, "steps"), 20 times as often as there are seats: a drawn seat and a drawn
   seat of the same role exchange if both panels keep every limit. Without it the chance of two
   people to meet would be uneven (ALGORITHMS).
5. Groups. The first of 2,000 orders of the panels by words(<p>/groups, "0"), "1", … in which no
   panel hears a group it is related to; else augmenting paths from order "0".
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proctoring.chance import Stream, ticket_order, ticket_words, words
from proctoring.matching import Table, bits
from proctoring.panels_input import NONE, Panels, read_panels
from proctoring.panels_limits import group_shortfalls, shortfalls
from proctoring.serving import Service, serve
from proctoring.shortfall import Infeasible, NotFound

EPOCHS = 64
REPAIRS = 100  # steps for each seat
MIXING = 20  # exchanges for each seat
ORDERS = 2000


@dataclass(frozen=True, slots=True)
class Allocation:
    """Members of each panel seat by seat; reserves (person, role); the panel of each group."""

    panels: list[list[int]]
    reserve: list[tuple[int, int]]
    groups: list[int]


def match_v1(part: Mapping[str, Any], seed: str, *, purpose: str) -> dict[str, Any]:
    """The result for one part (shape: panels_input) and a seed of 64 hex digits.

    {"epoch": int, "panels": [{"id", "labels": [label, …]}], "reserve": [{"label", "role"}],
    "groups": [{"id", "panel"}]}: labels stand seat by seat, role after role; reserves in ticket
    order. Raises BadInput for a wrong shape, Infeasible with shortfalls where the rules cannot be
    kept, NotFound where nothing short is known and no epoch succeeded.
    """
    problem = read_panels(part)
    epoch, found = allocate(problem, seed, purpose=purpose, before=[0] * len(problem.label))
    return {"epoch": epoch, **as_result(problem, found)}


def allocate(
    problem: Panels, seed: str, *, purpose: str, before: Sequence[int]
) -> tuple[int, Allocation]:
    """The epoch and its allocation; people with a smaller number in `before` come first."""
    for epoch in range(EPOCHS):
        drawing = Drawing(problem, seed, f"{purpose}/{epoch}")
        service = drawing.service(before)
        panels = None if service is None else drawing.panels(service)
        groups = None if panels is None else drawing.groups(panels)
        if service is not None and panels is not None and groups is not None:
            return epoch, Allocation(panels, service.reserve, groups)
        if epoch == 0 and (found := shortfalls(problem)):
            raise Infeasible(found)
    raise _not_found(problem, panels)


def as_result(problem: Panels, found: Allocation) -> dict[str, Any]:
    """The plain JSON of an allocation."""
    label, roles = problem.label, problem.rules.roles
    return {
        "panels": [
            {"id": name, "labels": [label[person] for person in members]}
            for name, members in zip(problem.panels, found.panels, strict=True)
        ],
        "reserve": [{"label": label[one], "role": roles[role]} for one, role in found.reserve],
        "groups": [
            {"id": name, "panel": problem.panels[panel]}
            for name, panel in zip(problem.groups, found.groups, strict=True)
        ],
    }


def _not_found(problem: Panels, panels: list[list[int]] | None) -> NotFound:
    """With the groups and panels of the last epoch where relations were in the way."""
    related = [] if panels is None else group_shortfalls(problem, panels)
    return NotFound([str(one) for one in related] or ["the panels"], EPOCHS)


def excess(problem: Panels, members: Sequence[int]) -> int:
    """By how much a panel breaks its limits; 0 where it keeps them all."""
    rules = problem.rules
    women = sum(problem.woman[one] for one in members)
    over = max(0, rules.per_sex - women) + max(0, rules.per_sex - len(members) + women)
    over += _over([problem.employer[one] for one in members], rules.per_employer)
    over += _over([problem.city[one] for one in members], rules.per_city)
    if any(problem.apart[one] for one in members):
        over += sum(len(problem.apart[one].intersection(members)) for one in members) // 2
    return over


def _over(found: Sequence[int | str], limit: int) -> int:
    different = set(found)
    if len(found) - len(different) < limit and NONE not in different:
        return 0
    counted = Counter(found)
    return sum(max(0, n - limit) for value, n in counted.items() if value != NONE)


class Drawing:
    """One epoch."""

    def __init__(self, problem: Panels, seed: str, purpose: str) -> None:
        self.problem, self.seed, self.purpose = problem, seed, purpose
        self.size, self.count = problem.rules.size, len(problem.panels)
        self.role_of_seat = problem.rules.role_of_seat
        seats = problem.rules.seats
        self.seats, self.first = seats, [sum(seats[:role]) for role in range(len(seats))]

    def service(self, before: Sequence[int]) -> Service | None:
        """Step 1; None where the pass leaves a role short."""
        who = np.array(self.problem.eligible, dtype=np.int64)
        names = [self.problem.encoded[one] for one in self.problem.eligible]
        tickets = ticket_words(self.seed, self.purpose, names)
        order = who[ticket_order(tickets, np.array(before, dtype=np.int64)[who])]
        return serve(self.problem, order.tolist())

    def panels(self, service: Service) -> list[list[int]] | None:
        """Steps 2 to 4; None where the repair leaves a panel bad."""
        panels = self._dealt(service)
        if not self._repaired(panels):
            return None
        self._mix(panels)
        return panels

    def groups(self, panels: Sequence[Sequence[int]]) -> list[int] | None:
        """Step 5: the panel of each group; None where relations leave a group without."""
        if not self.problem.groups:
            return []
        related = related_panels(self.problem, panels)
        first = order = self._order(0)
        for attempt in range(ORDERS):
            order = order if attempt == 0 else self._order(attempt)
            if not any(panel in bad for panel, bad in zip(order, related, strict=True)):
                return order
        return self._augmented(first, related)

    def _order(self, attempt: int) -> list[int]:
        word = words(self.seed, f"{self.purpose}/groups", str(attempt), self.count)
        return [int(panel) for panel in np.argsort(word, kind="stable")]

    def _augmented(self, order: list[int], related: Sequence[frozenset[int]]) -> list[int] | None:
        allowed = [
            bits((at for at, panel in enumerate(order) if panel not in bad), self.count)
            for bad in related
        ]
        table = Table(allowed, self.count)
        for group in range(self.count):
            table.fill(group)
        return None if table.empty else [order[places[0]] for places in table.places]

    def _dealt(self, service: Service) -> list[list[int]]:
        panels: list[list[int]] = [[] for _ in range(self.count)]
        for role, name in enumerate(self.problem.rules.roles):
            word = words(self.seed, f"{self.purpose}/panels", name, self.count)
            order = np.argsort(word, kind="stable").tolist()
            for at, person in enumerate(service.members[role]):
                panels[order[at % self.count]].append(person)
        return panels

    def _repaired(self, panels: list[list[int]]) -> bool:
        stream = Stream(self.seed, f"{self.purpose}/repair", "steps")
        over = [excess(self.problem, members) for members in panels]
        bad = [at for at, much in enumerate(over) if much]
        for _ in range(REPAIRS * self.size * self.count):
            if not bad:
                return True
            one, seat = bad[stream.below(len(bad))], stream.below(self.size)
            other, there = stream.below(self.count), self._same_role(seat, stream)
            if one != other and self._exchanged(panels, (one, seat), (other, there), over):
                for panel in (one, other):
                    _keep_sorted(bad, panel, over[panel] > 0)
        return not bad

    def _mix(self, panels: list[list[int]]) -> None:
        stream = Stream(self.seed, f"{self.purpose}/mix", "steps")
        over = [0] * self.count
        for _ in range(MIXING * self.size * self.count):
            one, seat = divmod(stream.below(self.size * self.count), self.size)
            other, there = stream.below(self.count), self._same_role(seat, stream)
            if one != other:
                self._exchanged(panels, (one, seat), (other, there), over)

    def _same_role(self, seat: int, stream: Stream) -> int:
        role = self.role_of_seat[seat]
        return self.first[role] + stream.below(self.seats[role])

    def _exchanged(
        self,
        panels: list[list[int]],
        place: tuple[int, int],
        other: tuple[int, int],
        over: list[int],
    ) -> bool:
        """Exchange two seats unless the excess of the two panels together grows."""
        (one, seat), (two, there) = place, other
        panels[one][seat], panels[two][there] = panels[two][there], panels[one][seat]
        before = over[one] + over[two]
        first = excess(self.problem, panels[one])
        if first <= before:
            second = excess(self.problem, panels[two])
            if first + second <= before:
                over[one], over[two] = first, second
                return True
        panels[one][seat], panels[two][there] = panels[two][there], panels[one][seat]
        return False


def related_panels(problem: Panels, panels: Sequence[Sequence[int]]) -> list[frozenset[int]]:
    """Per group, the panels in which somebody has a relation with its candidates."""
    panel_of = {one: at for at, members in enumerate(panels) for one in members}
    return [
        frozenset(panel_of[one] for one in barred if one in panel_of) for barred in problem.barred
    ]


def _keep_sorted(numbers: list[int], number: int, belongs: bool) -> None:
    at = bisect_left(numbers, number)
    there = at < len(numbers) and numbers[at] == number
    if belongs and not there:
        insort(numbers, number)
    elif there and not belongs:
        del numbers[at]
