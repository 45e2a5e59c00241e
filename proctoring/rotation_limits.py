"""Before there is a seed: can rotation/v1 keep its rules at all, and if not, what is short.

For each session a maximum flow from schools to sites, for everybody, for the leads and, where the
rule requires a mix, for the women and for the men; where nobody comes to a site twice, one more
over all sessions. Its minimum cut is the set of sites that is short (ALGORITHMS, "When it cannot
work"). What it finds is impossible for every seed; what it does not find may still be `NotFound`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from proctoring.flow import SINK, SOURCE, Network
from proctoring.reading import Ints
from proctoring.rotation_input import NONE, Rotation, Session
from proctoring.shortfall import DISTRICT, SESSION, Shortfall, Where

Kind = tuple[int, frozenset[int]]  # school and the sites where they may not serve


@dataclass(frozen=True, slots=True)
class _Demand:
    """What one district needs in one session: the rooms used, and by site rooms and reserves."""

    where: Where
    used: frozenset[int]
    rooms: dict[int, int]
    reserves: dict[int, int]


def shortfalls(problem: Rotation, districts: Iterable[int] | None = None) -> list[Shortfall]:
    """What cannot be kept, of all or some districts; empty where the flows find nothing short."""
    some = range(len(problem.districts)) if districts is None else districts
    return [one for at in some for one in _district(problem, at)]


def _district(problem: Rotation, at: int) -> Iterator[Shortfall]:
    start, end = np.searchsorted(problem.people.district, [at, at + 1]).tolist()
    who = np.arange(start, end)
    demands = []
    for number, name in enumerate(problem.session_ids[at]):
        session = problem.sessions[number]
        where = Where(SESSION, {"district": problem.districts[at], "session": name})
        demands.append(_demand(problem, session, at, where))
        out = _barred(problem, who, demands[-1].rooms)
        _add_full(out, problem, session, demands[-1], who)
        yield from _session(problem, demands[-1], who, _frozen(out))
    if "site" in problem.rules.never_again and len(demands) > 1:
        where = Where(DISTRICT, {"district": problem.districts[at]})
        yield from _over_all(problem, demands, who, where)


def _demand(problem: Rotation, session: Session, at: int, where: Where) -> _Demand:
    rooms = session.rooms[problem.places.district[session.rooms] == at]
    counted = Counter(problem.places.site[rooms].tolist())
    reserves = {site: int(session.reserves[site]) for site in counted}
    return _Demand(where, frozenset(rooms.tolist()), counted, reserves)


def _barred(problem: Rotation, who: Ints, sites: Collection[int]) -> dict[int, set[int]]:
    """Per person, those of the sites where they may not serve: own school, earlier ones."""
    of_school: dict[int, set[int]] = {}
    for site in sites:
        of_school.setdefault(int(problem.places.site_school[site]), set()).add(site)
    of_school.pop(NONE, None)
    school = problem.people.school[who].tolist()
    found = {
        person: set(of_school.get(own, ()))
        for person, own in zip(who.tolist(), school, strict=True)
    }
    if "site" in problem.rules.never_again:
        for person, site in _of(problem.past.site, who, len(problem.places.site_id)):
            if site in sites:
                found[person].add(site)
    return found


def _of(keys: Ints, who: Ints, size: int) -> Iterator[tuple[int, int]]:
    """The pairs of these people, who stand side by side, among sorted keys."""
    if len(who):
        start, end = np.searchsorted(keys, [who[0] * size, (who[-1] + 1) * size])
        yield from (divmod(key, size) for key in keys[start:end].tolist())


def _add_full(
    found: dict[int, set[int]], problem: Rotation, session: Session, demand: _Demand, who: Ints
) -> None:
    """A person who is kept out of every room of a site by name cannot serve at the site."""
    size = len(problem.places.room_id)
    pairs = set(_of(session.barred, who, size))
    if "room" in problem.rules.never_again:
        pairs |= set(_of(problem.past.room, who, size))
    out = Counter(
        (person, int(problem.places.site[room])) for person, room in pairs if room in demand.used
    )
    for (person, site), count in out.items():
        if count == demand.rooms[site] and not demand.reserves[site]:
            found[person].add(site)


def _frozen(found: dict[int, set[int]]) -> dict[int, frozenset[int]]:
    return {person: frozenset(sites) for person, sites in found.items()}


def _session(
    problem: Rotation, demand: _Demand, who: Ints, barred: dict[int, frozenset[int]]
) -> Iterator[Shortfall]:
    people, rooms = problem.people, demand.rooms
    everybody = {site: 2 * n + demand.reserves[site] for site, n in rooms.items()}
    most = {site: n + demand.reserves[site] for site, n in rooms.items()}
    yield from _short(problem, demand.where, "people", "sites", who, everybody, most, barred)
    leads = who[people.lead[who] == 1]
    yield from _short(problem, demand.where, "leads", "lead-sites", leads, rooms, rooms, barred)
    if problem.rules.sexes == "require":
        for sex, rule in ((1, "women"), (0, "men")):
            some = who[people.woman[who] == sex]
            yield from _short(
                problem, demand.where, rule, f"{rule}-sites", some, rooms, rooms, barred
            )


def _short(
    problem: Rotation,
    where: Where,
    count_rule: str,
    site_rule: str,
    who: Ints,
    needed: dict[int, int],
    most: dict[int, int],
    barred: dict[int, frozenset[int]],
) -> Iterator[Shortfall]:
    """Too few people to begin with, or sites that too few of them may serve at."""
    total = sum(needed.values())
    if len(who) < total:
        yield Shortfall(count_rule, where, total, len(who))
        return
    school = problem.people.school
    kinds = Counter((int(school[one]), barred[one]) for one in who.tolist())
    cut = _cut(kinds, needed, most)
    if cut is not None:
        sites, missing = cut
        names = tuple(problem.places.site_id[site] for site in sites)
        asked = sum(needed[site] for site in sites)
        yield Shortfall(site_rule, where, asked, asked - missing, names)


def _over_all(
    problem: Rotation, demands: Sequence[_Demand], who: Ints, where: Where
) -> Iterator[Shortfall]:
    """Each person once at a site and once a session."""
    needed: Counter[int] = Counter()
    for demand in demands:
        needed.update({site: 2 * n + demand.reserves[site] for site, n in demand.rooms.items()})
    barred = _barred(problem, who, needed)
    for site, asked in sorted(needed.items()):
        able = sum(site not in barred[one] for one in who.tolist())
        if able < asked:
            yield Shortfall("again", where, asked, able, (problem.places.site_id[site],))


def _cut(
    kinds: Counter[Kind], needed: dict[int, int], most: dict[int, int]
) -> tuple[list[int], int] | None:
    """The sites that are short and by how much; a school sends at most `most` to each site."""
    network, sites = Network(), sorted(needed)
    nodes = {site: network.node() for site in sites}
    for site in sites:
        network.edge(nodes[site], SINK, needed[site])
    gates: dict[tuple[int, int], int] = {}
    for (school, barred), count in sorted(kinds.items(), key=lambda one: _sorting(one[0])):
        kind = network.node()
        network.edge(SOURCE, kind, count)
        for site in sites:
            if site not in barred:
                end = _gate(network, gates, school, site, nodes, most)
                network.edge(kind, end, count)
    missing = sum(needed.values()) - network.fill()
    if not missing:
        return None
    return [sites[at] for at in network.leading_to_sink([nodes[site] for site in sites])], missing


def _gate(
    network: Network,
    gates: dict[tuple[int, int], int],
    school: int,
    site: int,
    nodes: dict[int, int],
    most: dict[int, int],
) -> int:
    """The node through which a school sends people to a site; no school has no limit."""
    if school == NONE:
        return nodes[site]
    if (school, site) not in gates:
        gates[school, site] = network.node()
        network.edge(gates[school, site], nodes[site], most[site])
    return gates[school, site]


def _sorting(kind: Kind) -> tuple[int, list[int]]:
    return kind[0], sorted(kind[1])
