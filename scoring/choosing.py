"""From raw marks to a proposal within one post: totals, lines, ties, ranks, vacancies.

The order of a list never decides: whom the whole tie chain leaves equal share their rank, ranks
run 1, 2, 2, 2, 5, and a tie across the last vacancy is left to people ("tied").
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from scoring.policy import Candidate, Comparator, Policy, has_competition, shrunk_vacancies
from scoring.rounding import BadScore, exactly, round_fraction
from scoring.totals import appoint, total

Points = tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a candidate stands in the post and why.

    Scores hold the preference `points` that count for them (code, points). `exact`: the total
    before rounding, multiplied by the policy's divisor. `below`: lines missed ("written",
    "interview", "total", "competition", "panel_mean", "subject:" and its code). `shares`: how many
    have this rank. `decided_by`: the comparators ("kind key") that parted this candidate from
    others with the same total.
    """

    ref: str
    written: Decimal | None
    interview: Decimal | None
    total: Decimal | None
    exact: Decimal | None
    points: Points
    rank: int | None
    shares: int
    outcome: str
    below: tuple[str, ...]
    decided_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """A post: vacancies after shrinking, how many came, and everybody in the order given."""

    vacancies: int
    attended: int
    competition: bool
    rows: tuple[Standing, ...]


@exactly
def decide(policy: Policy, vacancies: int, candidates: Sequence[Candidate]) -> Decided:
    """Who is proposed for a post; `candidates` are those invited to its interview.

    Vacancies shrink with the number that came; whether there is competition is asked with the
    announced vacancies. Raises BadScore for marks that cannot be used.
    """
    attended = sum(one.interview is not None and _came(policy, one) for one in candidates)
    competition = has_competition(policy.competition, vacancies, attended)
    rows = [_standing(policy, one, competition) for one in candidates]
    chains = [
        _chain(policy, one, row) if row.outcome == "" else None
        for one, row in zip(candidates, rows, strict=True)
    ]
    places = shrunk_vacancies(vacancies, attended, policy.shrink_ratio)
    return Decided(places, attended, competition, _ranked(policy, rows, chains, places))


def _came(policy: Policy, candidate: Candidate) -> bool:
    return all(subject.code in candidate.marks for subject in policy.subjects)


def _standing(policy: Policy, candidate: Candidate, competition: bool) -> Standing:
    """Scores and lines; an outcome of "" is still to be ranked."""
    exact_written, shown = _written(policy, candidate)
    interview = candidate.interview
    if shown is None or exact_written is None or interview is None:
        return Standing(candidate.ref, shown, None, None, None, (), None, 0, "absent", (), ())
    points = _points(policy, candidate)
    add = {part: _sum(policy, points, part) for part in ("written", "interview", "total")}
    shown, came = shown + add["written"], interview + add["interview"]
    weights = policy.written_weight, policy.interview_weight
    score = total(shown, came, weights, policy.decimals, policy.rounding) + add["total"]
    exact = (exact_written + add["written"] * policy.divisor) * weights[0]
    exact += (came * weights[1] + add["total"]) * policy.divisor
    below = _below(policy, candidate, (shown, came, score), competition)
    outcome = "below" if below else ""
    return Standing(candidate.ref, shown, came, score, exact, points, None, 0, outcome, below, ())


def _written(policy: Policy, candidate: Candidate) -> tuple[Decimal | None, Decimal | None]:
    """(the weighted sum before it is divided, the written score); None when one was missed."""
    _check(policy, candidate)
    if not _came(policy, candidate):
        return None, None
    weighted = (candidate.marks[one.code] * one.weight for one in policy.subjects)
    exact = sum(weighted, Decimal(0))
    value = Fraction(exact) / Fraction(policy.divisor)
    return exact, round_fraction(value, policy.decimals, policy.rounding)


def _check(policy: Policy, candidate: Candidate) -> None:
    full = {subject.code: subject.full for subject in policy.subjects}
    if strangers := sorted(set(candidate.marks) - set(full)):
        raise BadScore(f"{candidate.ref} has marks for {strangers}, the subjects are {[*full]}.")
    for code, mark in candidate.marks.items():
        if not 0 <= mark <= full[code]:
            raise BadScore(f'{candidate.ref}: {mark} in "{code}" is not from 0 to {full[code]}.')


