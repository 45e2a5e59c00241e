"""Panel corrections: candidates of one post before several panels, exactly as notices announce it.

Only random allotment of candidates to panels justifies any of them; what they do to a ranking is
in `scoring.fairness`. A_g is the mean of a panel, X_g its coefficient (notices: docs/SCORING.md):

none            x
secondary_mean  二次平均法 (Henan, Hubin 2021): X_g = R / A_g, R the mean of the A_g
pooled          修正系数 (Anhui 2015, Henan special posts): X_g = mean of all candidates / A_g
trimmed_1_1     (Zibo 2017): A_g without the highest and the lowest, over the mean of all who are
                left in their panels
trimmed_2_2     (Gao'an): A_g without two highest and two lowest, over the mean of all candidates
                without the two highest and two lowest of all
standard        (中组部 assessment centre): M + S (x - m_g) / s_g, S the mean of the panels'
                standard deviations, or the smallest where somebody would exceed the full marks
additive        差值弥补法: x + (mean of all candidates - A_g)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

from scoring.interview import Trimmed, trimmed_mean
from scoring.rounding import BadScore, exactly, round_fraction

_SHOWN = Context(prec=28)
_DIGITS = Context(prec=60)
# How many are dropped at each end of a panel, and whose mean the panels are brought to.
_DROPS = {"trimmed_1_1": 1, "trimmed_2_2": 2}
_REFERENCES = {"secondary_mean": "means", "trimmed_2_2": "all"}

METHODS = (
    *("none", "secondary_mean", "pooled", "trimmed_1_1", "trimmed_2_2"),
    *("standard", "additive"),
)


@dataclass(frozen=True, slots=True)
class CorrectionRule:
    """A correction as announced. None in `mean_decimals` or `coefficient_decimals`: not rounded on
    the way. `mean_decimals` is also for standard deviations, whose divisor is "n" or "n-1"."""

    method: str
    mean_decimals: int | None
    coefficient_decimals: int | None
    decimals: int
    rounding: str
    sd_divisor: str = "n"
    full: Decimal = Decimal(100)

    def __post_init__(self) -> None:
        if self.method not in METHODS or self.sd_divisor not in ("n", "n-1"):
            raise BadScore(f'Panel correction "{self.method}" ({self.sd_divisor}) is not known.')


@dataclass(frozen=True, slots=True)
class CorrectedPanel:
    """One panel: its mean of the kept (`dropped`: positions), `sd` for standard scores only.

    `coefficient` multiplies the raw score; of the additive method it is added; of the standard
    score it is S / s_g. Numbers that are not rounded by the rule have 28 digits.
    """

    mean: Decimal
    kept: int
    kept_sum: Decimal
    dropped: tuple[int, ...]
    sd: Decimal | None
    coefficient: Decimal
    results: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """All panels of a post and what they were brought to.

    `spread` is S of the standard score and `smallest_spread` says that somebody would have exceeded
    the full marks. `above_full`: (panel, position) of results that still exceed them.
    """

    reference: Decimal
    panels: tuple[CorrectedPanel, ...]
    spread: Decimal | None
    smallest_spread: bool
    above_full: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Panel:
    scores: tuple[Fraction, ...]
    trimmed: Trimmed
    kept: int
    mean: Fraction


_Adjusted = tuple[Fraction, list[Decimal]]


@exactly
def correct(panels: Sequence[Sequence[Decimal]], rule: CorrectionRule) -> Correction:
    """The corrected interview scores of one post, panel by panel in the order given.

    Whoever was absent is left out by the caller. Raises BadScore for a panel that has nobody left
    after trimming, a mean of zero under a ratio, or no spread under the standard score.
    """
    read = [_read(scores, rule) for scores in panels]
    if not read:
        raise BadScore("There is no panel to correct.")
    reference = _said(_reference(panels, read, rule), rule.mean_decimals, rule)
    if rule.method == "standard":
        return _standard(read, reference, rule)
    adjusted = [_adjusted(panel, reference, rule) for panel in read]
    return _answer(read, reference, adjusted, [None] * len(read), None, False, rule)


def _read(scores: Sequence[Decimal], rule: CorrectionRule) -> _Panel:
    drop = _DROPS.get(rule.method, 0)
    trimmed = trimmed_mean(scores, drop, drop, rule.decimals, rule.rounding)
    kept = len(scores) - 2 * drop
    mean = _said(Fraction(trimmed.kept_sum) / kept, rule.mean_decimals, rule)
    return _Panel(tuple(map(Fraction, scores)), trimmed, kept, mean)


def _reference(
    panels: Sequence[Sequence[Decimal]], read: Sequence[_Panel], rule: CorrectionRule
) -> Fraction:
    which = _REFERENCES.get(rule.method, "kept")
    if which == "means":
        return sum((panel.mean for panel in read), Fraction(0)) / len(read)
    if which == "kept":
        sums = sum((Fraction(panel.trimmed.kept_sum) for panel in read), Fraction(0))
        return sums / sum(panel.kept for panel in read)
    drop = _DROPS[rule.method]
    everybody = [score for scores in panels for score in scores]
    trimmed = trimmed_mean(everybody, drop, drop, rule.decimals, rule.rounding)
    return Fraction(trimmed.kept_sum) / (len(everybody) - 2 * drop)


def _adjusted(panel: _Panel, reference: Fraction, rule: CorrectionRule) -> _Adjusted:
    """The coefficient and the results of one panel, by a ratio or a difference."""
    if rule.method == "none":
        return Fraction(1), [_rounded(score, rule) for score in panel.scores]
    if rule.method == "additive":
        add = _said(reference - panel.mean, rule.coefficient_decimals, rule)
        return add, [_rounded(score + add, rule) for score in panel.scores]
    if panel.mean == 0:
        raise BadScore("A panel's mean is 0: there is no coefficient; the announcement must say.")
    ratio = _said(reference / panel.mean, rule.coefficient_decimals, rule)
    return ratio, [_rounded(score * ratio, rule) for score in panel.scores]


def _standard(read: Sequence[_Panel], reference: Fraction, rule: CorrectionRule) -> Correction:
    sds = [_sd(panel, rule) for panel in read]
    spread = _said(sum(sds, Fraction(0)) / len(sds), rule.mean_decimals, rule)
    adjusted = _scaled(read, reference, sds, spread, rule)
    smallest = any(result > rule.full for _, results in adjusted for result in results)
    if smallest:
        spread = min(sds)
        adjusted = _scaled(read, reference, sds, spread, rule)
    return _answer(read, reference, adjusted, sds, spread, smallest, rule)


def _scaled(
    read: Sequence[_Panel],
    reference: Fraction,
    sds: Sequence[Fraction],
    spread: Fraction,
    rule: CorrectionRule,
) -> list[_Adjusted]:
    found = []
    for panel, sd in zip(read, sds, strict=True):
        ratio = _said(spread / sd, rule.coefficient_decimals, rule)
        scores = [reference + ratio * (score - panel.mean) for score in panel.scores]
        found.append((ratio, [_rounded(score, rule) for score in scores]))
    return found


def _sd(panel: _Panel, rule: CorrectionRule) -> Fraction:
    """The panel's standard deviation around its exact mean, 60 digits before it is rounded."""
    count = len(panel.scores) - (rule.sd_divisor == "n-1")
    mean = sum(panel.scores, Fraction(0)) / len(panel.scores)
    squares = sum(((score - mean) ** 2 for score in panel.scores), Fraction(0))
    if count < 1 or squares == 0:
        raise BadScore("A panel's scores have no spread: there is no standard score for them.")
    root = _decimal(squares / count, _DIGITS).sqrt(_DIGITS)
    sd = _said(Fraction(root), rule.mean_decimals, rule)
    if sd == 0:
        raise BadScore("A panel's spread rounds to 0: there is no standard score for it.")
    return sd


