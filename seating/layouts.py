"""Where seat number n stands in the room: a layout is a permutation of the room's seats.

Layouts (RULES 2.4: S-shape numbering, 5×6 or 7-8-8-7 and 8-7-7-8, thirty seats in a room):

- `5x6`: 5 columns of 6 seats; any `<columns>x<seats in each>`.
- `7-8-8-7`: the seats of each column, from the first column on.
- `serpentine:<rows>x<columns>`: the same S-shape, named by rows first.

Row 1 is the front, column 1 is where number 1 sits. The S-shape runs down the columns: odd columns
from front to back, even columns from back to front, so neighbours in number are neighbours in the
room. Short columns end at the back: every column begins in row 1.
"""

import re

_COUNT = "[1-9][0-9]?"
_GRID = re.compile(f"({_COUNT})x({_COUNT})")
_COLUMNS = re.compile(f"{_COUNT}(-{_COUNT})+")
_SERPENTINE = re.compile(f"serpentine:({_COUNT})x({_COUNT})")


class BadLayout(ValueError):
    """The layout is not known, or it has too few seats."""


def positions(layout: str, capacity: int) -> list[tuple[int, int]]:
    """(row, column), both from 1, of the seats 1 to `capacity`: seat n is item n - 1.

    Raises BadLayout for a layout that is not one of the forms above, a capacity below 1 and a
    capacity above the layout's seats.
    """
    seats = _serpentine(_columns(layout))
    if not 1 <= capacity <= len(seats):
        raise BadLayout(
            f'Layout "{layout}" has {len(seats)} seats; the room asks for {capacity}. '
            "Choose a larger layout or another capacity."
        )
    return seats[:capacity]


def _columns(layout: str) -> list[int]:
    """The number of seats in each column."""
    if found := _GRID.fullmatch(layout):
        return [int(found[2])] * int(found[1])
    if _COLUMNS.fullmatch(layout):
        return [int(count) for count in layout.split("-")]
    if found := _SERPENTINE.fullmatch(layout):
        return [int(found[1])] * int(found[2])
    raise BadLayout(
        f'Layout "{layout}" is not known; write "5x6" (columns x seats in each), "7-8-8-7" '
        '(seats of each column) or "serpentine:6x5" (rows x columns).'
    )


def _serpentine(columns: list[int]) -> list[tuple[int, int]]:
    seats: list[tuple[int, int]] = []
    for column, count in enumerate(columns, 1):
        down = range(1, count + 1)
        seats += [(row, column) for row in (down if column % 2 else reversed(down))]
    return seats
