"""Verbs around the numbers of the scripts: sealing them, counting scripts in, opening them.

The key behind the numbers exists here in memory for one transaction; what is stored of it is a
commitment and a box that only the inspectors can open. Until one of them hands the key in, neither
the office nor whoever reads the database can tell whose number is whose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid
from exam_system.examday.models import Seat
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.marking.allotment import ARBITER, Paper, TooFew, Turn, allot
from exam_system.marking.blind import (
    drawn_codes,
    markers_of,
    require_marking,
    require_questions,
    seal_of,
)
from exam_system.marking.blind_models import (
    Marker,
    MarkerConflict,
    Script,
    ScriptMark,
    ScriptReserve,
    ScriptSeal,
)
from exam_system.marking.models import MarkingGroup, ScriptBundle
from exam_system.sheets import CellError, Column, Sentence, SheetError, read_table
from exam_system.tips.lookup import recipients
from exam_system.trust import masks, sealed
from exam_system.trust.canonical import sha256_hex

NUMBER = ("密号", "script number", "script")
_NAMED = 5


@verb
def seal_numbers(ctx: Context, *, code: str) -> ScriptSeal:
    """Give every script the number under which it is marked, and every number to its markers.

    Raises Conflict before the draw of the codes, without an inspector's sealing key, with too few
    markers, or when the numbers are sealed already.
    """
    exam = open_exam(ctx.session, code, "seated")
    rules = require_questions(exam)
    if seal_of(ctx.session, exam) is not None:
        raise Conflict("The numbers of the scripts are sealed already")
    to, drawn = recipients(ctx.session), drawn_codes(ctx.session, exam)
    if not to:
        raise Conflict("No inspector has handed in a sealing key: the numbers cannot be sealed")
    secret = ctx.chance.take(32).hex()
    numbers = masks.numbers(secret, drawn)
    scripts = _add_scripts(ctx.session, exam, {numbers[one]: drawn[one] for one in drawn})
    papers = _papers(ctx.session, exam, {numbers[one]: drawn[one] for one in drawn})
    turns, reserves = _add_turns(ctx, rules, papers, scripts, secret)
    box = sealed.seal(masks.content(code, secret), to, ctx.chance.take(64))
    said = masks.commitment(code, secret)
    seal = ScriptSeal(exam_id=exam.id, commitment=said, box=box, sealed_at=ctx.clock.now())
    ctx.session.add(seal)
    names = [one.name for one in to]
    told = {"scripts": len(scripts), "turns": turns, "reserves": reserves, "inspectors": names}
    ctx.record(exam=code, subject=f"exam:{code}", commitment=said, box=sha256_hex(box), **told)
    return seal


def _add_scripts(
    session: Session, exam: Exam, numbers: Mapping[str, tuple[int, str]]
) -> dict[str, int]:
    """The rows of the scripts in the order of their numbers, which tells nothing; ids by number."""
    rows = [
        {"exam_id": exam.id, "subject": numbers[one][1], "number": one} for one in sorted(numbers)
    ]
    session.execute(insert(Script), rows)
    query = select(Script.number, Script.id).where(Script.exam_id == exam.id)
    return {row.number: row.id for row in session.execute(query)}


def _papers(session: Session, exam: Exam, numbers: Mapping[str, tuple[int, str]]) -> list[Paper]:
    """Every script with the markers of the place its bundle was drawn to, relations left out."""
    markers = markers_of(session, exam)
    bundles = _bundles(session, exam) if any(m.marking_group_id for m in markers) else {}
    query = (
        select(MarkerConflict.application_id, MarkerConflict.marker_id)
        .join(Marker, Marker.id == MarkerConflict.marker_id)
        .where(Marker.exam_id == exam.id)
    )
    related = {(row[0], row[1]) for row in session.execute(query)}

    def may(marker: Marker, who: int, subject: str) -> bool:
        here = bundles.get((who, subject), marker.marking_group_id) == marker.marking_group_id
        return here and (who, marker.id) not in related

    return [
        Paper(one, subject, [m.id for m in markers if may(m, who, subject)])
        for one, (who, subject) in sorted(numbers.items())
    ]


def _bundles(session: Session, exam: Exam) -> dict[tuple[int, str], int]:
    """The marking group of every script whose bundle was drawn, by application and subject."""
    query = (
        select(Seat.application_id, ScriptBundle.subject, ScriptBundle.marking_group_id)
        .join(ScriptBundle, ScriptBundle.room_id == Seat.room_id)
        .join(MarkingGroup, MarkingGroup.id == ScriptBundle.marking_group_id)
        .where(MarkingGroup.exam_id == exam.id)
    )
    return {(row[0], row[1]): row[2] for row in session.execute(query)}


def _add_turns(
    ctx: Context, rules: RuleSet, papers: list[Paper], scripts: Mapping[str, int], secret: str
) -> tuple[int, int]:
    """Write who marks what, and who comes next; how many turns and reserves there are."""
    found = _allotted(rules, papers, secret)
    turns = [_turn_row(ctx, one, scripts) for one in found if one.turn <= ARBITER]
    reserves = [_reserve_row(one, scripts) for one in found if one.turn > ARBITER]
    if turns:
        ctx.session.execute(insert(ScriptMark), turns)
    if reserves:
        ctx.session.execute(insert(ScriptReserve), reserves)
    return len(turns), len(reserves)


def _allotted(rules: RuleSet, papers: list[Paper], secret: str) -> list[Turn]:
    try:
        return list(allot(papers, rules.marking_questions, secret))
    except TooFew as error:
        raise Conflict(
            "%(subject)s: a script needs %(need)s markers at its marking place who have declared "
            "no relation to its candidate, and there are %(there)s",
            subject=rules.subject(error.subject).name,
            need=error.need,
            there=error.there,
        ) from None


def _turn_row(ctx: Context, one: Turn, scripts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "script_id": scripts[one.number],
        "question": one.question,
        "turn": one.turn,
        "marker_id": one.marker,
        "opened_at": ctx.clock.now() if one.turn < ARBITER else None,
    }


def _reserve_row(one: Turn, scripts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "script_id": scripts[one.number],
        "question": one.question,
        "place": one.turn - ARBITER,
        "marker_id": one.marker,
    }


@verb
def count_scripts(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Take in the list of the scripts that came (a column of numbers); returns how many are new.

    May come in parts. Raises SheetError for a number that no script has or that is there twice.
    """
    exam = open_exam(ctx.session, code, "seated")
    require_marking(ctx.session, exam, share=True)
    sheet = read_table(name, data, [Column("number", NUMBER, unique=True)])
    query = select(Script).where(Script.exam_id == exam.id)
    known = {one.number: one for one in ctx.session.scalars(query)}
    wrong = [row for row in sheet.rows if row["number"] not in known]
    if wrong:
        said = Sentence("No script of this exam has this number")
        raise SheetError([CellError(row["_sheet"], row["_row"], NUMBER[0], said) for row in wrong])
    fresh = [known[row["number"]] for row in sheet.rows if not known[row["number"]].arrived_at]
    for one in fresh:
        one.arrived_at = ctx.clock.now()
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), scripts=len(fresh))
    return len(fresh)


def require_secret(seal: ScriptSeal, code: str, secret: str) -> str:
    """The key an inspector handed in; Invalid or Conflict unless it is the one committed to."""
    try:
        found = masks.require_secret(secret.strip())
    except ValueError as error:
        raise Invalid("This is no key: %(why)s", why=str(error)) from None
    if masks.commitment(code, found) != seal.commitment:
        raise Conflict("This is not the key behind these numbers: nothing was opened")
    return found
