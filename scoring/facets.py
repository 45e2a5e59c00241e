"""The many-facet Rasch model: severity of interviewers where their candidates overlap.

log(P_k / P_k-1) = theta - delta_e - lambda_r - tau_k for a candidate theta, an element delta, an
interviewer's severity lambda and the step into category k tau (Linacre 1989; for the national
exam's interviews 孙晓敏, 薛刚 2008, 心理学报 40:1030). Marginal maximum likelihood by EM: abilities
are normal around 0 on a fixed grid, severities and steps add up to 0 each, as in the R package TAM.

Where panels share neither interviewers nor candidates, severity and the quality of a panel's
candidates cannot be told apart, and there is no answer.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.rounding import BadScore

Floats = NDArray[np.float64]
Integers = NDArray[Any]

_NODES = np.linspace(-6.0, 6.0, 21)
_ROUNDS = 2000
_CLOSE = 1e-7


@dataclass(frozen=True, slots=True)
class Facets:
    """The fitted model; all in logits. Arrays are by candidate, interviewer, element, category.

    `ability` is Warm's weighted likelihood estimate. `outfit` and `infit` are those of the
    interviewers at these abilities: 1 is expected, outside 0.5 to 1.5 is erratic (or too smooth).
    Standard errors take all other parameters as known. `step[k - 1]` leads into category k.
    `likelihood` is the marginal log-likelihood, `variance` that of the abilities.
    """

    severity: Floats
    severity_se: Floats
    element: Floats
    element_se: Floats
    step: Floats
    step_se: Floats
    ability: Floats
    ability_se: Floats
    outfit: Floats
    infit: Floats
    variance: float
    likelihood: float
    rounds: int


@dataclass(frozen=True, slots=True)
class _Ratings:
    """One entry per rating; `cell` is element * interviewers + interviewer."""

    candidate: Integers
    interviewer: Integers
    cell: Integers
    category: Integers
    candidates: int
    interviewers: int
    elements: int
    steps: int


@dataclass(frozen=True, slots=True)
class _Expected:
    """What one E step finds; `chance`: (cells, nodes, categories); `weight`: of every node."""

    posterior: Floats
    chance: Floats
    counts: Floats
    likelihood: float


def facets(
    candidate: Integers, interviewer: Integers, element: Integers, category: Integers
) -> Facets:
    """Fit the model to ratings, one entry each; all numbers run from 0 without gaps.

    Raises BadScore where a number is never used, designs do not overlap, or the fit does not come
    to rest (then the categories are too many for the ratings).
    """
    ratings = _ratings(candidate, interviewer, element, category)
    free = _constraints(ratings)
    values, variance = np.zeros(len(free)), 1.0
    for rounds in range(1, _ROUNDS + 1):
        found = _expect(ratings, values, variance)
        slope, information = _derivatives(ratings, found)
        move = free @ np.linalg.solve(free.T @ information @ free, free.T @ slope)
        spread = float((found.posterior @ _NODES**2).mean())
        rest = max(float(np.abs(move).max()), abs(spread - variance))
        values, variance = values + move, spread
        if rest < _CLOSE:
            return _result(ratings, values, variance, found, information, rounds)
    raise BadScore("The many-facet model does not come to rest with these ratings.")


def marginal_likelihood(
    ratings: tuple[Integers, Integers, Integers, Integers],
    parameters: tuple[Floats, Floats, Floats],
    variance: float,
) -> float:
    """The marginal log-likelihood of given (element, severity, step) parameters, for comparisons.

    `ratings`: the four arrays that `facets` takes.
    """
    return _expect(_ratings(*ratings), np.concatenate(parameters), variance).likelihood


def _ratings(
    candidate: Integers, interviewer: Integers, element: Integers, category: Integers
) -> _Ratings:
    counts = []
    for name, numbers in (
        ("candidate", candidate),
        ("interviewer", interviewer),
        ("element", element),
        ("category", category),
    ):
        used = np.unique(numbers)
        if not len(used) or used[0] != 0 or used[-1] != len(used) - 1:
            raise BadScore(f"A {name} has no rating; numbers must run from 0 without gaps.")
        counts.append(len(used))
    people, raters, elements, categories = counts
    if categories < 2 or not _connected(candidate, interviewer, people, raters):
        raise BadScore(
            "Some interviewers share no candidates with the others, even through third ones: "
            "severity and the quality of panels cannot be told apart."
        )
    cell = element * raters + interviewer
    return _Ratings(
        *(candidate, interviewer, cell, category), people, raters, elements, categories - 1
    )


def _connected(candidate: Integers, interviewer: Integers, people: int, raters: int) -> bool:
    """Whether everybody hangs together: labels spread along ratings until they rest."""
    label = np.arange(raters)
    while True:
        least = np.full(people, raters)
        np.minimum.at(least, candidate, label[interviewer])
        new = label.copy()
        np.minimum.at(new, interviewer, least[candidate])
        if np.array_equal(new, label):
            return bool((label == 0).all())
        label = new


def _constraints(ratings: _Ratings) -> Floats:
    """(parameters, free ones): elements are free, severities and steps add up to 0 each."""
    sizes = (ratings.elements, ratings.interviewers, ratings.steps)
    blocks = [np.eye(sizes[0])]
    blocks += [np.vstack([np.eye(size - 1), -np.ones(size - 1)]) for size in sizes[1:]]
    out = np.zeros((sum(sizes), sum(block.shape[1] for block in blocks)))
    row = column = 0
    for block in blocks:
        out[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return out


def _difficulty(ratings: _Ratings, values: Floats) -> Floats:
    """(cells, categories): what is taken off theta * k in every category."""
    elements, raters = ratings.elements, ratings.interviewers
    place = values[:elements, None] + values[None, elements : elements + raters]
    steps = np.concatenate(([0.0], np.cumsum(values[elements + raters :])))
    out: Floats = place.reshape(-1, 1) * np.arange(ratings.steps + 1) + steps
    return out


def _chances(difficulty: Floats, ability: Floats) -> Floats:
    """Probabilities of all categories, the last axis, for broadcast difficulties and abilities."""
    logit = ability[..., None] * np.arange(difficulty.shape[-1]) - difficulty
    power = np.exp(logit - logit.max(axis=-1, keepdims=True))
    chances: Floats = power / power.sum(axis=-1, keepdims=True)
    return chances


def _expect(ratings: _Ratings, values: Floats, variance: float) -> _Expected:
    chance = _chances(_difficulty(ratings, values)[:, None, :], _NODES[None, :])
    log = np.zeros((ratings.candidates, len(_NODES)))
    np.add.at(log, ratings.candidate, np.log(chance)[ratings.cell, :, ratings.category])
    prior = np.exp(-(_NODES**2) / (2 * variance))
    joint = np.exp(log - log.max(axis=1, keepdims=True)) * (prior / prior.sum())
    evidence = joint.sum(axis=1)
    posterior = joint / evidence[:, None]
    counts = np.zeros((len(chance), ratings.steps + 1, len(_NODES)))
    np.add.at(counts, (ratings.cell, ratings.category), posterior[ratings.candidate])
    likelihood = float((np.log(evidence) + log.max(axis=1)).sum())
    return _Expected(posterior, chance, counts.transpose(0, 2, 1), likelihood)


def _derivatives(ratings: _Ratings, found: _Expected) -> tuple[Floats, Floats]:
    """Slope and information of the expected log-likelihood in all parameters, constrained or not.

    Of every cell first: what it gives to its place (element + severity) and to each step.
    """
    features = _features(ratings)
    people = found.counts.sum(axis=2)
    mean = found.chance @ features
    surplus = found.counts - people[..., None] * found.chance
    slope = surplus.sum(axis=1) @ features
    square = np.einsum("gq,gqk->gk", people, found.chance)
    information = np.einsum("gk,ka,kb->gab", square, features, features)
    information -= np.einsum("gq,gqa,gqb->gab", people, mean, mean)
    return _spread(ratings, slope, information)


def _features(ratings: _Ratings) -> Floats:
    """(categories, 1 + steps): how a log probability falls with its place and with each step."""
    categories = np.arange(ratings.steps + 1)[:, None]
    taken = categories >= np.arange(1, ratings.steps + 1)[None, :]
    return -np.hstack([categories, taken]).astype(np.float64)


def _spread(ratings: _Ratings, slope: Floats, information: Floats) -> tuple[Floats, Floats]:
    """From cells to parameters: a cell's place is its element's and its interviewer's."""
    elements, raters = ratings.elements, ratings.interviewers
    total = elements + raters + ratings.steps
    steps = np.arange(elements + raters, total)
    out, square = np.zeros(total), np.zeros((total, total))
    cells = np.arange(elements * raters)
    places = (cells // raters, elements + cells % raters)
    out[steps] = slope[:, 1:].sum(axis=0)
    square[np.ix_(steps, steps)] = information[:, 1:, 1:].sum(axis=0)
    for one in places:
        np.add.at(out, one, slope[:, 0])
        np.add.at(square, (one[:, None], steps[None, :]), information[:, 0, 1:])
        np.add.at(square, (steps[None, :], one[:, None]), information[:, 1:, 0])
        for other in places:
            np.add.at(square, (one, other), information[:, 0, 0])
    return out, square


def _result(
    ratings: _Ratings,
    values: Floats,
    variance: float,
    found: _Expected,
    information: Floats,
    rounds: int,
) -> Facets:
    free = _constraints(ratings)
    inside = 1 / np.diag(free.T @ information @ free)
    errors = np.sqrt((free**2) @ inside)
    ends = (ratings.elements, ratings.elements + ratings.interviewers)
    element, severity, step = np.split(values, ends)
    element_se, severity_se, step_se = np.split(errors, ends)
    difficulty = _difficulty(ratings, values)[ratings.cell]
    ability, ability_se = _abilities(ratings, difficulty, found.posterior @ _NODES)
    outfit, infit = _fits(ratings, difficulty, ability)
    return Facets(
        severity=severity,
        severity_se=severity_se,
        element=element,
        element_se=element_se,
        step=step,
        step_se=step_se,
        ability=ability,
        ability_se=ability_se,
        outfit=outfit,
        infit=infit,
        variance=variance,
        likelihood=found.likelihood,
        rounds=rounds,
    )


def _moments(difficulty: Floats, ability: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, variance and third central moment of every rating's category."""
    chance = _chances(difficulty, ability)
    categories = np.arange(chance.shape[-1])
    mean = chance @ categories
    away = categories - mean[:, None]
    return mean, (chance * away**2).sum(axis=1), (chance * away**3).sum(axis=1)


def _abilities(ratings: _Ratings, difficulty: Floats, ability: Floats) -> tuple[Floats, Floats]:
    """Warm's (1989) weighted likelihood estimates by Newton steps from a first guess."""
    who = ratings.candidate
    for _ in range(100):
        mean, variance, third = _moments(difficulty, ability[who])
        information = np.bincount(who, variance)
        slope = np.bincount(who, ratings.category - mean)
        move = (slope + np.bincount(who, third) / (2 * information)) / information
        ability = ability + np.clip(move, -1.0, 1.0)
        if float(np.abs(move).max()) < _CLOSE:
            break
    return ability, 1 / np.sqrt(information)


def _fits(ratings: _Ratings, difficulty: Floats, ability: Floats) -> tuple[Floats, Floats]:
    """Outfit, the mean squared standardised residual, and infit, weighted by information."""
    mean, variance, _ = _moments(difficulty, ability[ratings.candidate])
    squares = (ratings.category - mean) ** 2
    who = ratings.interviewer
    outfit = np.bincount(who, squares / variance) / np.bincount(who)
    return outfit, np.bincount(who, squares) / np.bincount(who, variance)
