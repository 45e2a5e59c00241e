"""Verbs of results: the lists are computed, recomputed by a second routine, signed, published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import use
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Fault, Invalid, Sentence
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.exams.states import STATES, move
from exam_system.marking.scripts import require_recount
from exam_system.records import releases
from exam_system.records.audit import require_whole
from exam_system.records.models import Release
from exam_system.registration.models import Application
from exam_system.results import lists
from exam_system.results.gather import gather, vacancies_of
from exam_system.results.models import Result
from exam_system.results.rows import Entry, Row, rows_of
from exam_system.trust.canonical import sha256_hex
from scoring import recompute

CHAIN = "results"
RELIED_ON = {
    "written": ("application", "written_mark"),
    "shortlist": ("post", "application", "written_mark"),
    "final": ("post", "application", "written_mark", "interview", "interview_score"),
}
RELEASED = ("release", "release_file", "release_record")
STAGES = {
    "written": ("seated", "written"),
    "shortlist": ("written", "shortlisted"),
    "final": ("interviewing", "final"),
}
"""Stage → the exam's state in which its list is first made, and the state its publication gives."""
STAGE_NAMES = {
    "written": "Written scores",
    "shortlist": "Shortlist for the interview",
    "final": "Totals and proposed appointments",
}


@verb
def prepare_release(ctx: Context, *, code: str, stage: str, reason: str = "") -> Release:
    """Compute, recheck and sign the list of a stage as the next version; inspectors cosign it next.

    A stage that is published already is corrected: that needs a reason. Raises Conflict when the
    exam is not that far, something is missing or an earlier version waits; Invalid when the second
    routine does not arrive at the same numbers.
    """
    if stage not in STAGES:
        raise Invalid("There is no list called %(stage)s", stage=stage)
    exam = open_exam(ctx.session, code, *_states(ctx.session, code, stage))
    require_whole(ctx.session, *RELIED_ON[stage])
    if stage == "written":
        require_recount(ctx.session, exam)
    rules, entries, rows = compute(ctx.session, exam, stage)
    version = releases.next_version(ctx.session, exam.id, CHAIN)
    release = releases.prepare(
        ctx,
        exam=exam,
        chain=CHAIN,
        stage=stage,
        files=lists.list_files(exam, rules, stage, version, rows),
        title=lists.notice_title(exam, stage),
        body=lists.notice_body(exam, rules, stage, rows),
        table=lists.notice_table(rules, stage, rows),
        records=_records(entries, rows),
        reason=reason,
    )
    _record(ctx, exam, release)
    return release


@verb
def publish_release(ctx: Context, *, code: str, version: int) -> Path:
    """Publish a cosigned version: its folder, the candidates' results, the exam's next state."""
    exam = open_exam(ctx.session, code, *STATES)
    release = releases.by_version(ctx.session, exam.id, CHAIN, version)
    before, after = STAGES[release.stage]
    releases.require_publishable(ctx, release)
    digest = releases.release_digest(ctx.session, release)
    use(ctx, subject=releases.subject(code, release), digest=digest)
    require_whole(ctx.session, *RELEASED)
    folder = releases.publish(ctx, release)
    _store_results(ctx.session, exam, release)
    if exam.state == before:
        move(exam, after)
    _record(ctx, exam, release)
    return folder


def compute(session: Session, exam: Exam, stage: str) -> tuple[RuleSet, list[Entry], list[Row]]:
    """Rules, entries and rows of a stage's list as they stand now, rechecked; nothing is written.

    Raises Conflict when something is missing, Invalid when a number does not hold.
    """
    _require_announced_rules(session, exam)
    rules, vacancies = rules_of(exam), vacancies_of(session, exam)
    base = _base(session, exam, stage)
    entries = gather(session, exam, rules, stage)
    _require_unchanged(session, stage, base, entries)
    rows = rows_of(stage, rules, entries, vacancies)
    _recheck(exam, stage, rows, vacancies)
    return rules, entries, rows


