"""Verbs of notices: draft, edit, correct, pass a level, return, publish, withhold, review.

A text is written by one person and passed by as many others as there are levels (rules.json),
each with an act under the digest of exactly this text; whatever is changed begins at the first
level again. Nothing published is overwritten: a correction is the next version.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid, Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.notices.checking import require_fit
from exam_system.notices.lookup import current_steps, locked, newest_version
from exam_system.notices.models import Notice, NoticeFile, NoticeStep, NoticeVersion
from exam_system.notices.publishing import signed_notice
from exam_system.notices.rules import CATEGORIES, Level, notice_rules
from exam_system.notices.states import move
from exam_system.notices.writing import Content, document, read_content, release_of
from exam_system.people import reason_line
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.notice_note import subject_of

LONGEST_REASON = 200
LONGEST_WITHHELD = 730
"""Days: what is withheld longer is withheld anew, with a new reason."""


def today(ctx: Context) -> date:
    """The office's day."""
    return ctx.clock.now().astimezone(ctx.config.zone).date()


def _me(ctx: Context) -> int:
    if ctx.actor.account_id is None:
        raise Forbidden("Only people write notices and pass them")
    return ctx.actor.account_id


def _step(ctx: Context, version: NoticeVersion, level: str, outcome: str, why: str = "") -> None:
    step = NoticeStep(
        version_id=version.id,
        level=level,
        outcome=outcome,
        account_id=_me(ctx),
        digest=version.digest,
        why=why,
        at=ctx.clock.now(),
    )
    ctx.session.add(step)
    ctx.session.flush()


def _record(
    ctx: Context, notice: Notice, version: NoticeVersion, level: str, why: str = ""
) -> None:
    exam = ctx.session.get(Exam, notice.exam_id) if notice.exam_id else None
    ctx.record(
        exam=exam.code if exam else "",
        subject=subject_of(notice.ref, version.version, level, version.digest),
        digest=version.digest,
        level=level,
        **({"why": why} if why else {}),
    )


@verb
def draft_notice(
    ctx: Context, *, category: str, content: Content, exam: str = "", place: int | None = None
) -> NoticeVersion:
    """Write a new notice; `place` is the number of the exam's public list that it posts."""
    if category not in CATEGORIES:
        raise Invalid("Choose what kind of notice it is")
    row = exam_by_code(ctx.session, exam) if exam else None
    if category == "exam" and row is None:
        raise Invalid("Say of which exam the notice is")
    if place is not None and (row is None or not 1 <= place <= len(rules_of(row).public_lists)):
        raise Invalid("The exam has no public list of this number")
    notice = Notice(
        ref=_next_ref(ctx),
        exam_id=row.id if row else None,
        category=category,
        place=place,
        owner_id=_me(ctx),
        made_at=ctx.clock.now(),
    )
    ctx.session.add(notice)
    try:
        ctx.session.flush()
    except IntegrityError:  # two at once; the database lets one have the number
        raise Conflict("Somebody was faster: send the notice again") from None
    return _add_version(ctx, notice, 1, content, "")


def _next_ref(ctx: Context) -> str:
    year = today(ctx).year
    query = select(func.max(Notice.ref)).where(Notice.ref.like(f"{year}-%"))
    last = ctx.session.scalar(query)
    return f"{year}-{int(last.partition('-')[2]) + 1 if last else 1:04d}"


def _add_version(
    ctx: Context, notice: Notice, number: int, content: Content, reason: str
) -> NoticeVersion:
    content = read_content(content)
    fresh = today(ctx) + timedelta(days=notice_rules().review_days)
    version = NoticeVersion(
        notice_id=notice.id,
        version=number,
        state="draft",
        level=0,
        drafted_by=_me(ctx),
        drafted_at=ctx.clock.now(),
        review_on=content.review_on or fresh,
        title="",
        document="",
        digest="",
    )
    _fill(ctx, notice, version, content, reason)
    return version


