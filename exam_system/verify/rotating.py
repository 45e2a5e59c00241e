"""rotation/v1 in the shape of a manifest: its part from a group, a drawn group from its result.

A group is a district: `labels`, beside them `people` (columns school, woman, lead), `schools`,
`sites` (columns id, school), `slots`, `past`, `barred` and `rules`; numbers are positions, as
proctoring/rotation_input.py says. The id of a slot is `<session>/<site>-<room>`: sessions, rooms
and their sites are read from it, in the order in which they first appear. `barred` holds in every
session of the group.

A drawn group lists for every slot the lead and the other invigilator, then for every session and
site a slot `<session>/<site>-reserve` with its reserves in ticket order; `reserve` are those who
serve nowhere, in the order of their tickets for the purpose itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from exam_system.trust import tickets
from proctoring.reading import BadInput, keys, listed, once, text
from proctoring.rotation import rotation_v1
from proctoring.rotation_check import check_district
from proctoring.shortfall import Infeasible, Shortfall

Json = Mapping[str, Any]
RESERVE = "reserve"
PER_ROOM = 2
_GROUP = frozenset(
    {"id", "labels", "people", "schools", "sites", "slots", "past", "barred", "rules"}
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A room in one session, as the id of a slot names it."""

    session: str
    room: str

    @property
    def site(self) -> str:
        """The site of the room."""
        return self.room.rpartition("-")[0]

    @property
    def standby(self) -> bool:
        """Whether it holds the reserves of a site."""
        return self.room.rpartition("-")[2] == RESERVE


def slot_of(name: object) -> Slot:
    """Read the id of a slot; raises BadInput."""
    session, _, room = text(name, "The id of a slot").partition("/")
    found = Slot(session, room)
    if not session or not found.site or "/" in room:
        raise BadInput(f'The slot "{name}" is not called <session>/<site>-<room>.')
    return found


def rotating(groups: Sequence[Json], seed: str, purpose: str) -> list[dict[str, Any]]:
    """The drawn groups. Raises BadInput for a wrong shape; Infeasible, NotFound as rotation/v1."""
    parts = [part_of(group) for group in groups]
    _require_apart([part["districts"][0] for part in parts])
    found: list[dict[str, Any]] = []
    short: list[Shortfall] = []
    for group, part in zip(groups, parts, strict=True):
        try:
            (outcome,) = rotation_v1(part, seed, purpose=purpose)["districts"]
            found.append(_drawn(group, outcome, seed, purpose))
        except Infeasible as error:
            short += error.shortfalls
    if short:
        raise Infeasible(short)
    return found


def part_of(group: Json) -> dict[str, Any]:
    """The part of rotation/v1 for one group: rules, schools, and a single district."""
    keys(group, set(_GROUP), "A group of rotation/v1")
    people = keys(group["people"], {"school", "woman", "lead"}, "The people of a group")
    sites = keys(group["sites"], {"id", "school"}, "The sites of a group")
    slots = _slots(group)
    rooms = list(dict.fromkeys(slot.room for slot in slots))
    where = {name: at for at, name in enumerate(listed(sites["id"], "The ids of sites"))}
    if unknown := sorted({slot.site for slot in slots} - set(where)):
        raise BadInput(f'The site "{unknown[0]}" of a slot is not among the sites.')
    number = {name: at for at, name in enumerate(rooms)}
    used: dict[str, list[int]] = {}
    for slot in slots:
        used.setdefault(slot.session, []).append(number[slot.room])
    district = {
        "id": group["id"],
        "people": {"label": group["labels"], **people},
        "sites": dict(sites),
        "rooms": {"id": rooms, "site": [where[room.rpartition("-")[0]] for room in rooms]},
        "past": group["past"],
        "sessions": [
            {"id": name, "rooms": some, "barred": group["barred"]} for name, some in used.items()
        ],
    }
    return {"rules": group["rules"], "schools": group["schools"], "districts": [district]}


def _slots(group: Json) -> list[Slot]:
    raw = [keys(one, {"id", "capacity"}, "A slot") for one in listed(group["slots"], "The slots")]
    if any(one["capacity"] != PER_ROOM for one in raw):
        raise BadInput(f"A room takes {PER_ROOM} people.")
    slots = [slot_of(one["id"]) for one in raw]
    once([one["id"] for one in raw], "The slots")
    if any(slot.standby for slot in slots):
        raise BadInput(f'No room may be called "{RESERVE}".')
    return slots


