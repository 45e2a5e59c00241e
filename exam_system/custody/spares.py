"""Verbs of leave and spares: the office lets a spare, a duty paper or a broken bag be opened."""

from __future__ import annotations

from sqlalchemy import func, select

from exam_system.approvals.lookup import Wanted, use
from exam_system.attendance.staff import require_room
from exam_system.context import Context, verb
from exam_system.custody.deeds import unused_leave
from exam_system.custody.lookup import bag_of, keep_photo
from exam_system.custody.models import Bag, Permission, UsedSpare
from exam_system.errors import Conflict, Forbidden, Invalid, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, ExamSession, Room
from exam_system.people import reason_line
from exam_system.trust.canonical import JSON, jcs, sha256_hex

WHAT = {
    "spare": "Open one spare paper",
    "duty": "Open the duty paper",
    "broken": "Open a bag whose seal was reported",
}
CAUSES = {"faulty": "For a faulty paper", "missing": "For one paper too few"}
LONGEST_REASON = 200
VERB = "custody.allow_opening"


def wanted_leave(ctx: Context, *, code: str, barcode: str, what: str, reason: str) -> Wanted:
    """The approval that this leave needs; raises as `allow_opening` does."""
    exam = exam_by_code(ctx.session, code)
    bag = bag_of(ctx.session, exam, barcode)
    why = reason_line(reason, LONGEST_REASON)
    number = _require_sense(ctx, bag, what)
    body: JSON = {"bag": bag.barcode, "exam": code, "number": number, "reason": why, "what": what}
    return Wanted(
        VERB,
        code,
        f"bag:{bag.barcode}:{what}:{number}",
        sha256_hex(jcs(body)),
        (
            Sentence(WHAT.get(what, "")),
            Sentence("Bag %(barcode)s", barcode=bag.barcode),
            Sentence("Reason: %(reason)s", reason=why),
        ),
    )


def _require_sense(ctx: Context, bag: Bag, what: str) -> int:
    """Which leave of its kind for this bag it is, from 1; raises when there is nothing to allow."""
    if what not in WHAT:
        raise Invalid("Say what may be opened").about("what")
    query = select(func.count()).where(Permission.bag_id == bag.id, Permission.what == what)
    given = ctx.session.scalars(query).one()
    fits = {
        "spare": bag.kind != "duty" and given < bag.spares,
        "duty": bag.kind == "duty" and not given,
        "broken": bag.broken_at is not None and not given,
    }
    if not fits[what]:
        raise Conflict("There is nothing of the kind in this bag that could still be opened")
    return given + 1


@verb
def allow_opening(ctx: Context, *, code: str, barcode: str, what: str, reason: str) -> Permission:
    """Give leave, with an inspector's approval: for a spare, the duty paper or a broken seal.

    Raises Conflict when the bag has nothing of the kind, or leave was given for all of it.
    """
    exam = exam_by_code(ctx.session, code)
    bag = bag_of(ctx.session, exam, barcode, lock=True)
    wanted = wanted_leave(ctx, code=code, barcode=barcode, what=what, reason=reason)
    approval = use(ctx, subject=wanted.subject, digest=wanted.digest)
    given = Permission(
        bag_id=bag.id,
        what=what,
        reason=reason_line(reason, LONGEST_REASON),
        given_at=ctx.clock.now(),
        approval=approval,
    )
    ctx.session.add(given)
    ctx.session.flush()
    ctx.record(exam=code, subject=f"bag:{bag.barcode}", what=what, why=given.reason)
    return given


@verb
def use_spare(
    ctx: Context,
    *,
    code: str,
    barcode: str,
    seat: int,
    cause: str,
    reason: str,
    photo: tuple[str, bytes] | None = None,
) -> UsedSpare:
    """Open a spare paper for a seat, by an invigilator of the room, with the office's leave.

    `photo` (name and bytes) shows the faulty paper: its fault, never its questions. Raises Conflict
    without leave or while the bag is not open, Invalid without the photo of a faulty paper.
    """
    exam = exam_by_code(ctx.session, code)
    bag = bag_of(ctx.session, exam, barcode, lock=True)
    _require_room(ctx, exam, bag, seat)
    if bag.state != "opened":
        raise Conflict("The bag is not open: there is no spare to take out of it")
    if cause not in CAUSES:
        raise Invalid("Say what the spare paper is for").about("cause")
    if cause == "faulty" and photo is None:
        raise Invalid("Add a photo of what is wrong with the paper, without its questions").about(
            "photo"
        )
    leave = unused_leave(ctx.session, bag, "spare")
    leave.used_at = ctx.clock.now()
    used = UsedSpare(
        bag_id=bag.id,
        permission_id=leave.id,
        seat=seat,
        cause=cause,
        reason=reason_line(reason, LONGEST_REASON),
        photo=keep_photo(ctx.config, ctx.keys.vault, *photo) if photo else None,
        used_by=ctx.actor.account_id,
        used_at=ctx.clock.now(),
    )
    ctx.session.add(used)
    ctx.session.flush()
    ctx.record(
        exam=code, subject=f"bag:{bag.barcode}", seat=seat, cause=cause, photo=used.photo or ""
    )
    return used


def _require_room(ctx: Context, exam: Exam, bag: Bag, seat: int) -> None:
    if bag.room_id is None:
        raise Conflict("A duty paper has no spares")
    room = ctx.session.get_one(Room, bag.room_id)
    row = ctx.session.get_one(ExamSession, bag.session_id)
    if require_room(ctx, exam, row, room).room is None:
        raise Forbidden("Only the invigilators of its room may do this with the bag")
    if not 1 <= seat <= room.capacity:
        raise Invalid("The room has the seats 1 to %(last)s", last=room.capacity).about("seat")
