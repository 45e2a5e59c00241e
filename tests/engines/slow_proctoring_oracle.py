"""Can the rules be kept at all? Asked of an integer programme (HiGHS), which says yes or no only.

It knows nothing of the engines: one column for each pair of people that may serve in a room, one
for each reserve at a site, one for each seat of an interviewer.
"""

from itertools import product

import numpy as np
import pytest


class Programme:
    """Columns are names; a row says that some columns sum to between two numbers."""

    def __init__(self):
        self.columns, self.rows = {}, []

    def column(self, name):
        return self.columns.setdefault(name, len(self.columns))

    def row(self, columns, least, most):
        self.rows.append((list(columns), least, most))

    def feasible(self) -> bool:
        optimize = pytest.importorskip("scipy.optimize")
        sparse = pytest.importorskip("scipy.sparse")
        if not self.columns:
            return all(least <= 0 for _, least, _ in self.rows)
        pairs = [(at, one) for at, (columns, _, _) in enumerate(self.rows) for one in columns]
        rows, columns = np.array(pairs).reshape(-1, 2).T
        shape = (len(self.rows), len(self.columns))
        matrix = sparse.csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=shape)
        least, most = zip(*((low, high) for _, low, high in self.rows), strict=True)
        answer = optimize.milp(
            np.zeros(len(self.columns)),
            constraints=optimize.LinearConstraint(matrix, least, most),
            integrality=np.ones(len(self.columns)),
            bounds=optimize.Bounds(0, 1),
        )
        assert answer.status in (0, 2), answer.message
        return bool(answer.status == 0)


def rotation_feasible(part) -> bool:
    return all(_district(part["rules"], one) for one in part["districts"])


def _district(rules, district) -> bool:
    programme, site_of = Programme(), district["rooms"]["site"]
    teams, standby = _columns(rules, district)
    groups = {}  # what may be done once: (person, session), (person, "site", site), …
    needed = {}
    for k, session in enumerate(district["sessions"]):
        sites = [site_of[room] for room in session["rooms"]]
        a, b = rules["reserves"]
        needed |= {("room", k, room): 1 for room in session["rooms"]}
        needed |= {("at", k, s): (2 * sites.count(s) * a + b - 1) // b for s in set(sites)}
    filling = {key: [] for key in needed}
    for k, p, q, room in teams:
        column = programme.column((k, p, q, room))
        filling["room", k, room].append(column)
        for one in (p, q):
            for what, value in (("session", k), ("site", site_of[room]), ("room", room)):
                groups.setdefault((what, one, value), []).append(column)
        groups.setdefault(("partner", *sorted((p, q))), []).append(column)
    for _, k, p, site in standby:
        column = programme.column(("reserve", k, p, site))
        filling["at", k, site].append(column)
        for what, value in (("session", k), ("site", site)):
            groups.setdefault((what, p, value), []).append(column)
    for key, count in needed.items():
        programme.row(filling[key], count, count)
    for key, columns in groups.items():
        if key[0] == "session" or key[0] in rules["never_again"]:
            programme.row(columns, 0, 1)
    return programme.feasible()


def _columns(rules, district):
    people, sites = district["people"], district["sites"]
    school, woman, past = people["school"], people["woman"], district["past"]
    again, count = rules["never_again"], range(len(people["label"]))

    def at_site(p, site):
        own = school[p] != -1 and school[p] == sites["school"][site]
        return not own and not ("site" in again and [p, site] in past["site"])

    def in_room(p, room, session):
        been = "room" in again and [p, room] in past["room"]
        return at_site(p, district["rooms"]["site"][room]) and not (
            been or [p, room] in session["barred"]
        )

    def together(p, q):
        met = "partner" in again and ([p, q] in past["partner"] or [q, p] in past["partner"])
        same = school[p] == school[q] != -1
        sexes = rules["sexes"] == "require" and woman[p] == woman[q]
        return p != q and not (met or same or sexes)

    teams, standby = [], []
    for k, session in enumerate(district["sessions"]):
        for room, p, q in product(session["rooms"], count, count):
            fit = people["lead"][p] and together(p, q)
            if fit and in_room(p, room, session) and in_room(q, room, session):
                teams.append((k, p, q, room))
        used = {district["rooms"]["site"][room] for room in session["rooms"]}
        standby += [("reserve", k, p, s) for p, s in product(count, sorted(used)) if at_site(p, s)]
    return teams, standby


def match_feasible(part) -> bool:
    """Seats, reserves and, where there are groups, who hears whom: one column for each."""
    programme, people, rules = Programme(), part["people"], part["rules"]
    panels, roles = range(len(part["panels"])), range(len(rules["roles"]))
    able = [
        (p, r)
        for p in range(len(people["label"]))
        if people["area"][p][:4] not in rules["areas"]
        for r in people["roles"][p]
    ]
    seat = {(p, r, k): programme.column(("seat", p, r, k)) for p, r in able for k in panels}
    call = {(p, r): programme.column(("call", p, r)) for p, r in able}
    for p in range(len(people["label"])):
        mine = [at for key, at in [*seat.items(), *call.items()] if key[0] == p]
        programme.row(mine, 0, 1)
    a, b = rules["reserves"]
    called = (len(panels) * a + b - 1) // b
    for r in roles:
        programme.row([at for key, at in call.items() if key[1] == r], called, called)
        for k in panels:
            seats = rules["roles"][r]["seats"]
            programme.row([at for key, at in seat.items() if key[1:] == (r, k)], seats, seats)
    _limits(part, programme, seat)
    _groups(part, programme, seat)
    return programme.feasible()


def _limits(part, programme, seat):
    people, rules = part["people"], part["rules"]
    for k in range(len(part["panels"])):
        here = [(key[0], at) for key, at in seat.items() if key[2] == k]
        for employer in set(people["employer"]) - {-1}:
            some = [at for p, at in here if people["employer"][p] == employer]
            programme.row(some, 0, rules["per_employer"])
        for city in {area[:4] for area in people["area"]}:
            some = [at for p, at in here if people["area"][p][:4] == city]
            programme.row(some, 0, rules["per_city"])
        for sex in (0, 1):
            some = [at for p, at in here if people["woman"][p] == sex]
            programme.row(some, rules["per_sex"], len(here))
        for p, q in part["apart"]:
            programme.row([at for one, at in here if one in (p, q)], 0, 1)


def _groups(part, programme, seat):
    groups, panels = range(len(part["groups"]["id"])), range(len(part["panels"]))
    hear = {(g, k): programme.column(("hear", g, k)) for g in groups for k in panels}
    for g in groups:
        programme.row([hear[g, k] for k in panels], 1, 1)
        programme.row([hear[k, g] for k in panels], 1, 1)
    for p, g in part["groups"]["barred"]:
        for k in panels:
            here = [at for key, at in seat.items() if (key[0], key[2]) == (p, k)]
            programme.row([*here, hear[g, k]], 0, 1)
