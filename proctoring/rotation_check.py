"""Does an outcome of rotation/v1 keep the rules? It reads the manifest part and the result alone.

Nothing is shared with the engine but the reading of shapes. Every rule is asked of all rooms of a
session at once; a site alone takes milliseconds. That the outcome is the one of the seed is shown
by computing it again, not here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctoring.reading import Ints

Flags = NDArray[np.bool_]
Json = Mapping[str, Any]
NOBODY = np.empty(0, dtype=np.int64)


def check_rotation(part: Json, result: Json) -> list[str]:
    """A sentence for every broken rule; empty when the outcome keeps them all."""
    wanted = [one["id"] for one in part["districts"]]
    found = [one["id"] for one in result["districts"]]
    if wanted != found:
        return [f"the result lists the districts {found}, the manifest {wanted}"]
    both = zip(part["districts"], result["districts"], strict=True)
    return [one for pair in both for one in check_district(part["rules"], *pair)]


def check_district(
    rules: Json, district: Json, outcome: Json, *, site: str | None = None, drawn: bool = True
) -> list[str]:
    """The same for one district; for one `site` of it; or after substitutes (not as `drawn`)."""
    if bad := list(_shape(district, outcome)):
        return bad
    return list(_Checker(rules, district, site, drawn).sentences(outcome))


def loads(district: Json, outcome: Json) -> tuple[int, int]:
    """The fewest and the most duties of one person in the exam, reserve included.

    They differ by at most 1 where rules and qualification leave the choice open; what they force is
    no violation, so this is for the reader of the plan and not among the sentences.
    """
    at = {label: n for n, label in enumerate(district["people"]["label"])}
    duties = np.zeros(len(at), dtype=np.int64)
    for got in outcome["sessions"]:
        duties[[at[one] for name in ("lead", "other", "reserve") for one in got[name]]] += 1
    return int(duties.min(initial=len(outcome["sessions"]))), int(duties.max(initial=0))


def _shape(district: Json, outcome: Json) -> Iterator[str]:
    where, known = f"district {district['id']}", set(district["people"]["label"])
    wanted = [one["id"] for one in district["sessions"]]
    if wanted != [one["id"] for one in outcome["sessions"]]:
        yield f"{where}: the result has other sessions than {wanted}"
        return
    for session, got in zip(district["sessions"], outcome["sessions"], strict=True):
        at = f"{where}, session {session['id']}"
        people = [*got["lead"], *got["other"], *got["reserve"]]
        if not len(got["lead"]) == len(got["other"]) == len(session["rooms"]):
            yield f"{at}: not every room has two people"
        if len(got["reserve"]) != len(got["reserve_site"]):
            yield f"{at}: not every reserve has a site"
        if any(not 0 <= one < len(district["sites"]["id"]) for one in got["reserve_site"]):
            yield f"{at}: a reserve stands by at a site that is not listed"
        if strangers := sorted(set(people) - known):
            yield f"{at}: not on the list: {', '.join(strangers)}"
        if len(set(people)) != len(people):
            twice = sorted({one for one in people if people.count(one) > 1})
            yield f"{at}: twice in the session: {', '.join(twice)}"


@dataclass(slots=True)
class _Before:
    """Keys person * size + other of what people met before: sites, rooms, partners."""

    site: list[Ints] = field(default_factory=list)
    room: list[Ints] = field(default_factory=list)
    partner: list[Ints] = field(default_factory=list)


class _Checker:
    def __init__(self, rules: Json, district: Json, site: str | None, drawn: bool) -> None:
        self.rules, self.district, self.only, self.drawn = rules, district, site, drawn
        people = district["people"]
        self.index = {label: at for at, label in enumerate(people["label"])}
        self.school, self.woman, self.lead = (
            _ints(people[name]) for name in ("school", "woman", "lead")
        )
        self.site_school = _ints(district["sites"]["school"])
        self.room_site = _ints(district["rooms"]["site"])
        self.sizes = {
            "site": len(self.site_school),
            "room": len(self.room_site),
            "partner": len(self.school),
        }
        self.before = _Before()
        for name, size in self.sizes.items():
            pairs = _ints(district["past"][name]).reshape(-1, 2)
            kept = getattr(self.before, name)
            kept.append(pairs[:, 0] * size + pairs[:, 1])
            if name == "partner":
                kept.append(pairs[:, 1] * size + pairs[:, 0])

    def sentences(self, outcome: Json) -> Iterator[str]:
        for session, got in zip(self.district["sessions"], outcome["sessions"], strict=True):
            where = f"district {self.district['id']}, session {session['id']}"
            rooms = _ints(session["rooms"])
            lead, other, reserve = (
                self._people(got[name]) for name in ("lead", "other", "reserve")
            )
            standby = _ints(got["reserve_site"])
            for at, person, rule in self._rooms(session, rooms, lead, other):
                if self._shown(self.room_site[at]):
                    name = self.district["rooms"]["id"][at]
                    yield f"{where}, room {name}: {self._label(person)} {rule}"
            for at, person, rule in self._standby(standby, reserve):
                if self._shown(at):
                    name = self.district["sites"]["id"][at]
                    yield f"{where}, site {name}: {self._label(person)} {rule}"
            if self.drawn and self.only is None:
                yield from self._counted(where, rooms, standby)
            self._remember(rooms, lead, other, reserve, standby)

    def _rooms(
        self, session: Json, rooms: Ints, lead: Ints, other: Ints
    ) -> Iterator[tuple[int, int, str]]:
        site, barred = self.room_site[rooms], _ints(session["barred"]).reshape(-1, 2)
        related = barred[:, 0] * self.sizes["room"] + barred[:, 1]
        yield from _named(rooms, lead, self.lead[lead] != 1, "is not qualified to lead")
        same = (self.school[lead] == self.school[other]) & (self.school[lead] >= 0)
        yield from _named(rooms, lead, same, "is of the same school as the other")
        if self.rules["sexes"] == "require":
            same = self.woman[lead] == self.woman[other]
            yield from _named(rooms, lead, same, "is of the same sex as the other")
        for who, partner in ((lead, other), (other, lead)):
            yield from _named(rooms, who, self._own(site, who), "is in the own school")
            kin = np.isin(who * self.sizes["room"] + rooms, related)
            yield from _named(rooms, who, kin, "has a relation with somebody in the room")
            for name, met in (("site", site), ("room", rooms), ("partner", partner)):
                bad = self._again(name, who, met)
                yield from _named(rooms, who, bad, f"meets the same {name} again")

    def _standby(self, site: Ints, reserve: Ints) -> Iterator[tuple[int, int, str]]:
        yield from _named(site, reserve, self._own(site, reserve), "stands by in the own school")
        bad = self._again("site", reserve, site)
        yield from _named(site, reserve, bad, "stands by at the same site again")

    def _own(self, site: Ints, who: Ints) -> Flags:
        own: Flags = (self.school[who] >= 0) & (self.school[who] == self.site_school[site])
        return own

    def _again(self, name: str, who: Ints, met: Ints) -> Flags:
        if name not in self.rules["never_again"]:
            return np.zeros(len(who), dtype=np.bool_)
        known = np.concatenate(getattr(self.before, name))
        return np.isin(who * self.sizes[name] + met, known)

    def _counted(self, where: str, rooms: Ints, standby: Ints) -> Iterator[str]:
        share, whole = self.rules["reserves"]
        places = 2 * np.bincount(self.room_site[rooms], minlength=self.sizes["site"])
        needed = (places * share + whole - 1) // whole
        found = np.bincount(standby, minlength=self.sizes["site"])
        for at in np.flatnonzero(found != needed):
            name = self.district["sites"]["id"][at]
            yield f"{where}, site {name}: {found[at]} reserves stand by, {needed[at]} are needed"

    def _remember(self, rooms: Ints, lead: Ints, other: Ints, reserve: Ints, standby: Ints) -> None:
        site = self.room_site[rooms]
        for who, partner in ((lead, other), (other, lead)):
            self.before.site.append(who * self.sizes["site"] + site)
            self.before.room.append(who * self.sizes["room"] + rooms)
            self.before.partner.append(who * self.sizes["partner"] + partner)
        self.before.site.append(reserve * self.sizes["site"] + standby)

    def _people(self, labels: Sequence[str]) -> Ints:
        return _ints([self.index[label] for label in labels])

    def _label(self, person: int) -> str:
        return str(self.district["people"]["label"][person])

    def _shown(self, site: int) -> bool:
        return self.only in (None, self.district["sites"]["id"][site])


def _named(places: Ints, people: Ints, bad: Flags, rule: str) -> Iterator[tuple[int, int, str]]:
    for at in np.flatnonzero(bad):
        yield int(places[at]), int(people[at]), rule


def _ints(values: Sequence[Any]) -> Ints:
    return np.array(values, dtype=np.int64) if len(values) else NOBODY
