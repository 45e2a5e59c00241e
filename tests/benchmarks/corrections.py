"""What panel corrections do to a ranking: the published simulation, made again.

`python -m tests.benchmarks.corrections [replications]`. Truth N(80, 4), a severity for each panel,
seven interviewers with severities of 1.3, residuals of 1.75, panels that spread people differently,
scores to one decimal, the trimmed mean of five. The study names panels, people and severity; the
other numbers are inferred, from its example of 12 panels (1,680 scores) and from its own columns.

Figures: root mean squared error around the mean error / share of the best tenth found.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.fairness import empirical_bayes

Floats = NDArray[Any]
METHODS = ("none", "ratio", "ratio 1+1", "additive", "standard", "EB", "EB trimmed", "oracle")
GAVE_UP = 30.0


@dataclass(frozen=True)
class Setting:
    """Panels, candidates of each, SDs of severity and log scale, whether one gives up; its row."""

    panels: int
    people: int
    severity: float
    scale: float
    gives_up: bool
    published: tuple[tuple[float, float], ...]


def _row(text: str) -> tuple[tuple[float, float], ...]:
    pairs = [cell.split("/") for cell in text.split()]
    return tuple((float(error), float(found)) for error, found in pairs)


SETTINGS = (
    Setting(4, 6, 1, 0.05, False, _row("1.14/.760 1.47/.662 1.54/.646 1.47/.678 1.75/.571 1.13/.765 1.16/.750 .78/.825")),  # noqa: E501
    Setting(4, 6, 2, 0.1, False, _row("1.84/.616 1.56/.628 1.63/.615 1.56/.647 1.79/.518 1.42/.661 1.48/.654 .80/.802")),  # noqa: E501
    Setting(3, 25, 2, 0.1, False, _row("1.75/.695 1.02/.794 1.02/.795 1.01/.799 1.07/.787 1.03/.798 1.03/.795 .81/.849")),  # noqa: E501
    Setting(12, 20, 2, 0.1, False, _row("2.07/.666 1.17/.777 1.18/.776 1.17/.786 1.26/.759 1.13/.790 1.13/.789 .85/.850")),  # noqa: E501
    Setting(12, 20, 2, 0.1, True, _row("2.12/.664 1.40/.735 1.23/.771 1.38/.746 2.58/.725 1.30/.769 1.19/.787 .85/.849")),  # noqa: E501
    Setting(30, 10, 2, 0.15, False, _row("2.22/.642 1.54/.704 1.56/.704 1.53/.715 1.66/.664 1.40/.739 1.42/.739 .86/.847")),  # noqa: E501
)  # fmt: skip


def simulated(setting: Setting, replications: int, seed: int) -> Floats:
    """(replications, methods, 2): error and share of the best tenth found."""
    rng = np.random.default_rng(seed)
    return np.array([_once(setting, rng) for _ in range(replications)])


def _once(setting: Setting, rng: np.random.Generator) -> list[tuple[float, float]]:
    shape = (setting.panels, setting.people)
    truth = rng.normal(80, 4, shape)
    if setting.gives_up:
        truth[0, 0] = GAVE_UP
    severity = rng.normal(0, setting.severity, (setting.panels, 1))
    scale = np.exp(rng.normal(0, setting.scale, (setting.panels, 1)))
    own = rng.normal(0, 1.3, (setting.panels, 1, 7))
    noise = rng.normal(0, 1.75, (*shape, 7))
    shown = (80 + scale * (truth - 80) - severity)[..., None] + own + noise
    raw = _trimmed(np.clip(shown.round(1), 0, 100)).round(2)
    fair = 80 + (raw + severity - 80) / scale
    return [_quality(truth, one) for one in (*_corrected(raw), fair)]


def _trimmed(scores: Floats) -> Floats:
    kept: Floats = np.sort(scores, axis=-1)[..., 1:-1].mean(axis=-1)
    return kept


def _corrected(raw: Floats) -> Iterator[Floats]:
    mean, kept = raw.mean(axis=1, keepdims=True), _trimmed(raw)[:, None]
    yield raw
    yield raw * mean.mean() / mean
    yield raw * kept.mean() / kept
    yield raw + mean.mean() - mean
    spread = raw.std(axis=1, keepdims=True)
    standard = mean.mean() + spread.mean() * (raw - mean) / spread
    if standard.max() > 100:
        standard = mean.mean() + spread.min() * (raw - mean) / spread
    yield standard
    yield np.stack(empirical_bayes(list(raw), trim=0).results)
    yield np.stack(empirical_bayes(list(raw), trim=1).results)


def _quality(truth: Floats, scores: Floats) -> tuple[float, float]:
    error = (scores - truth).ravel()
    best = max(1, round(truth.size / 10))
    tops = [set(np.argsort(-one, axis=None)[:best]) for one in (truth, scores)]
    return float(error.std()), len(tops[0] & tops[1]) / best


def away(setting: Setting, found: Floats) -> Floats:
    """(methods, 2): difference from the published row in joint standard errors.

    The published figures have 500 replications and are rounded to half a unit of their last digit.
    """
    variance = found.var(axis=0, ddof=1) * (1 / len(found) + 1 / 500)
    variance += np.array([0.01, 0.001]) ** 2 / 12
    gap: Floats = (found.mean(axis=0) - np.array(setting.published)) / np.sqrt(variance)
    return gap


def run(replications: int = 500) -> Iterator[tuple[str, str]]:
    """Every cell of the table: ours, the published one, and how many standard errors apart."""
    for seed, setting in enumerate(SETTINGS):
        found = simulated(setting, replications, seed)
        apart = away(setting, found)
        name = f"{setting.panels} x {setting.people}, severity {setting.severity:g}"
        name += ", one gave up" * setting.gives_up
        for at, method in enumerate(METHODS):
            ours, theirs = found.mean(axis=0)[at], setting.published[at]
            figure = f"{ours[0]:.2f}/{ours[1]:.3f}, published {theirs[0]:.2f}/{theirs[1]:.3f}"
            yield f"{name}: {method}", f"{figure}, {apart[at, 0]:+.1f}/{apart[at, 1]:+.1f} SE"


if __name__ == "__main__":
    for what, figure in run(*map(int, sys.argv[1:2])):
        print(f"{what:<50} {figure}", flush=True)
