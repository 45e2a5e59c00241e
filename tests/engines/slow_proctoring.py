"""rotation/v1 once more, slowly and in plain lists: written from the definition.

Nothing here imports an engine. Every district is drawn alone.
"""

import hashlib
from functools import cache


def ticket(seed, purpose, label):
    return hashlib.sha256(f"{seed}:{purpose}:{label}".encode()).digest()


@cache
def word(seed, purpose, label, k):
    stream = hashlib.shake_256(f"{seed}:{purpose}:{label}".encode()).digest(8 * (k + 1))
    return int.from_bytes(stream[8 * k :], "big")


def slow_rotation(part, seed, purpose, epochs=64):
    """The result, or None where some district fails in so many epochs."""
    districts = []
    for district in part["districts"]:
        for epoch in range(epochs):
            sessions = _slow_district(part["rules"], district, seed, f"{purpose}/{epoch}")
            if sessions is not None:
                districts.append({"id": district["id"], "epoch": epoch, "sessions": sessions})
                break
        else:
            return None
    return {"districts": districts}


def _slow_district(rules, district, seed, purpose):
    been = [
        {
            "duties": 0,
            "site": {s for p, s in district["past"]["site"] if p == n},
            "room": {r for p, r in district["past"]["room"] if p == n},
            "partner": {
                q for pair in district["past"]["partner"] for q in pair if n in pair and q != n
            },
        }
        for n in range(len(district["people"]["label"]))
    ]
    sessions = []
    for at, session in enumerate(district["sessions"]):
        drawn = SlowSession(rules, district, session, been, seed, f"{purpose}/{at}").draw()
        if drawn is None:
            return None
        lead, other, standby, site_of = drawn
        labels = district["people"]["label"]
        sessions.append(
            {
                "id": session["id"],
                "lead": [labels[p] for p in lead],
                "other": [labels[p] for p in other],
                "reserve": [labels[p] for p in standby],
                "reserve_site": [site_of[p] for p in standby],
            }
        )
        for room, a, b in zip(session["rooms"], lead, other, strict=True):
            for one, partner in ((a, b), (b, a)):
                been[one]["duties"] += 1
                been[one]["site"].add(district["rooms"]["site"][room])
                been[one]["room"].add(room)
                been[one]["partner"].add(partner)
        for p in standby:
            been[p]["duties"] += 1
            been[p]["site"].add(site_of[p])
    return sessions