def is_correction(session: Session, exam: Exam, stage: str) -> bool:
    """Whether the next list of the stage corrects a published one."""
    return releases.newest(session, exam.id, CHAIN, stage=stage, state="published") is not None


def _states(session: Session, code: str, stage: str) -> Sequence[str]:
    exam = session.scalar(select(Exam).where(Exam.code == code))
    before, after = STAGES[stage]
    if exam is not None and is_correction(session, exam, stage):
        return STATES[STATES.index(after) :]
    return (before,)


def _record(ctx: Context, exam: Exam, release: Release) -> None:
    ctx.record(
        exam=exam.code,
        subject=releases.subject(exam.code, release),
        stage=release.stage,
        version=release.version,
        digest=releases.release_digest(ctx.session, release),
    )


def _records(entries: Sequence[Entry], rows: Sequence[Row]) -> list[tuple[int, Row]]:
    who = {entry.admission: entry.application_id for entry in entries}
    return [(who[row["admission"]], row) for row in rows]


def _require_announced_rules(session: Session, exam: Exam) -> None:
    announced = releases.newest(session, exam.id, "announcement", state="published")
    if announced is None:
        raise Conflict("The exam has no published announcement")
    if announced.rules_digest != sha256_hex(exam.rules.encode()):
        raise Fault(f"the rule set of {exam.code} is not the announced one: nothing is computed")


def _base(session: Session, exam: Exam, stage: str) -> Release | None:
    """The published list that this one rests on; a corrected list asks for corrected ones."""
    last = None
    for earlier in list(STAGES)[: list(STAGES).index(stage)]:
        release = releases.newest(session, exam.id, CHAIN, stage=earlier, state="published")
        if release is None or (last is not None and release.version < last.version):
            raise Conflict(
                "The list this one rests on must be published first: %(stage)s",
                stage=Sentence(STAGE_NAMES[earlier]),
            )
        last = release
    return last


def _require_unchanged(
    session: Session, stage: str, base: Release | None, entries: Sequence[Entry]
) -> None:
    """Marks corrected after a list was published are published before anything rests on them."""
    if base is None:
        return
    rows = json.loads(releases.file_data(session, base, "list.json"))["rows"]
    known = {
        row["admission"]: (row["post"], row["subjects"])
        for row in rows
        if stage == "shortlist" or row["outcome"] == "shortlisted"
    }
    now = {entry.admission: (entry.post, entry.marks) for entry in entries}
    differing = sorted(who for who in known.keys() | now.keys() if known.get(who) != now.get(who))
    if differing:
        raise Conflict(
            "The marks of %(number)s are not those of the published list (%(stage)s): "
            "publish its correction first",
            number=differing[0],
            stage=Sentence(STAGE_NAMES[base.stage]),
        )


def _recheck(exam: Exam, stage: str, rows: Sequence[Row], vacancies: Mapping[str, int]) -> None:
    problems = recompute.check(json.loads(exam.rules), stage, rows, vacancies)
    if problems:
        first = problems[0]
        raise Invalid(
            "%(number)s, %(column)s: the list says %(found)s, the second computation "
            "%(expected)s. Nothing was prepared (%(count)s such places)",
            number=first.row,
            column=first.column,
            found=first.found,
            expected=first.expected,
            count=len(problems),
        )


def _store_results(session: Session, exam: Exam, release: Release) -> None:
    """What candidates see of a stage is what its newest published list says."""
    rows = json.loads(releases.file_data(session, release, "list.json"))["rows"]
    ours = select(Application.id).where(Application.exam_id == exam.id)
    numbers = select(Application.id, Application.number).where(Application.exam_id == exam.id)
    who = {row.number: row.id for row in session.execute(numbers)}
    session.execute(
        delete(Result).where(Result.stage == release.stage, Result.application_id.in_(ours))
    )
    kept = ("written", "interview", "total", "rank", "outcome")
    session.execute(
        insert(Result),
        [
            {
                "application_id": who[row["admission"]],
                "stage": release.stage,
                "release_id": release.id,
                **{key: row[key] for key in kept},
            }
            for row in rows
        ],
    )