def _points(policy: Policy, candidate: Candidate) -> Points:
    """The preferences that count: all, or the highest on each score (of equals the first)."""
    held = [one for one in policy.preferences if one.code in candidate.statuses]
    if not policy.preferences_add_up:
        best = {
            part: max((one for one in held if one.to == part), key=lambda one: one.points)
            for part in {one.to for one in held}
        }
        held = [one for one in held if best[one.to] is one]
    return tuple((one.code, one.points) for one in held)


def _sum(policy: Policy, points: Points, part: str) -> Decimal:
    to = {one.code: one.to for one in policy.preferences}
    return sum((value for code, value in points if to[code] == part), Decimal(0))


def _below(
    policy: Policy,
    candidate: Candidate,
    scores: tuple[Decimal, Decimal, Decimal],
    competition: bool,
) -> tuple[str, ...]:
    shown, interview, score = scores
    lines: list[tuple[str, Decimal, Decimal | None]] = [
        (f"subject:{one.code}", candidate.marks[one.code], one.pass_mark) for one in policy.subjects
    ]
    lines += [("written", shown, policy.written_pass)]
    lines += [("interview", interview, policy.interview_pass)]
    lines += [("total", score, policy.total_pass)]
    if policy.competition is not None and not competition:
        lines += [("competition", interview, policy.competition.minimum)]
        if policy.competition.panel_mean:
            if candidate.panel_mean is None:
                raise BadScore(f"{candidate.ref}: the panel's average of the day is needed.")
            lines += [("panel_mean", interview, candidate.panel_mean)]
    return tuple(name for name, value, line in lines if line is not None and value < line)


def _chain(policy: Policy, candidate: Candidate, row: Standing) -> tuple[Decimal, ...]:
    """The total and every comparator as a number, higher is better."""
    assert row.total is not None
    return (row.total, *(_compared(one, candidate, row) for one in policy.ties))


def _compared(one: Comparator, candidate: Candidate, row: Standing) -> Decimal:
    if one.kind == "status":
        return Decimal(one.key in candidate.statuses)
    if one.kind == "level":
        return Decimal(-_level(one, candidate))
    scores = {**candidate.marks, "written": row.written, "interview": row.interview}
    scores |= {"total": row.total, "exact": row.exact}
    if one.kind == "score" and one.key.startswith("extra:"):
        # Not held yet, or not taken: behind every mark, equal among themselves.
        return candidate.extra.get(one.key.removeprefix("extra:"), Decimal(-1))
    value = scores["exact" if one.kind == "exact" else one.key]
    assert value is not None
    return value


def _level(one: Comparator, candidate: Candidate) -> int:
    """The place in the order; who has none of its values stands behind them all."""
    value = candidate.levels.get(one.key, "")
    return one.order.index(value) if value in one.order else len(one.order)


def _ranked(
    policy: Policy,
    rows: Sequence[Standing],
    chains: Sequence[tuple[Decimal, ...] | None],
    vacancies: int,
) -> tuple[Standing, ...]:
    sharing = Counter(chain for chain in chains if chain is not None)
    ranks: dict[tuple[Decimal, ...], int] = {}
    better = 0
    for chain, count in sorted(sharing.items(), reverse=True):
        ranks[chain] = better + 1
        better += count
    equals: dict[Decimal, list[tuple[Decimal, ...]]] = {}
    for chain in sharing:
        equals.setdefault(chain[0], []).append(chain)
    places = [None if chain is None else ranks[chain] for chain in chains]
    chosen, tied = appoint(places, vacancies)
    return tuple(
        row
        if chain is None
        else replace(
            row,
            rank=ranks[chain],
            shares=sharing[chain],
            outcome="proposed" if at in chosen else "tied" if at in tied else "not",
            decided_by=_decided_by(policy, chain, equals[chain[0]]),
        )
        for at, (row, chain) in enumerate(zip(rows, chains, strict=True))
    )


def _decided_by(
    policy: Policy, chain: tuple[Decimal, ...], equals: Sequence[tuple[Decimal, ...]]
) -> tuple[str, ...]:
    """The comparators where this chain first differs from another one with the same total."""
    places = {
        next(at for at, (a, b) in enumerate(zip(chain, other, strict=True)) if a != b)
        for other in equals
        if other != chain
    }
    return tuple(
        f"{policy.ties[at - 1].kind} {policy.ties[at - 1].key}".strip() for at in sorted(places)
    )
