"""One session of rotation/v1: who serves, in which room, repaired (steps 1 to 4 of `rotation`)."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from proctoring.chance import Words, many_words, narrow, ticket_order, ticket_words, word_order
from proctoring.exchange import ROUNDS, Fits, mend, repair
from proctoring.reading import Ints
from proctoring.rotation_input import NONE, Rotation, Session

Flags = NDArray[np.bool_]
NOBODY = np.empty(0, dtype=np.int64)
Draw = tuple[str, str]  # seed and the purpose so far


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who serves, district by district in the order of step 1; `short` districts lack people.

    `line` is everybody in that order.
    """

    line: Ints
    leads: Ints
    others: Ints
    standby: Ints
    short: Flags


@dataclass(frozen=True, slots=True)
class Duty:
    """Who leads and who else is in each room of the session, NONE where its district failed.

    `standby` are the reserves in the order of step 1, `standby_site` their sites.
    """

    lead: Ints
    other: Ints
    standby: Ints
    standby_site: Ints


class History:
    """What people did in this exam so far: duties counted, and one column a session."""

    def __init__(self, people: int) -> None:
        self.duties = np.zeros(people, dtype=np.int64)
        self.sites: list[Ints] = []
        self.rooms: list[Ints] = []
        self.partners: list[Ints] = []

    def add(self, session: Session, site: Ints, duty: Duty) -> None:
        rooms, sites, partners = (np.full(len(self.duties), NONE) for _ in range(3))
        filled = duty.other >= 0
        lead, other, room = duty.lead[filled], duty.other[filled], session.rooms[filled]
        for who, partner in ((lead, other), (other, lead)):
            rooms[who], sites[who], partners[who] = room, site[room], partner
        sites[duty.standby] = duty.standby_site
        self.duties += sites >= 0
        self.sites.append(sites)
        self.rooms.append(rooms)
        self.partners.append(partners)


def choose(problem: Rotation, session: Session, duties: Ints, draw: Draw, active: Flags) -> Chosen:
    """Step 1 for the active districts that have the session."""
    people, places, total = problem.people, problem.places, len(active)
    rooms = np.bincount(places.district[session.rooms], minlength=total) * active
    reserves = np.zeros(total, dtype=np.int64)
    np.add.at(reserves, places.site_district, session.reserves)
    who = np.flatnonzero((rooms > 0)[people.district])
    tickets = ticket_words(*draw, map(people.encoded.__getitem__, who.tolist()))
    major = people.district * (int(duties.max(initial=0)) + 1) + duties
    order = who[ticket_order(tickets, major[who])]
    line = _Line(order, people.district[order], np.zeros(total, dtype=np.bool_))
    leads = line.take(people.lead[order] == 1, rooms)
    woman = people.woman[order] == 1
    if problem.rules.sexes == "require":
        women = np.bincount(people.district[leads][people.woman[leads] == 1], minlength=total)
        both = line.take(woman, rooms - women), line.take(~woman, women)
        others = np.concatenate(both)
    else:
        others = line.take(np.ones(len(order), dtype=np.bool_), rooms)
    standby = line.take(np.ones(len(order), dtype=np.bool_), reserves * (rooms > 0))
    return Chosen(order, *_without_short(people.district, leads, others, standby, line.short))


def _without_short(
    district: Ints, leads: Ints, others: Ints, standby: Ints, short: Flags
) -> tuple[Ints, Ints, Ints, Flags]:
    others = others[np.argsort(narrow(district[others]), kind="stable")]
    leads, others, standby = (one[~short[district[one]]] for one in (leads, others, standby))
    return leads, others, standby, short


class _Line:
    """People in order of step 1, district after district; each is taken once."""

    def __init__(self, order: Ints, district: Ints, short: Flags) -> None:
        self.order, self.district, self.short = order, district, short
        self.free = np.ones(len(order), dtype=np.bool_)

    def take(self, fit: Flags, needed: Ints) -> Ints:
        """The first free and fit people, as many as each district needs."""
        candidates = self.free & fit
        counted = np.cumsum(candidates)
        before = np.concatenate([np.zeros(1, dtype=np.int64), counted])
        first = np.searchsorted(self.district, np.arange(len(needed)))
        start = before[first[self.district]]
        taken = candidates & (counted - start <= needed[self.district])
        self.free &= ~taken
        found = np.bincount(self.district[taken], minlength=len(needed))
        self.short |= found < needed
        chosen: Ints = self.order[taken]
        return chosen


