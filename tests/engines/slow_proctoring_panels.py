"""match/v1 and lottery/v1 once more, slowly: from the definition, nothing is kept up to date.

Nothing here imports an engine.
"""

import hashlib
from collections import Counter


def ticket(seed, purpose, label):
    return hashlib.sha256(f"{seed}:{purpose}:{label}".encode()).digest()


class SlowStream:
    """u32 words, made 100,000 at a time from the start, which changes nothing."""

    def __init__(self, seed, purpose, label):
        self.text, self.at, self.bytes = f"{seed}:{purpose}:{label}".encode(), 0, b""

    def below(self, n):
        while True:
            if 4 * self.at == len(self.bytes):
                length = len(self.bytes) + 400_000
                self.bytes = hashlib.shake_256(self.text).digest(length)
            word = int.from_bytes(self.bytes[4 * self.at : 4 * self.at + 4], "big")
            self.at += 1
            if word < 2**32 // n * n:
                return word % n


def slow_match(part, seed, purpose, before=None):
    """The result, or None where 64 epochs fail."""
    for epoch in range(64):
        found = SlowMatch(part, seed, f"{purpose}/{epoch}").draw(before)
        if found is not None:
            return {"epoch": epoch, **found}
    return None


def slow_lottery(part, seed, purpose):
    m, n = len(part["allocations"]), 0
    while (drawn := int.from_bytes(ticket(seed, purpose, str(n))[:8], "big")) >= 2**64 // m * m:
        n += 1
    one, match = part["allocations"][drawn % m], part["match"]
    labels, roles = match["people"]["label"], [role["id"] for role in match["rules"]["roles"]]
    return {
        "index": drawn % m,
        "panels": [
            {"id": name, "labels": [labels[p] for p in members]}
            for name, members in zip(match["panels"], one["panels"], strict=True)
        ],
        "reserve": [{"label": labels[p], "role": roles[role]} for p, role in one["reserve"]],
        "groups": [
            {"id": name, "panel": match["panels"][panel]}
            for name, panel in zip(match["groups"]["id"], one["groups"], strict=True)
        ],
    }


