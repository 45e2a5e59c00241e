"""The many-facet Rasch model: a design it made itself, and the reference of the R package TAM."""

import csv
from pathlib import Path

import numpy as np
import pytest

from scoring.facets import facets, marginal_likelihood
from scoring.rounding import BadScore

DATA = Path(__file__).parents[3] / "shared" / "data" / "interview"


def ratings(people: int = 300, raters: int = 12, each: int = 3, seed: int = 11):
    """Ratings 0..4 on four elements; the last interviewer is erratic. Also severity and ability."""
    rng = np.random.default_rng(seed)
    ability, severity = rng.normal(0, 1, people), rng.normal(0, 0.6, raters)
    severity -= severity.mean()
    steps = np.array([-1.2, -0.5, 0.5, 1.2])
    rows = []
    for who in range(people):
        for rater in rng.choice(raters, each, replace=False):
            for element, difficulty in enumerate((0.3, 0.1, -0.3, 0.0)):
                noise = rng.normal(0, 1.6) if rater == raters - 1 else 0
                place = ability[who] + noise - severity[rater] - difficulty
                logit = np.concatenate(([0], np.cumsum(place - steps)))
                chance = np.exp(logit - logit.max())
                rows.append((who, rater, element, rng.choice(5, p=chance / chance.sum())))
    return tuple(np.array(rows).T), severity, ability


def test_it_finds_severity_ability_and_the_erratic_interviewer() -> None:
    given, severity, ability = ratings()
    found = facets(*given)
    assert np.corrcoef(found.severity, severity)[0, 1] > 0.97
    assert np.abs(found.severity - severity)[:-1].max() < 0.25
    raw = np.bincount(given[0], given[3]) / np.bincount(given[0])
    ours, plain = (np.corrcoef(one, ability)[0, 1] for one in (found.ability, raw))
    assert ours > plain
    assert np.argmax(found.outfit) == np.argmax(found.infit) == 11
    assert found.outfit[11] > 1.5 > found.outfit[:11].max()
    assert found.severity.sum() == pytest.approx(0)
    assert found.step.sum() == pytest.approx(0)


def test_no_other_parameters_are_more_likely() -> None:
    given, _, _ = ratings(80, 5, 3)
    found = facets(*given)
    best = (found.element, found.severity, found.step)
    assert marginal_likelihood(given, best, found.variance) == pytest.approx(found.likelihood)
    rng = np.random.default_rng(2)
    for _ in range(20):
        moves = [rng.normal(0, 0.02, len(one)) for one in best]
        other = [
            one + move - move.mean() * (at > 0)
            for at, (one, move) in enumerate(zip(best, moves, strict=True))
        ]
        assert marginal_likelihood(given, tuple(other), found.variance) < found.likelihood


def test_panels_that_share_nobody_have_no_answer() -> None:
    given, _, _ = ratings(60, 6, 3)
    first = given[1] < 3
    apart = tuple(one[first & (given[0] % 2 == 0) | ~first & (given[0] % 2 == 1)] for one in given)
    who = np.unique(apart[0], return_inverse=True)[1]
    with pytest.raises(BadScore, match="cannot be told apart"):
        facets(who, *apart[1:])


def test_a_category_that_nobody_gave_is_refused() -> None:
    given, _, _ = ratings(40, 4, 2)
    with pytest.raises(BadScore, match="category has no rating"):
        facets(*given[:3], np.where(given[3] == 2, 3, given[3]))


@pytest.mark.skipif(not DATA.exists(), reason="the shared reference is not here")
def test_tam_s_parameters_standard_errors_and_fit() -> None:
    """TAM 4 stops a little earlier: its own likelihood is 0.003 below this one's optimum.

    So severities and elements agree to 0.004 logits (a twelfth of a standard error), steps to
    0.0003, standard errors to 0.0001, infit and outfit to 0.0005.
    """
    rows = list(csv.DictReader((DATA / "crossed.csv").open()))
    cells = [(r["candidate"], r["examiner"], e, r[f"e{e + 1}"]) for r in rows for e in range(4)]
    table = np.array(cells, dtype=np.int64).T
    given = (np.unique(table[0], return_inverse=True)[1], table[1] - 1, table[2], table[3])
    found = facets(*given)
    reference = list(csv.DictReader((DATA / "ref_tam_parameters.csv").open()))
    value, error = (np.array([float(r[name]) for r in reference]) for name in ("xsi", "se.xsi"))
    ours = np.concatenate((found.element, found.step, found.severity))
    assert np.abs(ours - value)[4:8].max() < 0.0003
    assert np.abs(ours - value).max() < 0.004
    errors = np.concatenate((found.element_se, found.step_se, found.severity_se))
    assert np.abs(errors - error).max() < 0.0001
    theirs = marginal_likelihood(given, (value[:4], value[8:], value[4:8]), found.variance)
    assert 0 < found.likelihood - theirs < 0.005
    fits = list(csv.DictReader((DATA / "ref_tam_examiner_fit.csv").open()))
    for name in ("outfit", "infit"):
        assert np.abs(getattr(found, name) - [float(r[name]) for r in fits]).max() < 0.0005
