"""Verbs of marking itself: a marker's marks, tables typed twice by hand, corrections.

Every mark stands in the details of the act that gave it; `marking/logged.py` reads them there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Gathered, Invalid, NotFound
from exam_system.exams.lookup import open_exam
from exam_system.exams.marking_rules import PaperQuestion
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.marking.blind import (
    own_marker,
    question_of,
    require_marking,
    require_questions,
)
from exam_system.marking.blind_models import Marker, Script, ScriptMark
from exam_system.people import narrow
from exam_system.trust.canonical import jcs, sha256_hex
from scoring import marks as scoring
from scoring.rounding import BadScore, show, to_decimal

DECIMALS = 2
_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Given:
    """One mark as a marker gives it; `turn` is found, never asked for."""

    number: str
    question: str
    mark: str


@dataclass(frozen=True, slots=True)
class Typed:
    """One mark of a marking sheet as it was typed: with the marker's label."""

    number: str
    question: str
    marker: str
    mark: str


Keyed = Mapping[tuple[str, str, str], ScriptMark]
"""Rows by number, question and marker's label."""


@verb
def save_marks(ctx: Context, *, code: str, marks: Sequence[Given]) -> int:
    """Save marks of the acting marker, all or none; returns how many.

    One act for all of them. Raises NotFound for a script that is not this marker's (or not open
    to them: the two look the same), Conflict for one that is settled, Invalid for a bad mark.
    """
    exam = open_exam(ctx.session, code, "seated")
    require_marking(ctx.session, exam, share=True)
    own = own_marker(ctx.session, exam, ctx.actor.account_id)
    typed = [Typed(one.number, one.question, own.label, one.mark) for one in marks]
    given = _take(ctx, exam, typed)
    ctx.record(
        exam=code, subject=f"exam:{code}", marker=own.label, digest=digest_of(given), marks=given
    )
    return len(given)


def digest_of(given: Iterable[Sequence[str]]) -> str:
    """SHA-256 (hex) of a batch of marks: the JCS of their rows in order."""
    return sha256_hex(jcs([list(row) for row in given]))


def take_typed(ctx: Context, exam: Exam, typed: Sequence[Typed]) -> list[list[str]]:
    """Marks from sheets that were typed twice, for the markers named on them."""
    return _take(ctx, exam, typed)


def _take(ctx: Context, exam: Exam, typed: Sequence[Typed]) -> list[list[str]]:
    """Write marks; [number, question, turn, mark] of each in the order of the scripts."""
    if not 0 < len(typed) <= _MOST:
        raise Invalid("Give 1 to %(most)s marks at a time", most=_MOST)
    rules = require_questions(exam)
    rows = _locked(ctx.session, exam, typed)
    written, wrong = [], Gathered()
    for one in sorted(typed, key=lambda one: (one.number, one.question)):
        question = question_of(rules, one.question, "subjective")
        row = rows.get((one.number, one.question, one.marker))
        if row is None or row.opened_at is None:
            raise NotFound("Script %(number)s is not yours to mark", number=one.number)
        _require_unsettled(one.number, question, rules, row, rows)
        with wrong.about():
            row.mark, row.marked_at = read_mark(question, one.number, one.mark), ctx.clock.now()
        written.append([one.number, one.question, str(row.turn), row.mark or ""])
    wrong.tell()
    _open_third(ctx, rules, rows)
    ctx.session.flush()
    return written


def _locked(session: Session, exam: Exam, typed: Sequence[Typed]) -> Keyed:
    """All turns of the scripts in question, of every marker, locked in one order for all."""
    numbers = {one.number for one in typed}
    query = (
        select(ScriptMark, Script.number, Marker.label)
        .join(Script, Script.id == ScriptMark.script_id)
        .join(Marker, Marker.id == ScriptMark.marker_id)
        .where(Script.exam_id == exam.id, Script.number.in_(numbers))
        .where(ScriptMark.question.in_({one.question for one in typed}))
        .where(Script.arrived_at.is_not(None))
        .order_by(ScriptMark.id)
        .with_for_update(of=ScriptMark)
        .execution_options(populate_existing=True)
    )
    found = session.execute(query)
    return {(number, row.question, label): row for row, number, label in found}


def read_mark(question: PaperQuestion, number: str, text: str) -> str:
    """A mark of a question as it is stored; raises Invalid naming the script."""
    try:
        mark = to_decimal(narrow(text))
        shown = show(mark, DECIMALS)
    except BadScore:
        mark, shown = Decimal(-1), ""
    if not 0 <= mark <= question.full:
        raise Invalid(
            "Script %(number)s, %(question)s: a mark is a number from 0 to %(full)s with at most "
            "two decimals",
            number=number,
            question=question.name,
            full=f"{question.full:f}",
        ).about(f"mark:{number} mark")
    return shown


def _require_unsettled(
    number: str, question: PaperQuestion, rules: RuleSet, row: ScriptMark, rows: Keyed
) -> None:
    """A mark may be mended by its marker as long as nothing rests on it."""
    if row.mark is not None and standing(rules, question, turns_of(number, question.code, rows)):
        raise Conflict(
            "Script %(number)s, %(question)s: this mark is settled and changes by the correction "
            "procedure only",
            number=number,
            question=question.name,
        )


def turns_of(number: str, question: str, rows: Keyed) -> dict[int, Decimal]:
    """The marks given to one question of one script by turn."""
    return {
        row.turn: Decimal(row.mark)
        for (one, code, _), row in rows.items()
        if (one, code) == (number, question) and row.mark is not None
    }


def standing(rules: RuleSet, question: PaperQuestion, turns: Mapping[int, Decimal]) -> str:
    """ "" while a mark is missing, else "arbitration" or "settled"."""
    found = settled(rules, question, turns)
    return "" if found.state == "waiting" else found.state


def settled(
    rules: RuleSet, question: PaperQuestion, turns: Mapping[int, Decimal]
) -> scoring.Settled:
    """Where one question of one script stands (scoring.marks); a single mark settles its own."""
    if question.markers == 1:
        mark = turns.get(1)
        return scoring.Settled("waiting" if mark is None else "settled", mark, "")
    of = scoring.Question(
        question.code, question.full, question.threshold, rules.marking_arbitration, DECIMALS
    )
    first, second = turns.get(1), turns.get(2)
    near = first is None or second is None or abs(first - second) <= question.threshold
    # A correction may have brought the two together after the arbiter: then those two count.
    return scoring.settle(of, first, second, None if near else turns.get(3))


def _open_third(ctx: Context, rules: RuleSet, rows: Keyed) -> None:
    """The arbiter's turn begins where two marks lie too far apart, and ends where they do not."""
    for (number, code, _), row in rows.items():
        if row.turn != 3 or row.mark is not None:
            continue
        turns = turns_of(number, code, rows)
        state = standing(rules, question_of(rules, code, "subjective"), turns)
        if state == "arbitration" and row.opened_at is None:
            row.opened_at = ctx.clock.now()
        elif state != "arbitration":
            row.opened_at = None
