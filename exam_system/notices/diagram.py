"""A flow diagram drawn from the moves of a state machine itself, and the same in words.

States stand in columns by how many moves they are from the first one; an arrow forward is a line
between columns, one back or within a column an arc below. Pure: moves in, coordinates out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

WIDTH, HEIGHT, GAP, ROW = 150, 44, 60, 76
Moves = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Box:
    """A state: its key and the upper left corner of its box."""

    key: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """A move: its states, and the path from one box to the other (SVG path data)."""

    of: str
    to: str
    path: str
    back: bool


@dataclass(frozen=True, slots=True)
class Diagram:
    """The whole picture with its size."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    width: int
    height: int


def columns_of(moves: Moves) -> dict[str, int]:
    """How many moves each state is from the first; one that cannot be reached follows the last."""
    first = next(iter(moves))
    found, waiting = {first: 0}, [first]
    while waiting:
        state = waiting.pop(0)
        for to in sorted(moves[state], key=list(moves).index):
            if to not in found:
                found[to] = found[state] + 1
                waiting.append(to)
    last = max(found.values())
    return {**found, **{state: last + 1 for state in moves if state not in found}}


def draw(moves: Moves) -> Diagram:
    """The picture of a table of moves (its first state is where things begin)."""
    columns = columns_of(moves)
    places: dict[str, Box] = {}
    filled: dict[int, int] = {}
    for state in moves:
        column = columns[state]
        row = filled.get(column, 0)
        filled[column] = row + 1
        places[state] = Box(state, 10 + column * (WIDTH + GAP), 10 + row * ROW)
    rows = max(filled.values())
    arrows = [
        _arrow(places[state], places[to], columns[to] <= columns[state], rows, number)
        for number, (state, to) in enumerate(
            (state, to) for state in moves for to in sorted(moves[state]) if to != state
        )
    ]
    deepest = 6 * sum(arrow.back for arrow in arrows)
    width = 20 + (max(columns.values()) + 1) * (WIDTH + GAP) - GAP
    return Diagram(tuple(places.values()), tuple(arrows), width, 50 + rows * ROW + deepest)


def wrapped(name: str) -> list[str]:
    """A name in lines that fit into a box: words, or nine characters of Chinese."""
    if name.isascii():
        return textwrap.wrap(name, 21)[:3]
    return [name[at : at + 10] for at in range(0, len(name), 10)][:3]


def _arrow(one: Box, other: Box, back: bool, rows: int, number: int) -> Arrow:
    if back:
        x, to_x = one.x + WIDTH // 2 + 12, other.x + WIDTH // 2 - 12
        low = 10 + rows * ROW + 6 * (number % 8)
        path = f"M{x} {one.y + HEIGHT} V{low} H{to_x} V{other.y + HEIGHT + 2}"
    else:
        x, y = one.x + WIDTH, one.y + HEIGHT // 2
        to_y, middle = other.y + HEIGHT // 2, other.x - GAP // 2
        path = f"M{x} {y} H{middle} V{to_y} H{other.x - 2}"
    return Arrow(one.key, other.key, path, back)


def in_words(moves: Moves) -> list[tuple[str, list[str]]]:
    """Each state with those that may follow it, in the order of the table."""
    order = list(moves)
    return [(state, sorted(moves[state] - {state}, key=order.index)) for state in order]
