"""Written score, total, rank, shortlist and appointment within one post.

The rules are data of the exam (RULES 2.6): weights, decimals, rounding, ratio, order of tie rules.
Every function takes the people of one post and answers by position; the caller knows the posts.
Totals and ranks use the rounded scores, because those are what the public can see and recompute.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from scoring.rounding import BadScore, exactly, round_to, to_decimal


@exactly
def written(
    marks: Mapping[str, Decimal],
    subjects: Sequence[Mapping[str, str]],
    decimals: int,
    rule: str,
) -> Decimal | None:
    """The written score: the sum of mark * weight over all subjects of the rule set, rounded once.

    `subjects` are the rule set's `{"code", "full_marks", "weight", …}`. A subject without a mark
    was missed: the answer is None (absent). Raises BadScore for a subject that the rule set does
    not have and for a mark above the full marks.
    """
    codes = [subject["code"] for subject in subjects]
    if strangers := sorted(set(marks) - set(codes)):
        raise BadScore(f"There are marks for {strangers}, but the exam has the subjects {codes}.")
    if len(marks) < len(codes):
        return None
    weighted = (_weighted(marks[subject["code"]], subject) for subject in subjects)
    return round_to(sum(weighted, Decimal(0)), decimals, rule)


@exactly
def total(
    written: Decimal,
    interview: Decimal,
    weights: tuple[Decimal, Decimal],
    decimals: int,
    rule: str,
) -> Decimal:
    """written * weights[0] + interview * weights[1], rounded once."""
    return round_to(written * weights[0] + interview * weights[1], decimals, rule)


def rank(rows: Sequence[Mapping[str, Decimal]], tie_order: Sequence[str]) -> list[int]:
    """The rank of each row: by "total" descending, equal totals by the keys of `tie_order`.

    Rows hold "total" and each key of `tie_order` ("written", "interview", subject codes). What is
    equal through the whole chain shares its rank and the next rank counts on: 1, 2, 2, 2, 5. The
    written stage passes rows of the written score as "total" and no tie order.
    Raises BadScore when a row lacks a key.
    """
    keys = [_chain(row, ("total", *tie_order)) for row in rows]
    better = 0
    ranks: dict[tuple[Decimal, ...], int] = {}
    for key, count in sorted(Counter(keys).items(), reverse=True):
        ranks[key] = better + 1
        better += count
    return [ranks[key] for key in keys]


def shortlist(scores: Sequence[Decimal], vacancies: int, ratio: int, ties_enter: bool) -> set[int]:
    """Positions of those who enter the interview: the best `vacancies * ratio` scores.

    Everybody tied at the last place enters when `ties_enter`; otherwise everybody tied across the
    last place stays out, so that the ratio holds and nothing is decided by the order of a list.
    """
    places = vacancies * ratio
    if places < 1:
        return set()
    if len(scores) <= places:
        return set(range(len(scores)))
    best = sorted(scores, reverse=True)
    last, next_one = best[places - 1], best[places]
    if ties_enter or last > next_one:
        return {at for at, score in enumerate(scores) if score >= last}
    return {at for at, score in enumerate(scores) if score > last}


def appoint(ranks: Sequence[int | None], vacancies: int) -> tuple[set[int], set[int]]:
    """(chosen, tied) positions: whose rank fits the vacancies, and who tie across the last one.

    `ranks` as `rank` gives them, None for who is not ranked (absent or below the pass mark). The
    tied are not chosen: they need a decision by people (an extra test), never one by list order.
    """
    sharing = Counter(ranks)
    chosen: set[int] = set()
    tied: set[int] = set()
    for at, place in enumerate(ranks):
        if place is not None and place <= vacancies:
            fits = place - 1 + sharing[place] <= vacancies
            (chosen if fits else tied).add(at)
    return chosen, tied


def _weighted(mark: Decimal, subject: Mapping[str, str]) -> Decimal:
    if mark > to_decimal(subject["full_marks"]):
        raise BadScore(
            f'{mark} in subject "{subject["code"]}" is above its full marks, '
            f"{subject['full_marks']}."
        )
    return mark * to_decimal(subject["weight"])


def _chain(row: Mapping[str, Decimal], keys: Sequence[str]) -> tuple[Decimal, ...]:
    if missing := [key for key in keys if key not in row]:
        raise BadScore(f"A row to be ranked has no {missing}; the tie order of the exam needs it.")
    return tuple(row[key] for key in keys)
