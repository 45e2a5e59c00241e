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
