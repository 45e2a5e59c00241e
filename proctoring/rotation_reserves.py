"""The substitute of an absent invigilator: the next reserve in ticket order that keeps the rules.

Reserves of the room's own site come first, then those of the district's other sites, each in ticket
order as the result lists them. All sessions count: a substitute who meets the site, room or partner
in another session of the exam is passed over. The absence is logged before the name is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctoring.rotation_check import check_district

Json = Mapping[str, Any]
ROLES = ("lead", "other")


@dataclass(frozen=True, slots=True)
class Substitute:
    """Somebody comes for somebody in one session; labels, and the id of the session."""

    session: str
    absent: str
    substitute: str


def next_reserve(
    rules: Json, district: Json, outcome: Json, *, session: str, absent: str
) -> str | None:
    """The label of the substitute, None where no reserve keeps the rules.

    `outcome` is the district's part of the result, with earlier substitutes `replaced` in it.
    Raises ValueError when nobody of that label has a room in that session.
    """
    number, role, at = _place(district, outcome, session, absent)
    for label in _line(district, outcome, number, at):
        if _keeps(rules, district, outcome, (number, role, at), label):
            return label
    return None


def replaced(district: Json, outcome: Json, change: Substitute) -> dict[str, Any]:
    """The outcome with the substitute in the room and no longer among the reserves."""
    number, role, at = _place(district, outcome, change.session, change.absent)
    sessions = [dict(one) for one in outcome["sessions"]]
    changed = sessions[number]
    changed[role] = [*changed[role][:at], change.substitute, *changed[role][at + 1 :]]
    stay = [n for n, label in enumerate(changed["reserve"]) if label != change.substitute]
    for name in ("reserve", "reserve_site"):
        changed[name] = [changed[name][n] for n in stay]
    return {**outcome, "sessions": sessions}


def withdrawn(outcome: Json, *, session: str, absent: str) -> dict[str, Any]:
    """The outcome without a reserve who does not come either."""
    sessions = []
    for one in outcome["sessions"]:
        if one["id"] == session:
            stay = [n for n, label in enumerate(one["reserve"]) if label != absent]
            kept = {name: [one[name][n] for n in stay] for name in ("reserve", "reserve_site")}
            one = {**one, **kept}
        sessions.append(one)
    return {**outcome, "sessions": sessions}


def check_substitutes(
    rules: Json, district: Json, outcome: Json, changes: Sequence[Substitute]
) -> list[str]:
    """A sentence for each substitute who breaks a rule or was not the next; `outcome` as drawn.

    The rules are asked of the changed outcome by the checker of outcomes, not by `next_reserve`.
    """
    found: list[str] = []
    for change in changes:
        number, _, at = _place(district, outcome, change.session, change.absent)
        line = list(_line(district, outcome, number, at))
        if change.substitute not in line:
            return [*found, f"{change.substitute} is no reserve of session {change.session}"]
        for label in line[: line.index(change.substitute) + 1]:
            trial = Substitute(change.session, change.absent, label)
            changed = replaced(district, outcome, trial)
            broken = check_district(rules, district, changed, drawn=False)
            if label == change.substitute:
                found += broken
            elif not broken:
                found.append(f"{label} comes before {change.substitute} and keeps the rules")
        outcome = replaced(district, outcome, change)
    return found


def _place(district: Json, outcome: Json, session: str, absent: str) -> tuple[int, str, int]:
    """(number of the session, role, position among its rooms) of the absent person."""
    for number, one in enumerate(outcome["sessions"]):
        for role in ROLES:
            if one["id"] == session and absent in one[role]:
                return number, role, one[role].index(absent)
    raise ValueError(
        f"{absent} has no room in session {session} of district {district['id']}; only who has one "
        "can be replaced."
    )


def _line(district: Json, outcome: Json, number: int, at: int) -> Iterator[str]:
    """The reserves of the session, those of the room's site first."""
    site = district["rooms"]["site"][district["sessions"][number]["rooms"][at]]
    got = outcome["sessions"][number]
    both = list(zip(got["reserve"], got["reserve_site"], strict=True))
    yield from (label for label, where in both if where == site)
    yield from (label for label, where in both if where != site)


def _keeps(
    rules: Json, district: Json, outcome: Json, place: tuple[int, str, int], label: str
) -> bool:
    number, role, at = place
    people, session = district["people"], district["sessions"][number]
    room = session["rooms"][at]
    site = district["rooms"]["site"][room]
    other = outcome["sessions"][number]["other" if role == "lead" else "lead"][at]
    who, partner = people["label"].index(label), people["label"].index(other)
    own, sexes = people["school"][who], people["woman"]
    if role == "lead" and not people["lead"][who]:
        return False
    if own >= 0 and own in (district["sites"]["school"][site], people["school"][partner]):
        return False
    if rules["sexes"] == "require" and sexes[who] == sexes[partner]:
        return False
    if [who, room] in session["barred"]:
        return False
    met = _met(district, outcome, number, label)
    again = {"site": site, "room": room, "partner": other}
    return not any(again[name] in met[name] for name in rules["never_again"])


def _met(district: Json, outcome: Json, number: int, label: str) -> dict[str, set[Any]]:
    """Sites, rooms and partners of a person in earlier exams and in the other sessions."""
    labels, past = district["people"]["label"], district["past"]
    who = labels.index(label)
    pairs = [*past["partner"], *([two, one] for one, two in past["partner"])]
    met: dict[str, set[Any]] = {
        "site": {site for one, site in past["site"] if one == who},
        "room": {room for one, room in past["room"] if one == who},
        "partner": {labels[two] for one, two in pairs if one == who},
    }
    for at, got in enumerate(outcome["sessions"]):
        if at != number:
            _add_session(district, at, got, label, met)
    return met


def _add_session(
    district: Json, number: int, got: Json, label: str, met: dict[str, set[Any]]
) -> None:
    if label in got["reserve"]:
        met["site"].add(got["reserve_site"][got["reserve"].index(label)])
    for role, other in (ROLES, ROLES[::-1]):
        if label in got[role]:
            at = got[role].index(label)
            room = district["sessions"][number]["rooms"][at]
            met["room"].add(room)
            met["site"].add(district["rooms"]["site"][room])
            met["partner"].add(got[other][at])
