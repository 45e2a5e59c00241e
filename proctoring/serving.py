"""Who serves in match/v1 (step 1 of `panels`): one pass in ticket order, roles moving if needed."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from proctoring.panels_input import NONE, Panels


@dataclass(frozen=True, slots=True)
class Service:
    """Members of each role in ticket order, and the reserves (person, role) in ticket order."""

    members: list[list[int]]
    reserve: list[tuple[int, int]]


def serve(problem: Panels, line: Sequence[int]) -> Service | None:
    """The pass over `line`; None where it leaves a seat or a reserve without a person."""
    panels = len(problem.panels)
    limits = _Limits(problem)
    seated = _Roles(problem, [seats * panels for seats in problem.rules.seats])
    reserve = _Roles(problem, [problem.reserves] * len(problem.rules.roles))
    rest = [one for one in line if not (limits.hold(one) and seated.take(one) and limits.add(one))]
    for one in rest:
        reserve.take(one)
    if seated.open or reserve.open:
        return None
    rank = {one: at for at, one in enumerate(line)}
    members = [sorted(found, key=rank.__getitem__) for found in seated.holders]
    called = [(one, role) for role, found in enumerate(reserve.holders) for one in found]
    return Service(members, sorted(called, key=lambda pair: rank[pair[0]]))


class _Limits:
    """How many of the taken share an employer, a city, a sex."""

    def __init__(self, problem: Panels) -> None:
        self._problem, rules, panels = problem, problem.rules, len(problem.panels)
        self._most = {"employer": rules.per_employer * panels, "city": rules.per_city * panels}
        self._most_of_sex = (rules.size - rules.per_sex) * panels
        self._employers: Counter[int] = Counter()
        self._cities: Counter[str] = Counter()
        self._sexes: Counter[int] = Counter()

    def hold(self, person: int) -> bool:
        employer = self._problem.employer[person]
        return (
            (employer == NONE or self._employers[employer] < self._most["employer"])
            and self._cities[self._problem.city[person]] < self._most["city"]
            and self._sexes[self._problem.woman[person]] < self._most_of_sex
        )

    def add(self, person: int) -> bool:
        self._employers[self._problem.employer[person]] += 1
        self._cities[self._problem.city[person]] += 1
        self._sexes[self._problem.woman[person]] += 1
        return True


class _Roles:
    """Roles with so many places each; `holders` in the order in which they came to the role."""

    def __init__(self, problem: Panels, places: Sequence[int]) -> None:
        self._may, self._places = problem.roles, places
        self.holders: list[list[int]] = [[] for _ in places]

    @property
    def open(self) -> bool:
        return any(
            len(found) < count for found, count in zip(self.holders, self._places, strict=True)
        )

    def take(self, person: int) -> bool:
        """Breadth first from the person's roles to an open one; on the way the first holder who
        may fill the next role moves there."""
        came_from: dict[int, tuple[int, int]] = dict.fromkeys(self._may[person], (NONE, NONE))
        queue = deque(came_from if self.open else ())
        while queue:
            role = queue.popleft()
            if len(self.holders[role]) < self._places[role]:
                self._move(person, role, came_from)
                return True
            for further in range(len(self._places)):
                if further not in came_from:
                    mover = next((x for x in self.holders[role] if further in self._may[x]), NONE)
                    if mover != NONE:
                        came_from[further] = (role, mover)
                        queue.append(further)
        return False

    def _move(self, person: int, role: int, came_from: dict[int, tuple[int, int]]) -> None:
        while (step := came_from[role]) != (NONE, NONE):
            before, mover = step
            self.holders[before].remove(mover)
            self.holders[role].append(mover)
            role = before
        self.holders[role].append(person)
