"""The written marks as a function of what was logged: marks, sheets, keys and the opened numbers.

`stored` reads marks from their rows, `logged` from the acts that gave them: a release is refused
where the two differ, naming the sheet (THREATS S02).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.attendance.lookup import present
from exam_system.errors import Conflict, Sentence
from exam_system.exams.marking_rules import PaperQuestion
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.marking.answer_keys import (
    KeyName,
    SheetRead,
    answers_of,
    key_for,
    key_of,
    newest_keys,
    sheets_of,
)
from exam_system.marking.blind import admission_numbers, drawn_codes, require_questions, seal_of
from exam_system.marking.blind_models import Script, ScriptMark, SheetRemark
from exam_system.marking.marks import settled
from exam_system.marking.paper_forms import letter, seat_forms
from exam_system.marking.service import ABSENT, DECIMALS, marks_of
from exam_system.records.models import Act, ActDetail
from exam_system.registration.models import Application
from exam_system.trust import masks
from scoring.keys import Key, objective_mark
from scoring.rounding import BadScore, round_to, show

GIVEN = ("marking.save_marks", "marking.take_typed_marks", "marking.correct_mark")
_NAMED = 5
Turns = dict[int, Decimal]
Marks = dict[tuple[str, str], Turns]
"""The marks given, by number and question, then by turn."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """Everything of an exam whose numbers are open: who is behind which number, what they wrote."""

    rules: RuleSet
    numbers: Mapping[tuple[int, str], str]
    """Number of the script by application and subject."""
    arrived: frozenset[str]
    objective: Mapping[tuple[int, str], Decimal]
    """Mark by application and objective question."""

    def has(self, who: int, subject: str) -> bool:
        """Whether a script or a sheet of them is there."""
        own = any((who, q.code) in self.objective for q in self._questions(subject))
        return own or self.numbers[who, subject] in self.arrived

    def _questions(self, subject: str) -> list[PaperQuestion]:
        return [one for one in self.rules.marking_questions if one.subject == subject]

    def mark(self, who: int, subject: str, marks: Marks) -> str:
        """The mark of a subject as it is released; raises Conflict naming what is not settled."""
        if not self.has(who, subject):
            return ABSENT
        total = Decimal(0)
        for question in self._questions(subject):
            if question.kind == "objective":
                total += self.objective.get((who, question.code), Decimal(0))
            elif self.numbers[who, subject] in self.arrived:
                total += self.settled(self.numbers[who, subject], question, marks)
        return show(round_to(total, DECIMALS, self.rules.rounding), DECIMALS)

    def settled(self, number: str, question: PaperQuestion, marks: Marks) -> Decimal:
        """The settled mark of one question of one script."""
        try:
            found = settled(self.rules, question, marks.get((number, question.code), {})).mark
        except BadScore as error:
            raise Conflict("Script %(number)s: %(why)s", number=number, why=str(error)) from None
        if found is None:
            raise Conflict(
                "Script %(number)s, %(question)s: a mark is missing",
                number=number,
                question=question.name,
            )
        return found


def open_sheets(session: Session, exam: Exam, secret: str) -> Sheets:
    """Join numbers and candidates by the opened key; raises Conflict for a question without key."""
    rules, drawn = require_questions(exam), drawn_codes(session, exam)
    numbers = masks.numbers(secret, drawn)
    query = select(Script.number).where(Script.exam_id == exam.id, Script.arrived_at.is_not(None))
    return Sheets(
        rules,
        {drawn[code]: number for code, number in numbers.items()},
        frozenset(session.scalars(query)),
        objective_marks(session, exam),
    )


def objective_marks(session: Session, exam: Exam) -> dict[tuple[int, str], Decimal]:
    """The mark of every sheet by the key that counts, by application and question."""
    keys = {name: key_of(row.items) for name, row in newest_keys(session, exam).items()}
    sheets = sheets_of(session, exam)
    for question in require_questions(exam).marking_questions:
        if question.kind == "objective" and question.code not in {code for code, _ in keys}:
            raise Conflict("%(question)s has no key yet", question=question.name)
    return {one: _objective(keys, one[1], read) for one, read in sheets.items()}


def _objective(keys: Mapping[KeyName, Key], question: str, read: SheetRead) -> Decimal:
    key = key_for(keys, question, read.form)
    if key is None:
        raise Conflict(
            "%(question)s has no key of paper form %(form)s yet",
            question=question,
            form=letter(read.form),
        )
    return objective_mark(key, answers_of(read.answers))


def stored(session: Session, exam: Exam) -> Marks:
    """The marks as their rows have them."""
    query = (
        select(Script.number, ScriptMark.question, ScriptMark.turn, ScriptMark.mark)
        .join(Script, Script.id == ScriptMark.script_id)
        .where(Script.exam_id == exam.id, ScriptMark.mark.is_not(None))
    )
    found: Marks = {}
    for number, question, turn, mark in session.execute(query):
        found.setdefault((number, question), {})[turn] = Decimal(mark or "0")
    return found


def logged(session: Session, exam: Exam) -> Marks:
    """The marks as the acts have them: the last act about a mark counts."""
    query = (
        select(ActDetail.details)
        .join(Act, Act.id == ActDetail.act_id)
        .where(Act.exam == exam.code, Act.kind.in_(GIVEN))
        .order_by(Act.id)
    )
    found: Marks = {}
    for text in session.scalars(query):
        for number, question, turn, mark in json.loads(text)["marks"]:
            found.setdefault((number, question), {})[int(turn)] = Decimal(mark)
    return found


def written_marks(session: Session, exam: Exam, secret: str, marks: Marks) -> dict[int, Row]:
    """Every candidate's marks by subject, as they are released."""
    sheets = open_sheets(session, exam, secret)
    who = {one for one, _ in sheets.numbers}
    return {
        one: {s.code: sheets.mark(one, s.code, marks) for s in sheets.rules.subjects} for one in who
    }


