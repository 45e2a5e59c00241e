"""Verbs of results: the lists are computed, recomputed by a second routine, signed, published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import use
from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Fault, Invalid, Sentence
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.exams.states import STATES, move
from exam_system.marking.scripts import require_recount
from exam_system.marking.written import require_logged
from exam_system.records import releases
from exam_system.records.audit import require_whole
from exam_system.records.models import Release
from exam_system.registration.models import Application
from exam_system.results import lists
from exam_system.results.freezing import require_frozen, require_same, thaw
from exam_system.results.gather import gather, vacancies_of
from exam_system.results.models import Result
from exam_system.results.rows import Entry, Row, rows_of
from exam_system.results.screen import require_clean, require_lines, texts_of
from exam_system.trust.bulk import undisturbed
from exam_system.trust.canonical import sha256_hex
from scoring import recompute

CHAIN = "results"
PUBLISH = "results.publish_release"
FARTHEST = timedelta(days=60)
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
    "medical": "Invitations to the medical examination",
    "appointment": "Appointments under public notice",
}


@verb
def prepare_release(
    ctx: Context, *, code: str, stage: str, reason: str = "", publish_at: datetime | None = None
) -> Release:
    """Compute, recheck and sign the list of a stage as the next version; inspectors cosign it next.

    A stage that is published already is corrected: that needs a reason. `publish_at` is the
    announced minute, before which it cannot be published. Raises Conflict when the exam is not
    that far, something is missing or changed since it was frozen, or an earlier version waits;
    Invalid when the second routine does not arrive at the same numbers or the list may not be
    shown.
    """
    exam = open_exam(ctx.session, code, *states_of(ctx.session, code, stage))
    require_whole(ctx.session, *RELIED_ON[stage])
    if stage == "written":
        require_recount(ctx.session, exam)
        require_logged(ctx.session, exam)
    with undisturbed():
        _, entries, rows = compute(ctx.session, exam, stage)
        inputs = require_frozen(ctx, exam, stage, entries)
        records = _records(entries, rows)
        return sign_list(
            ctx, exam, stage, rows, records, reason=reason, publish_at=publish_at, inputs=inputs
        )


def sign_list(
    ctx: Context,
    exam: Exam,
    stage: str,
    rows: Sequence[Row],
    records: Sequence[tuple[int, Row]],
    *,
    reason: str,
    publish_at: datetime | None = None,
    inputs: str | None = None,
) -> Release:
    """Check that a list may be shown, sign it as the chain's next version, and record it."""
    rules = rules_of(exam)
    require_lines(rules, stage, rows)
    title = lists.notice_title(exam, stage)
    body = lists.notice_body(exam, rules, stage, rows)
    require_clean({"notice.pdf": [title, *body, reason], **texts_of(rows)})
    version = releases.next_version(ctx.session, exam.id, CHAIN)
    release = releases.prepare(
        ctx,
        exam=exam,
        chain=CHAIN,
        stage=stage,
        files=lists.list_files(exam, rules, stage, version, rows),
        title=title,
        body=body,
        table=lists.notice_table(rules, stage, rows),
        records=records,
        reason=reason,
    )
    release.inputs, release.publish_at = inputs, _announced(ctx, publish_at)
    ctx.session.flush()
    minute = {} if publish_at is None else {"publish_at": rfc3339(publish_at)}
    _record(ctx, exam, release, **({"inputs": inputs} if inputs else {}), **minute)
    return release


def _announced(ctx: Context, at: datetime | None) -> datetime | None:
    """A minute to come, of the next sixty days."""
    if at is None:
        return None
    now = ctx.due()
    if at.second or at.microsecond or not now < at <= now + FARTHEST:
        raise Invalid("The announced time is a whole minute of the next 60 days").about(
            "publish_at"
        )
    return at


@verb
def publish_release(ctx: Context, *, code: str, version: int) -> Path:
    """Publish a cosigned version: its folder, the candidates' results, the exam's next state.

    Raises Conflict before the announced minute, and when what the list was computed from is not
    what it was when it was signed.
    """
    exam = open_exam(ctx.session, code, *STATES)
    release = releases.by_version(ctx.session, exam.id, CHAIN, version)
    require_minute(ctx, release)
    releases.require_publishable(ctx, release)
    digest = releases.release_digest(ctx.session, release)
    use(ctx, subject=releases.subject(code, release), digest=digest)
    require_whole(ctx.session, *RELEASED)
    _require_fit(ctx.session, exam, release)
    folder = releases.publish(ctx, release)
    late = _late(ctx, release)
    _store_results(ctx.session, exam, release)
    thaw(ctx.session, exam, release.stage)
    before, after = STAGES.get(release.stage, ("", ""))
    if exam.state == before:
        move(exam, after)
    _record(ctx, exam, release, **late)
    return folder


def require_minute(ctx: Context, release: Release) -> None:
    """Raise Conflict before the announced minute, by the clock that deadlines are judged by."""
    if release.publish_at is not None and ctx.due() < release.publish_at:
        raise Conflict(
            "Version %(version)s is announced for %(at)s: it cannot be published before",
            version=release.version,
            at=release.publish_at,
        )


def _late(ctx: Context, release: Release) -> dict[str, int]:
    """How many seconds after the announced minute it is now; it is kept and shown."""
    if release.publish_at is None:
        return {}
    release.late = int((ctx.due() - release.publish_at).total_seconds())
    return {"late": release.late}


def _require_fit(session: Session, exam: Exam, release: Release) -> None:
    """Once more before it becomes public: the lines, and the marks that it was signed over."""
    rows = json.loads(releases.file_data(session, release, "list.json"))["rows"]
    rules = rules_of(exam)
    require_lines(rules, release.stage, rows)
    require_clean(texts_of(rows))
    if release.inputs is not None:
        require_same(release.inputs, rows, gather(session, exam, rules, release.stage))


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


def states_of(session: Session, code: str, stage: str) -> Sequence[str]:
    """The states of the exam in which the stage's list may be made or corrected."""
    if stage not in STAGES:
        raise Invalid("There is no list called %(stage)s", stage=stage)
    exam = session.scalar(select(Exam).where(Exam.code == code))
    before, after = STAGES[stage]
    if exam is not None and is_correction(session, exam, stage):
        return STATES[STATES.index(after) :]
    return (before,)


def _record(ctx: Context, exam: Exam, release: Release, **more: str | int) -> None:
    ctx.record(
        exam=exam.code,
        subject=releases.subject(exam.code, release),
        stage=release.stage,
        version=release.version,
        digest=releases.release_digest(ctx.session, release),
        **more,
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
