"""All statistics of a list of pairs: what a case file shows side by side."""

from dataclasses import dataclass

from proctoring.similarity.agreement import conditional, unconditional
from proctoring.similarity.answers import BadAnswers, Floats, Integers, check_answers, check_key
from proctoring.similarity.binomial import gbt
from proctoring.similarity.omega import omega, weighted_omega
from proctoring.similarity.ratio import COPIED, Ratio, copying_ratio
from proctoring.similarity.trinomial import m4
from proctoring.similarity.wrong import WrongMatches, wrong_matches


@dataclass(frozen=True, slots=True)
class Directed:
    """One direction, the source's sheet given; all (pairs,).

    `omega` is a z-value, `gbt` an exact p-value, `ratio` the copying likelihood ratio with its
    p-value, by which pairs are decided on.
    """

    omega: Floats
    gbt: Floats
    ratio: Ratio


@dataclass(frozen=True, slots=True)
class Comparison:
    """Pairs, their counts, both directions, and the statistics that presume no source; (pairs,).

    `forward`: the first of the pair copied from the second; `backward`: the reverse. `omega` and
    `weighted_omega` are z-values, `gbt` and `m4` p-values.
    """

    pairs: Integers
    matches: Integers
    counts: WrongMatches
    forward: Directed
    backward: Directed
    omega: Floats
    weighted_omega: Floats
    gbt: Floats
    m4: Floats


def compare(
    options: Floats, answers: Integers, key: Integers, pairs: Integers, *, copied: float = COPIED
) -> Comparison:
    """Every statistic of `pairs` (pairs, 2), rows of `answers` (candidates, items).

    `options` (candidates, items, options) are the probabilities of any model. M4 takes most of the
    time, some 2 ms a pair at 100 items: compare survivors, not everybody.
    """
    check_answers(answers, options.shape[2])
    check_key(key, answers.shape[1], options.shape[2])
    if pairs.ndim != 2 or pairs.shape[1] != 2 or (pairs[:, 0] == pairs[:, 1]).any():
        raise BadAnswers("Pairs must be an array of two different candidates each.")
    a, b = pairs.T
    both = (options[a], options[b])
    mutual = unconditional(both, answers[a], answers[b])
    return Comparison(
        pairs,
        mutual.matches,
        wrong_matches(answers[a], answers[b], key),
        directed(both[0], answers[a], answers[b], copied=copied),
        directed(both[1], answers[b], answers[a], copied=copied),
        omega(mutual),
        weighted_omega(mutual),
        gbt(mutual),
        m4(both, answers[a], answers[b], key),
    )


def directed(
    options: Floats, copier: Integers, source: Integers, *, copied: float = COPIED
) -> Directed:
    """The tests that take the source's sheet as given; (pairs, items), or (items,) if leaked."""
    agreement = conditional(options, copier, source)
    return Directed(omega(agreement), gbt(agreement), copying_ratio(agreement, copied=copied))
