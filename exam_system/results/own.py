"""What a candidate sees of the published lists: the own record, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.context import Actor, Context
from exam_system.errors import NotFound
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.printing import texts
from exam_system.printing.fonts import register
from exam_system.printing.slip import ScoreSlip, slip_pdf
from exam_system.records import releases
from exam_system.records.models import Release, ReleaseRecord
from exam_system.records.paper import anchor
from exam_system.registration.models import Application
from exam_system.results import words
from exam_system.results.lists import list_cells, list_columns
from exam_system.results.published import signed_list
from exam_system.results.rows import Row
from exam_system.results.service import CHAIN

COMMAND = "exam verify slip.tlog-proof --keys keys.txt"


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """A published release and the candidate's own row in it; `current`: no later version of it."""

    release: Release
    row: Row
    ranked: int
    current: bool


def own_application(session: Session, actor: Actor, ref: str) -> Application:
    """The actor's own application of this reference; raises NotFound for anybody else's."""
    application = session.scalar(
        select(Application)
        .join(Person, Person.id == Application.person_id)
        .where(Application.ref == ref, Person.account_id == actor.account_id)
    )
    if application is None:
        raise NotFound("There is no such application")
    return application


def own_records(session: Session, application: Application) -> list[OwnRecord]:
    """The candidate's row of every published release that has one, newest first."""
    query = (
        select(Release, ReleaseRecord.line)
        .join(ReleaseRecord, ReleaseRecord.release_id == Release.id)
        .where(
            ReleaseRecord.application_id == application.id,
            Release.chain == CHAIN,
            Release.state == "published",
        )
        .order_by(Release.version.desc())
    )
    found = session.execute(query).all()
    return [
        OwnRecord(
            release, json.loads(line), _ranked(session, release, line), _current(session, release)
        )
        for release, line in found
    ]


def own_release(session: Session, application: Application, version: int) -> Release:
    """A published version; raises NotFound for a draft as for none."""
    release = releases.by_version(session, application.exam_id, CHAIN, version)
    if release.state != "published":
        raise NotFound("There is no version %(version)s", version=version)
    return release


def own_slip_pdf(ctx: Context, application: Application, release: Release) -> bytes:
    """The slip of one release on paper; its QR codes carry the same bytes as the download."""
    proof = releases.slip(ctx.session, release, application.id)
    exam = ctx.session.get_one(Exam, application.exam_id)
    at = release.published_at or release.prepared_at
    stage = texts.STAGES[release.stage]
    data = ScoreSlip(
        bureau=ctx.config.bureau,
        exam=exam.name,
        release=words.SLIP_RELEASE.format(stage=stage, version=release.version),
        rows=_slip_rows(rules_of(exam), release, _line(ctx.session, release, application)),
        proof=proof,
        command=COMMAND,
        anchor=anchor(ctx.session, ctx.config.origin, releases.root_of(ctx.session, release)),
        at=at.astimezone(ctx.config.zone),
    )
    return slip_pdf(data, register(ctx.config.fonts_folder))


def _slip_rows(rules: RuleSet, release: Release, row: Row) -> tuple[tuple[str, str], ...]:
    labels: Sequence[str] = list_columns(rules, release.stage)
    cells = list_cells(rules, release.stage, row)
    return tuple(
        (label, str(cell))
        for label, cell in zip(labels, cells, strict=True)
        if cell not in ("", None)
    )


def _line(session: Session, release: Release, application: Application) -> Row:
    line = session.scalars(
        select(ReleaseRecord.line).where(
            ReleaseRecord.release_id == release.id,
            ReleaseRecord.application_id == application.id,
        )
    ).one()
    row: Row = json.loads(line)
    return row


def _ranked(session: Session, release: Release, line: bytes) -> int:
    return signed_list(session, release).ranked[json.loads(line)["post"]]


def _current(session: Session, release: Release) -> bool:
    last = releases.newest(session, release.exam_id, CHAIN, stage=release.stage, state="published")
    return last is not None and last.id == release.id
