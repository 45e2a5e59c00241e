"""Numbers of scores: read strictly, rounded by the exam's rule, shown with fixed decimals.

Decimal throughout. Provinces differ in the rule (RULES 2.5): Ningxia and Yunnan round half up,
Shaanxi truncates ("不实行四舍五入"); both are values of the rule set, neither is a default here.
"""

import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from functools import wraps
from typing import ParamSpec, TypeVar

_NUMBER = re.compile(r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?")
_MODES = {"half_up": ROUND_HALF_UP, "truncate": ROUND_DOWN}
# Six digits before and six after the point: products and sums of these are exact in 60 digits.
_PRECISION = 60

P = ParamSpec("P")
R = TypeVar("R")


class BadScore(ValueError):
    """A score, a weight or a rule about them cannot be used; the sentence says why."""


def exactly(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function in the module's own Decimal context, whatever the caller's thread has set."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(Context(prec=_PRECISION)):
            return function(*args, **kwargs)

    return run


def to_decimal(text: str) -> Decimal:
    """The number that `text` writes: ASCII digits, optionally a point and more digits.

    At most six digits on each side; no sign, exponent, space or leading zero. Raises BadScore.
    """
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise BadScore(f'{text!r} is not a number like "85.20".')
    return Decimal(text)


@exactly
def round_to(value: Decimal, decimals: int, rule: str) -> Decimal:
    """`value` with exactly `decimals` decimals by `half_up` or `truncate`; raises BadScore."""
    if rule not in _MODES:
        raise BadScore(f'Rounding "{rule}" is not known; the rule set says half_up or truncate.')
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=_MODES[rule])


@exactly
def round_fraction(value: Fraction, decimals: int, rule: str) -> Decimal:
    """The exact `value` with exactly `decimals` decimals, as `round_to` rounds; raises BadScore.

    For quotients that no Decimal holds: a third of a mark stays a third until this one rounding.
    """
    if rule not in _MODES:
        raise BadScore(f'Rounding "{rule}" is not known; the rule set says half_up or truncate.')
    top, bottom = abs(value.numerator) * 10**decimals, value.denominator
    units = (2 * top + bottom) // (2 * bottom) if rule == "half_up" else top // bottom
    return Decimal(units if value >= 0 else -units).scaleb(-decimals)


@exactly
def show(value: Decimal, decimals: int) -> str:
    """`value` written with `decimals` decimals; raises BadScore where that would change it."""
    shown = f"{value:.{decimals}f}"
    if Decimal(shown) != value:
        raise BadScore(f"{value} has more than {decimals} decimals; round it by the rule first.")
    return shown
