"""Verbs of change notices: prepare, publish, drop. The announcement's later versions.

A notice is a version of the announcement chain: it holds the rules and posts as they will be, its
notice.pdf the exact differences, and it names the digest of the version before. Only its
publication, by two people of two offices, changes the exam.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, inspect, select

from exam_system.approvals.lookup import Wanted, use
from exam_system.approvals.publications import wanted_publication
from exam_system.clock import parse_rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.exams import words
from exam_system.exams.announcement import announcement_files, posts_of
from exam_system.exams.change_paper import Printed, notice_body, notice_table
from exam_system.exams.differences import (
    Change,
    Item,
    cancelled_posts,
    columns_after,
    differences,
    rules_after,
)
from exam_system.exams.lookup import exam_by_code, open_exam
from exam_system.exams.models import ChangeNotice, District, Exam, ExamSession, Post, Site
from exam_system.people import reason_line
from exam_system.records import releases
from exam_system.records.audit import require_whole
from exam_system.records.models import Release, ReleaseFile
from exam_system.registration import states
from exam_system.registration.models import Application
from exam_system.trust.canonical import jcs, sha256_hex

CHANGEABLE = ("announced", "closed", "seated")
LONGEST_REASON = 200
TABLES = ("exam", "post", "exam_session", "site", "change_notice", "release")
_CHAIN = "announcement"


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says beside its number and reason."""

    kind: str
    items: tuple[Item, ...]
    rise_basis: str = ""
    treatment: str = ""
    choose_until: str = ""

    def text(self) -> str:
        """As the table keeps it (JCS)."""
        names = ("rise_basis", "treatment", "choose_until")
        texts = {name: getattr(self, name) for name in names}
        return jcs({"v": 1, "items": [item.document() for item in self.items], **texts}).decode()


def read_notice(row: ChangeNotice) -> Notice:
    """The notice of a row."""
    document: dict[str, Any] = json.loads(row.document)
    items = tuple(Item(**item) for item in document["items"])
    texts = (document[name] for name in ("rise_basis", "treatment", "choose_until"))
    return Notice(row.kind, items, *texts)


@verb
def prepare_change(ctx: Context, *, code: str, change: Change, reason: str) -> Release:
    """Make the next change notice for the inspectors to cosign; nothing changes yet.

    Raises Invalid or Conflict for what may not change, and while another notice waits.
    """
    exam = open_exam(ctx.session, code, *CHANGEABLE)
    require_whole(ctx.session, *TABLES)
    items = differences(ctx, exam, change)
    rise = any(item.note == "rise" for item in items)
    notice = Notice(
        "change",
        tuple(items),
        _line(change.rise_basis) if rise else "",
        _line(change.treatment) if change.treatment.strip() else "",
    )
    return prepare_notice(ctx, exam, notice, reason)


def _line(text: str) -> str:
    return reason_line(text, LONGEST_REASON)


def prepare_notice(ctx: Context, exam: Exam, notice: Notice, reason: str) -> Release:
    """The signed draft of a notice; recorded for the calling verb."""
    before = releases.newest(ctx.session, exam.id, _CHAIN, state="published")
    if before is None:
        raise Conflict("The announcement has not been published yet")
    printed = Printed(
        exam,
        notice.items,
        before.version,
        releases.release_digest(ctx.session, before),
        notice.rise_basis,
        notice.treatment,
        parse_rfc3339(notice.choose_until) if notice.choose_until else None,
    )
    release = releases.prepare(
        ctx,
        exam=exam,
        chain=_CHAIN,
        stage=_CHAIN,
        files=announcement_files(_posts_after(ctx, exam, notice.items)),
        title=words.CHANGE_TITLE.format(name=exam.name, number=before.version),
        table=notice_table(ctx, printed),
        body=notice_body(ctx, printed),
        reason=_line(reason),
        rules=rules_after(exam, notice.items),
    )
    text = notice.text()
    ctx.session.add(ChangeNotice(release_id=release.id, kind=notice.kind, document=text))
    ctx.session.flush()
    _record(ctx, exam, release, notice=sha256_hex(text.encode()))
    return release


def _posts_after(ctx: Context, exam: Exam, items: Sequence[Item]) -> list[Post]:
    """The posts as they will be; no row of the database is touched."""
    gone = cancelled_posts(items)
    columns = [column.key for column in inspect(Post).column_attrs]
    found = []
    for post in posts_of(ctx.session, exam):
        if post.code not in gone:
            values = {key: getattr(post, key) for key in columns} | columns_after(post, items)
            found.append(Post(**values))
    if not found:
        raise Conflict("No post would be left: an exam that nobody sits is not changed so")
    return found


def _record(ctx: Context, exam: Exam, release: Release, **details: str) -> None:
    ctx.record(
        exam=exam.code,
        subject=releases.subject(exam.code, release),
        digest=releases.release_digest(ctx.session, release),
        version=release.version,
        stage=release.stage,
        **details,
    )


def waiting(ctx: Context, exam: Exam) -> tuple[Release, Notice] | None:
    """The notice that is prepared and not published."""
    release = releases.newest(ctx.session, exam.id, _CHAIN, state="draft")
    row = None if release is None else notice_of(ctx, release)
    return None if release is None or row is None else (release, read_notice(row))


