"""The part of a match/v1 manifest: plain JSON in, checked and frozen records out.

    {"rules": {"areas": ["4101", …], "roles": [{"id": str, "seats": int}, …],
               "per_employer": 1, "per_city": 2, "per_sex": 2, "reserves": [1, 5]},
     "employers": [str, …],
     "people": {"label": [str, …], "roles": [[int, …], …], "employer": [int, …],
                "area": [str, …], "woman": [0|1, …]},
     "apart": [[person, person], …],
     "panels": [str, …],
     "groups": {"id": [str, …], "barred": [[person, group], …]}}

Whole numbers are positions in the lists; employer -1 is "none" and never a group. An area is a code
of GB/T 2260, its first four digits the city (prefecture); `areas` are the cities from which nobody
may come. Roles rise in a person's list; seats stand role after role. Per panel: at most
`per_employer` and `per_city`, at least `per_sex` women and men, no two people who are `apart`.
`reserves` [a, b]: a reserves of each role for b panels, rounded up. Groups of candidates: none, or
as many as panels; `barred` keeps a person from a group for a relation (`avoidance` makes it).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proctoring.reading import (
    BadInput,
    keys,
    labels,
    listed,
    names,
    number,
    numbers,
    once,
    pairs,
    ratio,
)
from proctoring.reading import text as read_text

CITY = re.compile(r"[0-9]{4}")
AREA = re.compile(r"[0-9]{6}")
NONE = -1


@dataclass(frozen=True, slots=True)
class Rules:
    areas: frozenset[str]
    roles: tuple[str, ...]
    seats: tuple[int, ...]
    per_employer: int
    per_city: int
    per_sex: int
    reserves: tuple[int, int]

    @property
    def size(self) -> int:
        return sum(self.seats)

    @property
    def role_of_seat(self) -> tuple[int, ...]:
        return tuple(role for role, seats in enumerate(self.seats) for _ in range(seats))


@dataclass(frozen=True, slots=True)
class Panels:
    """The problem: columns over people, `eligible` only those from elsewhere, sets by person."""

    rules: Rules
    employers: tuple[str, ...]
    label: list[str]
    encoded: list[bytes]
    roles: list[tuple[int, ...]]
    employer: list[int]
    city: list[str]
    woman: list[int]
    eligible: list[int]
    apart: tuple[frozenset[int], ...]
    panels: tuple[str, ...]
    groups: tuple[str, ...]
    barred: tuple[frozenset[int], ...]

    @property
    def reserves(self) -> int:
        """Reserves of each role."""
        share, panels = self.rules.reserves
        return -(-len(self.panels) * share // panels)


def read_panels(part: Mapping[str, Any]) -> Panels:
    """The checked records; raises BadInput with a sentence that says where."""
    shape = {"rules", "employers", "people", "apart", "panels", "groups"}
    fields = keys(part, shape, "The part of match/v1")
    rules = _rules(fields["rules"])
    employers = names(fields["employers"], "The employers")
    columns = {"label", "roles", "employer", "area", "woman"}
    people = keys(fields["people"], columns, "The people")
    label, encoded = labels(people["label"], "The labels")
    once(label, "The labels")
    count = len(label)
    areas = _areas(people["area"], count)
    panels = names(fields["panels"], "The panels")
    groups, barred = _groups(fields["groups"], count, len(panels))
    return Panels(
        rules=rules,
        employers=tuple(employers),
        label=label,
        encoded=encoded,
        roles=_roles_of_people(people["roles"], count, len(rules.roles)),
        employer=numbers(
            people["employer"], "The employers of people", NONE, len(employers), count
        ).tolist(),
        city=[area[:4] for area in areas],
        woman=numbers(people["woman"], "The column woman", 0, 2, count).tolist(),
        eligible=[at for at, area in enumerate(areas) if area[:4] not in rules.areas],
        apart=_apart(fields["apart"], count),
        panels=tuple(panels),
        groups=groups,
        barred=barred,
    )


def _rules(raw: object) -> Rules:
    shape = {"areas", "roles", "per_employer", "per_city", "per_sex", "reserves"}
    fields = keys(raw, shape, "The rules")
    areas = names(fields["areas"], "The areas")
    if not all(CITY.fullmatch(area) for area in areas):
        raise BadInput("The areas must hold city codes of four digits.")
    roles = [_role(one) for one in listed(fields["roles"], "The roles")]
    once([name for name, _ in roles], "The roles")
    if not 1 <= len(roles) <= 8:
        raise BadInput("A panel has 1 to 8 roles.")
    return Rules(
        areas=frozenset(areas),
        roles=tuple(name for name, _ in roles),
        seats=tuple(seats for _, seats in roles),
        per_employer=number(fields["per_employer"], "The limit per employer", 1),
        per_city=number(fields["per_city"], "The limit per city", 1),
        per_sex=number(fields["per_sex"], "The least number of each sex", 0),
        reserves=ratio(fields["reserves"], "The reserves"),
    )


def _role(raw: object) -> tuple[str, int]:
    fields = keys(raw, {"id", "seats"}, "A role")
    name = read_text(fields["id"], "The id of a role")
    return name, number(fields["seats"], f'The seats of role "{name}"', 1)


def _areas(raw: object, count: int) -> list[str]:
    areas = listed(raw, "The areas of people", count)
    if not all(isinstance(one, str) and AREA.fullmatch(one) for one in areas):
        raise BadInput("The areas of people must hold codes of six digits.")
    return areas


def _roles_of_people(raw: object, count: int, roles: int) -> list[tuple[int, ...]]:
    found = []
    for one in listed(raw, "The roles of people", count):
        own = tuple(numbers(one, "The roles of a person", 0, roles).tolist())
        if list(own) != sorted(set(own)):
            raise BadInput("The roles of a person must rise.")
        found.append(own)
    return found


def _apart(raw: object, count: int) -> tuple[frozenset[int], ...]:
    apart: list[set[int]] = [set() for _ in range(count)]
    for one, other in pairs(raw, "The pairs apart", count, count).tolist():
        if one == other:
            raise BadInput("The pairs apart must hold two people each.")
        apart[one].add(other)
        apart[other].add(one)
    return tuple(map(frozenset, apart))


def _groups(
    raw: object, people: int, panels: int
) -> tuple[tuple[str, ...], tuple[frozenset[int], ...]]:
    fields = keys(raw, {"id", "barred"}, "The groups")
    found = names(fields["id"], "The groups")
    if len(found) not in (0, panels):
        raise BadInput(f"There are {len(found)} groups for {panels} panels; it takes as many.")
    barred: list[set[int]] = [set() for _ in found]
    for person, group in pairs(fields["barred"], "The barred", people, len(found)).tolist():
        barred[group].add(person)
    return tuple(found), tuple(map(frozenset, barred))
