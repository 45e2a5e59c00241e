"""One interview: elements and weights of a class of posts, and the score of a candidate's sheets.

RULES 2.5 knows two published methods: drop the highest and the lowest of each element, average the
rest and add the elements up (Henan); or do so with the total of every interviewer (Pixian, Qujing).
Either way every element of every sheet counts: in 2012 Shenzhen's program added four of five.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from scoring.interview import trimmed_mean
from scoring.rounding import BadScore, exactly, round_fraction

PANEL_SIZES = (5, 7, 9)
FULL = Decimal(100)


@dataclass(frozen=True, slots=True)
class Element:
    """What interviewers mark from 0 to `full`; it counts mark * `weight`."""

    code: str
    name: str
    full: Decimal
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a class of posts is interviewed; `basis` is the notice that says so.

    `trimming` is "element" or "total". Raises BadScore when it cannot score anybody: the weighted
    full marks must add up to 100, and 5, 7 or 9 interviewers must outnumber the dropped.
    """

    post_class: str
    elements: tuple[Element, ...]
    interviewers: int
    trimming: str
    drop_high: int
    drop_low: int
    decimals: int
    rounding: str
    basis: str

    def __post_init__(self) -> None:
        for sentence in _wrong(self):
            raise BadScore(f'Interviews of "{self.post_class}": {sentence}')


@dataclass(frozen=True, slots=True)
class Part:
    """The scores that were trimmed together, by place of the interviewer: one element, or totals.

    `code` is "" for totals. `dropped`: places, the highest first. The part counts
    weight * kept_sum / kept.
    """

    code: str
    weight: Decimal
    scores: tuple[Decimal, ...]
    dropped: tuple[int, ...]
    kept_sum: Decimal
    kept: int


@dataclass(frozen=True, slots=True)
class InterviewScore:
    """The result, every interviewer's weighted total, and the parts that it was added up from."""

    result: Decimal
    totals: tuple[Decimal, ...]
    parts: tuple[Part, ...]


def scheme_for(schemes: Sequence[Scheme], post_class: str) -> Scheme:
    """The one scheme of a class of posts; raises BadScore when there is none, or two."""
    found = [scheme for scheme in schemes if scheme.post_class == post_class]
    if len(found) != 1:
        raise BadScore(f'{len(found)} interview schemes are for "{post_class}"; one is needed.')
    return found[0]


@exactly
def sheet_total(scheme: Scheme, sheet: Mapping[str, Decimal]) -> Decimal:
    """The weighted total of one interviewer's sheet (element code to mark).

    Raises BadScore for an element without a mark, one that the scheme does not have, and a mark
    outside 0 to the element's full marks.
    """
    codes = [element.code for element in scheme.elements]
    if missing := [code for code in codes if code not in sheet]:
        raise BadScore(f"The sheet has no mark for {missing}; every element counts.")
    if strangers := sorted(set(sheet) - set(codes)):
        raise BadScore(f"The sheet has marks for {strangers}, but the elements are {codes}.")
    for element in scheme.elements:
        if not 0 <= sheet[element.code] <= element.full:
            mark = sheet[element.code]
            raise BadScore(f'{mark} for "{element.code}" is not from 0 to {element.full}.')
    return sum((sheet[one.code] * one.weight for one in scheme.elements), Decimal(0))


@exactly
def interview_score(scheme: Scheme, sheets: Sequence[Mapping[str, Decimal]]) -> InterviewScore:
    """The score of one candidate from the sheets of all interviewers, in the order of their places.

    Rounded once, from the exact value. Raises BadScore when a sheet is missing or incomplete.
    """
    if len(sheets) != scheme.interviewers:
        raise BadScore(
            f"{len(sheets)} sheets are there, but {scheme.interviewers} interviewers must score."
        )
    totals = tuple(sheet_total(scheme, sheet) for sheet in sheets)
    if scheme.trimming == "total":
        parts: tuple[Part, ...] = (_part(scheme, "", Decimal(1), totals),)
    else:
        parts = tuple(
            _part(scheme, one.code, one.weight, tuple(sheet[one.code] for sheet in sheets))
            for one in scheme.elements
        )
    value = sum(Fraction(part.weight * part.kept_sum) / part.kept for part in parts)
    return InterviewScore(
        round_fraction(Fraction(value), scheme.decimals, scheme.rounding), totals, parts
    )


def _part(scheme: Scheme, code: str, weight: Decimal, scores: tuple[Decimal, ...]) -> Part:
    trimmed = trimmed_mean(
        scores, scheme.drop_high, scheme.drop_low, scheme.decimals, scheme.rounding
    )
    kept = len(scores) - len(trimmed.dropped)
    return Part(code, weight, scores, trimmed.dropped, trimmed.kept_sum, kept)


def _wrong(scheme: Scheme) -> list[str]:
    codes = [element.code for element in scheme.elements]
    full = sum((element.full * element.weight for element in scheme.elements), Decimal(0))
    dropped = scheme.drop_high + scheme.drop_low
    checks = [
        (scheme.interviewers in PANEL_SIZES, "5, 7 or 9 interviewers score."),
        (scheme.trimming in ("element", "total"), 'trimming is per "element" or on the "total".'),
        (len(set(codes)) == len(codes), "an element's code stands twice."),
        (full == FULL, f"the weighted full marks add up to {full}, not to {FULL}."),
        (min(scheme.drop_high, scheme.drop_low) >= 0, "scores dropped cannot be negative."),
        (dropped < scheme.interviewers, "at least one score must be left."),
    ]
    return [sentence for right, sentence in checks if not right]