def _answer(
    read: Sequence[_Panel],
    reference: Fraction,
    adjusted: Sequence[_Adjusted],
    sds: Sequence[Fraction | None],
    spread: Fraction | None,
    smallest: bool,
    rule: CorrectionRule,
) -> Correction:
    shown = _shown(rule)
    panels = tuple(
        CorrectedPanel(
            mean=shown(panel.mean, rule.mean_decimals),
            kept=panel.kept,
            kept_sum=panel.trimmed.kept_sum,
            dropped=panel.trimmed.dropped,
            sd=None if sd is None else shown(sd, rule.mean_decimals),
            coefficient=shown(coefficient, rule.coefficient_decimals),
            results=tuple(results),
        )
        for panel, (coefficient, results), sd in zip(read, adjusted, sds, strict=True)
    )
    above = tuple(
        (at, place)
        for at, panel in enumerate(panels)
        for place, result in enumerate(panel.results)
        if result > rule.full
    )
    said = None if spread is None else shown(spread, rule.mean_decimals)
    return Correction(shown(reference, rule.mean_decimals), panels, said, smallest, above)


def _shown(rule: CorrectionRule) -> Callable[[Fraction, int | None], Decimal]:
    def shown(value: Fraction, decimals: int | None) -> Decimal:
        if decimals is None:
            return _decimal(value, _SHOWN)
        return round_fraction(value, decimals, rule.rounding)

    return shown


def _decimal(value: Fraction, context: Context) -> Decimal:
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


def _said(value: Fraction, decimals: int | None, rule: CorrectionRule) -> Fraction:
    """The number as the announced steps carry it on: rounded where they round."""
    if decimals is None:
        return value
    return Fraction(round_fraction(value, decimals, rule.rounding))


def _rounded(value: Fraction, rule: CorrectionRule) -> Decimal:
    return round_fraction(value, rule.decimals, rule.rounding)
