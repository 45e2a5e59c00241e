"""Verbs of a screening: freeze what shapes it, keep its parts, hand over what it found, publish."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from exam_system.chance import reference
from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Fault
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.forensics import parameters as frozen_parameters
from exam_system.forensics.columns import matrix_of
from exam_system.forensics.fit import Odd, sealed_fit
from exam_system.forensics.flags import flags_file, pairs_by_ring, read_flags
from exam_system.forensics.lookup import cases_of, paper_of, require_idle, screening_by
from exam_system.forensics.models import (
    AnswerPaper,
    CaseFile,
    FlaggedPair,
    Screening,
    ScreeningPart,
)
from exam_system.forensics.parameters import Parameters
from exam_system.forensics.presence import absent_from, present_at
from exam_system.forensics.sitting import Seated, seated
from exam_system.marking.service import WRITTEN_STATES, seated_numbers
from exam_system.trust import notes
from exam_system.trust.canonical import JSON, jcs, sha256_hex
from exam_system.trust.similarity_note import Frozen, Screened
from proctoring.similarity import Findings

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Part:
    """Pieces of a running search by their name, and how far its step is."""

    pieces: Mapping[str, bytes]
    step: str
    done: int
    steps: int


@verb
def freeze_screening(ctx: Context, *, code: str, subject: str, parameters: Parameters) -> Screening:
    """Fix and sign parameters, inputs and software of a screening before it runs.

    The answers must fit the sign-in: nobody who was absent has a sheet, nobody who was present
    lacks one. Raises Conflict where they do not or another screening of them runs.
    """
    exam = open_exam(ctx.session, code, *WRITTEN_STATES)
    paper = paper_of(ctx.session, exam, subject)
    if paper is None:
        raise Conflict("The items and keys of this subject are not in yet: take them in first")
    require_idle(ctx.session, paper)
    parameters = frozen_parameters.checked(parameters)
    run, salt = reference(ctx.chance), ctx.chance.take(32)
    people = seated(ctx, paper, salt, parameters.least)
    _require_sheets(ctx, exam, paper, people)
    text = frozen_parameters.document(
        parameters, exam=code, subject=subject, run=run, inputs=_inputs(people)
    )
    row = _frozen_row(ctx, exam, paper, run, text)
    row.salt = ctx.keys.vault.seal_bytes(salt, f"salt:{run}")
    ctx.session.add(row)
    digest = sha256_hex(text.encode())
    ctx.record(exam=code, subject=f"screening:{run}", session=subject, parameters=digest)
    return row


def _inputs(people: Seated) -> JSON:
    return {
        "answers": people.digest,
        "people": len(people.people),
        "short": people.short,
        "items": len(people.paper.counts),
        "paper": sha256_hex(people.paper.document.encode()),
    }


def _frozen_row(ctx: Context, exam: Exam, paper: AnswerPaper, run: str, text: str) -> Screening:
    at, digest = ctx.clock.now(), sha256_hex(text.encode())
    said = Frozen(exam.code, paper.subject, run, digest, rfc3339(at))
    before = ctx.session.scalars(
        select(func.count()).select_from(Screening).where(Screening.paper_id == paper.id)
    ).one()
    return Screening(
        ref=run,
        paper_id=paper.id,
        number=before + 1,
        state="frozen",
        parameters=text,
        frozen=notes.sign(said.text(ctx.config.origin), ctx.keys.publisher),
        frozen_at=at,
    )


def _require_sheets(ctx: Context, exam: Exam, paper: AnswerPaper, people: Seated) -> None:
    """Compare with the sign-in; two sheets at least."""
    if len(people.people) < 2:
        raise Conflict("There are fewer than two answer sheets to compare")
    have = set(matrix_of(ctx, paper).people.tolist())
    missing = present_at(ctx.session, exam, paper.subject) - have
    strange = have & absent_from(ctx.session, exam, paper.subject)
    for who, sentence in (
        (missing, "%(count)s candidates signed in and have no answer sheet, first %(numbers)s"),
        (strange, "%(count)s candidates were absent and have an answer sheet, first %(numbers)s"),
    ):
        if who:
            raise Conflict(sentence, count=len(who), numbers=_numbers(ctx, exam, who))


def _numbers(ctx: Context, exam: Exam, who: set[int] | frozenset[int]) -> str:
    numbers = seated_numbers(ctx.session, exam.id).items()
    return ", ".join(sorted(number for number, one in numbers if one in who)[:_NAMED])


def salt_of(ctx: Context, row: Screening) -> bytes:
    """The salt that hides who is who."""
    return ctx.keys.vault.open_bytes(row.salt, f"salt:{row.ref}")


def input_of(ctx: Context, row: Screening, paper: AnswerPaper) -> Seated:
    """What the screening was frozen on; Fault when the stored answers are others now."""
    least = frozen_parameters.parse(row.parameters).least
    people = seated(ctx, paper, salt_of(ctx, row), least)
    if people.digest != json.loads(row.parameters)["inputs"]["answers"]:
        raise Fault(f"the answers of screening {row.ref} are not those it was frozen on")
    return people


@verb
def keep_part(ctx: Context, *, ref: str, part: Part) -> None:
    """Keep finished pieces of a running screening, so that it can go on after a stop."""
    row, _paper, exam = _running(ctx, ref)
    at = ctx.clock.now()
    for name, data in part.pieces.items():
        ctx.session.add(
            ScreeningPart(
                screening_id=row.id,
                name=name,
                data=data,
                step=part.step,
                done=part.done,
                steps=part.steps,
                done_at=at,
            )
        )
    ctx.record(
        exam=exam.code,
        subject=f"screening:{ref}",
        pieces=[[name, sha256_hex(data)] for name, data in sorted(part.pieces.items())],
        step=part.step,
    )


def _running(ctx: Context, ref: str) -> tuple[Screening, AnswerPaper, Exam]:
    row, paper, exam = screening_by(ctx.session, ref)
    if row.state != "frozen":
        raise Conflict("This screening is done")
    return row, paper, exam


@verb
def finish_screening(ctx: Context, *, ref: str, found: Findings, odd: list[Odd]) -> Screening:
    """Take what the search found: flags as rows and as a signed file, one case file for each pair
    or ring. Nothing of it touches a score."""
    row, paper, exam = _running(ctx, ref)
    people = input_of(ctx, row, paper)
    row.flags = flags_file(ref, people, found)
    told = read_flags(row.flags)
    row.compared = sum(tier["tests"] for tier in told["tiers"])
    row.fit = sealed_fit(ctx, ref, odd)
    cases = _cases(ctx, row, people, told)
    row.state, row.finished_at = "done", ctx.clock.now()
    row.screened = _screened(ctx, row, paper, exam, cases)
    ctx.session.execute(delete(ScreeningPart).where(ScreeningPart.screening_id == row.id))
    ctx.record(
        exam=exam.code,
        subject=f"screening:{ref}",
        compared=row.compared,
        flagged=len(told["pairs"]),
        cases=cases,
        flags=sha256_hex(row.flags.encode()),
    )
    return row


def _cases(ctx: Context, row: Screening, people: Seated, told: dict[str, JSON]) -> int:
    who = dict(zip(people.codes, people.people.tolist(), strict=True))
    groups = pairs_by_ring(told)
    for number, pairs in enumerate(groups, 1):
        ref = reference(ctx.chance)
        case = CaseFile(ref=ref, screening_id=row.id, number=number, state="open")
        ctx.session.add(case)
        ctx.session.flush()
        ctx.session.add_all(
            FlaggedPair(
                case_id=case.id,
                first_id=who[pair["first"]],
                second_id=who[pair["second"]],
                tier=pair["tier"],
                statistics=jcs(pair).decode(),
            )
            for pair in pairs
        )
    return len(groups)


def _screened(ctx: Context, row: Screening, paper: AnswerPaper, exam: Exam, cases: int) -> bytes:
    assert row.flags is not None
    assert row.compared is not None
    assert row.finished_at is not None
    said = Screened(
        exam.code,
        paper.subject,
        row.ref,
        sha256_hex(notes.parse(row.frozen).text.encode()),
        row.compared,
        len(read_flags(row.flags)["pairs"]),
        cases,
        sha256_hex(row.flags.encode()),
        rfc3339(row.finished_at),
    )
    return notes.sign(said.text(ctx.config.origin), ctx.keys.publisher)


@verb
def publish_figures(ctx: Context, *, ref: str) -> None:
    """Publish how many pairs were compared, flagged and confirmed; only once all are decided."""
    row, _paper, exam = screening_by(ctx.session, ref)
    if row.state != "done" or row.published_at is not None:
        raise Conflict("The figures of this screening are published already, or it is not done")
    states = [case.state for case in cases_of(ctx.session, row)]
    if "open" in states:
        raise Conflict(
            "The experts have not decided on %(count)s case files yet", count=states.count("open")
        )
    row.published_at = ctx.clock.now()
    ctx.record(
        exam=exam.code,
        subject=f"screening:{ref}",
        compared=row.compared,
        cases=len(states),
        confirmed=states.count("confirmed"),
    )
