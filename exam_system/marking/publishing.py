"""Verbs of what marking shows strangers: all marks by script number, and the recounted sample.

`marks.csv` has every mark by number, `codes.csv` whose number is whose, `scores.csv` what follows;
with the rules in the note anybody computes the written release from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.config import Config
from exam_system.context import Context, verb
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.lookup import open_exam
from exam_system.exams.marking_rules import PaperQuestion
from exam_system.exams.models import Exam
from exam_system.marking.blind import (
    admission_numbers,
    drawn_codes,
    require_questions,
    seal_of,
)
from exam_system.marking.blind_models import AnswerKey, MarkingFile, ScriptSeal
from exam_system.marking.scripts import Picked, picked
from exam_system.marking.service import ABSENT, DECIMALS, marks_of, require_time
from exam_system.marking.written import Sheets, Turns, open_sheets, require_logged, stored
from exam_system.people import reason_line
from exam_system.records.folders import check_folder, write_whole
from exam_system.records.models import Note
from exam_system.records.notes import note_bytes, put_note
from exam_system.sheets import CellError, Column, SheetError, read_table
from exam_system.trust import masks
from exam_system.trust import notes as signed
from exam_system.trust.canonical import jcs, parse_jcs, sha256_hex
from exam_system.trust.marking_notes import Asked, MarksNote, parse_key, recount_text
from scoring.rounding import BadScore, show, to_decimal

STATES = ("seated", "written", "shortlisted", "interviewing", "final")
CODES, MARKS, SCORES, LINES = "codes.csv", "marks.csv", "scores.csv", "lines.csv"
CODES_HEAD = "admission,subject,drawn,number"
MARKS_HEAD = "number,question,first,second,third,mark"
SCORES_HEAD = "admission,subject,score"
LINES_HEAD = "subject,place,sheet,taken,counted,difference"
_LONGEST_REASON = 200
Rows = Sequence[tuple[str, ...]]


@verb
def publish_marks(ctx: Context, *, code: str, reason: str = "") -> Path:
    """Sign all marks by number as the next version, and write its folder.

    Raises Conflict before marking is closed, when a mark is not the one that was given, and for a
    later version that would be the same.
    """
    exam = open_exam(ctx.session, code, *STATES)
    seal = seal_of(ctx.session, exam)
    if seal is None or not seal.secret:
        raise Conflict("Marking must be closed first: an inspector hands in the key of the numbers")
    require_logged(ctx.session, exam)
    lists = _mark_lists(ctx.session, exam, seal)
    last = newest(ctx.session, exam, "marks")
    if last is not None and parse_jcs(last.lists.encode()) == lists:
        raise Conflict("The marks are published already, and none has changed since")
    why = reason_line(reason, _LONGEST_REASON) if last else ""
    text = _marks_note(ctx, exam, seal, lists, last, why).text(ctx.config.origin)
    return _publish(ctx, exam, "marks", lists, text)


def newest(session: Session, exam: Exam, kind: str) -> MarkingFile | None:
    """The newest signed list of a kind."""
    query = select(MarkingFile).where(MarkingFile.exam_id == exam.id, MarkingFile.kind == kind)
    return session.scalars(query.order_by(MarkingFile.version.desc()).limit(1)).first()


def _mark_lists(session: Session, exam: Exam, seal: ScriptSeal) -> dict[str, str]:
    drawn, admissions = drawn_codes(session, exam), admission_numbers(session, exam)
    numbers = masks.numbers(seal.secret, drawn)
    sheets, marks = open_sheets(session, exam, seal.secret), stored(session, exam)
    codes = [(admissions[who], of, one, numbers[one]) for one, (who, of) in drawn.items()]
    given = [
        row
        for (who, subject), number in sheets.numbers.items()
        for question in sheets.rules.marking_questions
        if question.subject == subject
        for row in _mark_row(sheets, who, number, question, marks.get((number, question.code), {}))
    ]
    scores = [
        (admissions[who], subject, mark)
        for who, own in marks_of(session, exam.id).items()
        for subject, mark in own.items()
    ]
    return {
        CODES: _csv(CODES_HEAD, codes),
        MARKS: _csv(MARKS_HEAD, given),
        SCORES: _csv(SCORES_HEAD, scores),
    }


def _mark_row(
    sheets: Sheets, who: int, number: str, question: PaperQuestion, turns: Turns
) -> list[tuple[str, ...]]:
    """The row of one question of one script, nothing where there is none."""
    if question.kind == "objective":
        mark = sheets.objective.get((who, question.code))
        return [] if mark is None else [(number, question.code, "", "", "", f"{mark:f}")]
    if number not in sheets.arrived:
        return []
    given = [f"{turns[n]:f}" if n in turns else "" for n in (1, 2, 3)]
    settled = sheets.settled(number, question, {(number, question.code): turns})
    return [(number, question.code, *given, f"{settled:f}")]


def _csv(head: str, rows: Rows) -> str:
    return "".join(f"{line}\n" for line in (head, *(",".join(row) for row in sorted(rows))))


def _marks_note(
    ctx: Context,
    exam: Exam,
    seal: ScriptSeal,
    lists: Mapping[str, str],
    last: MarkingFile | None,
    reason: str,
) -> MarksNote:
    rules, version = require_questions(exam), (last.version if last else 0) + 1
    told = {
        "exam": exam.code,
        "version": str(version),
        "arbitration": rules.marking_arbitration,
        "rounding": rules.rounding,
        "commitment": seal.commitment,
        "secret": seal.secret,
        "codes": sha256_hex(lists[CODES].encode()),
        "marks": sha256_hex(lists[MARKS].encode()),
        "scores": sha256_hex(lists[SCORES].encode()),
        "previous": ctx.session.get_one(Note, last.note_id).digest if last else "",
        "reason": reason,
    }
    return MarksNote(version, told, tuple(map(_asked, rules.marking_questions)))


def _asked(one: PaperQuestion) -> Asked:
    numbers = (f"{one.full:f}", one.markers, f"{one.threshold:f}")
    return Asked(one.code, one.subject, one.kind, *numbers)


def _publish(ctx: Context, exam: Exam, kind: str, lists: dict[str, str], text: str) -> Path:
    version = (last.version if (last := newest(ctx.session, exam, kind)) else 0) + 1
    note = put_note(
        ctx.session,
        purpose="statement",
        title=f"{exam.code} v{version}",
        exam=exam.code,
        text=text,
        signers=[ctx.keys.publisher],
        at=ctx.clock.now(),
    )
    row = MarkingFile(
        exam_id=exam.id,
        kind=kind,
        version=version,
        lists=jcs({**lists}).decode(),
        note_id=note.id,
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(
        exam=exam.code, subject=f"{kind}:{exam.code}:v{version}", note=note.digest, version=version
    )
    return write_folder(ctx.session, ctx.config, exam, row)


def write_folder(session: Session, config: Config, exam: Exam, row: MarkingFile) -> Path:
    """Write a signed list's folder, or check that it is there as it must be."""
    lists: dict[str, str] = parse_jcs(row.lists.encode())  # type: ignore[assignment]
    files = {name: text.encode() for name, text in lists.items()}
    files[f"{row.kind}.note"] = note_bytes(session, row.note_id)
    if row.kind == "marks":
        files |= _key_notes(session, exam)
    target = config.published / f"{row.kind}-{exam.code}-v{row.version}"
    if target.exists():
        check_folder(target, files)
    else:
        write_whole(target, files)
    return target


