"""Simulated sittings: honest candidates under a nominal model, and copiers put among them."""

from dataclasses import dataclass

import numpy as np

from proctoring.similarity.nominal import Nominal


@dataclass(frozen=True, slots=True)
class Sitting:
    model: Nominal
    ability: np.ndarray
    answers: np.ndarray
    key: np.ndarray


def sitting(people: int, items: int, *, seed: int, options: int = 4) -> Sitting:
    """Honest sheets of `people` candidates; the keyed option is the one with the largest slope."""
    chance = np.random.default_rng(seed)
    key = chance.integers(0, options, items)
    slope = chance.normal(-0.3, 0.25, (items, options))
    slope[np.arange(items), key] = chance.uniform(0.5, 1.3, items)
    intercept = chance.normal(0, 0.7, (items, options))
    intercept[np.arange(items), key] += chance.uniform(0.2, 1.4, items)
    model = Nominal(
        slope - slope.mean(axis=1, keepdims=True),
        intercept - intercept.mean(axis=1, keepdims=True),
    )
    ability = chance.normal(size=people)
    return Sitting(model, ability, drawn(model, ability, chance), key)


def drawn(model: Nominal, ability: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Answers (candidates, items) under the model."""
    ladder = model.probabilities(ability).cumsum(axis=2)
    luck = chance.random((*ladder.shape[:2], 1))
    return (luck > ladder).sum(axis=2).clip(0, model.options - 1)


def copied(answers: np.ndarray, copier: int, source: int, items: int) -> np.ndarray:
    """The answers with the first `items` of the source on the copier's sheet."""
    changed = answers.copy()
    changed[copier, :items] = answers[source, :items]
    return changed


def lifelike(items: int, chance: np.random.Generator) -> tuple[Nominal, np.ndarray]:
    """Items of four options as calibrations of real tests have them, and their key.

    Right for .55 of average candidates, from .2 to .9 by item; wrong options of unequal appeal.
    """
    rows, key = np.arange(items), chance.integers(0, 4, items)
    steep = np.clip(chance.normal(0.73, 0.23, items), 0.28, 1.28)
    easy = 1.08 + 0.6 * (steep - 0.73 + 0.973 * chance.normal(size=items))
    parameters = []
    for keyed, spread in ((steep, 0.276), (easy, 0.585)):
        wrong = chance.normal(0, spread, (items, 4))
        wrong[rows, key] = 0.0
        wrong -= wrong.sum(axis=1, keepdims=True) / 3 + keyed[:, None] / 3
        wrong[rows, key] = keyed
        parameters.append(wrong)
    return Nominal(*parameters), key


SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


@dataclass(frozen=True, slots=True)
class Contaminated:
    """Honest candidates and behind them copiers, SHARES in equal parts: `source` and `share`
    (copiers,) of what they copied."""

    answers: np.ndarray
    key: np.ndarray
    honest: int
    source: np.ndarray
    share: np.ndarray


def contaminated(honest: int, copiers: int, items: int, *, seed: int) -> Contaminated:
    """Copiers are 0.7 standard deviations less able than their sources, who are any of the honest,
    and copied items at random; `copiers` is a multiple of the number of SHARES."""
    chance = np.random.default_rng(seed)
    model, key = lifelike(items, chance)
    ability = chance.normal(size=honest)
    sheets = drawn(model, ability, chance)
    source, share = chance.integers(0, honest, copiers), np.repeat(SHARES, copiers // len(SHARES))
    own = drawn(model, ability[source] - 0.7, chance)
    order = chance.random((copiers, items)).argsort(axis=1)
    taken = order < np.round(share * items)[:, None]
    copies = np.where(taken, sheets[source], own)
    return Contaminated(np.concatenate([sheets, copies]), key, honest, source, share)
