"""Power and error of the copying likelihood ratio: `python -m tests.benchmarks.copying [rounds]`.

Every round draws a sitting of 4,000 honest candidates and 900 copiers, 150 of each share copied,
calibrates the model on all of them, copiers included, and tests the copiers against their sources
and all honest candidates against one another, 16 million ordered pairs. "Plain" takes estimated
abilities for true ones (`copying_ratio`), "projected" does not (`projected_ratio`), and is what
`search` decides by. The nominal level of power is 1e-3.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np

from proctoring.similarity.ability import abilities
from proctoring.similarity.agreement import conditional, unconditional
from proctoring.similarity.binomial import gbt
from proctoring.similarity.calibration import calibrate
from proctoring.similarity.modelling import Modelled
from proctoring.similarity.nominal import Nominal
from proctoring.similarity.normal import upper_tail
from proctoring.similarity.omega import omega, weighted_omega
from proctoring.similarity.projection import projected_ratio
from proctoring.similarity.ratio import copying_ratio
from proctoring.similarity.trinomial_table import M4Table, m4_by_table
from tests.similarity.sheets import SHARES, Contaminated, contaminated

Tails = Callable[[Nominal, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
LEVELS = (1e-3, 1e-4, 1e-5)
HONEST, COPIERS, BLOCK = 4000, 900, 500
_LIKELY = 2.6  # a tail of 1e-3 has a larger z, plain or projected


def plain(
    model: Nominal, ability: np.ndarray, copier: np.ndarray, source: np.ndarray
) -> np.ndarray:
    return copying_ratio(conditional(model.probabilities(ability), copier, source)).tail


def projected(
    model: Nominal, ability: np.ndarray, copier: np.ndarray, source: np.ndarray
) -> np.ndarray:
    return projected_ratio(model, ability, copier, source).tail


METHODS: dict[str, Tails] = {"plain": plain, "projected": projected}


def fitted(exam: Contaminated) -> Modelled:
    """The model calibrated on everybody, copiers included, as a first look has it."""
    model = calibrate(exam.answers, exam.key, options=4, tolerance=1e-3).model
    return Modelled(exam.answers, model, abilities(model, exam.answers), None)


def power(exam: Contaminated, modelled: Modelled, tails: Tails) -> np.ndarray:
    """(shares, levels) of the copiers who reach the levels."""
    copiers = np.arange(exam.honest, len(exam.answers))
    sheets = exam.answers[copiers], exam.answers[exam.source]
    found = tails(modelled.model, modelled.ability[copiers], *sheets)
    return np.array([
        [(found[exam.share == share] <= level).mean() for level in LEVELS] for share in SHARES
    ])  # fmt: skip


def errors(exam: Contaminated, modelled: Modelled, tails: Tails) -> np.ndarray:
    """(levels,) numbers of honest ordered pairs that reach them, of honest (honest - 1)."""
    counts = np.zeros(len(LEVELS))
    cuts = [slice(at, at + BLOCK) for at in range(0, exam.honest, BLOCK)]
    for rows in cuts:
        for columns in cuts:
            z = modelled.z(rows, columns, 0.3)
            a, b = np.add(np.argwhere(z > _LIKELY), (rows.start, columns.start)).T
            a, b = a[a != b], b[a != b]
            for at in range(0, len(a), 1024):
                i, j = a[at : at + 1024], b[at : at + 1024]
                sheets = exam.answers[i], exam.answers[j]
                found = tails(modelled.model, modelled.ability[i], *sheets)
                counts += [(found <= level).sum() for level in LEVELS]
    return counts


def others(exam: Contaminated, modelled: Modelled) -> dict[str, tuple[np.ndarray, float]]:
    """Power by share, and errors over nominal of 400,000 honest pairs, at 1e-3, of the others."""
    table = M4Table.build(modelled.model, exam.key)
    copiers = np.stack([np.arange(exam.honest, len(exam.answers)), exam.source], axis=1)
    chance = np.random.default_rng(1)
    strangers = chance.integers(0, exam.honest, (400_000, 2))
    strangers = strangers[strangers[:, 0] != strangers[:, 1]]
    caught, wrong = (_others(exam, modelled, table, pairs) for pairs in (copiers, strangers))
    return {
        name: (
            np.array([(caught[name][exam.share == share] <= 1e-3).mean() for share in SHARES]),
            (wrong[name] <= 1e-3).mean() / 1e-3,
        )
        for name in caught
    }


def _others(
    exam: Contaminated, modelled: Modelled, table: M4Table, pairs: np.ndarray
) -> dict[str, np.ndarray]:
    parts: dict[str, list[np.ndarray]] = {}
    for at in range(0, len(pairs), 2048):
        a, b = pairs[at : at + 2048].T
        sheets, options = (exam.answers[a], exam.answers[b]), modelled.chances(a)
        given = conditional(options, *sheets)
        mutual = unconditional((options, modelled.chances(b)), *sheets)
        for name, tail in (
            ("omega", upper_tail(omega(given))),
            ("GBT", gbt(given)),
            ("omega, unconditional", upper_tail(omega(mutual))),
            ("weighted omega", upper_tail(weighted_omega(mutual))),
            ("M4", m4_by_table(table, modelled.ability, exam.answers, pairs[at : at + 2048])),
        ):
            parts.setdefault(name, []).append(tail)
    return {name: np.concatenate(tails) for name, tails in parts.items()}


def run(rounds: int = 4) -> Iterator[tuple[str, str]]:
    """What, and its figure."""
    for items in (40, 60, 100):
        reached = {name: np.zeros((len(SHARES), len(LEVELS))) for name in METHODS}
        wrong = {name: np.zeros(len(LEVELS)) for name in METHODS}
        for seed in range(rounds):
            exam = contaminated(HONEST, COPIERS, items, seed=1000 * items + seed)
            modelled = fitted(exam)
            for name, tails in METHODS.items():
                reached[name] += power(exam, modelled, tails) / rounds
                wrong[name] += errors(exam, modelled, tails)
        for name, (shares, error) in others(exam, modelled).items():
            found = ", ".join(
                f"{share:.0%} {v:.2f}" for share, v in zip(SHARES, shares, strict=True)
            )
            yield f"{items} items, {name}: power; errors / nominal at 1e-3", f"{found}; {error:.2f}"
        tests = rounds * HONEST * (HONEST - 1)
        for name in METHODS:
            found = ", ".join(
                f"{share:.0%} {value:.2f}"
                for share, value in zip(SHARES, reached[name][:, 0], strict=True)
            )
            yield f"{items} items, {name}: power by share copied", found
            rates = ", ".join(
                f"{n / tests / p:.2f}" for n, p in zip(wrong[name], LEVELS, strict=True)
            )
            yield f"{items} items, {name}: errors / nominal at 1e-3, 1e-4, 1e-5", rates


if __name__ == "__main__":
    for what, figure in run(*map(int, sys.argv[1:])):
        print(f"{what:<62} {figure}", flush=True)
