"""The keys of objective questions: versions, each signed; a correction re-scores everybody.

A key is typed in lines: item, answers that earn the points (separated by /, * for everybody),
points: `12 A/C 1.5`. Of an item with several right letters the answer is written together: `AC`.
Where papers have forms a question has one key for all of them, or one of each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, Sentence
from exam_system.exams.lookup import open_exam
from exam_system.exams.marking_rules import PaperQuestion
from exam_system.exams.models import Exam
from exam_system.marking.blind import question_of, require_questions
from exam_system.marking.blind_models import AnswerKey, OpticalSheet
from exam_system.marking.paper_forms import letter, require_form, seat_forms
from exam_system.records.notes import put_note
from exam_system.registration.models import Application
from exam_system.trust.canonical import jcs, parse_jcs, sha256_hex
from exam_system.trust.marking_notes import KeyNote
from scoring.keys import Key, objective_mark, rescore
from scoring.rounding import BadScore, to_decimal

T = TypeVar("T")
STATES = ("seated", "written", "shortlisted", "interviewing", "final")
EVERYBODY = "*"
_LINE = re.compile(r"([1-9][0-9]{0,2})\s+(\*|[A-Z]{1,10}(?:/[A-Z]{1,10})*)\s+([0-9.]{1,6})")
_FORM = "Write an item in each line: its number, the right answers, the points, like 12 A/C 1.5"


@dataclass(frozen=True, slots=True)
class Keyed:
    """A version of a key as it would be: items, and how many sheets earn something else by it."""

    question: PaperQuestion
    form: int | None
    version: int
    items: str
    changed: int
    sheets: int


@dataclass(frozen=True, slots=True)
class SheetRead:
    """One sheet: its answers by commas, and the form it is of (the seat's, where none is on it)."""

    answers: str
    form: int


KeyName = tuple[str, int | None]
"""A question and a paper form; None: the key is that of all forms."""


def read_key(question: PaperQuestion, text: str) -> str:
    """The JCS of a typed key, [item, answers, points] by number; raises Invalid."""
    rows = []
    for line in filter(str.strip, text.upper().splitlines()):
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise Invalid(
                "%(form)s. This line is none: %(line)s", form=Sentence(_FORM), line=line
            ).about("text")
        rows.append([match[1], match[2], _points(match[3], line)])
    if [row[0] for row in rows] != [str(n) for n in range(1, len(rows) + 1)]:
        raise Invalid("The items are numbered 1, 2, 3 and so on, each once").about("text")
    total = sum((Decimal(row[2]) for row in rows), Decimal(0))
    if total != question.full:
        raise Invalid(
            "The points add up to %(total)s; the question has %(full)s",
            total=f"{total:f}",
            full=f"{question.full:f}",
        ).about("text")
    return jcs(rows).decode()


def _points(text: str, line: str) -> str:
    try:
        return f"{to_decimal(text):f}"
    except BadScore:
        raise Invalid(
            "%(form)s. This line is none: %(line)s", form=Sentence(_FORM), line=line
        ).about("text") from None


def key_of(items: str) -> Key:
    """A stored key as scoring has it."""
    rows = [(str(n), str(right), Decimal(str(points))) for n, right, points in items_of(items)]
    return Key(
        {n: dict.fromkeys(right.split("/"), points) for n, right, points in rows},
        {n: points for n, right, points in rows if right == EVERYBODY},
    )


def items_of(items: str) -> list[list[str]]:
    """A stored key: item, answers, points."""
    found: list[list[str]] = parse_jcs(items.encode())  # type: ignore[assignment]
    return found


def key_text(items: str) -> str:
    """A stored key as it was typed."""
    return "\n".join(" ".join(row) for row in items_of(items))


def answers_of(text: str) -> dict[str, str]:
    """Stored answers by item; an item left blank is left out."""
    return {str(n): one for n, one in enumerate(text.split(","), 1) if one != "-"}


def newest_keys(session: Session, exam: Exam) -> dict[KeyName, AnswerKey]:
    """The version of the key that counts, by question and form."""
    query = select(AnswerKey).where(AnswerKey.exam_id == exam.id).order_by(AnswerKey.version)
    return {(row.question, row.form): row for row in session.scalars(query)}


def key_for(keys: Mapping[KeyName, T], question: str, form: int) -> T | None:
    """The key by which a sheet of a form is scored: the form's own, else that of all forms."""
    return keys.get((question, form)) or keys.get((question, None))


def sheets_of(session: Session, exam: Exam) -> dict[tuple[int, str], SheetRead]:
    """What was read of every sheet, by application and question."""
    forms = seat_forms(session, exam)
    query = (
        select(OpticalSheet)
        .join(Application, Application.id == OpticalSheet.application_id)
        .where(Application.exam_id == exam.id)
    )
    return {
        (row.application_id, row.question): SheetRead(
            row.answers, row.form or forms.get(row.application_id, 1)
        )
        for row in session.scalars(query)
    }


@verb
def set_key(
    ctx: Context, *, code: str, question: str, text: str, form: int | None = None
) -> AnswerKey:
    """Enter the first key of an objective question (of one paper form); later ones correct it."""
    exam, keyed = keyed_as(ctx, code, question, text, form)
    if keyed.version > 1:
        raise Conflict("This question has a key already: another one is a correction")
    return store(ctx, exam, keyed, "")


def key_subject(code: str, question: str, form: int | None) -> str:
    """What an act about a key is about."""
    return f"key:{code}:{question}" + (f":{letter(form)}" if form else "")


def keyed_as(
    ctx: Context, code: str, question: str, text: str, form: int | None
) -> tuple[Exam, Keyed]:
    """The next version of a key as it is typed, not stored; raises Invalid, Conflict."""
    exam = open_exam(ctx.session, code, *STATES)
    rules = require_questions(exam)
    asked = question_of(rules, question, "objective")
    require_form(rules, form)
    items, keys = read_key(asked, text), newest_keys(ctx.session, exam)
    old = keys.get((question, form))
    if old is not None and items == old.items:
        raise Conflict("A corrected key has the same items, and another answer to one of them")
    _require_alike(keys, question, form, items)
    sheets = {
        str(who): answers_of(read.answers)
        for (who, of), read in sheets_of(ctx.session, exam).items()
        if of == question and form in (None, read.form)
    }
    version = old.version + 1 if old else 1
    return exam, Keyed(asked, form, version, items, _changed(old, items, sheets), len(sheets))


def _require_alike(
    keys: Mapping[KeyName, AnswerKey], question: str, form: int | None, items: str
) -> None:
    """One key for all forms or one of each, all with the same number of items."""
    own = {of: row for (asked, of), row in keys.items() if asked == question}
    if own and (form is None) != (None in own):
        raise Conflict("A question has one key for all paper forms, or one of each: not both")
    if any(len(items_of(row.items)) != len(items_of(items)) for row in own.values()):
        raise Conflict("Every version and every form of a key has the same number of items")


def _changed(old: AnswerKey | None, items: str, sheets: Mapping[str, dict[str, str]]) -> int:
    """Of how many sheets the mark becomes another one; raises Invalid for a sheet too long."""
    key = key_of(items)
    try:
        if old is None:
            for answers in sheets.values():
                objective_mark(key, answers)
            return 0
        return sum(one.before != one.after for one in rescore(key_of(old.items), key, sheets))
    except BadScore as error:
        raise Invalid(
            "A sheet has more answers than the key has items: %(why)s", why=str(error)
        ) from None


def store(
    ctx: Context,
    exam: Exam,
    keyed: Keyed,
    reason: str,
    rescored: Callable[[Context, Exam], int] = lambda _ctx, _exam: 0,
) -> AnswerKey:
    """Keep and sign a version of a key; `rescored` then computes the written marks anew."""
    note = put_note(
        ctx.session,
        purpose="statement",
        title=f"{exam.code} {keyed.question.code}{letter(keyed.form)} v{keyed.version}",
        exam=exam.code,
        text=_note(exam, keyed, reason).text(ctx.config.origin),
        signers=[ctx.keys.publisher],
        at=ctx.clock.now(),
    )
    row = AnswerKey(
        exam_id=exam.id,
        question=keyed.question.code,
        form=keyed.form,
        version=keyed.version,
        items=keyed.items,
        changed=keyed.changed,
        reason=reason,
        note_id=note.id,
    )
    ctx.session.add(row)
    ctx.session.flush()
    told = {"version": keyed.version, "changed": keyed.changed, "sheets": keyed.sheets}
    ctx.record(
        exam=exam.code,
        subject=key_subject(exam.code, keyed.question.code, keyed.form),
        key=sha256_hex(keyed.items.encode()),
        note=note.digest,
        why=reason,
        candidates=rescored(ctx, exam),
        **told,
    )
    return row


def _note(exam: Exam, keyed: Keyed, reason: str) -> KeyNote:
    digest = sha256_hex(keyed.items.encode())
    numbers = (keyed.version, digest, keyed.sheets, keyed.changed)
    return KeyNote(exam.code, keyed.question.code, *numbers, reason, letter(keyed.form))
