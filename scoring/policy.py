"""What an announcement says about totals and choice, as data (RULES 2.1 and 2.6).

Nothing here is a default: formulas, pass marks, preferences and tie rules differ between provinces
and years, and each carries the text of the rule it comes from where it is more than a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from scoring.rounding import BadScore, exactly

PREFERRED = ("written", "interview", "total")
COMPARATORS = ("exact", "score", "status", "level")
_TWICE = "A preference stands twice; its code must be its own."


@dataclass(frozen=True, slots=True)
class Subject:
    """A written subject; its own pass mark, if there is one, is for the raw mark."""

    code: str
    full: Decimal
    weight: Decimal
    pass_mark: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """Points that the law gives holders of a status (`code`), added to one of the scores.

    `to` is "written", "interview" or "total". They are added after that score was rounded and
    before it is held against a pass mark.
    """

    code: str
    name: str
    points: Decimal
    to: str
    basis: str


@dataclass(frozen=True, slots=True)
class Comparator:
    """One step of a tie chain.

    "exact": the total before rounding (Shaanxi: 继续计算小数); "score": `key` is "written",
    "interview", "total", a subject or "extra:" and the name of an extra test; "status": holders of
    the status `key` first (烈士子女, 退役军人); "level": `key` names what is compared and `order`
    its values, the best first (职称, 学历).
    """

    kind: str
    key: str = ""
    order: tuple[str, ...] = ()
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Competition:
    """What an interview must reach where a post has no competition.

    There is none when fewer than ratio * vacancies came (or as many, if `inclusive`). Then the
    interview must reach `minimum`, and with `panel_mean` the panel's average of that day
    (Chongqing 2013; 2022: below 2 : 1 at least 70).
    """

    ratio: Decimal
    inclusive: bool
    minimum: Decimal | None
    panel_mean: bool
    basis: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one exam.

    written = sum(mark * weight) / divisor, total = written * written_weight + interview *
    interview_weight, each rounded once and carried on as rounded. `shrink_ratio` 3: where fewer
    than 3 a vacancy come, vacancies = round half up (came / 3), at least 1; 0: never.
    Of several preferences on one score the highest counts, unless they add up. Raises BadScore.
    """

    subjects: tuple[Subject, ...]
    divisor: Decimal
    written_weight: Decimal
    interview_weight: Decimal
    decimals: int
    rounding: str
    written_pass: Decimal | None
    interview_pass: Decimal | None
    total_pass: Decimal | None
    competition: Competition | None
    shrink_ratio: int
    preferences: tuple[Preference, ...]
    preferences_add_up: bool
    ties: tuple[Comparator, ...]

    def __post_init__(self) -> None:
        for sentence in _wrong(self):
            raise BadScore(sentence)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of one candidate of a post.

    A subject without a mark was missed; `interview` None: did not come. `panel_mean` is the
    average of the panel on that day. `extra`: marks of extra tests by name.
    """

    ref: str
    marks: Mapping[str, Decimal]
    interview: Decimal | None
    panel_mean: Decimal | None = None
    statuses: frozenset[str] = frozenset()
    levels: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Band:
    """Posts with at most `up_to` vacancies (None: all others) invite `ratio` people a vacancy."""

    up_to: int | None
    ratio: Decimal


@exactly
def invited(vacancies: int, bands: Sequence[Band]) -> int:
    """How many a post invites to the interview: the first band that fits, rounded half up.

    Ningxia 2015: up to 2 vacancies 1 : 3, from 3 on 1 : 2. Raises BadScore when no band fits.
    """
    for band in bands:
        if band.up_to is None or vacancies <= band.up_to:
            return int((vacancies * band.ratio).to_integral_value(rounding=ROUND_HALF_UP))
    raise BadScore(f"No band says how many a post with {vacancies} vacancies invites.")


def shrunk_vacancies(vacancies: int, attended: int, ratio: int) -> int:
    """Vacancies of a post to whose interview `attended` came instead of ratio * vacancies.

    Chongqing 2013: attended / ratio, rounded half up, at least 1; nobody came: 0.
    """
    if ratio == 0 or attended >= vacancies * ratio:
        return vacancies
    return min(vacancies, max(1, (2 * attended + ratio) // (2 * ratio))) if attended else 0


def has_competition(competition: Competition | None, vacancies: int, attended: int) -> bool:
    """Whether enough came; always, where the policy has no rule about it."""
    if competition is None:
        return True
    needed = competition.ratio * vacancies
    return attended > needed if competition.inclusive else attended >= needed


def _wrong(policy: Policy) -> list[str]:
    codes = [subject.code for subject in policy.subjects]
    checks = [
        (len(set(codes)) == len(codes) > 0, "There are no subjects, or one stands twice."),
        (policy.divisor > 0, "The divisor of the written score must be above 0."),
        (policy.decimals >= 0, "Decimals cannot be negative."),
        (policy.rounding in ("half_up", "truncate"), "Rounding is half_up or truncate."),
        (policy.shrink_ratio >= 0, "A ratio of candidates to vacancies cannot be negative."),
        (all(one.to in PREFERRED for one in policy.preferences), f"Points go to {PREFERRED}."),
        (all(one.basis for one in policy.preferences), "A preference needs its legal basis."),
        (len({one.code for one in policy.preferences}) == len(policy.preferences), _TWICE),
    ]
    return [sentence for right, sentence in checks if not right] + _wrong_ties(policy, codes)


def _wrong_ties(policy: Policy, codes: Sequence[str]) -> list[str]:
    known = {*PREFERRED, *codes}
    return [
        f'The tie rule "{one.kind} {one.key}" is not known.'
        for one in policy.ties
        if one.kind not in COMPARATORS
        or (one.kind == "score" and one.key not in known and not one.key.startswith("extra:"))
        or (one.kind == "level" and not one.order)
        or (one.kind in ("status", "level") and not (one.key and one.basis))
    ]
