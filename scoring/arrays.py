"""Totals, ranks and ties of a whole exam as integer arrays, equal to `choosing` to the last unit.

Scores are integers in units of their last decimal; a third of a mark never becomes a float. Arrays
hold one entry per candidate; -1 is absent. Ranks come from one sort of post and total packed into
64 bits; only who is tied there is sorted again, by the next comparator, and so on down the chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.policy import Policy
from scoring.rounding import BadScore

Integers = NDArray[Any]  # of any integer type
Flags = NDArray[np.bool_]

ABSENT = -1
_WORD = 62  # bits that a sum or a product may use
_BEYOND = "These weights and decimals need numbers beyond 64 bits; decide post by post."


@dataclass(frozen=True, slots=True)
class Standings:
    """`rank` in the post, 1, 2, 2, 2, 5 and 0 for who is not ranked; how many share it."""

    rank: NDArray[np.int32]
    shares: NDArray[np.int32]


def written_scores(policy: Policy, marks: Integers, mark_decimals: int) -> NDArray[np.int64]:
    """Written scores (n,) in units of 10**-policy.decimals from marks (n, subjects).

    `marks` are in units of 10**-mark_decimals in the order of the policy's subjects. Who missed a
    subject is absent. Raises BadScore for marks that cannot be and for numbers beyond 64 bits.
    """
    factors = _mark_factors(policy, mark_decimals)
    _check(policy, marks, mark_decimals)
    scores = _rounded(policy, [(marks[:, at], one) for at, one in enumerate(factors)])
    return _absent_where(np.any(marks < 0, axis=1, keepdims=True)[:, 0], scores)


def totals(policy: Policy, written: Integers, interview: Integers) -> NDArray[np.int64]:
    """Totals (n,) of written and interview scores, all in units of 10**-policy.decimals.

    Scores hold the preference points that count for them. Who lacks one of the two is absent.
    """
    weights = [Fraction(policy.written_weight), Fraction(policy.interview_weight)]
    unit = Fraction(1, 10**policy.decimals)
    terms = [
        (scores, unit * one) for scores, one in zip((written, interview), weights, strict=True)
    ]
    return _absent_where((written < 0) | (interview < 0), _rounded(policy, terms))


def exact_totals(
    policy: Policy, marks: Integers, mark_decimals: int, interview: Integers
) -> NDArray[np.int64]:
    """What the comparator "exact" compares: totals before any rounding, on a common scale."""
    factors = [
        Fraction(policy.written_weight) * one for one in _mark_factors(policy, mark_decimals)
    ]
    factors.append(Fraction(policy.interview_weight) / 10**policy.decimals)
    columns = [*(marks[:, at] for at in range(marks.shape[1])), interview]
    numerators, _ = _whole(factors)
    value = _sum(list(zip(columns, numerators, strict=True)))
    return _absent_where((marks < 0).any(axis=1) | (interview < 0), value)


def standings(posts: Integers, keys: Sequence[Integers], ranked: Flags | None = None) -> Standings:
    """Ranks within posts by `keys`: the total, then the tie chain; higher is better.

    `posts` are numbers from 0; `ranked` leaves out who is absent or below a line (None: nobody).
    """
    people = np.arange(len(posts)) if ranked is None else np.flatnonzero(ranked)
    rank, shares = np.zeros((2, len(posts)), dtype=np.int32)
    if not len(people):
        return Standings(rank, shares)
    order, starts = _ordered(posts[people], keys[0][people])
    for key in keys[1:]:
        order, starts = _refined(order, starts, key[people])
    heads = np.flatnonzero(starts)
    run = np.cumsum(starts, dtype=np.int32) - 1
    first = _first_of_post(posts[people[order]])
    rank[people[order]] = (heads[run] - first + 1).astype(np.int32)
    shares[people[order]] = np.diff(heads, append=len(order)).astype(np.int32)[run]
    return Standings(rank, shares)


def shortlisted(posts: Integers, standing: Standings, places: Integers, ties_enter: bool) -> Flags:
    """Who is among the first `places` (by post) of the post.

    Everybody tied at the last place enters, or nobody of them, as `totals.shortlist` has it; with
    vacancies as places and no ties, who is proposed.
    """
    last = standing.rank if ties_enter else standing.rank + standing.shares - 1
    chosen: Flags = (standing.rank > 0) & (last <= places[posts])
    return chosen


def _mark_factors(policy: Policy, mark_decimals: int) -> list[Fraction]:
    """What one unit of each subject's mark adds to the written score."""
    scale = Fraction(policy.divisor) * 10**mark_decimals
    return [Fraction(subject.weight) / scale for subject in policy.subjects]