def _fill(
    ctx: Context, notice: Notice, version: NoticeVersion, content: Content, reason: str
) -> None:
    """Put a text into a version; its files with it."""
    exam = ctx.session.get(Exam, notice.exam_id) if notice.exam_id else None
    for folder in content.releases:
        release_of(ctx.session, folder, exam)
    data = document(
        ref=notice.ref,
        version=version.version,
        category=notice.category,
        exam=exam.code if exam else "",
        content=content,
        reason=reason,
    )
    version.title, version.document = content.title, data.decode()
    version.digest, version.event_at = sha256_hex(data), content.event_at
    ctx.session.add(version)
    ctx.session.flush()
    for file in content.files:
        row = NoticeFile(version_id=version.id, name=file.name, sha256=file.sha256, data=file.data)
        ctx.session.add(row)
    _step(ctx, version, "drafted", "drafted", reason)
    _record(ctx, notice, version, "drafted", reason)


@verb
def edit_notice(ctx: Context, *, ref: str, content: Content) -> NoticeVersion:
    """Change a text that no level has passed, or that was returned; only its author does."""
    notice = locked(ctx.session, ref)
    version = newest_version(ctx.session, notice)
    if version.drafted_by != _me(ctx):
        raise Forbidden("Only who wrote the notice changes it")
    if version.state != "draft":
        raise Conflict("The notice has passed a level already: have it returned first")
    content = read_content(content)
    version.level, version.review_on = 0, content.review_on or version.review_on
    ctx.session.execute(delete(NoticeFile).where(NoticeFile.version_id == version.id))
    reason = current_steps(ctx.session, version)[0][0].why
    _fill(ctx, notice, version, content, reason)
    return version


@verb
def correct_notice(ctx: Context, *, ref: str, content: Content, reason: str) -> NoticeVersion:
    """Write the next version of a published notice; the earlier one stays as it is."""
    notice = locked(ctx.session, ref)
    last = newest_version(ctx.session, notice)
    if last.state != "published":
        raise Conflict("Version %(version)s is not published yet", version=last.version)
    reason = reason_line(reason, LONGEST_REASON)
    return _add_version(ctx, notice, last.version + 1, content, reason)


def next_level(version: NoticeVersion) -> Level | None:
    """The level whose turn it is; None when all have passed it."""
    levels = notice_rules().levels
    open_ = version.state in ("draft", "checking") and version.level < len(levels)
    return levels[version.level] if open_ else None


@verb
def pass_level(ctx: Context, *, ref: str, digest: str) -> NoticeVersion:
    """Pass the text of this digest at the level whose turn it is.

    Raises Forbidden for who has had a hand in it or whose role does not hold the level, Conflict
    when the text is another by now, and Unfit before the last level when the check finds anything.
    """
    notice = locked(ctx.session, ref)
    version = newest_version(ctx.session, notice)
    level = next_level(version)
    if level is None:
        raise Conflict("The notice waits for no level")
    if version.digest != digest:
        raise Conflict("The text was changed meanwhile: read it again")
    _require_hand(ctx, version, level)
    levels = notice_rules().levels
    if level is levels[-1]:
        require_fit(ctx.session, notice, version)
    move(version, "cleared" if level is levels[-1] else "checking")
    version.level += 1
    _step(ctx, version, level.key, "passed")
    _record(ctx, notice, version, level.key)
    return version


def _require_hand(ctx: Context, version: NoticeVersion, level: Level) -> None:
    if ctx.actor.role not in level.roles:
        raise Forbidden("Your role does not hold the level “%(level)s”", level=Sentence(level.name))
    hands = {step.account_id for step, _account in current_steps(ctx.session, version)}
    if _me(ctx) in hands:
        raise Forbidden("Every level is another person's, and none is the author's")


