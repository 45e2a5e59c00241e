"""Objective keys: what each answer to an item earns, and corrections that re-score everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scoring.rounding import BadScore, exactly

Points = Mapping[str, Decimal]
Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Key:
    """Points by item and answer; an answer that is not named earns nothing.

    `everybody`: items that earn the same for every sheet, answered or not (a void item).
    """

    items: Mapping[str, Points]
    everybody: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class KeyCorrection:
    """The new `points` of an item, or None: the item is void and everybody earns `everybody`."""

    item: str
    points: Points | None
    everybody: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Rescored:
    """One script before and after a key correction."""

    script: str
    before: Decimal
    after: Decimal


def corrected(key: Key, corrections: Sequence[KeyCorrection]) -> Key:
    """The key after corrections, in their order; the last one of an item counts.

    Raises BadScore for an item that the key does not have and for a correction without a reason.
    """
    items, everybody = dict(key.items), dict(key.everybody)
    for change in corrections:
        if change.item not in key.items:
            raise BadScore(f'The key has no item "{change.item}" to correct.')
        if not change.reason.strip():
            raise BadScore(f'The correction of item "{change.item}" needs a reason.')
        everybody.pop(change.item, None)
        if change.points is None:
            everybody[change.item] = change.everybody
        else:
            items[change.item] = dict(change.points)
    return Key(items, everybody)


@exactly
def objective_mark(key: Key, answers: Answers) -> Decimal:
    """What a sheet earns; an item left out earns nothing unless it is void.

    Raises BadScore for an answer to an item that the key does not have.
    """
    if strangers := sorted(set(answers) - set(key.items)):
        raise BadScore(f"The sheet answers the items {strangers}, which the key does not have.")
    return sum((_earned(key, item, answers.get(item, "")) for item in key.items), Decimal(0))


def _earned(key: Key, item: str, answer: str) -> Decimal:
    if item in key.everybody:
        return key.everybody[item]
    return key.items[item].get(answer, Decimal(0))


def rescore(before: Key, after: Key, sheets: Mapping[str, Answers]) -> tuple[Rescored, ...]:
    """Every script under both keys, changed or not, sorted: a correction re-scores everybody."""
    return tuple(
        Rescored(script, objective_mark(before, answers), objective_mark(after, answers))
        for script, answers in sorted(sheets.items())
    )
