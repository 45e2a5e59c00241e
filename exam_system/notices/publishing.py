"""The signed note of a published notice, and its folder below `published`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.clock import rfc3339
from exam_system.config import Config
from exam_system.context import Context
from exam_system.exams.models import Exam
from exam_system.notices.lookup import current_steps, files_of
from exam_system.notices.models import Notice, NoticeVersion
from exam_system.notices.writing import release_of
from exam_system.records import releases
from exam_system.records.folders import check_folder, write_whole
from exam_system.trust import notes
from exam_system.trust.canonical import parse_jcs, sha256_hex
from exam_system.trust.notice_note import NONE, NOTE, TEXT, NoticeNote, Passed


def signed_notice(ctx: Context, notice: Notice, version: NoticeVersion, at: datetime) -> bytes:
    """The note over the version as it is published now, signed by the publisher."""
    hands = [
        Passed(step.level, account.ref, rfc3339(step.at))
        for step, account in current_steps(ctx.session, version)
    ]
    exam = ctx.session.get(Exam, notice.exam_id) if notice.exam_id else None
    said = NoticeNote(
        ctx.config.origin,
        notice.ref,
        version.version,
        exam.code if exam else NONE,
        notice.category,
        version.digest,
        hands[0],
        tuple(hands[1:]),
        tuple((file.name, file.sha256) for file in files_of(ctx.session, version)),
        _releases(ctx.session, exam, version),
        rfc3339(at),
        version.late or 0,
        _previous(ctx.session, notice, version),
    )
    return notes.sign(said.text, ctx.keys.publisher)


def _releases(
    session: Session, exam: Exam | None, version: NoticeVersion
) -> tuple[tuple[str, str], ...]:
    told = parse_jcs(version.document.encode())
    assert isinstance(told, dict)
    folders = told["releases"]
    assert isinstance(folders, list)
    rows = ((str(name), release_of(session, str(name), exam)) for name in folders)
    return tuple((name, releases.release_digest(session, row)) for name, row in rows)


def _previous(session: Session, notice: Notice, version: NoticeVersion) -> str:
    if version.version == 1:
        return NONE
    query = select(NoticeVersion.note).where(
        NoticeVersion.notice_id == notice.id, NoticeVersion.version == version.version - 1
    )
    note = session.scalars(query).one() or b""
    return sha256_hex(notes.parse(note).text.encode())


def folder_files(session: Session, version: NoticeVersion) -> Mapping[str, bytes]:
    """Every file of a published version's folder with its bytes."""
    assert version.note is not None
    files = {file.name: file.data for file in files_of(session, version)}
    return {**files, TEXT: version.document.encode(), NOTE: version.note}


def show_notices(session: Session, config: Config) -> list[str]:
    """Write the folders of published notices that are not there yet; returns their names.

    Raises Fault when a file of one that is there is another than was published.
    """
    query = (
        select(Notice.ref, NoticeVersion)
        .join(NoticeVersion, NoticeVersion.notice_id == Notice.id)
        .where(NoticeVersion.state == "published")
        .order_by(NoticeVersion.id)
    )
    written = []
    for ref, version in session.execute(query):
        target = config.published / f"notice-{ref}-v{version.version}"
        files = folder_files(session, version)
        if target.exists():
            check_folder(target, files)
        else:
            write_whole(target, files)
            written.append(target.name)
    return written