@verb
def return_notice(ctx: Context, *, ref: str, why: str) -> NoticeVersion:
    """Send a text back to its author, who changes it; every level begins again."""
    notice = locked(ctx.session, ref)
    version = newest_version(ctx.session, notice)
    why = reason_line(why, LONGEST_REASON)
    if version.drafted_by == _me(ctx):
        raise Forbidden("Who wrote the notice does not return it")
    level = next_level(version)
    move(version, "draft")
    version.level = 0
    _step(ctx, version, level.key if level else "cleared", "returned", why)
    _record(ctx, notice, version, "returned", why)
    return version


@verb
def publish_notice(ctx: Context, *, ref: str, late_reason: str = "") -> NoticeVersion:
    """Sign and publish what every level has passed; `show_notices` writes the folder afterwards.

    A notice comes before the event that it announces: one that comes later is refused, unless a
    reason is given that stands on its page for good, with how late it was.
    """
    notice = locked(ctx.session, ref)
    version = newest_version(ctx.session, notice)
    now = ctx.due()
    with ctx.session.no_autoflush:  # state, time and note are one change
        move(version, "published")
        _mark_late(version, now, late_reason)
        require_fit(ctx.session, notice, version)
        version.published_at = now
        version.note = signed_notice(ctx, notice, version, now)
    _step(ctx, version, "published", "published", version.late_reason or "")
    _record(ctx, notice, version, "published", version.late_reason or "")
    return version


def _mark_late(version: NoticeVersion, now: datetime, reason: str) -> None:
    late = _late(version, now)
    if late and not reason.strip():
        raise Conflict(
            "The event was %(minutes)s minutes ago: a notice comes before it. Give a reason "
            "if it is to be published late, marked as late",
            minutes=-(-late // 60),
        )
    if late:
        version.late, version.late_reason = late, reason_line(reason, LONGEST_REASON)


def _late(version: NoticeVersion, now: datetime) -> int:
    """Whole seconds after the event, 0 before it."""
    if version.event_at is None or now < version.event_at:
        return 0
    return max(1, int((now - version.event_at).total_seconds()))


@verb
def withhold_notice(ctx: Context, *, ref: str, reason: str, until: date) -> NoticeVersion:
    """Keep a notice back until a day, for a reason; that it is kept back is public itself."""
    notice = locked(ctx.session, ref)
    version = newest_version(ctx.session, notice)
    if version.drafted_by == _me(ctx):
        raise Forbidden("Who wrote the notice does not withhold it: somebody else decides that")
    if not today(ctx) < until <= today(ctx) + timedelta(days=LONGEST_WITHHELD):
        raise Invalid("Give the day until which it is withheld, at most two years from now")
    move(version, "withheld")
    version.level = 0
    version.withheld_reason = reason_line(reason, LONGEST_REASON)
    version.withheld_until = until
    _step(ctx, version, "withheld", "withheld", version.withheld_reason)
    _record(ctx, notice, version, "withheld", version.withheld_reason)
    return version


@verb
def lift_withholding(ctx: Context, *, ref: str) -> NoticeVersion:
    """Withhold a notice no longer: it goes through its levels."""
    notice = locked(ctx.session, ref)
    version = newest_version(ctx.session, notice)
    if version.state != "withheld":
        raise Conflict("This notice is not withheld")
    move(version, "draft")
    version.withheld_reason = version.withheld_until = None
    _step(ctx, version, "lifted", "lifted")
    _record(ctx, notice, version, "lifted")
    return version


@verb
def confirm_notice(ctx: Context, *, ref: str) -> NoticeVersion:
    """The owner, or who stands in, has read a published notice again: it still holds."""
    notice = locked(ctx.session, ref)
    version = newest_version(ctx.session, notice)
    if version.state != "published":
        raise Conflict("Version %(version)s is not published yet", version=version.version)
    version.review_on = today(ctx) + timedelta(days=notice_rules().review_days)
    _step(ctx, version, "reviewed", "reviewed")
    _record(ctx, notice, version, "reviewed")
    return version