def notice_of(ctx: Context, release: Release) -> ChangeNotice | None:
    """What a version of the announcement changes; None for the first."""
    return ctx.session.scalar(select(ChangeNotice).where(ChangeNotice.release_id == release.id))


def published_notices(ctx: Context, exam: Exam) -> list[tuple[Release, Notice]]:
    """Every published notice of an exam, the newest first."""
    query = (
        select(Release, ChangeNotice)
        .join(ChangeNotice, ChangeNotice.release_id == Release.id)
        .where(Release.exam_id == exam.id, Release.state == "published")
        .order_by(Release.version.desc())
    )
    return [(release, read_notice(row)) for release, row in ctx.session.execute(query)]


def _waiting(ctx: Context, exam: Exam) -> tuple[Release, Notice]:
    found = waiting(ctx, exam)
    if found is None:
        raise Conflict("No change notice has been prepared")
    return found


def wanted_change(ctx: Context, *, code: str) -> Wanted:
    """The publication of the waiting notice, as somebody of another office approves it."""
    exam = exam_by_code(ctx.session, code)
    release, _notice = _waiting(ctx, exam)
    return wanted_publication(ctx, "exams.publish_change", exam, release, "Change notice")


@verb
def publish_change(ctx: Context, *, code: str) -> Release:
    """Publish the waiting notice once it is cosigned and approved; from then on it holds."""
    exam = open_exam(ctx.session, code, *CHANGEABLE)
    require_whole(ctx.session, *TABLES)
    release, notice = _waiting(ctx, exam)
    releases.require_publishable(ctx, release)
    digest = releases.release_digest(ctx.session, release)
    use(ctx, subject=releases.subject(code, release), digest=digest)
    _require_timely(ctx, exam, notice)
    _apply(ctx, exam, release, notice)
    releases.publish(ctx, release)
    _record(ctx, exam, release)
    return release


def _require_timely(ctx: Context, exam: Exam, notice: Notice) -> None:
    """What was lawful when the notice was prepared must still be so."""
    windows = [item for item in notice.items if item.kind == "time" and not item.note]
    posts = any(item.kind in ("post", "cancelled") for item in notice.items)
    over = any(parse_rfc3339(item.new) <= ctx.due() for item in windows)
    begun = any(
        parse_rfc3339(item.old.split("/")[0]) <= ctx.due()
        for item in notice.items
        if item.kind == "session"
    )
    if (windows and (over or exam.state != "announced")) or begun:
        raise Conflict("The notice comes too late for what it changes: drop it")
    if posts and exam.state == "seated":
        raise Conflict("The seats are drawn: posts do not change any more")


def _apply(ctx: Context, exam: Exam, release: Release, notice: Notice) -> None:
    text = rules_after(exam, notice.items)
    if sha256_hex(text.encode()) != release.rules_digest:
        raise Conflict("The rules are not those that the notice was made from: drop it")
    exam.rules, exam.rules_digest = text, release.rules_digest
    _apply_posts(ctx, exam, release, notice)
    for item in notice.items:
        if item.kind == "session":
            _put_off(ctx, exam, item)
        elif item.kind == "site":
            _move_site(ctx, exam, item)
    ctx.session.flush()


def _apply_posts(ctx: Context, exam: Exam, release: Release, notice: Notice) -> None:
    gone = cancelled_posts(notice.items)
    for post in posts_of(ctx.session, exam):
        for key, value in columns_after(post, notice.items).items():
            setattr(post, key, value)
        if post.code in gone:
            post.cancelled = release.version
            _free(ctx, post)


def _free(ctx: Context, post: Post) -> None:
    """Whoever has paid for a cancelled post chooses again or gets the money back."""
    query = select(Application).where(Application.post_id == post.id, Application.state == "paid")
    for application in ctx.session.scalars(query.order_by(Application.id).with_for_update()):
        states.move(application, "choosing")


def _put_off(ctx: Context, exam: Exam, item: Item) -> None:
    starts, _, ends = item.new.partition("/")
    query = select(ExamSession).where(
        ExamSession.exam_id == exam.id, ExamSession.subject == item.of
    )
    row = ctx.session.scalars(query).one()
    row.starts_at, row.ends_at = parse_rfc3339(starts), parse_rfc3339(ends)


def _move_site(ctx: Context, exam: Exam, item: Item) -> None:
    district, _, site = item.of.partition("-")
    query = (
        select(Site)
        .join(District, District.id == Site.district_id)
        .where(District.exam_id == exam.id, District.code == int(district), Site.code == int(site))
    )
    setattr(ctx.session.scalars(query).one(), item.what, item.new)


@verb
def drop_change(ctx: Context, *, code: str, reason: str) -> None:
    """Take back a notice that is prepared and not published; its signed note stays in the log."""
    exam = open_exam(ctx.session, code, *CHANGEABLE)
    reason = _line(reason)
    release, _notice = _waiting(ctx, exam)
    subject = releases.subject(code, release)
    digest = releases.release_digest(ctx.session, release)
    for model in (ChangeNotice, ReleaseFile):
        ctx.session.execute(delete(model).where(model.release_id == release.id))
    ctx.session.execute(delete(Release).where(Release.id == release.id))
    ctx.session.expunge(release)
    ctx.record(exam=code, subject=subject, digest=digest, why=reason)
