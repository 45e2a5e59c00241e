"""What earlier exams did, as rotation/v1 wants it: people, sites and rooms by their positions.

Exams have tables of their own, so people are the same by staff number, sites and rooms by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from exam_system.examday.duties import Stand, published_stands
from exam_system.examday.models import Invigilator
from exam_system.examday.used import Place, plain

Pairs = list[list[int]]


def past_of(
    session: Session, exams: Sequence[int], some: Sequence[Invigilator], places: Sequence[Place]
) -> dict[str, Pairs]:
    """The sites, rooms and partners that these people had in earlier exams (by id).

    Pairs of positions among `some`, the sites of `places` in order, and `places`; what is not
    among them is left out.
    """
    who = {plain(one.staff_no): at for at, one in enumerate(some)}
    at_site = list(dict.fromkeys(place.site for place in places))
    sites = {place.title[0]: at_site.index(place.site) for place in places}
    rooms = {place.title: at for at, place in enumerate(places)}
    found: dict[str, set[tuple[int, int]]] = {"site": set(), "room": set(), "partner": set()}
    served = [
        (who[number], one)
        for one in published_stands(session, exams)
        if (number := plain(one.invigilator.staff_no)) in who
    ]
    for person, one in served:
        site, room = plain(one.site.name), plain(one.room.name) if one.room else ""
        if site in sites:
            found["site"].add((person, sites[site]))
        if (site, room) in rooms:
            found["room"].add((person, rooms[site, room]))
    found["partner"].update(_partners(served))
    return {name: [list(pair) for pair in sorted(pairs)] for name, pairs in found.items()}


def _partners(served: Sequence[tuple[int, Stand]]) -> Iterator[tuple[int, int]]:
    """Two people of the list who shared a room in a session, the first of the list first."""
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for person, one in served:
        if one.room is not None:
            together[one.session.id, one.room.id].append(person)
    yield from ((min(pair), max(pair)) for pair in together.values() if len(set(pair)) == 2)
