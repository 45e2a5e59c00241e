"""Answers as columns: one sealed array for each session and paper form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from exam_system.context import Context
from exam_system.forensics.models import AnswerBlock, AnswerPaper
from exam_system.forensics.paper import Paper, Sheets

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Taken:
    """The sheets of one form: application ids (people,), ascending, and the options as printed
    (people, items)."""

    people: Ids
    printed: Sheets


@dataclass(frozen=True, slots=True)
class Matrix:
    """All sheets of a session in the master's items and options, by application id."""

    people: Ids
    answers: Sheets
    forms: npt.NDArray[np.int8]


def blocks_of(ctx: Context, paper: AnswerPaper) -> dict[int, AnswerBlock]:
    """The stored blocks by form."""
    query = select(AnswerBlock).where(AnswerBlock.paper_id == paper.id)
    return {block.form: block for block in ctx.session.scalars(query.order_by(AnswerBlock.form))}


def unseal(ctx: Context, paper: AnswerPaper, block: AnswerBlock) -> Taken:
    """The answers of a block; Fault when it is not the one of this session and form."""
    data = ctx.keys.vault.open_bytes(block.sealed, _about(paper, block.form))
    people = np.frombuffer(data, dtype="<i8", count=block.people).astype(np.int64)
    printed = np.frombuffer(data, dtype=np.int8, offset=8 * block.people)
    return Taken(people, printed.reshape(block.people, -1))


def seal(ctx: Context, paper: AnswerPaper, form: int, taken: Taken) -> None:
    """Put the answers of a form in the place of what was there."""
    data = taken.people.astype("<i8").tobytes() + taken.printed.astype(np.int8).tobytes()
    block = blocks_of(ctx, paper).get(form) or AnswerBlock(paper_id=paper.id, form=form)
    block.people, block.taken_at = len(taken.people), ctx.clock.now()
    block.sealed = ctx.keys.vault.seal_bytes(data, _about(paper, form))
    ctx.session.add(block)


def _about(paper: AnswerPaper, form: int) -> str:
    return f"answers:{paper.exam_id}:{paper.subject}:{form}"


def taken_of(ctx: Context, paper: AnswerPaper) -> dict[int, Taken]:
    """All stored answers by form."""
    return {form: unseal(ctx, paper, block) for form, block in blocks_of(ctx, paper).items()}


def matrix_of(ctx: Context, paper: AnswerPaper) -> Matrix:
    """Everybody's answers, mapped to the master."""
    parts = list(_mapped(Paper.parse(paper.document), taken_of(ctx, paper)))
    if not parts:
        return Matrix(np.empty(0, np.int64), np.empty((0, 0), np.int8), np.empty(0, np.int8))
    people = np.concatenate([part.people for part in parts])
    order = np.argsort(people)
    answers = np.concatenate([part.answers for part in parts])
    forms = np.concatenate([part.forms for part in parts])
    return Matrix(people[order], answers[order], forms[order])


def _mapped(paper: Paper, taken: dict[int, Taken]) -> Iterator[Matrix]:
    for form, one in taken.items():
        forms = np.full(len(one.people), form, dtype=np.int8)
        yield Matrix(one.people, paper.mapped(form, one.printed), forms)
