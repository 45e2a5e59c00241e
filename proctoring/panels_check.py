"""Does an outcome of match/v1 or lottery/v1 keep the rules, and who comes for somebody absent.

The checker reads the manifest part and the result alone and shares nothing with the engine. A panel
alone takes well under a millisecond.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PanelSubstitute:
    """Somebody comes for an absent interviewer; labels."""

    absent: str
    substitute: str


def check_panels(part: Json, result: Json) -> list[str]:
    """A sentence for every broken rule; empty when the outcome keeps them all."""
    return list(_Checker(part).sentences(result))


def check_panel(part: Json, panel: str, labels: Sequence[str], group: str | None) -> list[str]:
    """The same for one panel with these members and the group of candidates that it hears."""
    return list(_Checker(part).panel(panel, labels, group))


def next_interviewer(part: Json, result: Json, absent: str) -> str | None:
    """The next reserve in ticket order who may sit in the absent person's seat; None for nobody.

    Raises ValueError when nobody of that label sits in a panel.
    """
    at, seat = _seat(result, absent)
    members = result["panels"][at]["labels"]
    group = _groups(result).get(result["panels"][at]["id"])
    person = _Person(part)
    stay = [person.at(one) for one in members if one != absent]
    for reserve in result["reserve"]:
        if person.may_join(reserve["label"], seat, stay, group):
            return str(reserve["label"])
    return None


def with_substitute(result: Json, change: PanelSubstitute) -> dict[str, Any]:
    """The outcome with the substitute in the seat and no longer among the reserves."""
    at, seat = _seat(result, change.absent)
    panels = [dict(one) for one in result["panels"]]
    labels = panels[at]["labels"]
    panels[at]["labels"] = [*labels[:seat], change.substitute, *labels[seat + 1 :]]
    reserve = [one for one in result["reserve"] if one["label"] != change.substitute]
    return {**result, "panels": panels, "reserve": reserve}


def check_panel_substitutes(
    part: Json, result: Json, changes: Sequence[PanelSubstitute]
) -> list[str]:
    """A sentence for each substitute who breaks a rule or was not the next; `result` as drawn."""
    found: list[str] = []
    for change in changes:
        line = [one["label"] for one in result["reserve"]]
        if change.substitute not in line:
            return [*found, f"{change.substitute} is no reserve"]
        at, _ = _seat(result, change.absent)
        name = result["panels"][at]["id"]
        for label in line[: line.index(change.substitute) + 1]:
            changed = with_substitute(result, PanelSubstitute(change.absent, label))
            labels = changed["panels"][at]["labels"]
            broken = check_panel(part, name, labels, _groups(result).get(name))
            if label == change.substitute:
                found += broken
            elif not broken:
                found.append(f"{label} comes before {change.substitute} and keeps the rules")
        result = with_substitute(result, change)
    return found


def _seat(result: Json, absent: str) -> tuple[int, int]:
    for at, panel in enumerate(result["panels"]):
        if absent in panel["labels"]:
            return at, panel["labels"].index(absent)
    raise ValueError(f"{absent} sits in no panel; only who does can be replaced.")


def _groups(result: Json) -> dict[str, str]:
    """The group that each panel hears."""
    return {one["panel"]: one["id"] for one in result["groups"]}


class _Checker:
    """Sets and dictionaries of one part."""

    def __init__(self, part: Json) -> None:
        self.part, self.rules, self.people = part, part["rules"], part["people"]
        self.index = {label: at for at, label in enumerate(self.people["label"])}
        self.apart = {frozenset(pair) for pair in part["apart"]}
        names = part["groups"]["id"]
        self.barred = {(person, names[group]) for person, group in part["groups"]["barred"]}
        self.roles = [one["id"] for one in self.rules["roles"]]
        self.role_of_seat = [
            role for role, one in enumerate(self.rules["roles"]) for _ in range(one["seats"])
        ]

    def sentences(self, result: Json) -> Iterator[str]:
        listed = [one["id"] for one in result["panels"]]
        if listed != self.part["panels"]:
            yield f"the result lists the panels {listed}, the manifest {self.part['panels']}"
            return
        seated = [label for one in result["panels"] for label in one["labels"]]
        called = [one["label"] for one in result["reserve"]]
        for label, count in Counter(seated + called).items():
            if count > 1:
                yield f"{label} is drawn {count} times"
        groups = _groups(result)
        for one in result["panels"]:
            yield from self.panel(one["id"], one["labels"], groups.get(one["id"]))
        yield from self._reserves(result["reserve"])
        yield from self._heard(result["groups"])

    def panel(self, name: str, labels: Sequence[str], group: str | None) -> Iterator[str]:
        where = f"panel {name}"
        if strangers := [one for one in labels if one not in self.index]:
            yield f"{where}: not on the list: {', '.join(strangers)}"
            return
        if len(labels) != len(self.role_of_seat):
            yield f"{where}: {len(labels)} people for {len(self.role_of_seat)} seats"
            return
        who = [self.index[label] for label in labels]
        for one, role in zip(who, self.role_of_seat, strict=True):
            yield from self._person(where, one, role, group)
        yield from self._together(where, who)

    def _person(self, where: str, one: int, role: int, group: str | None) -> Iterator[str]:
        label = self.people["label"][one]
        if role not in self.people["roles"][one]:
            yield f"{where}: {label} may not sit as {self.roles[role]}"
        if self.people["area"][one][:4] in self.rules["areas"]:
            yield f"{where}: {label} is from the area of the exam"
        if (one, group) in self.barred:
            yield f"{where}: {label} has a relation with a candidate of group {group}"

    def _together(self, where: str, who: Sequence[int]) -> Iterator[str]:
        employers = Counter(self.people["employer"][one] for one in who)
        cities = Counter(self.people["area"][one][:4] for one in who)
        for employer, count in employers.items():
            if employer >= 0 and count > self.rules["per_employer"]:
                yield f"{where}: {count} people of {self.part['employers'][employer]}"
        for city, count in cities.items():
            if count > self.rules["per_city"]:
                yield f"{where}: {count} people of city {city}"
        women = sum(self.people["woman"][one] for one in who)
        if min(women, len(who) - women) < self.rules["per_sex"]:
            yield f"{where}: {women} women and {len(who) - women} men"
        for at, one in enumerate(who):
            for other in who[at + 1 :]:
                if frozenset((one, other)) in self.apart:
                    names = " and ".join(self.people["label"][n] for n in (one, other))
                    yield f"{where}: {names} may not sit together"

    def _reserves(self, reserve: Sequence[Json]) -> Iterator[str]:
        share, panels = self.rules["reserves"]
        needed = (len(self.part["panels"]) * share + panels - 1) // panels
        counted = Counter(one["role"] for one in reserve)
        for role, name in enumerate(self.roles):
            if counted[name] != needed:
                yield f"{counted[name]} reserves as {name}, {needed} are needed"
            for one in reserve:
                if one["role"] == name:
                    yield from self._person("reserve", self.index[one["label"]], role, None)

    def _heard(self, groups: Sequence[Json]) -> Iterator[str]:
        if [one["id"] for one in groups] != self.part["groups"]["id"]:
            yield "the result lists other groups than the manifest"
        if groups and sorted(one["panel"] for one in groups) != sorted(self.part["panels"]):
            yield "not every panel hears one group"


class _Person:
    """Whether a reserve may join the people who stay in a panel."""

    def __init__(self, part: Json) -> None:
        self._part, self._people, self._rules = part, part["people"], part["rules"]
        self._index = {label: at for at, label in enumerate(self._people["label"])}

    def at(self, label: str) -> int:
        return self._index[label]

    def may_join(self, label: str, seat: int, stay: Sequence[int], group: str | None) -> bool:
        who, rules = self._index[label], self._rules
        employer, city = self._people["employer"][who], self._people["area"][who][:4]
        colleagues = sum(self._people["employer"][one] == employer for one in stay)
        neighbours = sum(self._people["area"][one][:4] == city for one in stay)
        women = sum(self._people["woman"][one] for one in [*stay, who])
        return (
            self._role(seat) in self._people["roles"][who]
            and (employer < 0 or colleagues < rules["per_employer"])
            and neighbours < rules["per_city"]
            and rules["per_sex"] <= women <= len(stay) + 1 - rules["per_sex"]
            and not any([who, one] in self._part["apart"] for one in stay)
            and not any([one, who] in self._part["apart"] for one in stay)
            and not self._related(who, group)
        )

    def _role(self, seat: int) -> int:
        role = 0
        while seat >= self._rules["roles"][role]["seats"]:
            seat -= self._rules["roles"][role]["seats"]
            role += 1
        return role

    def _related(self, who: int, group: str | None) -> bool:
        names = self._part["groups"]["id"]
        return group is not None and [who, names.index(group)] in self._part["groups"]["barred"]
