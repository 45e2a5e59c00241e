"""What a search hands over: flagged pairs with everything a case file says about them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import Flags, Floats, Integers
from proctoring.similarity.comparison import Comparison, compare
from proctoring.similarity.modelling import Modelled
from proctoring.similarity.null import Null
from proctoring.similarity.rings import rings
from proctoring.similarity.sitting import Sitting, apart


@dataclass(frozen=True, slots=True)
class Cutoff:
    """The p that a pair of a tier has to reach in one direction.

    `tests` ordered pairs were tested; in an honest sitting `budget` of them would be flagged.
    """

    tier: int
    tests: int
    budget: float
    p: float


@dataclass(frozen=True, slots=True)
class Flagged:
    """Flagged pairs, smallest p first; every array is (flags,) or (flags, 2).

    `pairs` a < b, rows of the sitting; `tier` an index into TIERS; `forward` the tail of "a copied
    from b", `backward` of "b copied from a"; `expected` how many honest ordered pairs of the tier
    would have such a p or a smaller one; `apart` rows and columns between the seats, -1 unknown.
    """

    pairs: Integers
    tier: Integers
    forward: Floats
    backward: Floats
    expected: Floats
    apart: Integers

    @property
    def p(self) -> Floats:
        """The smaller tail. Which of the two it is does not tell who copied."""
        return np.minimum(self.forward, self.backward)

    @property
    def adjacent(self) -> Flags:
        """Known to have sat at most a row and a column apart; evidence beside the p-value."""
        near: Flags = (self.apart >= 0) & (self.apart <= 1)
        return np.logical_and(near[:, 0], near[:, 1])


@dataclass(frozen=True, slots=True)
class Findings:
    """Flags and what they rest on.

    `comparison` holds every statistic of `flags.pairs`; `rings` rows of the sitting that hang
    together; `cutoffs` by tier; `null` how honest pairs behave; `model` "nominal" or "classical",
    `ability` (candidates,) of the nominal one; `left_out` candidates that the last calibration did
    without; `copied` the share that the ratio presumes.
    """

    flags: Flagged
    comparison: Comparison
    rings: list[npt.NDArray[np.integer]]
    cutoffs: tuple[Cutoff, ...]
    null: Null
    modelled: Modelled
    left_out: Integers
    copied: float

    @property
    def model(self) -> str:
        """The model by name."""
        return "classical" if self.modelled.model is None else "nominal"

    @property
    def ability(self) -> Floats | None:
        """(candidates,) in the order of the sitting; none in the classical model."""
        return self.modelled.ability

    def chances(self, rows: Integers) -> Floats:
        """(rows, items, options): the probabilities of honest answers of these candidates."""
        return self.modelled.chances(rows)


def flagged(
    sitting: Sitting,
    pairs: Integers,
    tier: Integers,
    tails: Floats,
    cutoffs: tuple[Cutoff, ...],
    null: Null,
) -> Flagged:
    """Flags of `pairs` (flags, 2) with tails (flags, 2), sorted."""
    turned = pairs[:, 0] > pairs[:, 1]
    pairs = np.where(turned[:, None], pairs[:, ::-1], pairs)
    tails = np.where(turned[:, None], tails[:, ::-1], tails)
    p = tails.min(axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0], p))
    pairs, tier = pairs[order], tier[order]
    tests = np.array([cut.tests for cut in cutoffs])[tier]
    return Flagged(
        pairs,
        tier,
        tails[order, 0],
        tails[order, 1],
        tests * null.rate(p[order]),
        apart(sitting, pairs),
    )


def findings(
    sitting: Sitting,
    flags: Flagged,
    cutoffs: tuple[Cutoff, ...],
    null: Null,
    modelled: Modelled,
    left_out: Integers,
    copied: float,
) -> Findings:
    """All statistics of the flags, and their rings."""
    people, rows = np.unique(flags.pairs, return_inverse=True)
    comparison = compare(
        modelled.chances(people),
        sitting.answers[people],
        sitting.key,
        rows.reshape(-1, 2),
        copied=copied,
    )
    return Findings(
        flags, comparison, rings(flags.pairs), cutoffs, null, modelled, left_out, copied
    )