Row = dict[str, str]


def require_logged(session: Session, exam: Exam) -> None:
    """Raise Conflict, naming sheet and subject, unless the written marks are the function of what
    the acts say; nothing is asked of an exam whose marks came in as one table."""
    seal = seal_of(session, exam)
    if seal is None:
        return
    if not seal.secret:
        raise Conflict("Marking must be closed first: an inspector hands in the key of the numbers")
    acts, rows = logged(session, exam), stored(session, exam)
    for number, question in sorted({*acts, *rows}):
        if acts.get((number, question)) != rows.get((number, question)):
            raise Conflict(
                "Script %(number)s, question %(question)s: the mark in the table is not the one "
                "that was given. Nothing was prepared; the inspectors must look into it",
                number=number,
                question=question,
            )
    _require_function(session, exam, written_marks(session, exam, seal.secret, acts))


def _require_function(session: Session, exam: Exam, expected: Mapping[int, Row]) -> None:
    released, numbers = marks_of(session, exam.id), admission_numbers(session, exam)
    for who in sorted({*expected, *released}):
        for subject, mark in sorted(expected.get(who, {}).items()):
            found = released.get(who, {}).get(subject)
            if found != mark:
                raise Conflict(
                    "Sheet of %(number)s, %(subject)s: the mark to be released is %(found)s, the "
                    "marks that were given make %(mark)s. Nothing was prepared",
                    number=numbers.get(who, str(who)),
                    subject=subject,
                    found=found or "—",
                    mark=mark,
                )


def differing(session: Session, exam: Exam, sheets: Sheets | None = None) -> Iterator[Sentence]:
    """What does not fit the sign-in and is not explained: a sheet of somebody absent, no sheet of
    somebody present, a sheet of another form than the seat's. Without `sheets` only what the
    machine read is compared."""
    numbers, remarked = admission_numbers(session, exam), _remarked(session, exam)
    read = sheets_of(session, exam)
    yield from _other_forms(session, exam, read, numbers, remarked)
    for subject in require_questions(exam).subjects:
        there = present(session, exam, subject.code)
        if not there:
            continue  # no sign-in was kept for this subject
        for who, number in sorted(numbers.items(), key=lambda one: one[1]):
            found = _has(exam, read, sheets, who, subject.code)
            if found is None or found == (who in there) or (who, subject.code) in remarked:
                continue
            yield _unlike(number, subject.name, found)


def _other_forms(
    session: Session,
    exam: Exam,
    read: Mapping[tuple[int, str], SheetRead],
    numbers: Mapping[int, str],
    remarked: set[tuple[int, str]],
) -> Iterator[Sentence]:
    """Sheets on which another paper form stands than lay on the seat; once explained it counts."""
    forms = seat_forms(session, exam)
    subjects = {one.code: one.subject for one in require_questions(exam).marking_questions}
    for (who, question), sheet in sorted(read.items()):
        seat = forms.get(who, sheet.form)
        if sheet.form != seat and (who, subjects[question]) not in remarked:
            yield Sentence(
                "%(number)s, %(question)s: form %(form)s is on the sheet, form %(seat)s lay on the "
                "seat",
                number=numbers.get(who, ""),
                question=question,
                form=letter(sheet.form),
                seat=letter(seat),
            )


def _unlike(number: str, subject: str, has: bool) -> Sentence:
    if has:
        return Sentence(
            "%(number)s, %(subject)s: has a sheet, and was absent", number=number, subject=subject
        )
    return Sentence(
        "%(number)s, %(subject)s: was present, and has no sheet", number=number, subject=subject
    )


def _has(
    exam: Exam,
    read: Mapping[tuple[int, str], SheetRead],
    sheets: Sheets | None,
    who: int,
    subject: str,
) -> bool | None:
    """Whether something of them is there; None where that cannot be said yet."""
    if sheets is not None:
        return sheets.has(who, subject)
    own = [
        one.code
        for one in require_questions(exam).marking_questions
        if (one.subject, one.kind) == (subject, "objective")
    ]
    return any((who, one) in read for one in own) if own and read else None


def _remarked(session: Session, exam: Exam) -> set[tuple[int, str]]:
    query = (
        select(SheetRemark.application_id, SheetRemark.subject)
        .join(Application, Application.id == SheetRemark.application_id)
        .where(Application.exam_id == exam.id)
    )
    return {(row.application_id, row.subject) for row in session.execute(query)}


def require_explained(found: Sequence[Sentence]) -> None:
    """Raise Conflict naming the first sheets that do not fit the sign-in."""
    if found:
        raise Conflict(
            "%(count)s sheets do not fit the sign-in and must be explained first: %(which)s",
            count=len(found),
            which="; ".join(one.text() for one in found[:_NAMED]),
        )
