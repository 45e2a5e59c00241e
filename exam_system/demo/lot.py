"""Choices of the demonstration: everything follows from its seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from exam_system.chance import SeededChance

T = TypeVar("T")


class Lot:
    """Small decisions from a seeded stream; one for each purpose, so that they do not mix."""

    def __init__(self, seed: str) -> None:
        self._chance = SeededChance(seed)

    def below(self, n: int) -> int:
        """A number from 0 to n-1 (64 bits taken modulo n: people here are made up)."""
        return int.from_bytes(self._chance.take(8), "big") % n

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def percent(self, share: int) -> bool:
        """True in `share` of 100 cases."""
        return self.below(100) < share

    def around(self, mean: int, spread: int) -> int:
        """Bell-shaped: the sum of twelve small numbers, standard deviation about `spread`."""
        return mean + sum(self.below(2 * spread + 1) - spread for _ in range(3))
