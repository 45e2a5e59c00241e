"""Verbs of what two people do with a bag: open it, count and pack it, destroy what is waste.

The first says what they see, the second must say the same; only then is it done. Nobody is both.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.attendance.staff import Place, require_room
from exam_system.context import Context, verb
from exam_system.custody.lookup import (
    bag_of,
    clean_seal,
    hour,
    opens_at,
    require_touch,
    require_turn,
    session_of,
    subject_name,
)
from exam_system.custody.models import Bag, Deed, Permission, UsedSpare
from exam_system.custody.states import move, require_move
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, ExamSession, Room
from exam_system.people import reason_line
from exam_system.trust.canonical import JSON, jcs
from exam_system.violations.incidents import open_incident

LONGEST_REASON = 200


@verb
def open_bag(ctx: Context, *, code: str, subject: str, barcode: str, seal: str) -> bool:
    """Open a bag in the session of `subject`; True when the second of the two has done so.

    Both type the number of the seal. Raises Conflict for a bag of another session, before its time
    or after the session, for another seal, and while a broken seal or a duty paper has no leave;
    Forbidden for anybody but the invigilators of the room (of a duty paper: its district's people).
    """
    exam = exam_by_code(ctx.session, code)
    bag = bag_of(ctx.session, exam, barcode, lock=True)
    row = session_of(ctx.session, exam, subject)
    _require_session(exam, bag, row, ctx)
    _require_time(ctx, exam, row)
    _require_opener(ctx, exam, bag, row)
    require_move(bag, "opened")
    if clean_seal(seal) != bag.seal:
        raise Conflict(
            "This is not the seal with which the bag was closed: do not open it, report the seal"
        )
    leave = _leave(ctx, bag)
    two = _second(ctx, bag, "opened", {"seal": bag.seal})
    if two:
        move(bag, "opened")
        bag.opened_at = ctx.clock.now()
        for one in leave:
            one.used_at = ctx.clock.now()
    ctx.record(exam=code, subject=f"bag:{bag.barcode}", session=subject, done=two)
    return two


def _require_session(exam: Exam, bag: Bag, row: ExamSession, ctx: Context) -> None:
    own = ctx.session.get_one(ExamSession, bag.session_id)
    if own.id != row.id:
        raise Conflict(
            "The bag %(barcode)s belongs to another session (%(session)s, %(time)s): it must not "
            "be opened in %(other)s",
            barcode=bag.barcode,
            session=subject_name(exam, own),
            time=hour(ctx, own.starts_at),
            other=subject_name(exam, row),
        )
    require_turn(ctx, exam, bag)


def _require_time(ctx: Context, exam: Exam, row: ExamSession) -> None:
    opens, now = opens_at(exam, row), ctx.due()
    if now < opens:
        raise Conflict("Bags of this session may be opened from %(time)s on", time=hour(ctx, opens))
    if now >= row.ends_at:
        raise Conflict("This session is over: its bags are opened no more")


def _require_opener(ctx: Context, exam: Exam, bag: Bag, row: ExamSession) -> None:
    if bag.room_id is None:
        if require_touch(ctx, exam, bag, row).room is not None:
            raise Forbidden("A duty paper is opened by the people of its district")
        return
    _require_room_duty(ctx, exam, bag, row)


def _require_room_duty(ctx: Context, exam: Exam, bag: Bag, row: ExamSession) -> Place:
    place = require_room(ctx, exam, row, ctx.session.get_one(Room, bag.room_id))
    if place.room is None:
        raise Forbidden("Only the invigilators of its room may do this with the bag")
    return place


def _leave(ctx: Context, bag: Bag) -> list[Permission]:
    """The unused leave that opening this bag needs; raises Conflict while it is missing."""
    needed = [what for what, holds in _needs(bag).items() if holds]
    found = [_unused(ctx.session, bag, what) for what in needed]
    there = [one for one in found if one is not None]
    if len(there) < len(needed):
        raise Conflict(
            "This bag may be opened only with the leave of the office, which two people give: call "
            "the headquarters"
        )
    return there


def _needs(bag: Bag) -> dict[str, bool]:
    return {"duty": bag.kind == "duty", "broken": bag.broken_at is not None}


def _unused(session: Session, bag: Bag, what: str) -> Permission | None:
    query = select(Permission).where(Permission.bag_id == bag.id, Permission.what == what)
    query = query.where(Permission.used_at.is_(None)).order_by(Permission.id).limit(1)
    return session.scalar(query.with_for_update())


def unused_leave(session: Session, bag: Bag, what: str) -> Permission:
    """Leave of the office that was not used yet; raises Conflict."""
    found = _unused(session, bag, what)
    if found is None:
        raise Conflict(
            "A spare paper is opened only with the leave of the office, which two people give: "
            "call the headquarters"
        )
    return found


def _second(ctx: Context, bag: Bag, kind: str, said: dict[str, JSON]) -> bool:
    """Keep what the actor says; True when another one had said the same before.

    The bag is locked: of two who come at once one is the first.
    """
    text = jcs(said).decode()
    query = select(Deed).where(Deed.bag_id == bag.id, Deed.kind == kind)
    deed = ctx.session.scalar(query.execution_options(populate_existing=True))
    if deed is None:
        deed = Deed(bag_id=bag.id, kind=kind)
        ctx.session.add(deed)
    elif deed.first_by != ctx.actor.account_id:
        if deed.said != text:
            raise Conflict(
                "The other one has typed something else: look again together; who typed first may "
                "correct it"
            )
        deed.second_by, deed.second_at = ctx.actor.account_id, ctx.clock.now()
        ctx.session.flush()
        return True
    if ctx.actor.account_id is None:
        raise Forbidden("Nobody may do this without an account")
    deed.said, deed.first_by, deed.first_at = text, ctx.actor.account_id, ctx.clock.now()
    ctx.session.flush()
    return False


@verb
def pack_bag(
    ctx: Context, *, code: str, barcode: str, issued: int, blank: int, unused: int, seal: str
) -> bool:
    """Count and seal an opened bag after its session; True when the second counted the same.

    issued: papers that candidates had; blank: papers of those who did not come; unused: spares.
    Raises Conflict before the end of the session and while the counts do not add up to what the
    bag held.
    """
    exam = exam_by_code(ctx.session, code)
    bag = bag_of(ctx.session, exam, barcode, lock=True)
    row = ctx.session.get_one(ExamSession, bag.session_id)
    _require_opener(ctx, exam, bag, row)
    require_move(bag, "packed")
    if ctx.due() < row.ends_at:
        raise Conflict(
            "Bags are packed when the session is over, at %(time)s", time=hour(ctx, row.ends_at)
        )
    new_seal = clean_seal(seal)
    if new_seal == bag.seal:
        raise Conflict("A packed bag gets a new seal: type its number")
    _require_sum(ctx.session, bag, issued, blank, unused)
    counts: dict[str, JSON] = {"issued": issued, "blank": blank, "unused": unused}
    two = _second(ctx, bag, "packed", {**counts, "seal": new_seal})
    if two:
        move(bag, "packed")
        bag.issued, bag.blank, bag.unused, bag.seal = issued, blank, unused, new_seal
        bag.packed_at = ctx.clock.now()
    ctx.record(exam=code, subject=f"bag:{bag.barcode}", **counts, done=two)
    return two


def spares_used(session: Session, bag: Bag) -> dict[str, int]:
    """How many spares of a bag were opened, by cause."""
    query = select(UsedSpare.cause, func.count()).where(UsedSpare.bag_id == bag.id)
    found = {"faulty": 0, "missing": 0}
    for cause, count in session.execute(query.group_by(UsedSpare.cause)):
        found[cause] = count
    return found


def _require_sum(session: Session, bag: Bag, issued: int, blank: int, unused: int) -> None:
    used = spares_used(session, bag)
    if min(issued, blank, unused) < 0 or unused != bag.spares - sum(used.values()):
        raise Conflict(
            "The bag must have %(count)s unopened spare papers left",
            count=bag.spares - sum(used.values()),
        )
    found = issued + blank + unused + sum(used.values())
    if found != bag.papers + bag.spares:
        raise Conflict(
            "The counts do not add up: %(issued)s issued, %(blank)s blank, %(unused)s spare, "
            "%(faulty)s faulty and %(missing)s missing are %(found)s, but the bag held "
            "%(expected)s. Count again; the bag cannot be closed like this",
            issued=issued,
            blank=blank,
            unused=unused,
            **used,
            found=found,
            expected=bag.papers + bag.spares,
        )


@verb
def destroy_waste(ctx: Context, *, code: str, barcode: str, papers: int) -> bool:
    """Destroy the papers of a bag that is back; True when the second has confirmed it.

    Raises Invalid unless `papers` is all that the bag holds now.
    """
    exam = exam_by_code(ctx.session, code)
    bag = bag_of(ctx.session, exam, barcode, lock=True)
    row = ctx.session.get_one(ExamSession, bag.session_id)
    if require_touch(ctx, exam, bag, row).room is not None:
        raise Forbidden("Waste is destroyed by the people of the site or the headquarters")
    require_move(bag, "destroyed")
    held = bag.papers + bag.spares - spares_used(ctx.session, bag)["missing"]
    if papers != held:
        raise Invalid("The bag holds %(count)s papers: count them again", count=held).about(
            "papers"
        )
    two = _second(ctx, bag, "destroyed", {"papers": papers})
    if two:
        move(bag, "destroyed")
    ctx.record(exam=code, subject=f"bag:{bag.barcode}", papers=papers, done=two)
    return two


@verb
def report_seal(ctx: Context, *, code: str, barcode: str, why: str) -> None:
    """Report a seal that is broken or another one: an incident; opening then needs leave."""
    exam = exam_by_code(ctx.session, code)
    bag = bag_of(ctx.session, exam, barcode, lock=True)
    row = ctx.session.get_one(ExamSession, bag.session_id)
    require_touch(ctx, exam, bag, row)
    if bag.broken_at is not None or bag.state in ("opened", "destroyed"):
        raise Conflict("The seal of this bag cannot be reported now")
    bag.broken_at, bag.broken_why = ctx.clock.now(), reason_line(why, LONGEST_REASON)
    _incident(ctx, exam, bag, row, bag.broken_why)
    ctx.record(exam=code, subject=f"bag:{bag.barcode}", why=bag.broken_why)


@verb
def report_refusal(ctx: Context, *, code: str, barcode: str, subject: str, why: str) -> None:
    """Log that somebody tried to open a bag that must not be opened now: an incident."""
    exam = exam_by_code(ctx.session, code)
    bag = bag_of(ctx.session, exam, barcode)
    row = session_of(ctx.session, exam, subject)
    require_touch(ctx, exam, bag, row)
    reason = reason_line(why, 400)
    _incident(ctx, exam, bag, row, reason)
    ctx.record(exam=code, subject=f"bag:{bag.barcode}", session=subject, why=reason)


def _incident(ctx: Context, exam: Exam, bag: Bag, row: ExamSession, facts: str) -> None:
    room = ctx.session.get(Room, bag.room_id) if bag.room_id is not None else None
    open_incident(
        ctx,
        exam=exam,
        session_row=row,
        room=room,
        kind="custody",
        facts=f"{bag.barcode}: {facts}",
        source="custody",
    )