def _check(policy: Policy, marks: Integers, mark_decimals: int) -> None:
    for at, subject in enumerate(policy.subjects):
        column = marks[:, at]
        highest = int(subject.full * 10**mark_decimals)
        if len(column) and (column.min() < ABSENT or column.max() > highest):
            raise BadScore(f'A mark in "{subject.code}" is not from 0 to {subject.full}.')


def _rounded(policy: Policy, terms: Sequence[tuple[Integers, Fraction]]) -> NDArray[np.int64]:
    """sum(column * factor) in units of 10**-policy.decimals, rounded once by the policy."""
    factors = [factor * 10**policy.decimals for _, factor in terms]
    numerators, bottom = _whole(factors)
    if bottom.bit_length() >= _WORD:
        raise BadScore(_BEYOND)
    columns = [column for column, _ in terms]
    double = 2 if policy.rounding == "half_up" else 1
    top = _sum([(c, double * n) for c, n in zip(columns, numerators, strict=True)])
    if double == 2:
        top += bottom
    top //= double * bottom
    return top


def _whole(factors: Sequence[Fraction]) -> tuple[list[int], int]:
    """The factors as integers over one common denominator."""
    bottom = int(np.lcm.reduce([factor.denominator for factor in factors], dtype=object))
    return [int(factor * bottom) for factor in factors], bottom


def _sum(terms: Sequence[tuple[Integers, int]]) -> NDArray[np.int64]:
    """sum(column * number) in 64 bits; raises BadScore where that might not hold it."""
    bound = sum(abs(number) * (int(np.abs(c).max()) + 1 if len(c) else 1) for c, number in terms)
    if bound.bit_length() > _WORD:
        raise BadScore(_BEYOND)
    out = np.zeros(len(terms[0][0]), dtype=np.int64)
    for column, number in terms:
        out += column.astype(np.int64) * number
    return out


def _absent_where(absent: Flags, scores: NDArray[np.int64]) -> NDArray[np.int64]:
    scores[absent] = ABSENT
    return scores


def _ordered(posts: Integers, key: Integers) -> tuple[NDArray[np.int64], Flags]:
    """Positions by post and falling key, and where in that order a new (post, key) starts."""
    span = int(key.max()) - int(key.min()) + 1
    if (int(posts.max() + 1) * span).bit_length() > _WORD:
        raise BadScore("Posts and scores need more than 64 bits.")
    codes = posts.astype(np.int64) * span
    codes += int(key.max())
    codes -= key
    return _sorted(codes)


def _sorted(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], Flags]:
    """The order of non-negative codes, and where in it a code differs from the one before.

    Where they fit, code and position are sorted as one number: about four times as fast.
    """
    bits = max(len(codes) - 1, 1).bit_length()
    if int(codes.max()).bit_length() + bits <= _WORD:
        codes = codes << bits
        codes |= np.arange(len(codes))
        codes.sort()
        order = codes & ((1 << bits) - 1)
        codes >>= bits
    else:
        order = np.argsort(codes)
        codes = codes[order]
    return order, np.concatenate(([True], codes[1:] != codes[:-1]))


def _refined(
    order: NDArray[np.int64], starts: Flags, key: Integers
) -> tuple[NDArray[np.int64], Flags]:
    """The order with equal runs sorted by a further key, highest first."""
    alone = starts & np.append(starts[1:], True)
    slots = np.flatnonzero(~alone)
    if not len(slots):
        return order, starts
    runs = np.cumsum(starts[slots]) - 1
    within, new = _ordered(runs, key[order[slots]])
    order, starts = order.copy(), starts.copy()
    order[slots] = order[slots][within]
    starts[slots] = new
    return order, starts


def _first_of_post(posts: Integers) -> NDArray[np.int64]:
    """For every position of a sorted array, where its value starts."""
    starts = np.concatenate(([True], posts[1:] != posts[:-1]))
    heads = np.flatnonzero(starts).astype(np.int64)
    first: NDArray[np.int64] = heads[np.cumsum(starts) - 1]
    return first
