"""Who sits on which seat of a room: step 6 of seats/v1, for many rooms at a time.

Every room is on its own: its stream `room`, label `<district>/<room>`, of 32-bit words, decides
all. Words 0 to 3 give the offset of the paper forms (the first that is a number below the count of
forms without favour, else 0). The next f words, one for each of the f people by label, sorted (ties
by label), say who starts on seat 1, 2, … f. Then two words each make a step: pairs of people of one
group who are neighbours are listed by their labels; the first word v, taken below twice their
number, picks pair v >> 1, its first member if v is even; the second picks a seat; the two change
places unless more pairs would be neighbours afterwards. A step whose words cannot both be used
without favour does nothing. It ends when no pair is left. Neighbours are those of the cyclic rule
for the first 256 steps, then, up to 4,096 steps, the plain ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from seating.dealing import Index

CYCLIC_STEPS = 256
STEPS = 4096
OFFSET_WORDS = 4
_WORDS = 1 << 32

Number = TypeVar("Number", int, Index)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of people of one group, by (room, one, other); people are counted by label."""

    room: Index
    one: Index
    other: Index

    def of(self, rooms: NDArray[np.bool_]) -> "Pairs":
        """Only those of some rooms."""
        kept = rooms[self.room]
        return Pairs(self.room[kept], self.one[kept], self.other[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Neighbours of rooms of several shapes: `cyclic` and `plain` are (shapes, seats, seats)."""

    shape: Index  # of every room
    cyclic: NDArray[np.bool_]
    plain: NDArray[np.bool_]


def pairs_of(groups: Sequence[NDArray[np.int32]]) -> Pairs:
    """Everybody who shares a group with somebody of the room; each item is (rooms, people).

    A group is a number from 0; -1 is none and stands also where a room has fewer people.
    """
    if not groups:
        nobody = np.zeros(0, np.intp)
        return Pairs(nobody, nobody, nobody)
    people = groups[0].shape[1]
    alone = -1 - np.arange(people, dtype=np.int32)[:, None]
    columns = [np.where(column.T < 0, alone, column.T) for column in groups]
    found = [_at_distance(columns, step) for step in range(1, people)] or [np.zeros(0, np.int64)]
    keys = np.sort(np.concatenate(found))
    rest, other = np.divmod(keys, people)
    room, one = np.divmod(rest, people)
    return Pairs(room, one, other)


def _at_distance(columns: Sequence[NDArray[np.int32]], step: int) -> NDArray[np.int64]:
    """(room, one, other) of pairs so far apart in the list, as one number each."""
    people, rooms = columns[0].shape
    same = columns[0][:-step] == columns[0][step:]
    for column in columns[1:]:
        same |= column[:-step] == column[step:]
    one, room = np.divmod(np.flatnonzero(same), rooms)
    keys: NDArray[np.int64] = (room * people + one) * people + one + step
    return keys


def first_offsets(words: NDArray[np.uint32], forms: int) -> Index:
    """(rooms,): the offset of the paper forms, from the first words of every stream."""
    offsets: Index = np.zeros(len(words), np.intp)
    for word in words[:, :OFFSET_WORDS].T[::-1].astype(np.intp):
        offsets = np.where(word < _fair(forms), word % forms, offsets)
    return offsets


def first_seats(words: NDArray[np.uint32], people: Index) -> Index:
    """(rooms, seats): who starts on which seat; seats beyond a room's people hold padding."""
    width = int(people.max(initial=0))
    numbers = np.arange(width, dtype=np.uint64)
    keys = words[:, OFFSET_WORDS : OFFSET_WORDS + width].astype(np.uint64) << np.uint64(16)
    keys |= numbers
    keys[numbers >= people[:, None]] |= np.uint64(1 << 63)
    keys.sort(axis=1)
    return (keys & np.uint64(0xFFFF)).astype(np.intp)


def repair(
    seats: Index,
    people: Index,
    pairs: Pairs,
    words: NDArray[np.uint32],
    tables: Tables,
    *,
    steps: int,
    cyclic_steps: int = CYCLIC_STEPS,
) -> NDArray[np.bool_]:
    """Exchange people in `seats` (rooms, seats), in place, for at most so many steps.

    `words`: (rooms, words) the streams, long enough for `steps`. Returns which rooms are not done.
    """
    work = _Work(seats, people, pairs, words, tables.cyclic, tables.shape)
    for step in range(min(steps, cyclic_steps)):
        if not work.step(step):
            break
    if steps > cyclic_steps and work.count.any():
        work.use(tables.plain)
        for step in range(cyclic_steps, steps):
            if not work.step(step):
                break
    return work.count > 0


class _Work:
    """Rooms under repair. `count`: how many pairs of each room are neighbours."""

    def __init__(
        self,
        seats: Index,
        people: Index,
        pairs: Pairs,
        words: NDArray[np.uint32],
        table: NDArray[np.bool_],
        shape: Index,
    ) -> None:
        self._seats, self._people, self._words, self._shape = seats, people, words, shape
        self._seat_of = np.empty_like(seats)
        np.put_along_axis(self._seat_of, seats, np.arange(seats.shape[1])[None, :], axis=1)
        self._pairs = pairs
        self.use(table)

    def use(self, table: NDArray[np.bool_]) -> None:
        """Count neighbours by another table."""
        self._table = table
        self._near = self._neighbours()
        self.count = self._counted(self._near)

    def step(self, number: int) -> bool:
        """One exchange in every room that has a pair left; False when none has."""
        self._drop_done()
        rooms = np.flatnonzero(self.count)
        if not rooms.size:
            return False
        at = OFFSET_WORDS + self._people[rooms] + 2 * number
        first, second = (self._words[rooms, at + k].astype(np.int64) for k in (0, 1))
        choices = 2 * self.count[rooms]
        used = (first < _fair(choices)) & (second < _fair(self._people[rooms]))
        rooms, choice = rooms[used], (first % choices)[used]
        one, to = self._members(rooms, choice), (second[used] % self._people[rooms])
        self._exchange(rooms, one, to)
        return True

    def _drop_done(self) -> None:
        left = self.count > 0
        kept = left[self._pairs.room]
        if 2 * np.count_nonzero(kept) < len(kept):
            self._pairs, self._near = self._pairs.of(left), self._near[kept]

    def _members(self, rooms: Index, choice: Index) -> Index:
        """The chosen member of the chosen pair of neighbours."""
        near = np.flatnonzero(self._near)
        pair = near[(np.cumsum(self.count) - self.count)[rooms] + (choice >> 1)]
        return np.where(choice & 1, self._pairs.other[pair], self._pairs.one[pair])

    def _exchange(self, rooms: Index, one: Index, to: Index) -> None:
        here, other = self._seat_of[rooms, one], self._seats[rooms, to]
        self._sit(rooms, one, to, other, here)
        near = self._neighbours()
        count = self._counted(near)
        worse = count[rooms] > self.count[rooms]
        self._sit(rooms[worse], one[worse], here[worse], other[worse], to[worse])
        undone = np.zeros(len(count), np.bool_)
        undone[rooms[worse]] = True
        self._near = np.where(undone[self._pairs.room], self._near, near)
        self.count = np.where(undone, self.count, count)

    def _sit(self, rooms: Index, one: Index, seat: Index, other: Index, place: Index) -> None:
        self._seats[rooms, place], self._seat_of[rooms, other] = other, place
        self._seats[rooms, seat], self._seat_of[rooms, one] = one, seat

    def _neighbours(self) -> NDArray[np.bool_]:
        pairs = self._pairs
        one, other = (self._seat_of[pairs.room, who] for who in (pairs.one, pairs.other))
        return self._table[self._shape[pairs.room], one, other]

    def _counted(self, near: NDArray[np.bool_]) -> Index:
        return np.bincount(self._pairs.room[near], minlength=len(self._people))


def stack(tables: Sequence[NDArray[np.bool_]], width: int) -> NDArray[np.bool_]:
    """(shapes, width, width): tables of different rooms, filled up with nobody's neighbours."""
    stacked = np.zeros((len(tables), width, width), np.bool_)
    for at, table in enumerate(tables):
        stacked[at, : len(table), : len(table)] = table
    return stacked


def _fair(n: Number) -> Number:
    """Words below this may be taken modulo n without favour."""
    return _WORDS // n * n
