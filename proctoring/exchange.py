"""Exchanges that make a deal keep its rules: repair rounds by drawn words, then augmenting paths.

Places are numbers 0 … n-1 in listed order, each holds one person (a number) of its class; `fits`
says for some places and as many people whether each person would be good there, and must not
depend on who holds any other place.
"""

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proctoring.chance import Words, narrow
from proctoring.reading import Ints

Flags = NDArray[np.bool_]
Fits = Callable[[Ints, Ints], Flags]
WordsOf = Callable[[int, Ints], Words]
Waiting = Callable[[int, Ints, bool], Ints]
ROUNDS = 64
_LAST = np.uint64(2**64 - 1)


def repair(holder: Ints, kind: Ints, fits: Fits, words_of: WordsOf) -> Ints:
    """At most 64 rounds; `kind` is the class of each place, `words_of` their words of a round.

    Changes `holder` in place and returns the places that are still bad.
    """
    everywhere = np.arange(len(holder))
    bad = everywhere[~fits(everywhere, holder)]
    if not len(bad):
        return bad
    members = np.argsort(narrow(kind), kind="stable")
    first = np.searchsorted(kind[members], kind)
    size = np.bincount(kind)[kind]
    for number in range(ROUNDS):
        word = words_of(number, bad)
        even, offset = _below(word, size[bad])
        other = members[first[bad] + offset]
        stands = even & fits(bad, holder[other])
        stands[stands] = fits(other[stands], holder[bad[stands]])
        _exchange(holder, bad[stands], other[stands], word[stands])
        bad = bad[~fits(bad, holder[bad])]
        if not len(bad):
            break
    return bad


def _below(word: Words, size: Ints) -> tuple[Flags, Ints]:
    """word modulo size, and whether the word lies below the uneven end of 2^64."""
    n = size.astype(np.uint64)
    uneven = (_LAST % n + np.uint64(1)) % n
    return word <= _LAST - uneven, (word % n).astype(np.int64)


def _exchange(holder: Ints, place: Ints, other: Ints, word: Words) -> None:
    """Of the exchanges that meet at a place only one with the lowest word at both is done."""
    order = np.argsort(word, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    lowest = np.full(len(holder), len(order), dtype=np.int64)
    np.minimum.at(lowest, place, rank)
    np.minimum.at(lowest, other, rank)
    done = (lowest[place] == rank) & (lowest[other] == rank)
    one, two = place[done], other[done]
    holder[one], holder[two] = holder[two], holder[one]


def mend(holder: Ints, bad: Ints, kind: Ints, fits: Fits, waiting: Waiting) -> Ints:
    """Empty the bad places, then fill them in listed order by augmenting paths (Berge 1957).

    First with those who stood there; where that leaves a place empty, with the idle as well:
    `waiting(class, those, idle)` puts them in order. Changes `holder` in place. Returns the classes
    in which a place cannot be filled; their bad places keep whoever they held.
    """
    lost = []
    for one in np.unique(kind[bad]).tolist():
        places = np.flatnonzero(kind == one)
        empty = np.flatnonzero(np.isin(places, bad))
        for idle in (False, True):
            table = holder[places]
            free = waiting(one, table[empty], idle)
            if _fill_all(table, empty, free, _within(fits, places)):
                holder[places] = table
                break
        else:
            lost.append(one)
    return np.array(lost, dtype=np.int64)


def _within(fits: Fits, places: Ints) -> Fits:
    return lambda at, who: fits(places[at], who)


def _fill_all(table: Ints, empty: Ints, free: Ints, fits: Fits) -> bool:
    table[empty] = -1
    for start in empty.tolist():
        path = _path(table, start, free, fits)
        if path is None:
            return False
        incoming, way = path
        free = free[free != incoming]
        for place in way:
            table[place], incoming = incoming, table[place]
    return True


def _path(table: Ints, start: int, free: Ints, fits: Fits) -> tuple[int, list[int]] | None:
    """Breadth first from an empty place: (free person, places they and then others move into)."""
    came_from = {start: start}
    unseen = table >= 0
    queue = deque([start])
    while queue:
        goal = queue.popleft()
        good = free[fits(np.full(len(free), goal), free)]
        if len(good):
            way = [goal]
            while way[-1] != start:
                way.append(came_from[way[-1]])
            return int(good[0]), way
        held = np.flatnonzero(unseen)
        for place in held[fits(np.full(len(held), goal), table[held])].tolist():
            came_from[place] = goal
            unseen[place] = False
            queue.append(place)
    return None
