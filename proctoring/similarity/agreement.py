"""What two sheets agree on, item by item, and the chance of each agreement under honest work.

Everything takes the option probabilities of a model, (pairs, items, options), so that the nominal
model, the classical one and a leaked key run through the same tests. An item that one of the two
omitted has chance 0 and no match: it drops out of every sum.
"""

from dataclasses import dataclass

import numpy as np

from proctoring.similarity.answers import OMIT, BadAnswers, Flags, Floats, Integers, chosen


@dataclass(frozen=True, slots=True)
class Agreement:
    """`chance` p_i of an identical answer, and whether it is `matched`; both (pairs, items)."""

    chance: Floats
    matched: Flags

    @property
    def matches(self) -> Integers:
        """(pairs,) numbers of identical answers."""
        matches: Integers = self.matched.sum(axis=1)
        return matches

    def of(self, pairs: Flags) -> "Agreement":
        """The same of some of the pairs."""
        return Agreement(self.chance[pairs], self.matched[pairs])


def conditional(options: Floats, copier: Integers, source: Integers) -> Agreement:
    """The source's sheet taken as given: p_i is the copier's probability of the source's answer.

    `options` (pairs, items, options) are the copier's probabilities, the sheets (pairs, items).
    For a leaked key, `source` is the leaked sheet, (items,), against every candidate.
    """
    source = np.broadcast_to(source, copier.shape)
    both = _both(copier, source, options)
    chance = np.where(both, chosen(options, source), 0.0)
    return Agreement(chance, both & (copier == source))


def unconditional(options: tuple[Floats, Floats], first: Integers, second: Integers) -> Agreement:
    """Nobody is presumed the source: p_i is the chance that both choose the same option."""
    both = _both(first, second, options[0])
    chance = np.einsum("pio,pio->pi", options[0], options[1])
    return Agreement(np.where(both, chance, 0.0), both & (first == second))


def _both(first: Integers, second: Integers, options: Floats) -> Flags:
    if first.shape != second.shape or options.shape[:2] != first.shape:
        raise BadAnswers(
            "Option probabilities and both sheets must be of the same pairs and items."
        )
    both: Flags = (first != OMIT) & (second != OMIT)
    return both
