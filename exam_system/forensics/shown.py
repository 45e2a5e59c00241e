"""Powers of ten as pages show them."""

from __future__ import annotations

from math import log10

from markupsafe import Markup

_LEAST = 1e-300


def power(of_ten: float) -> Markup:
    """A power of ten, its exponent rounded towards zero."""
    return Markup("10<sup>{}</sup>").format(str(int(of_ten)).replace("-", "−"))


def rarity(text: str) -> Markup:
    """A probability as one in so many, rounded to the cautious side."""
    return power(-log10(max(float(text), _LEAST)))


def scientific(text: str) -> Markup:
    """A probability in two digits."""
    mantissa, _, ten = f"{float(text):.1e}".partition("e")
    return Markup("{}×{}").format(mantissa, power(int(ten)))
