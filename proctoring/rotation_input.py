"""The part of a rotation/v1 manifest: plain JSON in, checked columns over all districts out.

    {"rules": {"sexes": "ignore" | "prefer" | "require",
               "reserves": [3, 100],
               "never_again": ["partner", "room", "site"]},
     "schools": [str, …],
     "districts": [
       {"id": str,
        "people": {"label": [str, …], "school": [int, …], "woman": [0|1, …], "lead": [0|1, …]},
        "sites": {"id": [str, …], "school": [int, …]},
        "rooms": {"id": [str, …], "site": [int, …]},
        "past": {"site": [[person, site], …], "room": [[person, room], …],
                 "partner": [[person, person], …]},
        "sessions": [{"id": str, "rooms": [int, …], "barred": [[person, room], …]}, …]}, …]}

Whole numbers are positions in the lists of the same district (schools: of the part); school -1 is
"none" and never a group. Labels are sorted by their UTF-8 bytes; rooms of a session rise. `lead`
says who may lead a room; `past` is what earlier exams did; `barred` keeps a person from a room for
a relation with somebody who sits there in that session (`avoidance` makes it). `reserves` [a, b]:
each site gets a reserves for b places, rounded up. `never_again`: any of the three words, sorted.
Labels, site ids and room ids are unique in the whole part: words of the draw are named by them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proctoring.reading import (
    BadInput,
    Ints,
    keys,
    labels,
    listed,
    names,
    numbers,
    once,
    pairs,
    ratio,
    text,
    texts,
)

SEXES = ("ignore", "prefer", "require")
AGAIN = ("partner", "room", "site")
NONE = -1


@dataclass(frozen=True, slots=True)
class Rules:
    sexes: str
    reserves: tuple[int, int]
    never_again: frozenset[str]


@dataclass(frozen=True, slots=True)
class People:
    label: list[str]
    encoded: list[bytes]
    district: Ints
    school: Ints
    woman: Ints
    lead: Ints


@dataclass(frozen=True, slots=True)
class Places:
    """Sites and rooms; `site` is the site of each room."""

    site_id: list[str]
    site_school: Ints
    site_district: Ints
    room_id: list[str]
    site: Ints
    district: Ints


@dataclass(frozen=True, slots=True)
class Session:
    """One session number over the districts that have it; `reserves` is a number for each site.

    `barred` are sorted keys person * number of rooms + room.
    """

    rooms: Ints
    reserves: Ints
    barred: Ints


@dataclass(frozen=True, slots=True)
class Past:
    """Sorted keys person * size + other, of earlier exams."""

    site: Ints
    room: Ints
    partner: Ints


@dataclass(frozen=True, slots=True)
class Rotation:
    """All districts in one: their columns stand one after another in listed order."""

    rules: Rules
    schools: tuple[str, ...]
    districts: tuple[str, ...]
    session_ids: tuple[tuple[str, ...], ...]
    people: People
    places: Places
    sessions: tuple[Session, ...]
    past: Past


@dataclass(frozen=True, slots=True)
class _District:
    """One district as read, its positions still its own."""

    id: str
    label: list[str]
    encoded: list[bytes]
    school: Ints
    woman: Ints
    lead: Ints
    site_id: list[str]
    site_school: Ints
    room_id: list[str]
    site: Ints
    past: dict[str, Ints]
    sessions: list[tuple[str, Ints, Ints]]


def read_rotation(part: Mapping[str, Any]) -> Rotation:
    """The checked columns; raises BadInput with a sentence that says where."""
    keys(part, {"rules", "schools", "districts"}, "The part of rotation/v1")
    schools = tuple(names(part["schools"], "The schools"))
    read = [_district(raw, len(schools)) for raw in listed(part["districts"], "The districts")]
    once([one.id for one in read], "The districts")
    for name in ("label", "site_id", "room_id"):
        once([one for district in read for one in getattr(district, name)], f"The column {name}")
    rules = _rules(part["rules"])
    people, places = _people(read), _places(read)
    return Rotation(
        rules=rules,
        schools=schools,
        districts=tuple(one.id for one in read),
        session_ids=tuple(tuple(name for name, _, _ in one.sessions) for one in read),
        people=people,
        places=places,
        sessions=tuple(_sessions(read, rules, places)),
        past=_past(read, len(people.label), places),
    )


def bar_keys(rows: Sequence[Ints], size: int) -> Ints:
    """Sorted keys first * size + second, of arrays of two columns."""
    joined = np.concatenate([np.empty((0, 2), dtype=np.int64), *rows])
    return np.sort(joined[:, 0] * size + joined[:, 1])


def starts(lengths: Sequence[int]) -> list[int]:
    return [0, *np.cumsum(np.array(lengths, dtype=np.int64)).tolist()][:-1]


def _rules(raw: object) -> Rules:
    fields = keys(raw, {"sexes", "reserves", "never_again"}, "The rules")
    again = fields["never_again"]
    if fields["sexes"] not in SEXES:
        raise BadInput(f"The rule sexes must be one of {list(SEXES)}, not {fields['sexes']!r}.")
    if not isinstance(again, list) or again != [one for one in AGAIN if one in again]:
        raise BadInput(f"The rule never_again must hold some of {list(AGAIN)}, sorted.")
    return Rules(fields["sexes"], ratio(fields["reserves"], "The reserves"), frozenset(again))


def _district(raw: object, schools: int) -> _District:
    columns = {"id", "people", "sites", "rooms", "past", "sessions"}
    fields = keys(raw, columns, "A district")
    name = text(fields["id"], "The id of a district")
    where = f'district "{name}"'
    people = keys(fields["people"], {"label", "school", "woman", "lead"}, f"People of {where}")
    label, encoded = labels(people["label"], f"Labels of {where}")
    count = len(label)
    sites = keys(fields["sites"], {"id", "school"}, f"Sites of {where}")
    site_id = texts(sites["id"], f"Sites of {where}")
    rooms = keys(fields["rooms"], {"id", "site"}, f"Rooms of {where}")
    room_id = texts(rooms["id"], f"Rooms of {where}")
    sessions = [
        _session(one, count, len(room_id), where)
        for one in listed(fields["sessions"], f"Sessions of {where}")
    ]
    once([one for one, _, _ in sessions], f"Sessions of {where}")
    return _District(
        id=name,
        label=label,
        encoded=encoded,
        school=numbers(people["school"], f"Schools of people of {where}", NONE, schools, count),
        woman=numbers(people["woman"], f"The column woman of {where}", 0, 2, count),
        lead=numbers(people["lead"], f"The column lead of {where}", 0, 2, count),
        site_id=site_id,
        site_school=numbers(
            sites["school"], f"Schools of sites of {where}", NONE, schools, len(site_id)
        ),
        room_id=room_id,
        site=numbers(rooms["site"], f"Sites of rooms of {where}", 0, len(site_id), len(room_id)),
        past=_own_past(fields["past"], (count, len(site_id), len(room_id)), where),
        sessions=sessions,
    )


def _own_past(raw: object, sizes: tuple[int, int, int], where: str) -> dict[str, Ints]:
    people, sites, rooms = sizes
    fields = keys(raw, {"site", "room", "partner"}, f"The past of {where}")
    seconds = {"site": sites, "room": rooms, "partner": people}
    return {
        name: pairs(fields[name], f"The past ({name}) of {where}", people, size)
        for name, size in seconds.items()
    }


def _session(raw: object, people: int, rooms: int, where: str) -> tuple[str, Ints, Ints]:
    fields = keys(raw, {"id", "rooms", "barred"}, f"A session of {where}")
    name = text(fields["id"], f"The id of a session of {where}")
    used = numbers(fields["rooms"], f"Rooms of session {name} of {where}", 0, rooms)
    if bool((np.diff(used) <= 0).any()):
        raise BadInput(f"Rooms of session {name} of {where} must rise.")
    return (
        name,
        used,
        pairs(fields["barred"], f"barred of session {name} of {where}", people, rooms),
    )


def _people(read: Sequence[_District]) -> People:
    return People(
        label=[label for one in read for label in one.label],
        encoded=[label for one in read for label in one.encoded],
        district=_numbered([len(one.label) for one in read]),
        school=_joined(one.school for one in read),
        woman=_joined(one.woman for one in read),
        lead=_joined(one.lead for one in read),
    )


def _places(read: Sequence[_District]) -> Places:
    sites = starts([len(one.site_id) for one in read])
    return Places(
        site_id=[name for one in read for name in one.site_id],
        site_school=_joined(one.site_school for one in read),
        site_district=_numbered([len(one.site_id) for one in read]),
        room_id=[name for one in read for name in one.room_id],
        site=_joined(one.site + start for one, start in zip(read, sites, strict=True)),
        district=_numbered([len(one.room_id) for one in read]),
    )


def _sessions(read: Sequence[_District], rules: Rules, places: Places) -> Iterator[Session]:
    people = starts([len(one.label) for one in read])
    rooms = starts([len(one.room_id) for one in read])
    for at in range(max((len(one.sessions) for one in read), default=0)):
        having = [n for n, one in enumerate(read) if at < len(one.sessions)]
        used = _joined(read[n].sessions[at][1] + rooms[n] for n in having)
        barred = [_shifted(read[n].sessions[at][2], people[n], rooms[n]) for n in having]
        yield Session(
            rooms=used,
            reserves=_reserves(rules, places, used),
            barred=bar_keys(barred, len(places.room_id)),
        )


def _reserves(rules: Rules, places: Places, used: Ints) -> Ints:
    """Per site, reserves for its places (two a room), rounded up."""
    rooms = np.bincount(places.site[used], minlength=len(places.site_id))
    share, whole = rules.reserves
    return -(-2 * rooms * share // whole)


def _past(read: Sequence[_District], people_count: int, places: Places) -> Past:
    people = starts([len(one.label) for one in read])
    sites = starts([len(one.site_id) for one in read])
    rooms = starts([len(one.room_id) for one in read])
    partners = [
        _shifted(both, people[n], people[n])
        for n, one in enumerate(read)
        for both in (one.past["partner"], one.past["partner"][:, ::-1])
    ]
    return Past(
        site=bar_keys(
            [_shifted(one.past["site"], people[n], sites[n]) for n, one in enumerate(read)],
            len(places.site_id),
        ),
        room=bar_keys(
            [_shifted(one.past["room"], people[n], rooms[n]) for n, one in enumerate(read)],
            len(places.room_id),
        ),
        partner=bar_keys(partners, people_count),
    )


def _shifted(rows: Ints, first: int, second: int) -> Ints:
    return rows + np.array([first, second], dtype=np.int64)


def _numbered(lengths: Sequence[int]) -> Ints:
    return np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)


def _joined(columns: Iterator[Ints]) -> Ints:
    return np.concatenate([np.empty(0, dtype=np.int64), *columns])
