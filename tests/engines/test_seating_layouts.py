"""Layouts: the room plan drawn by hand, and every number on one seat."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seating.layouts import BadLayout, positions

# Seen from the front row; the rows of the text are the rows of the room.
BY_HAND = {
    "5x6": """
        1 12 13 24 25
        2 11 14 23 26
        3 10 15 22 27
        4  9 16 21 28
        5  8 17 20 29
        6  7 18 19 30""",
    "7-8-8-7": """
        1 15 16 30
        2 14 17 29
        3 13 18 28
        4 12 19 27
        5 11 20 26
        6 10 21 25
        7  9 22 24
        .  8 23  .""",
    "serpentine:2x3": """
        1 4 5
        2 3 6""",
}


@pytest.mark.parametrize("layout", BY_HAND)
def test_layouts_are_the_plans_drawn_by_hand(layout) -> None:
    rows = [line.split() for line in BY_HAND[layout].strip().splitlines()]
    plan = {
        int(number): (row, column)
        for row, line in enumerate(rows, 1)
        for column, number in enumerate(line, 1)
        if number != "."
    }
    assert positions(layout, len(plan)) == [plan[number] for number in sorted(plan)]


def test_the_same_room_named_both_ways() -> None:
    assert positions("5x6", 30) == positions("serpentine:6x5", 30) == positions("6-6-6-6-6", 30)
    assert positions("5x6", 7) == positions("5x6", 30)[:7]


@given(st.lists(st.integers(1, 12), min_size=2, max_size=9))
def test_every_number_stands_on_one_seat_beside_the_next(columns) -> None:
    seats = positions("-".join(map(str, columns)), sum(columns))
    assert len(set(seats)) == len(seats) == sum(columns)
    assert {seat[1] for seat in seats} == set(range(1, len(columns) + 1))
    for (row, column), (next_row, next_column) in pairwise(seats):
        step = (abs(next_row - row), next_column - column)
        assert step == (1, 0) or step[1] == 1


@pytest.mark.parametrize(
    "layout",
    ["", "5", "5X6", "0x6", "5x", "7-8-", "serpentine:5", "5x6 ", "٥x6", "100x2", "spiral"],
)
def test_unknown_layouts_are_refused(layout) -> None:
    with pytest.raises(BadLayout, match=re.escape(f'Layout "{layout}" is not known')):
        positions(layout, 1)


@pytest.mark.parametrize("capacity", [31, 0, -1])
def test_a_capacity_outside_the_layout_is_refused(capacity) -> None:
    with pytest.raises(BadLayout, match=f"has 30 seats; the room asks for {capacity}"):
        positions("5x6", capacity)
