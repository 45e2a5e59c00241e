"""Rooms many at a time: who is in them as a table, where caps are broken, seats and forms."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seating.chance import Chance
from seating.columns import Ints, Plan
from seating.dealing import Index
from seating.neighbours import cyclic, plain
from seating.repair import (
    OFFSET_WORDS,
    STEPS,
    Pairs,
    Tables,
    first_offsets,
    first_seats,
    pairs_of,
    repair,
    stack,
)

CELLS = 1 << 16  # places of one block: bounds the memory and stays in the cache
NEAR = 1 << 13  # rooms that lie together in memory
LADDER = (16, 256, 1024, STEPS)  # few rooms need long streams; those start again with longer ones


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """Who is in which room: room number `rooms[k]` of the plan holds who[first[k]:first[k + 1]].

    Only rooms with people, in the plan's order.
    """

    rooms: Index
    first: Index
    who: Index

    @property
    def sizes(self) -> Index:
        return np.diff(self.first)

    def district_rooms(self, plan: Plan, district: int) -> range:
        """The positions k of the district's rooms."""
        own = plan.rooms_of(district)
        start, stop = np.searchsorted(self.rooms, (own.start, own.stop)).tolist()
        return range(start, stop)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some rooms as a table (rooms, seats): `cell` is an index into Members.who where `used`."""

    at: Index
    cell: Index
    used: NDArray[np.bool_]

    def column(self, members: Members, values: Ints) -> Ints:
        """(rooms, seats): a column of the candidates, -1 where nobody is."""
        return np.where(self.used, values[members.who[self.cell]], np.int32(-1))


def blocks(members: Members, at: Index) -> Iterator[Block]:
    """The rooms at positions `at`; of rooms near each other, those of like size together."""
    for start in range(0, len(at), NEAR):
        near = at[start : start + NEAR]
        yield from _by_size(members, near[np.argsort(-members.sizes[near], kind="stable")])


def _by_size(members: Members, at: Index) -> Iterator[Block]:
    while len(at):
        width = int(members.first[at[0] + 1] - members.first[at[0]])
        part, at = np.split(at, [max(1, CELLS // width)])
        cell = members.first[part][:, None] + np.arange(width)
        used = cell < members.first[part + 1][:, None]
        yield Block(part, np.where(used, cell, 0), used)


def crowded(plan: Plan, members: Members, at: Index) -> Index:
    """Rooms of the plan, of those at positions `at`, that hold more of a group than its cap."""
    found = [np.zeros(0, np.intp)]
    for block in blocks(members, at):
        over = np.zeros(len(block.at), np.bool_)
        for kind, cap in plan.rules.caps.items():
            groups = block.column(members, plan.apart[kind])
            groups.sort(axis=1)
            over |= ((groups[:, cap:] == groups[:, :-cap]) & (groups[:, cap:] >= 0)).any(axis=1)
        found.append(members.rooms[block.at[over]])
    return np.sort(np.concatenate(found))


def seat_rooms(plan: Plan, members: Members, chance: Chance) -> tuple[Index, Index, Index]:
    """Steps 6 and 8 for all rooms of `members`.

    Returns the candidates by room and seat (in the order of `members`), every room's offset of the
    paper forms, and the positions of the rooms in which neighbours of one group are left.
    """
    seated, offsets = np.empty_like(members.who), np.zeros(len(members.rooms), np.intp)
    left = np.arange(len(members.rooms))
    for steps in LADDER:
        undone = [np.zeros(0, np.intp)]
        for block in blocks(members, left):
            seats, offsets[block.at], hard = _seat_block(plan, members, block, steps, chance)
            who = members.who[np.take_along_axis(block.cell, seats, axis=1)]
            seated[block.cell[block.used]] = who[block.used]
            undone.append(block.at[hard])
        left = np.sort(np.concatenate(undone))
    return seated, offsets, left


def _seat_block(
    plan: Plan, members: Members, block: Block, steps: int, chance: Chance
) -> tuple[Index, Index, NDArray[np.bool_]]:
    people, width = members.sizes[block.at], block.cell.shape[1]
    rooms = members.rooms[block.at]
    words = chance.rows("room", plan.room_labels(rooms), OFFSET_WORDS + width + 2 * steps)
    seats = first_seats(words, people)
    pairs = _pairs(plan, members, block)
    tables = _tables(plan, rooms, people)
    hard = repair(seats, people, pairs, words, tables, steps=steps)
    return seats, first_offsets(words, plan.rules.forms), hard


def _pairs(plan: Plan, members: Members, block: Block) -> Pairs:
    return pairs_of([block.column(members, groups) for groups in plan.apart.values()])


def _tables(plan: Plan, rooms: Index, people: Index) -> Tables:
    layouts = plan.rooms.layout[rooms]
    shapes, shape = np.unique(layouts * np.intp(1 << 16) + people, return_inverse=True)
    named = [(plan.rooms.layouts[at >> 16], at & 0xFFFF) for at in shapes.tolist()]
    width = int(people.max())
    return Tables(
        shape=shape,
        cyclic=stack([cyclic(*one) for one in named], width),
        plain=stack([plain(*one) for one in named], width),
    )
