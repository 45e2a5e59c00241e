"""Between signing and publishing: freezing, looking in confidence, the minute, throwing away."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.approvals.lookup import open_approval
from exam_system.approvals.states import move
from exam_system.clock import rfc3339
from exam_system.context import Actor, Context, verb
from exam_system.errors import Conflict
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.exams.states import STATES
from exam_system.people import reason_line
from exam_system.records import releases
from exam_system.records.models import Act, Release, ReleaseFile, ReleaseRecord
from exam_system.results.freezing import freeze, thaw
from exam_system.results.service import CHAIN, PUBLISH, compute, states_of

LONGEST = 200
WATERMARK = "尚未公布，仅供核对：{name}（{ref}）{at}\n"


@verb
def freeze_stage(ctx: Context, *, code: str, stage: str) -> None:
    """Fix marks and scores for the next list of a stage; raises as `compute` does."""
    exam = open_exam(ctx.session, code, *states_of(ctx.session, code, stage))
    _, entries, _ = compute(ctx.session, exam, stage)
    row = freeze(ctx, exam, stage, entries)
    ctx.record(exam=code, subject=f"freeze:{code}:{stage}", people=row.people, inputs=row.digest)


@verb
def look_at_draft(ctx: Context, *, code: str, version: int) -> bytes:
    """The list of a version that is not published yet, with the name of who took it: an act.

    In 2023 the names of 1,500 people shortlisted in Hangzhou went round before they were published
    (RULES 2.12): whoever has seen a list before its minute stands in the log.
    """
    exam, release = _draft(ctx, code, version)
    data = releases.file_data(ctx.session, release, "list.csv")
    at = rfc3339(ctx.clock.now())
    mark = WATERMARK.format(name=ctx.actor.name, ref=ctx.actor.ref, at=at)
    ctx.record(
        exam=exam.code,
        subject=releases.subject(code, release),
        stage=release.stage,
        digest=releases.release_digest(ctx.session, release),
    )
    return data + mark.encode()


def lookers(session: Session, code: str, release: Release) -> list[tuple[str, datetime]]:
    """Who has looked at a list before it was published, and when, oldest first."""
    query = (
        select(Account.name, Act.at)
        .join(Account, Account.ref == Act.actor)
        .where(
            Act.kind == "results.look_at_draft",
            Act.subject == releases.subject(code, release),
            Act.at >= release.prepared_at,
        )
        .order_by(Act.id)
    )
    return [(row.name, row.at) for row in session.execute(query)]


@verb
def arm_release(ctx: Context, *, code: str, version: int) -> None:
    """Have a cosigned and approved version published at its announced minute, as the actor's act.

    `exam release publish` carries it out. Raises Conflict when no minute is announced or a
    signature or the approval is missing.
    """
    exam, release = _draft(ctx, code, version)
    if release.publish_at is None:
        raise Conflict("No minute is announced for this version: publish it when it is time")
    releases.require_publishable(ctx, release)
    subject = releases.subject(code, release)
    approval = open_approval(ctx.session, PUBLISH, subject)
    if approval is None or approval.state != "approved":
        raise Conflict("The publication is not approved yet")
    release.armed_by = ctx.actor.account_id
    ctx.record(exam=exam.code, subject=subject, publish_at=rfc3339(release.publish_at))


@verb
def discard_release(ctx: Context, *, code: str, version: int, why: str) -> None:
    """Throw away a version that is not published; its signed note stays known to the log.

    Its number is given again: a note of it counts for nothing without an act of publication.
    """
    exam, release = _draft(ctx, code, version)
    reason = reason_line(why, LONGEST)
    subject = releases.subject(code, release)
    digest = releases.release_digest(ctx.session, release)
    approval = open_approval(ctx.session, PUBLISH, subject)
    if approval is not None:
        move(approval, "withdrawn")
    thaw(ctx.session, exam, release.stage)
    for model in (ReleaseRecord, ReleaseFile):
        ctx.session.execute(delete(model).where(model.release_id == release.id))
    ctx.session.execute(delete(Release).where(Release.id == release.id))
    ctx.session.expunge(release)
    ctx.record(exam=code, subject=subject, digest=digest, why=reason)


def due(session: Session, at: datetime) -> list[tuple[str, int, Actor]]:
    """Exam, version and officer of every armed version whose minute has come by `at`.

    The order was given while the officer's post was active; a pledge renewed since stops no minute
    that was announced.
    """
    query = (
        select(Exam.code, Release.version, Account)
        .join(Exam, Exam.id == Release.exam_id)
        .join(Account, Account.id == Release.armed_by)
        .where(Release.chain == CHAIN, Release.state == "draft", Release.publish_at <= at)
        .where(Account.active)
        .order_by(Release.publish_at, Release.id)
    )
    return [
        (code, version, replace(actor_for(account), pledged=True))
        for code, version, account in session.execute(query)
    ]


def _draft(ctx: Context, code: str, version: int) -> tuple[Exam, Release]:
    exam = open_exam(ctx.session, code, *STATES)
    release = releases.by_version(ctx.session, exam.id, CHAIN, version)
    if release.state != "draft":
        raise Conflict("Version %(version)s is published already", version=version)
    return exam, release