def _require_apart(districts: Sequence[Json]) -> None:
    """Words of the draw are named by labels and sites: none may stand in two groups."""
    once([one["id"] for one in districts], "The groups")
    once(list(chain(*(one["people"]["label"] for one in districts))), "The labels")
    once(list(chain(*(one["sites"]["id"] for one in districts))), "The sites")


def _drawn(group: Json, outcome: Json, seed: str, purpose: str) -> dict[str, Any]:
    slots = [{"id": name, "labels": labels} for name, labels in _places(group, outcome)]
    serving = {label for slot in slots for label in slot["labels"]}
    idle = [one for one in group["labels"] if one not in serving]
    return {
        "id": group["id"],
        "epoch": outcome["epoch"],
        "slots": slots,
        "reserve": tickets.order(seed, purpose, idle),
    }


def _places(group: Json, outcome: Json) -> Iterator[tuple[str, list[str]]]:
    """The slots of the manifest with who is in them, then those of the reserves."""
    pairs: dict[str, Iterator[tuple[str, str]]] = {
        got["id"]: zip(got["lead"], got["other"], strict=True) for got in outcome["sessions"]
    }
    for slot in group["slots"]:
        yield slot["id"], list(next(pairs[slot_of(slot["id"]).session]))
    for got in outcome["sessions"]:
        both = list(zip(got["reserve"], got["reserve_site"], strict=True))
        for at, site in enumerate(group["sites"]["id"]):
            yield standby_slot(got["id"], site), [label for label, where in both if where == at]


def standby_slot(session: str, site: str) -> str:
    """The id of the slot that holds the reserves of a site."""
    return f"{session}/{site}-{RESERVE}"


def outcome_of(group: Json, drawn: Json) -> dict[str, Any]:
    """The district's part of a result of rotation/v1 again; reserves stand site by site.

    Raises BadInput where the slots are not those of the group.
    """
    district = part_of(group)["districts"][0]
    sites = district["sites"]["id"]
    labels = {slot["id"]: slot["labels"] for slot in drawn["slots"]}
    wanted = [slot["id"] for slot in group["slots"]]
    names = [one["id"] for one in district["sessions"]]
    wanted += [standby_slot(name, site) for name in names for site in sites]
    if [slot["id"] for slot in drawn["slots"]] != wanted or drawn["id"] != group["id"]:
        raise BadInput(f'The slots of group "{group["id"]}" are not those of the manifest.')
    if any(len(labels[slot["id"]]) != PER_ROOM for slot in group["slots"]):
        raise BadInput(f'Not every room of group "{group["id"]}" has {PER_ROOM} people.')
    rooms = district["rooms"]["id"]
    return {
        "id": group["id"],
        "epoch": drawn["epoch"],
        "sessions": [_session(one, rooms, sites, labels) for one in district["sessions"]],
    }


def _session(
    session: Json, rooms: Sequence[str], sites: Sequence[str], labels: Mapping[str, list[str]]
) -> dict[str, Any]:
    name = session["id"]
    pairs = [labels[f"{name}/{rooms[at]}"] for at in session["rooms"]]
    standby = [labels[standby_slot(name, site)] for site in sites]
    return {
        "id": name,
        "lead": [pair[0] for pair in pairs],
        "other": [pair[1] for pair in pairs],
        "reserve": list(chain(*standby)),
        "reserve_site": [at for at, some in enumerate(standby) for _ in some],
    }


def check_rotating(groups: Sequence[Json], drawn: Sequence[Json]) -> list[str]:
    """What is wrong with drawn groups, by the checker that shares nothing with the engine."""
    if [one["id"] for one in groups] != [one["id"] for one in drawn]:
        return ["the result lists other groups than the manifest"]
    return [said for both in zip(groups, drawn, strict=True) for said in _broken(*both)]


def _broken(group: Json, drawn: Json) -> Iterator[str]:
    district = part_of(group)["districts"][0]
    try:
        outcome = outcome_of(group, drawn)
    except BadInput as error:
        yield str(error)
        return
    yield from check_district(group["rules"], district, outcome)
    serving = {label for slot in drawn["slots"] for label in slot["labels"]}
    if sorted(drawn["reserve"]) != sorted(set(group["labels"]) - serving):
        yield f"district {group['id']}: the reserve is not everybody who serves nowhere"