class Drawing:
    """The rooms of the active districts in one session, and who comes into them."""

    def __init__(
        self, problem: Rotation, session: Session, history: History, draw: Draw, active: Flags
    ) -> None:
        self.problem, self.session, self.history = problem, session, history
        self.seed, self.purpose = draw
        self.failed = np.zeros(len(active), dtype=np.bool_)
        places, rules = problem.places, problem.rules
        self.at = np.flatnonzero(active[places.district[session.rooms]])
        self.rooms = session.rooms[self.at]
        self.site = places.site[self.rooms]
        self.district = places.district[self.rooms]
        self.mixed, self.again = rules.sexes != "ignore", rules.never_again
        self.line, self.rank = NOBODY, NOBODY
        self.serving = np.zeros(len(problem.people.label), dtype=np.bool_)

    def duty(self, chosen: Chosen) -> Duty:
        """Steps 2 to 4 for leads, then others, then reserves."""
        self._line_up(chosen)
        woman = self.problem.people.woman
        led_by_woman = np.zeros(len(self.rooms), dtype=np.int64)
        lead = self._dealt("lead", chosen.leads, led_by_woman, None)
        others = chosen.others
        if self.mixed:
            led_by_woman = woman[lead]
            district = self.problem.people.district[others]
            others = others[np.argsort(narrow(2 * district - woman[others] + 1), kind="stable")]
        other = self._dealt("other", others, led_by_woman, lead)
        standby, standby_site = self._standby(chosen.standby)
        return self._without_failed(Duty(lead, other, standby, standby_site))

    def _line_up(self, chosen: Chosen) -> None:
        """The order of step 1, and who serves; mending may bring in who does not."""
        self.line = chosen.line
        self.rank = np.empty(len(self.serving), dtype=np.int64)
        self.rank[self.line] = np.arange(len(self.line))
        for some in (chosen.leads, chosen.others, chosen.standby):
            self.serving[some] = True

    def _dealt(self, role: str, line: Ints, led_by_woman: Ints, partner: Ints | None) -> Ints:
        word = self._words(role, self.site)
        holder = np.empty(len(self.rooms), dtype=np.int64)
        holder[word_order(word.order(), 2 * self.district + led_by_woman)] = line
        fits = partial(self._fits, partner)
        bad = repair(holder, self._kind(holder, self.district, self.mixed), fits, word.of_round)
        self._mend(role, holder, bad, self.district, fits)
        return holder

    def _words(self, role: str, site: Ints) -> "PlaceWords":
        draw = (self.seed, f"{self.purpose}/{role}")
        return PlaceWords(draw, self.problem.places.site_id, site)

    def _kind(self, holder: Ints, district: Ints, mixed: bool) -> Ints:
        return 2 * district + (self.problem.people.woman[holder] if mixed else 0)

    def _mend(self, role: str, holder: Ints, bad: Ints, district: Ints, fits: Fits) -> None:
        if not len(bad):
            return
        apart = role != "reserve" and self.problem.rules.sexes == "require"
        before = holder.copy()
        kind = self._kind(holder, district, apart)
        waiting = partial(self._waiting, role, apart)
        self.failed[mend(holder, bad, kind, fits, waiting) // 2] = True
        self.serving[before] = False
        self.serving[holder] = True

    def _waiting(self, role: str, apart: bool, kind: int, those: Ints, idle: bool) -> Ints:
        """Those, and where asked the idle who may hold the role, in the order of step 1."""
        people = self.problem.people
        if idle:
            line = self.line[~self.serving[self.line]]
            fit = self._kind(line, people.district[line], apart) == kind
            if role == "lead":
                fit &= people.lead[line] == 1
            those = np.concatenate([those, line[fit]])
        return those[np.argsort(self.rank[those], kind="stable")]

    def _standby(self, standby: Ints) -> tuple[Ints, Ints]:
        """The reserves in the order of step 1 and their sites; places of a site stand together."""
        sites = np.unique(self.site)
        site = np.repeat(sites, self.session.reserves[sites])
        district = self.problem.places.site_district[site]
        word = self._words("reserve", site)
        holder = np.empty(len(site), dtype=np.int64)
        holder[word_order(word.order(), district)] = standby

        def fits(place: Ints, people: Ints) -> Flags:
            return self._fits_site(site[place], people)

        bad = repair(holder, 2 * district, fits, word.of_round)
        self._mend("reserve", holder, bad, district, fits)
        order = np.argsort(self.rank[holder], kind="stable")
        return holder[order], site[order]

    def _fits(self, partner: Ints | None, place: Ints, people: Ints) -> Flags:
        """Whether each person is good at each of these positions of `self.rooms`."""
        rooms, past = self.rooms[place], self.problem.past
        size = len(self.problem.places.room_id)
        good = self._fits_site(self.site[place], people)
        good &= ~_among(people * size + rooms, self.session.barred)
        if "room" in self.again:
            good &= ~_among(people * size + rooms, past.room)
            for before in self.history.rooms:
                good &= before[people] != rooms
        return good if partner is None else good & self._fits_partner(partner[place], people)

    def _fits_site(self, site: Ints, people: Ints) -> Flags:
        own = self.problem.people.school[people]
        good: Flags = (own == NONE) | (self.problem.places.site_school[site] != own)
        if "site" in self.again:
            good &= ~_among(
                people * len(self.problem.places.site_id) + site, self.problem.past.site
            )
            for before in self.history.sites:
                good &= before[people] != site
        return good

    def _fits_partner(self, partner: Ints, people: Ints) -> Flags:
        school = self.problem.people.school
        good: Flags = (school[people] == NONE) | (school[people] != school[partner])
        if "partner" in self.again:
            good &= ~_among(people * len(school) + partner, self.problem.past.partner)
            for before in self.history.partners:
                good &= before[people] != partner
        return good

    def _without_failed(self, duty: Duty) -> Duty:
        """The columns over all rooms of the session; failed districts have NONE."""
        stay = ~self.failed[self.district]
        lead, other = (np.full(len(self.session.rooms), NONE) for _ in range(2))
        lead[self.at[stay]], other[self.at[stay]] = duty.lead[stay], duty.other[stay]
        on = ~self.failed[self.problem.people.district[duty.standby]]
        return Duty(lead, other, duty.standby[on], duty.standby_site[on])


class PlaceWords:
    """The words of places: n places of a site share the stream of the site.

    Word k of it orders place k, word n (t + 1) + k is that of place k in repair round t. Only what
    is needed is made: a longer output extends a shorter one.
    """

    FEW = 4  # rounds made at once for all sites; later rounds concern few places

    def __init__(self, draw: Draw, names: list[str], site: Ints) -> None:
        self._draw, self._names = draw, names
        self._sites, self._site, counts = np.unique(site, return_inverse=True, return_counts=True)
        self._counts = counts
        by_site = np.argsort(narrow(self._site), kind="stable")
        self._number = np.empty(len(site), dtype=np.int64)
        self._number[by_site] = np.arange(len(site)) - np.repeat(np.cumsum(counts) - counts, counts)
        self._made, self._rounds = self._make(self._sites, counts, self.FEW), self.FEW
        self._start = (np.cumsum(counts) - counts) * (self.FEW + 1)

    def order(self) -> Words:
        return self._take(0, np.arange(len(self._site)))

    def of_round(self, number: int, place: Ints) -> Words:
        if number >= self._rounds:
            self._make_rest(np.unique(self._site[place]))
        return self._take(number + 1, place)

    def _take(self, block: int, place: Ints) -> Words:
        site = self._site[place]
        at = self._start[site] + block * self._counts[site] + self._number[place]
        taken: Words = self._made[at]
        return taken

    def _make(self, sites: Ints, counts: Ints, rounds: int) -> Words:
        names = map(self._names.__getitem__, sites.tolist())
        return many_words(*self._draw, names, ((rounds + 1) * counts).tolist())

    def _make_rest(self, some: Ints) -> None:
        """All rounds of those sites that still have bad places."""
        counts = self._counts[some]
        self._made, self._rounds = self._make(self._sites[some], counts, ROUNDS), ROUNDS
        self._start[some] = (np.cumsum(counts) - counts) * (ROUNDS + 1)


def _among(found: Ints, keys: Ints) -> Flags:
    if not len(keys):
        return np.zeros(len(found), dtype=np.bool_)
    at = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
    known: Flags = keys[at] == found
    return known
