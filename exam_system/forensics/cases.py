"""Case files as rows: who is in one, and the violation cases that a confirmed one opens."""

from __future__ import annotations

import json
from importlib.resources import files

from sqlalchemy import func, select

from exam_system.context import Context
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.forensics.lookup import experts_of, pairs_of
from exam_system.forensics.models import (
    AnswerPaper,
    CaseFile,
    ExpertOpinion,
    FlaggedPair,
    Screening,
)
from exam_system.registration.models import Application
from exam_system.trust.canonical import sha256_hex
from exam_system.violations.cases import open_case

WORDS = json.loads(files("exam_system.forensics").joinpath("words.json").read_text("utf-8"))


def people_of(pairs: list[FlaggedPair]) -> dict[str, int]:
    """Application ids of everybody in some pairs, by code."""
    found: dict[str, int] = {}
    for pair in pairs:
        told = json.loads(pair.statistics)
        found |= {told["first"]: pair.first_id, told["second"]: pair.second_id}
    return dict(sorted(found.items()))


def open_violations(
    ctx: Context, exam: Exam, paper: AnswerPaper, screening: Screening, case: CaseFile
) -> list[str]:
    """A violation case for everybody in a confirmed file; returns their references.

    Who copied from whom is not known: the rule voids the subject of all of them.
    """
    people = people_of(list(pairs_of(ctx.session, case)))
    facts = _facts(ctx, exam, paper, case, len(people) - 1)
    assert screening.flags is not None
    documents = (f"casefile:{case.ref}", sha256_hex(screening.flags.encode()))
    opened = []
    for who in people.values():
        made = open_case(
            ctx,
            exam=exam,
            application=ctx.session.get_one(Application, who),
            kind="similar",
            facts=facts,
            source="forensics",
            documents=documents,
            subject=paper.subject,
        )
        opened.append(made.ref)
    return opened


def _facts(ctx: Context, exam: Exam, paper: AnswerPaper, case: CaseFile, others: int) -> str:
    subjects = {one.code: one.name for one in rules_of(exam).subjects}
    votes = ctx.session.scalars(
        select(func.count()).where(
            ExpertOpinion.case_id == case.id, ExpertOpinion.finding == "confirm"
        )
    ).one()
    text: str = WORDS["facts"].format(
        subject=subjects[paper.subject],
        others=others,
        number=case.number,
        experts=len(experts_of(ctx.session, exam)),
        votes=votes,
        reason=case.reason,
    )
    return text
