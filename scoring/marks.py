"""Marks of a paper: double marking with arbitration, and the score as a function of the log.

Two markers mark each question blind. Where they differ by more than the question's threshold a
third one arbitrates. The written score that is released must be what `paper_mark` makes of the
logged marks; `unlike` names every script where it is not (THREATS S02).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scoring.rounding import BadScore, exactly

TURNS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that people mark from 0 to `full`, with at most `decimals` decimals.

    `arbitration`: the mark of a third marker is final ("arbiter"), or is averaged with the nearer
    of the two first ones, with the higher where both are as near ("nearest").
    """

    code: str
    full: Decimal
    threshold: Decimal
    arbitration: str
    decimals: int = 2

    def __post_init__(self) -> None:
        if self.arbitration not in ("arbiter", "nearest") or self.threshold < 0:
            raise BadScore(
                f'Question "{self.code}": arbitration is "arbiter" or "nearest", '
                "and a threshold is not negative."
            )


@dataclass(frozen=True, slots=True)
class Settled:
    """Where the marking of one question stands.

    `state` is "waiting" (a first or second mark is missing), "arbitration" (a third is needed) or
    "settled"; then `how` the mark came about: "mean", "arbiter" or "nearest".
    """

    state: str
    mark: Decimal | None
    how: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A logged act of marking: `turn` 1 and 2 are blind, 3 arbitrates; `at` its place in the log.

    A later mark of the same script, question and turn replaces the earlier one.
    """

    script: str
    question: str
    turn: int
    marker: str
    value: Decimal
    at: int


@dataclass(frozen=True, slots=True)
class Unlike:
    """A script whose released mark is not the function of the logged marks; None: there is none."""

    script: str
    released: Decimal | None
    expected: Decimal | None
    why: str


@exactly
def settle(
    question: Question, first: Decimal | None, second: Decimal | None, third: Decimal | None = None
) -> Settled:
    """The mark of one question from two blind marks and, beyond the threshold, a third.

    The mean of two marks is exact and not rounded here. Raises BadScore for a mark outside 0 to
    the full marks or with too many decimals, and for a third mark that nothing called for.
    """
    for mark in (first, second, third):
        _check(question, mark)
    apart = None if first is None or second is None else abs(first - second)
    if third is not None and (apart is None or apart <= question.threshold):
        raise BadScore(f'Question "{question.code}" has a third mark that nothing called for.')
    if first is None or second is None or apart is None:
        return Settled("waiting", None, "")
    if apart <= question.threshold:
        return Settled("settled", (first + second) / 2, "mean")
    if third is None:
        return Settled("arbitration", None, "")
    if question.arbitration == "arbiter":
        return Settled("settled", third, "arbiter")
    nearer = min((first, second), key=lambda mark: (abs(mark - third), -mark))
    return Settled("settled", (nearer + third) / 2, "nearest")


def _check(question: Question, mark: Decimal | None) -> None:
    if mark is None:
        return
    if not 0 <= mark <= question.full:
        raise BadScore(f'{mark} for question "{question.code}" is not from 0 to {question.full}.')
    if mark != mark.quantize(Decimal(1).scaleb(-question.decimals)):
        raise BadScore(
            f'{mark} for question "{question.code}" has more than {question.decimals} decimals.'
        )


@exactly
def paper_mark(
    questions: Sequence[Question], logged: Iterable[Mark], objective: Decimal = Decimal(0)
) -> Decimal:
    """The mark of one script: its settled questions and its objective part, exact, not rounded.

    Raises BadScore, naming script and question, when a question is not settled, when a mark is for
    a question or turn that does not exist, and when one marker marked a question twice over.
    """
    valid = _valid(questions, logged)
    total = objective
    for question in questions:
        marks = [valid.get((question.code, turn)) for turn in TURNS]
        settled = settle(question, *(None if mark is None else mark.value for mark in marks))
        if settled.mark is None:
            script = next((mark.script for mark in valid.values()), "")
            raise BadScore(f'Script "{script}", question "{question.code}": {settled.state}.')
        total += settled.mark
    return total


def _valid(questions: Sequence[Question], logged: Iterable[Mark]) -> dict[tuple[str, int], Mark]:
    """The latest mark by (question, turn) of one script."""
    codes = {question.code for question in questions}
    valid: dict[tuple[str, int], Mark] = {}
    for mark in sorted(logged, key=lambda mark: mark.at):
        if mark.question not in codes or mark.turn not in TURNS:
            raise BadScore(
                f'Script "{mark.script}": question "{mark.question}" has no turn {mark.turn}.'
            )
        valid[mark.question, mark.turn] = mark
    if len({mark.script for mark in valid.values()}) > 1:
        raise BadScore("The logged marks are of more than one script.")
    turns = {(mark.question, mark.marker) for mark in valid.values()}
    if len(turns) < len(valid):
        script = next(iter(valid.values())).script
        raise BadScore(f'Script "{script}": one marker marked the same question in two turns.')
    return valid


def unlike(
    questions: Sequence[Question],
    logged: Iterable[Mark],
    objective: Mapping[str, Decimal],
    released: Mapping[str, Decimal],
) -> tuple[Unlike, ...]:
    """Every script whose mark to be released is not that of the log, sorted by script.

    `objective`: the objective part by script (0 where a script has none); `released`: the marks as
    they would be published. Scripts that only one side knows are named too.
    """
    by_script: dict[str, list[Mark]] = {script: [] for script in (*released, *objective)}
    for mark in logged:
        by_script.setdefault(mark.script, []).append(mark)
    found = []
    for script, marks in sorted(by_script.items()):
        expected, why = _expected(questions, marks, objective.get(script, Decimal(0)))
        if why or released.get(script) != expected:
            found.append(Unlike(script, released.get(script), expected, why or "another mark"))
    return tuple(found)


def _expected(
    questions: Sequence[Question], marks: list[Mark], objective: Decimal
) -> tuple[Decimal | None, str]:
    try:
        return paper_mark(questions, marks, objective), ""
    except BadScore as problem:
        return None, str(problem)
