"""Exact fractions are rounded once, as Decimals are."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.rounding import BadScore, round_fraction, round_to

RULES = st.sampled_from(["half_up", "truncate"])


@settings(deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(0, 6), RULES)
def test_a_fraction_that_is_a_decimal_rounds_as_the_decimal_does(units, decimals, rule) -> None:
    value = Decimal(units).scaleb(-5)
    assert round_fraction(Fraction(value), decimals, rule) == round_to(value, decimals, rule)


@pytest.mark.parametrize(
    ("value", "half_up", "truncated"),
    [
        (Fraction(200, 3), "66.67", "66.66"),
        (Fraction(-200, 3), "-66.67", "-66.66"),
        (Fraction(1, 200), "0.01", "0.00"),
        (3 * Fraction(100, 3), "100.00", "100.00"),
    ],
)
def test_thirds_and_halves(value, half_up, truncated) -> None:
    assert str(round_fraction(value, 2, "half_up")) == half_up
    assert str(round_fraction(value, 2, "truncate")) == truncated


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(BadScore, match='"floor" is not known'):
        round_fraction(Fraction(1), 2, "floor")