def _key_notes(session: Session, exam: Exam) -> dict[str, bytes]:
    query = select(AnswerKey).where(AnswerKey.exam_id == exam.id).order_by(AnswerKey.id)
    notes = [note_bytes(session, row.note_id) for row in session.scalars(query)]
    return {parse_key(signed.parse(one).text).name: one for one in notes}


COUNTED = (
    Column("number", ("准考证号", "admission number")),
    Column("subject", ("科目", "subject")),
    Column("mark", ("复核分", "recounted mark")),
)


@verb
def publish_recount(ctx: Context, *, code: str, name: str, data: bytes) -> Path:
    """Take in what a recount by hand of the drawn sample found, and publish the difference, signed.

    Raises SheetError unless every script of the sample is there once. A mark that proves wrong is
    then corrected where it was given.
    """
    exam = open_exam(ctx.session, code, "seated", "written")
    sample = picked(ctx.session, exam)
    if not sample:
        raise NotFound("No sample has been drawn")
    if newest(ctx.session, exam, "recount") is not None:
        raise Conflict("The recount of the sample is published already")
    require_time(ctx.session, exam)
    counted = _counted(exam, sample, name, data)
    sheets = _sheet_names(ctx.session, exam)
    rows = [_line(one, counted[one.number, one.subject], sheets) for one in sample]
    lists = {LINES: _csv(LINES_HEAD, rows)}
    apart = [abs(Decimal(row[-1])) for row in rows]
    differing = sum(gap > 0 for gap in apart)
    told = {
        "exam": code,
        "version": "1",
        "scripts": str(len(rows)),
        "equal": str(len(rows) - differing),
        "differing": str(differing),
        "largest": show(max(apart), DECIMALS),
        "lines": sha256_hex(lists[LINES].encode()),
    }
    return _publish(ctx, exam, "recount", lists, recount_text(ctx.config.origin, told))


def _counted(
    exam: Exam, sample: Sequence[Picked], name: str, data: bytes
) -> dict[tuple[str, str], str]:
    sheet = read_table(name, data, COUNTED)
    known = {(one.number, one.subject) for one in sample}
    found: dict[tuple[str, str], str] = {}
    wrong = []
    for row in sheet.rows:
        one = (row["number"], row["subject"])
        if one not in known or one in found:
            said = Sentence("This script is not in the sample, or is there twice")
            wrong.append(CellError(row["_sheet"], row["_row"], "", said))
            continue
        try:
            found[one] = show(to_decimal(row["mark"]), DECIMALS)
        except BadScore:
            said = Sentence(
                "A mark is a number such as 65.50 with at most two decimals, or the word absent"
            )
            wrong.append(CellError(row["_sheet"], row["_row"], "", said))
    if not wrong and (left := sorted(known - set(found))):
        missing = " ".join(left[0])
        said = Sentence("Of the sample %(script)s was not recounted", script=missing)
        wrong.append(CellError(sheet.name, 0, "", said))
    if wrong:
        raise SheetError(wrong)
    return found


def _sheet_names(session: Session, exam: Exam) -> Mapping[tuple[str, str], str]:
    """The script's number by admission number and subject, where scripts have numbers."""
    seal = seal_of(session, exam)
    if seal is None or not seal.secret:
        return {}
    drawn, admissions = drawn_codes(session, exam), admission_numbers(session, exam)
    numbers = masks.numbers(seal.secret, drawn)
    return {(admissions[who], of): numbers[one] for one, (who, of) in drawn.items()}


def _line(
    one: Picked, counted: str, sheets: Mapping[tuple[str, str], str]
) -> tuple[str, str, str, str, str, str]:
    taken = Decimal(0) if one.mark == ABSENT else Decimal(one.mark)
    difference = Decimal(counted) - taken
    sheet = sheets.get((one.number, one.subject), one.number)
    return one.subject, str(one.place), sheet, one.mark, counted, f"{difference:f}"
