"""Why a candidate has a rank: a small tree from the raw marks up, in no language.

Pages translate `what` and `rule` and show names. Every value follows from its parts by its rule, so
that a stranger can check each step with a pocket calculator:

rank       place among the totals of the post        what "rank", parts: the total
sum        sum(part * its weight), rounded           facts: decimals, rounding, divisor, weight:<n>
points     the part plus preference points           facts: the preferences' codes and points
given      a raw mark, an interview's result         no parts
"""

from dataclasses import dataclass
from decimal import Decimal

from scoring.choosing import Decided, Standing
from scoring.policy import Candidate, Policy
from scoring.rounding import BadScore, exactly

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One step. `value` "" means there is none (absent, not ranked).

    `what`: "rank", "total", "written", "interview" or "subject" (then `name` is its code).
    `facts`: (name, text) pairs of the rule, as the package's docstring lists them.
    """

    what: str
    name: str
    value: str
    rule: str
    facts: Facts
    parts: tuple["Node", ...]


@exactly
def explain(policy: Policy, decided: Decided, candidate: Candidate) -> Node:
    """The tree of one candidate of a decided post; raises BadScore for a stranger to it."""
    found = [row for row in decided.rows if row.ref == candidate.ref]
    if len(found) != 1:
        raise BadScore(f"{candidate.ref} is not one of the candidates of this post.")
    row = found[0]
    facts = [("outcome", row.outcome), ("vacancies", str(decided.vacancies))]
    facts += [("shares", str(row.shares))] + [("below", line) for line in row.below]
    facts += [("decided_by", step) for step in row.decided_by]
    top = _total(policy, candidate, row)
    return Node("rank", "", "" if row.rank is None else str(row.rank), "rank", tuple(facts), (top,))


def _total(policy: Policy, candidate: Candidate, row: Standing) -> Node:
    written = _with_points(policy, row, _written(policy, candidate, row))
    if row.interview is None or row.total is None:
        return Node("total", "", "", "sum", (), (written,))
    raw = Node("interview", "", _text(candidate.interview), "given", (), ())
    parts = (written, _with_points(policy, row, raw))
    plain = row.total - _added(policy, row, "total")
    weights = (policy.written_weight, policy.interview_weight)
    facts = _sum_facts(policy, weights, Decimal(1))
    return _with_points(policy, row, Node("total", "", _text(plain), "sum", facts, parts))


def _written(policy: Policy, candidate: Candidate, row: Standing) -> Node:
    parts = tuple(
        Node("subject", one.code, _text(candidate.marks.get(one.code)), "given", (), ())
        for one in policy.subjects
    )
    value = None if row.written is None else row.written - _added(policy, row, "written")
    weights = tuple(subject.weight for subject in policy.subjects)
    facts = _sum_facts(policy, weights, policy.divisor)
    return Node("written", "", _text(value), "sum", facts, parts)


def _sum_facts(policy: Policy, weights: tuple[Decimal, ...], divisor: Decimal) -> Facts:
    facts = [("decimals", str(policy.decimals)), ("rounding", policy.rounding)]
    facts += [("divisor", _text(divisor))]
    return (*facts, *((f"weight:{at}", _text(one)) for at, one in enumerate(weights)))


def _with_points(policy: Policy, row: Standing, node: Node) -> Node:
    """The node itself, or one above it that adds the preferences that count for this score."""
    facts = tuple(
        (one.code, _text(one.points))
        for one in policy.preferences
        if one.to == node.what and (one.code, one.points) in row.points
    )
    if not facts:
        return node
    value = Decimal(node.value) + _added(policy, row, node.what)
    return Node(node.what, "", _text(value), "points", facts, (node,))


def _added(policy: Policy, row: Standing, part: str) -> Decimal:
    to = {one.code: one.to for one in policy.preferences}
    return sum((points for code, points in row.points if to[code] == part), Decimal(0))


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"