class SlowMatch:
    def __init__(self, part, seed, purpose):
        self.part, self.seed, self.purpose = part, seed, purpose
        self.rules, self.people = part["rules"], part["people"]
        self.count = len(part["panels"])
        self.city = [area[:4] for area in self.people["area"]]
        self.role_of_seat = [
            role for role, one in enumerate(self.rules["roles"]) for _ in range(one["seats"])
        ]
        self.size = len(self.role_of_seat)

    def order(self, purpose, label):
        stream = f"{self.seed}:{self.purpose}/{purpose}:{label}".encode()
        drawn = hashlib.shake_256(stream).digest(8 * self.count)
        return sorted(range(self.count), key=lambda at: (drawn[8 * at : 8 * at + 8], at))

    def draw(self, before):
        served = self.serve(before)
        if served is None:
            return None
        members, reserve = served
        panels = self.mixed(self.repaired(self.dealt(members)))
        groups = None if panels is None else self.heard(panels)
        if groups is None:
            return None
        labels, names = self.people["label"], [one["id"] for one in self.rules["roles"]]
        return {
            "panels": [
                {"id": name, "labels": [labels[p] for p in panel]}
                for name, panel in zip(self.part["panels"], panels, strict=True)
            ],
            "reserve": [{"label": labels[p], "role": names[role]} for p, role in reserve],
            "groups": [
                {"id": name, "panel": self.part["panels"][panel]}
                for name, panel in zip(self.part["groups"]["id"], groups, strict=True)
            ],
        }

    def serve(self, before):
        labels = self.people["label"]
        line = [p for p in range(len(labels)) if self.city[p] not in self.rules["areas"]]
        line.sort(
            key=lambda p: (
                before[p] if before else 0,
                ticket(self.seed, self.purpose, labels[p]),
                p,
            )
        )
        a, b = self.rules["reserves"]
        called = (self.count * a + b - 1) // b
        roles = self.rules["roles"]
        seated, rest = [[] for _ in roles], []
        for p in line:
            taken = [q for held in seated for q in held]
            seats = [one["seats"] * self.count for one in roles]
            if not (self.within([*taken, p]) and self.place(p, seated, seats)):
                rest.append(p)
        standing = [[] for _ in roles]
        for p in rest:
            self.place(p, standing, [called] * len(roles))
        if sum(map(len, seated)) < self.size * self.count:
            return None
        if sum(map(len, standing)) < called * len(roles):
            return None
        members = [sorted(held, key=line.index) for held in seated]
        reserve = [(p, role) for role, held in enumerate(standing) for p in held]
        return members, sorted(reserve, key=lambda pair: line.index(pair[0]))

    def within(self, people):
        employers = Counter(self.people["employer"][p] for p in people)
        employers.pop(-1, None)
        cities = Counter(self.city[p] for p in people)
        women = sum(self.people["woman"][p] for p in people)
        most = (self.size - self.rules["per_sex"]) * self.count
        return (
            max(employers.values(), default=0) <= self.rules["per_employer"] * self.count
            and max(cities.values()) <= self.rules["per_city"] * self.count
            and women <= most
            and len(people) - women <= most
        )

    def place(self, p, held, places):
        queue = list(self.people["roles"][p])
        step = dict.fromkeys(queue)
        for role in queue:
            if len(held[role]) < places[role]:
                while step[role] is not None:
                    source, mover = step[role]
                    held[source].remove(mover)
                    held[role].append(mover)
                    role = source
                held[role].append(p)
                return True
            for further in range(len(places)):
                movers = [q for q in held[role] if further in self.people["roles"][q]]
                if further not in step and movers:
                    step[further] = (role, movers[0])
                    queue.append(further)
        return False

    def dealt(self, members):
        panels = [[] for _ in range(self.count)]
        for role, one in enumerate(self.rules["roles"]):
            order = self.order("panels", one["id"])
            for lap in range(one["seats"]):
                for at, panel in enumerate(order):
                    panels[panel].append(members[role][lap * self.count + at])
        return panels

    def excess(self, panel):
        women, over = sum(self.people["woman"][p] for p in panel), 0
        for found in (women, len(panel) - women):
            over += max(0, self.rules["per_sex"] - found)
        for employer, n in Counter(self.people["employer"][p] for p in panel).items():
            over += max(0, n - self.rules["per_employer"]) if employer != -1 else 0
        for n in Counter(self.city[p] for p in panel).values():
            over += max(0, n - self.rules["per_city"])
        pairs = {frozenset(pair) for pair in self.part["apart"]}
        return over + sum(pair <= set(panel) for pair in pairs)

    def same_role(self, seat, stream):
        seats = [s for s in range(self.size) if self.role_of_seat[s] == self.role_of_seat[seat]]
        return seats[stream.below(len(seats))]

    def exchanged(self, panels, one, seat, two, there):
        """Whether the two exchanged: unless it is the same panel or the excess grows."""
        if one == two:
            return
        before = self.excess(panels[one]) + self.excess(panels[two])
        panels[one][seat], panels[two][there] = panels[two][there], panels[one][seat]
        if self.excess(panels[one]) + self.excess(panels[two]) > before:
            panels[one][seat], panels[two][there] = panels[two][there], panels[one][seat]

    def repaired(self, panels):
        stream = SlowStream(self.seed, f"{self.purpose}/repair", "steps")
        for _ in range(100 * self.size * self.count):
            bad = [at for at in range(self.count) if self.excess(panels[at])]
            if not bad:
                return panels
            one, seat = bad[stream.below(len(bad))], stream.below(self.size)
            two = stream.below(self.count)
            self.exchanged(panels, one, seat, two, self.same_role(seat, stream))
        return panels if not any(map(self.excess, panels)) else None

    def mixed(self, panels):
        if panels is None:
            return None
        stream = SlowStream(self.seed, f"{self.purpose}/mix", "steps")
        for _ in range(20 * self.size * self.count):
            one, seat = divmod(stream.below(self.size * self.count), self.size)
            two = stream.below(self.count)
            self.exchanged(panels, one, seat, two, self.same_role(seat, stream))
        return panels

    def heard(self, panels):
        if not self.part["groups"]["id"]:
            return []

        def may(group, panel):
            return not any([p, group] in self.part["groups"]["barred"] for p in panels[panel])

        groups = range(len(self.part["groups"]["id"]))
        allowed = {(g, panel) for g in groups for panel in groups if may(g, panel)}
        for attempt in range(2000):
            order = self.order("groups", str(attempt))
            if all((g, order[g]) in allowed for g in groups):
                return order
        order, hears = self.order("groups", "0"), {}
        for start in groups:
            if not self.augment(start, order, allowed, hears):
                return None
        return [next(panel for panel, g in hears.items() if g == group) for group in groups]

    def augment(self, start, order, allowed, hears):
        """Breadth first over groups; `hears` maps a panel to its group."""
        queue, wants = [start], {}
        for group in queue:
            free = [x for x in order if (group, x) in allowed and x not in hears]
            if free:
                panel = free[0]
                while group != start:
                    hears[panel] = group
                    panel, group = wants[group]
                hears[panel] = start
                return True
            for panel in order:
                if (
                    (group, panel) in allowed
                    and hears[panel] not in wants
                    and hears[panel] != start
                ):
                    wants[hears[panel]] = (panel, group)
                    queue.append(hears[panel])
        return False
