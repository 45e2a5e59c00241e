"""Taking reports in without a trace of who and when; entering them in the log; answering."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from exam_system.context import Context, verb
from exam_system.database import lock_log
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.records.keys import keys_of
from exam_system.tips.lookup import PREFIX, by_digest, recipients
from exam_system.tips.models import ArrivedTip, SealingKey, Tip, TipAnswer
from exam_system.tips.receipts import Drawer, drawer_of, make_receipt
from exam_system.trust import notes, sealed
from exam_system.trust.canonical import b64, sha256_hex
from exam_system.trust.errors import TrustError
from exam_system.trust.report import (
    Confirmation,
    Content,
    open_sealing_key,
    parse_answer,
    report_file,
)

MOST_A_DAY = 500  # nobody can be told apart, so only all together can be kept from filling the disk


@dataclass(frozen=True, slots=True)
class Taken:
    """What the reporter is told: the receipt (nobody else is), and the digest of what is stored.

    `confirmation` is a note in which the publisher's key signs that it came: whoever deletes the
    report before the log has it can be shown to have had it.
    """

    receipt: str
    digest: str
    day: date
    confirmation: str


def today(ctx: Context) -> date:
    """The day, in the bureau's zone: the finest time that is kept of a report."""
    return ctx.clock.now().astimezone(ctx.config.zone).date()


def seal_content(ctx: Context, content: Content) -> bytes:
    """The box for all inspectors, sealed here in memory; Invalid when there is too much."""
    try:
        return sealed.seal(content.encode(), _require_recipients(ctx), ctx.chance.take(64))
    except TrustError as error:
        raise Invalid("This cannot be sealed: %(why)s", why=error) from None


def _require_recipients(ctx: Context) -> list[sealed.Recipient]:
    found = recipients(ctx.session)
    if not found:
        raise Conflict("No report can be taken here yet: no inspector has handed in a sealing key")
    return found


def take_in(ctx: Context, *, box: bytes, receipt: str | None = None) -> Taken:
    """Store a sealed report, under a new receipt or the one it adds to.

    No verb, and no act: an act would stand in the log between two others with exact times. The
    report is entered on a later day, by `enter_reports`. Raises Invalid unless the box is sealed
    to exactly the inspectors of today, NotFound for a receipt that is none.
    """
    _require_sealed_to_inspectors(ctx, box)
    _require_room(ctx)
    kept = receipt or make_receipt(ctx.chance)
    drawer = drawer_of(ctx.keys.vault, kept)
    if receipt is not None:
        require_known(ctx, drawer)
    data = report_file(drawer.reply_key, box)
    digest, day = sha256_hex(data), today(ctx)
    if by_digest(ctx.session, digest) is not None:
        raise Conflict("This very report is here already")
    size = sealed.parse(box).size
    row = ArrivedTip(digest=digest, day=day, lookup=drawer.lookup, size=size, data=data)
    ctx.session.add(row)
    said = Confirmation(ctx.config.origin, str(day), digest).text
    return Taken(kept, digest, day, notes.sign(said, ctx.keys.publisher).decode())


def _require_sealed_to_inspectors(ctx: Context, box: bytes) -> None:
    wanted = set(_require_recipients(ctx))
    try:
        found = set(sealed.parse(box).recipients)
    except TrustError as error:
        raise Invalid("This is no sealed report: %(why)s", why=error) from None
    if found != wanted:
        raise Invalid("The report is not sealed to the inspectors of today: load the page again")


def _require_room(ctx: Context) -> None:
    tables, day = (ArrivedTip, Tip), today(ctx)
    counts = [
        ctx.session.scalar(select(func.count()).select_from(t).where(t.day == day)) for t in tables
    ]
    if sum(count or 0 for count in counts) >= MOST_A_DAY:
        raise Conflict(
            "Too many reports came in today: use another way to reach the inspection office"
        )


def require_known(ctx: Context, drawer: Drawer) -> None:
    """Raise NotFound unless something lies under the receipt."""
    for table in (Tip, ArrivedTip):
        query = select(table.digest).where(table.lookup == drawer.lookup).limit(1)
        if ctx.session.scalar(query):
            return
    raise NotFound("There is no report with this receipt")


@verb
def register_sealing_key(ctx: Context, *, note: bytes) -> SealingKey:
    """Take an inspector's sealing key, signed by that inspector's registered key.

    A new one takes the place of the old one for reports from now on.
    """
    try:
        to = open_sealing_key(note, keys_of(ctx.session, "inspector"))
        text = note.decode()
    except (TrustError, UnicodeDecodeError) as error:
        raise Invalid("This is no signed sealing key: %(why)s", why=error) from None
    found = ctx.session.scalar(select(SealingKey).where(SealingKey.name == to.name))
    row = found or SealingKey(name=to.name)
    row.key, row.note = b64(to.key), text
    ctx.session.add(row)
    ctx.record(exam="", subject=f"key:{to.name}", sealing_key=row.key)
    return row


@verb
def enter_reports(ctx: Context) -> int:
    """Give the reports of earlier days their numbers and their acts; returns how many.

    In the order of their digests, so that the order tells nothing. Raises Conflict when there
    are none.
    """
    lock_log(ctx.session)
    waiting = ctx.session.scalars(
        select(ArrivedTip).where(ArrivedTip.day < today(ctx)).order_by(ArrivedTip.digest)
    ).all()
    if not waiting:
        raise Conflict("No report of an earlier day waits for its place in the log")
    last = ctx.session.scalar(select(func.max(Tip.number))) or 0
    for number, row in enumerate(waiting, start=last + 1):
        _enter(ctx, number, row)
    return len(waiting)


def _enter(ctx: Context, number: int, row: ArrivedTip) -> None:
    tip = Tip(
        number=number,
        digest=row.digest,
        day=row.day,
        lookup=row.lookup,
        size=row.size,
        data=row.data,
    )
    ctx.session.add(tip)
    ctx.session.delete(row)
    ctx.session.flush()
    subject = f"{PREFIX}{number}:{row.digest}"
    ctx.record(exam="", subject=subject, digest=row.digest, number=number, day=str(row.day))


@verb
def answer_report(ctx: Context, *, data: bytes) -> TipAnswer:
    """Store an inspector's sealed answer; only the holder of the receipt can open it."""
    try:
        answer = parse_answer(data)
    except TrustError as error:
        raise Invalid("This is no sealed answer: %(why)s", why=error) from None
    tip = by_digest(ctx.session, answer.value)
    if tip is None:
        raise NotFound("There is no report to which this is an answer")
    digest = sha256_hex(data)
    if ctx.session.scalar(select(TipAnswer.id).where(TipAnswer.digest == digest)):
        raise Conflict("This answer is here already")
    row = TipAnswer(digest=digest, lookup=tip.lookup, data=data)
    ctx.session.add(row)
    ctx.record(exam="", subject=f"{PREFIX}answer:{digest}", report=answer.value)
    return row
