"""The picture of a site: every room as a tile with its seats as dots, counts and posts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.examday.papers import left_seats
from exam_system.examday.plan import Sitter, sitters
from exam_system.exams.models import Exam, Room, Site
from seating.layouts import positions

TAKEN, RESERVE, LEFT = "taken", "reserve", "left"
DOT = 10  # units of the picture from one seat to the next
MOST_POSTS = 6


@dataclass(frozen=True, slots=True)
class Dot:
    """A seat in the picture: its upper left corner and whether it is taken, reserve or left."""

    x: int
    y: int
    kind: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A room: `posts` are the largest by candidates, `more` how many further ones there are."""

    room: Room
    counts: Counter[str]
    posts: tuple[tuple[str, int], ...]
    more: int
    dots: tuple[Dot, ...]
    width: int
    height: int


def tiles(session: Session, exam: Exam, site: Site) -> list[Tile]:
    """The rooms for the written exam of a site, by code."""
    query = select(Room).where(Room.site_id == site.id, Room.use == "written")
    people: dict[int, list[Sitter]] = {}
    for one in sitters(session, exam, site_id=site.id):
        people.setdefault(one.room_code, []).append(one)
    left = left_seats(session, exam)
    return [
        _tile(room, people.get(room.code, []), left.get(room.id, frozenset()))
        for room in session.scalars(query.order_by(Room.code))
    ]


def _tile(room: Room, people: Sequence[Sitter], left: frozenset[int]) -> Tile:
    taken = {one.seat for one in people}
    places = positions(room.layout, room.capacity)
    dots = [
        Dot((column - 1) * DOT, (row - 1) * DOT, _kind(seat, taken, left))
        for seat, (row, column) in enumerate(places, 1)
    ]
    posts = Counter(one.post for one in people).most_common()
    posts.sort(key=lambda item: (-item[1], item[0]))
    size = (max(dot.x for dot in dots) + DOT, max(dot.y for dot in dots) + DOT)
    counts = Counter(dot.kind for dot in dots)
    more = max(0, len(posts) - MOST_POSTS)
    return Tile(room, counts, tuple(posts[:MOST_POSTS]), more, tuple(dots), *size)


def _kind(seat: int, taken: set[int], left: frozenset[int]) -> str:
    if seat in taken:
        return TAKEN
    return LEFT if seat in left else RESERVE
