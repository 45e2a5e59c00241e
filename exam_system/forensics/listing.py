"""The lists of these pages: what is in of each subject, flagged pairs, experts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from exam_system.accounts.models import Account
from exam_system.context import Context
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.forensics.answers import answer_rows
from exam_system.forensics.columns import blocks_of, matrix_of
from exam_system.forensics.lookup import cases_of, experts_of, pairs_of, paper_of, screening_by
from exam_system.forensics.paper import LETTERS, Paper
from exam_system.forensics.paper_table import item_rows
from exam_system.forensics.presence import absent_from, present_at
from exam_system.language import when
from exam_system.sheets import Cell

Fields = Mapping[str, str]
Rows = Iterable[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class SubjectLine:
    """One subject: items, sheets by form, and what the sign-in says about them."""

    code: str
    name: str
    items: int
    forms: tuple[tuple[str, int], ...]
    missing: int
    strange: int


def subject_lines(ctx: Context, exam: Exam) -> list[SubjectLine]:
    """Every subject of the exam."""
    return [_line(ctx, exam, one.code, one.name) for one in rules_of(exam).subjects]


def _line(ctx: Context, exam: Exam, code: str, name: str) -> SubjectLine:
    row = paper_of(ctx.session, exam, code)
    if row is None:
        return SubjectLine(code, name, 0, (), 0, 0)
    have = set(matrix_of(ctx, row).people.tolist())
    return SubjectLine(
        code,
        name,
        len(Paper.parse(row.document).counts),
        tuple((LETTERS[form - 1], block.people) for form, block in blocks_of(ctx, row).items()),
        len(present_at(ctx.session, exam, code) - have),
        len(have & absent_from(ctx.session, exam, code)),
    )


PAIRS = (
    "Case file",
    "First",
    "Second",
    "Tier",
    "Identical",
    "Identical wrong",
    "Probability",
    "State",
)


def pair_rows(ctx: Context, fields: Fields) -> Rows:
    """The flagged pairs of a screening, by code."""
    row, _paper, _exam = screening_by(ctx.session, fields["ref"])
    for case in cases_of(ctx.session, row):
        for pair in pairs_of(ctx.session, case):
            told = json.loads(pair.statistics)
            counts = (told["tier"], told["matches"], told["wrong"], min(told["p"], key=float))
            yield case.number, told["first"], told["second"], *counts, case.state


EXPERTS = ("Name", "Unit of the expert", "Area code", "Appointed at")


def expert_rows(ctx: Context, fields: Fields) -> Rows:
    """The group of experts."""
    exam = exam_by_code(ctx.session, fields["code"])
    for one in experts_of(ctx.session, exam):
        name = ctx.session.scalars(select(Account.name).where(Account.id == one.account_id)).one()
        yield name, one.unit, one.area_code, when(one.appointed_at)


SHEETS = ("Subject", "Admission number", "Paper form", "Answers")


def sheet_rows(ctx: Context, fields: Fields) -> Rows:
    """All answer sheets of an exam as printed, subject by subject."""
    exam = exam_by_code(ctx.session, fields["code"])
    for subject in rules_of(exam).subjects:
        for row in answer_rows(ctx, exam, subject.code):
            yield subject.name, *row


ITEMS = ("Subject", "Item", "Options", "Key")


def items_listed(ctx: Context, fields: Fields) -> Rows:
    """The items of all subjects with their keys, as form A prints them."""
    exam = exam_by_code(ctx.session, fields["code"])
    for subject in rules_of(exam).subjects:
        for row in item_rows(ctx.session, exam, subject.code).values():
            yield subject.name, *row[:3]
