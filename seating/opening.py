"""Which rooms are opened and how many sit in each: step 1 of seats/v1. No chance is needed.

Rooms are opened in canonical order (highest access first, then by id) until they hold the
district's candidates, and filled evenly: sizes differ by at most one, except where a small room is
full, so no room is left with a handful. Where the accessible rooms would then have fewer places
than people who need them, they take as many as need them, evenly, and the others share the rest.
"""

import numpy as np

from seating.columns import Ints


def fill_evenly(capacity: Ints, people: int) -> Ints:
    """(rooms,): the even filling of all these rooms; the first ones take one more.

    There are places for all: people <= sum of capacity.
    """
    low, high = 0, int(capacity.max(initial=0))
    while low < high:
        middle = (low + high + 1) // 2
        if int(np.minimum(capacity, middle).sum()) <= people:
            low = middle
        else:
            high = middle - 1
    sizes = np.minimum(capacity, low)
    sizes[np.flatnonzero(capacity > low)[: people - int(sizes.sum())]] += 1
    return sizes


def open_rooms(capacity: Ints, access: Ints, needs: list[int]) -> Ints:
    """(rooms,): how many sit in each room of one district, 0 in those that stay closed.

    `capacity`: places of the rooms, those kept free taken off; `access` falls; needs[n]: how many
    people need access n or more, so needs[0] is everybody. There are places for all of them.
    """
    opened = int(np.searchsorted(np.cumsum(capacity), needs[0])) + 1 if needs[0] else 0
    sizes = fill_evenly(capacity[:opened], needs[0])
    within = opened
    for level in range(1, len(needs)):
        inner = int(np.count_nonzero(access[:within] >= level))
        inside, outside = int(sizes[:inner].sum()), int(sizes[inner:within].sum())
        if missing := max(0, needs[level] - inside):
            sizes[:inner] = fill_evenly(capacity[:inner], inside + missing)
            sizes[inner:within] = fill_evenly(capacity[inner:within], outside - missing)
        within = inner
    return np.concatenate([sizes, np.zeros_like(capacity[opened:])])
