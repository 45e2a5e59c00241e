"""Before there is a seed: can match/v1 fill its panels at all, and if not, what is short.

For every set of roles, the people who may fill one of them are counted under the limits per
employer, city and sex (Hall's condition); what is found is impossible for every seed, what is not
found may still be `NotFound`. For panels that are known, the groups that only few of them may hear
are a Hall set too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from proctoring.matching import Table, bits
from proctoring.panels_input import NONE, Panels
from proctoring.shortfall import GROUP, NO_PANEL, PANELS, SOME_PANELS, Shortfall, Where


def shortfalls(problem: Panels) -> list[Shortfall]:
    """What cannot be kept; empty where counting finds nothing short."""
    found = [*_roles(problem), *_sexes(problem)]
    for group, name in enumerate(problem.groups):
        found += _group(problem, group, name)
    return found


def group_shortfalls(problem: Panels, panels: Sequence[Sequence[int]]) -> list[Shortfall]:
    """Groups that together may be heard by fewer panels than they are, for known panels."""
    allowed = []
    for barred in problem.barred:
        may = [at for at, members in enumerate(panels) if not barred.intersection(members)]
        allowed.append(bits(may, len(panels)))
    table = Table(allowed, len(panels))
    for group in range(len(allowed)):
        table.fill(group)
    return [_hall_set(problem, table, start) for start in table.empty[:1]]


def _hall_set(problem: Panels, table: Table, start: int) -> Shortfall:
    reached, _ = table.search(start)
    may_hear = 0
    for group in reached:
        may_hear |= table.allowed[group]
    panels = [name for at, name in enumerate(problem.panels) if may_hear >> at & 1]
    where = Where(SOME_PANELS, {"panels": ", ".join(panels)}) if panels else Where(NO_PANEL)
    names = tuple(problem.groups[group] for group in sorted(reached))
    return Shortfall("groups", where, len(reached), may_hear.bit_count(), names)


def _roles(problem: Panels) -> Iterator[Shortfall]:
    """The smallest sets of roles that are short; a set that holds one of them says nothing new."""
    short: list[set[int]] = []
    rules, panels = problem.rules, len(problem.panels)
    for size in range(1, len(rules.roles) + 1):
        for roles in combinations(range(len(rules.roles)), size):
            if any(known <= set(roles) for known in short):
                continue
            able = _able(problem, roles, problem.eligible)
            seats = sum(rules.seats[role] for role in roles) * panels
            names = tuple(rules.roles[role] for role in roles)
            found = _first_short(problem, able, seats, names)
            if found is not None:
                short.append(set(roles))
                yield found


def _first_short(
    problem: Panels, able: Sequence[int], seats: int, names: tuple[str, ...]
) -> Shortfall | None:
    seated = _most_seated(problem, able)
    if seated < seats:
        return Shortfall("roles", Where(PANELS), seats, seated, names)
    needed = seats + len(names) * problem.reserves
    if len(able) < needed:
        return Shortfall("role-reserves", Where(PANELS), needed, len(able), names)
    return None


def _sexes(problem: Panels) -> Iterator[Shortfall]:
    needed = problem.rules.per_sex * len(problem.panels)
    for sex, rule in ((1, "panel-women"), (0, "panel-men")):
        some = [one for one in problem.eligible if problem.woman[one] == sex and problem.roles[one]]
        available = _within(problem, some)
        if available < needed:
            yield Shortfall(rule, Where(PANELS), needed, available)


def _group(problem: Panels, group: int, name: str) -> Iterator[Shortfall]:
    """A group that too few people of some role may hear, wherever they sit."""
    rules = problem.rules
    free = [one for one in problem.eligible if one not in problem.barred[group]]
    for size in range(1, len(rules.roles) + 1):
        for roles in combinations(range(len(rules.roles)), size):
            able = len(_able(problem, roles, free))
            seats = sum(rules.seats[role] for role in roles)
            if able < seats:
                names = tuple(rules.roles[role] for role in roles)
                where = Where(GROUP, {"group": name})
                yield Shortfall("group", where, seats, able, names)
                return


def _able(problem: Panels, roles: Sequence[int], people: Sequence[int]) -> list[int]:
    return [one for one in people if any(role in roles for role in problem.roles[one])]


def _most_seated(problem: Panels, people: Sequence[int]) -> int:
    """No more than this many of them sit in panels: limits per employer, city and sex."""
    most = (problem.rules.size - problem.rules.per_sex) * len(problem.panels)
    of_sex = [
        min(most, _within(problem, [one for one in people if problem.woman[one] == sex]))
        for sex in (0, 1)
    ]
    return min(sum(of_sex), _within(problem, people))


def _within(problem: Panels, people: Sequence[int]) -> int:
    """People under the limits per employer and per city, whichever lets fewer of them in."""
    rules, panels = problem.rules, len(problem.panels)
    most = rules.per_employer * panels
    of_employer = Counter(problem.employer[one] for one in people)
    counted = Counter((problem.city[one], problem.employer[one]) for one in people)
    by_city: Counter[str] = Counter()
    for (city, employer), count in counted.items():
        by_city[city] += count if employer == NONE else min(count, most)
    return min(
        sum(n if employer == NONE else min(n, most) for employer, n in of_employer.items()),
        sum(min(count, rules.per_city * panels) for count in by_city.values()),
    )