class SlowSession:
    def __init__(self, rules, district, session, been, seed, purpose):
        self.rules, self.district, self.session, self.been = rules, district, session, been
        self.seed, self.purpose = seed, purpose
        self.woman, self.school = district["people"]["woman"], district["people"]["school"]
        self.rooms = session["rooms"]
        self.site = [district["rooms"]["site"][room] for room in self.rooms]

    def draw(self):
        chosen = self.choose()
        if chosen is None:
            return None
        leads, others, standby = chosen
        self.serving = {*leads, *others, *standby}
        mixed = self.rules["sexes"] != "ignore"
        lead = self.deal("lead", leads, [0] * len(self.rooms), None)
        if lead is None:
            return None
        by_woman = [self.woman[p] if mixed else 0 for p in lead]
        if mixed:
            others = [p for p in others if self.woman[p]] + [p for p in others if not self.woman[p]]
        other = self.deal("other", others, by_woman, lead)
        if other is None:
            return None
        site_of = self.deal_standby(standby)
        if site_of is None:
            return None
        return lead, other, [p for p in self.line if p in site_of], site_of

    def reserves_at(self, site):
        a, b = self.rules["reserves"]
        count, n = 2 * self.site.count(site), 0
        while n * b < count * a:
            n += 1
        return n

    def choose(self):
        labels = self.district["people"]["label"]
        line = sorted(
            range(len(labels)) if self.rooms else [],
            key=lambda p: (self.been[p]["duties"], ticket(self.seed, self.purpose, labels[p]), p),
        )

        self.line = list(line)

        def take(count, fit):
            taken = [p for p in line if fit(p)][:count]
            for p in taken:
                line.remove(p)
            return taken if len(taken) == count else None

        rooms = len(self.rooms)
        leads = take(rooms, lambda p: self.district["people"]["lead"][p])
        if leads is None:
            return None
        if self.rules["sexes"] == "require":
            men = sum(not self.woman[p] for p in leads)
            women = take(men, lambda p: self.woman[p])
            rest = take(rooms - men, lambda p: not self.woman[p])
            others = None if women is None or rest is None else women + rest
        else:
            others = take(rooms, lambda p: True)
        if others is None:
            return None
        standby = take(sum(self.reserves_at(s) for s in sorted(set(self.site))), lambda p: True)
        return None if standby is None else (leads, others, standby)

    def deal(self, role, line, by_woman, partner):
        words = [self.word(role, self.site, at, 0) for at in range(len(self.site))]
        order = sorted(range(len(self.rooms)), key=lambda at: (by_woman[at], words[at], at))
        holder = [None] * len(order)
        for at, person in zip(order, line, strict=True):
            holder[at] = person

        def good(at, person):
            return self.good(self.rooms[at], self.site[at], person, partner and partner[at])

        def draw(at, k):
            return self.word(role, self.site, at, k + 1)

        sexes = self.rules["sexes"]
        return slow_exchange(
            holder,
            good,
            draw,
            lambda p: self.woman[p] if sexes != "ignore" else 0,
            lambda p: self.woman[p] if sexes == "require" else 0,
            lambda p, kind: self.waits(p, role, kind if sexes == "require" else None),
            self,
        )

    def waits(self, p, role, sex):
        """Whether an idle person may be called for a role."""
        leads = self.district["people"]["lead"]
        if p in self.serving or (role == "lead" and not leads[p]):
            return False
        return sex is None or self.woman[p] == sex

    def deal_standby(self, line):
        places = [s for s in sorted(set(self.site)) for _ in range(self.reserves_at(s))]
        words = [self.word("reserve", places, at, 0) for at in range(len(places))]
        order = sorted(range(len(places)), key=lambda at: (words[at], at))
        holder = [None] * len(order)
        for at, person in zip(order, line, strict=True):
            holder[at] = person

        def draw(at, k):
            return self.word("reserve", places, at, k + 1)

        done = slow_exchange(
            holder,
            lambda at, p: self.good_site(places[at], p),
            draw,
            lambda p: 0,
            lambda p: 0,
            lambda p, kind: self.waits(p, "reserve", None),
            self,
        )
        if done is None:
            return None
        return {p: places[at] for at, p in enumerate(done)}

    def word(self, role, sites, at, block):
        """Word `block` of a place: its number at the site, and so many rounds of words on."""
        site = sites[at]
        name, count = self.district["sites"]["id"][site], sites.count(site)
        number = block * count + sites[:at].count(site)
        return word(self.seed, f"{self.purpose}/{role}", name, number)

    def good_site(self, site, p):
        own = self.school[p]
        if own != -1 and own == self.district["sites"]["school"][site]:
            return False
        return "site" not in self.rules["never_again"] or site not in self.been[p]["site"]

    def good(self, room, site, p, partner):
        again = self.rules["never_again"]
        if not self.good_site(site, p) or [p, room] in self.session["barred"]:
            return False
        if "room" in again and room in self.been[p]["room"]:
            return False
        if partner is None:
            return True
        if self.school[p] != -1 and self.school[p] == self.school[partner]:
            return False
        return "partner" not in again or partner not in self.been[p]["partner"]


def slow_exchange(holder, good, draw, kind, last_kind, waits, session):
    """Repair rounds, then augmenting paths; None where a place stays bad."""
    count = len(holder)
    first_bad = [at for at in range(count) if not good(at, holder[at])]
    for k in range(64):
        proposals = []
        for at in first_bad:
            if good(at, holder[at]):
                continue
            members = [n for n in range(count) if kind(holder[n]) == kind(holder[at])]
            drawn = draw(at, k)
            if drawn >= 2**64 // len(members) * len(members):
                continue
            to = members[drawn % len(members)]
            if good(at, holder[to]) and good(to, holder[at]):
                proposals.append((drawn, at, to))
        done = []
        for one in sorted(proposals):
            touching = [two for two in proposals if {one[1], one[2]} & {two[1], two[2]}]
            if min(two[0] for two in touching) == one[0]:
                done.append(one)
        for _, at, to in done:
            holder[at], holder[to] = holder[to], holder[at]
    bad = [at for at in first_bad if not good(at, holder[at])]
    kinds = sorted({last_kind(holder[at]) for at in bad})
    before = set(holder)
    for one in kinds:
        places = [at for at in range(count) if last_kind(holder[at]) == one]
        empty = [at for at in places if at in bad]
        stood = {holder[at] for at in empty}
        idle = {p for p in session.line if waits(p, one)}
        for some in (stood, stood | idle):
            table = [None if at in empty else holder[at] for at in range(count)]
            free = [p for p in session.line if p in some]
            if all(_slow_augment(table, places, start, free, good) for start in empty):
                holder[:] = table
                break
        else:
            return None
    session.serving = session.serving - before | set(holder)
    return holder


def _slow_augment(holder, places, start, free, good):
    queue, parent = [start], {start: None}
    for goal in queue:
        able = [p for p in free if good(goal, p)]
        if able:
            person = able[0]
            free.remove(person)
            while goal is not None:
                holder[goal], person = person, holder[goal]
                goal = parent[goal]
            return True
        for at in places:
            if at not in parent and holder[at] is not None and good(goal, holder[at]):
                parent[at] = goal
                queue.append(at)
    return False
