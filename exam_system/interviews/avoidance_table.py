"""Avoidances that come in as one table, for interviewers who declared them on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Sentence
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.interviews.models import Avoidance, Interviewer
from exam_system.interviews.pool import DECLARED_IN, declare
from exam_system.registration.models import Application
from exam_system.sheets import CellError, Column, SheetError, read_table
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import sha256_hex

_WORDS = {"kinship": "亲属", "employer": "同单位", "school": "师生同学", "interest": "其他利害关系"}
_RELATIONS = {**{word: key for key, word in _WORDS.items()}, **{key: key for key in _WORDS}}


def _relation(text: str) -> str:
    if text.casefold() not in _RELATIONS:
        raise Sentence("Enter one of: %(words)s", words="、".join(_WORDS.values()))
    return _RELATIONS[text.casefold()]


COLUMNS = (
    Column("certificate", ("考官证书编号", "证书编号", "certificate")),
    Column("number", ("准考证号", "admission number")),
    Column("relation", ("回避关系", "关系", "relation"), parse=_relation),
)
NAMES = tuple(column.names[0] for column in COLUMNS)


@verb
def import_avoidances(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Declare every avoidance of a table that is not declared yet; returns how many those are.

    None is ever taken back. Raises SheetError with every problem.
    """
    exam, rows = _read(ctx, code, name, data)
    known = avoidance_rows(ctx.session, exam)
    fresh = [one for one in rows if _key(one) not in known]
    withdrawn = [_key(one) for one in fresh if declare(ctx, exam, **_parties(one))]
    ctx.record(
        exam=code,
        subject=f"exam:{code}",
        file=sha256_hex(data),
        declared=[[one["certificate"], one["number"], one["relation"]] for one in fresh],
        withdrawn=withdrawn,
    )
    return len(fresh)


def preview_avoidances(ctx: Context, code: str, name: str, data: bytes) -> Preview:
    """What a table would add; raises as the import does."""
    exam, rows = _read(ctx, code, name, data)
    after = {
        _key(one): (one["certificate"], one["number"], _WORDS[one["relation"]]) for one in rows
    }
    return compare(NAMES, avoidance_rows(ctx.session, exam), after, removes=False)


def avoidance_rows(session: Session, exam: Exam) -> dict[str, tuple[str, ...]]:
    """The declared avoidances of an exam in the columns NAMES, by certificate and number."""
    query = (
        select(Interviewer.certificate, Application.number, Avoidance.relation)
        .join(Avoidance, Avoidance.interviewer_id == Interviewer.id)
        .join(Application, Application.id == Avoidance.application_id)
        .where(Application.exam_id == exam.id)
        .order_by(Interviewer.certificate, Application.number)
    )
    return {
        f"{certificate} {number}": (certificate, number or "", _WORDS[relation])
        for certificate, number, relation in session.execute(query)
    }


def _key(row: Mapping[str, Any]) -> str:
    return f"{row['certificate']} {row['number']}"


def _parties(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("interviewer", "application", "relation")}


def _read(ctx: Context, code: str, name: str, data: bytes) -> tuple[Exam, list[dict[str, Any]]]:
    """The rows with the interviewer and the application that each names."""
    exam = open_exam(ctx.session, code, *DECLARED_IN)
    rows = read_table(name, data, COLUMNS).rows
    pool = {one.certificate: one for one in ctx.session.scalars(select(Interviewer))}
    query = select(Application).where(
        Application.exam_id == exam.id, Application.number.is_not(None)
    )
    numbers = {one.number: one for one in ctx.session.scalars(query)}
    found = [
        {
            **row,
            "interviewer": pool.get(row["certificate"]),
            "application": numbers.get(row["number"]),
        }
        for row in rows
    ]
    errors = [*_strangers(found), *_twice(found, avoidance_rows(ctx.session, exam))]
    if errors:
        raise SheetError(errors)
    return exam, found


def _strangers(rows: list[dict[str, Any]]) -> Iterator[CellError]:
    pool = Sentence("The pool has no interviewer with this certificate")
    for row in rows:
        if row["interviewer"] is None:
            yield CellError(row["_sheet"], row["_row"], NAMES[0], pool)
        if row["application"] is None:
            nobody = Sentence(
                "No candidate of this exam has the admission number %(number)s",
                number=row["number"],
            )
            yield CellError(row["_sheet"], row["_row"], NAMES[1], nobody)


def _twice(rows: list[dict[str, Any]], known: Mapping[str, tuple[str, ...]]) -> Iterator[CellError]:
    """A pair stands once, and never with another relation than it was declared with."""
    seen: set[str] = set()
    for row in rows:
        key = _key(row)
        if key in seen:
            twice = Sentence("This pair is already in a row above.")
            yield CellError(row["_sheet"], row["_row"], NAMES[1], twice)
        elif key in known and known[key][2] != _WORDS[row["relation"]]:
            other = Sentence("It is declared already, as %(relation)s.", relation=known[key][2])
            yield CellError(row["_sheet"], row["_row"], NAMES[2], other)
        seen.add(key)
