"""Late changes of the published plan: somebody gets a reserve seat, with two people of two offices.

The draw is never run again. The seat that somebody leaves stays empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from exam_system.accounts.models import Person
from exam_system.approvals.lookup import Wanted, summary_of, use
from exam_system.approvals.models import Approval
from exam_system.context import Context, verb
from exam_system.draws.models import Attempt
from exam_system.errors import Conflict, Fault, NotFound, Sentence
from exam_system.examday.models import Seat, SeatChange
from exam_system.examday.plan import newest_attempt
from exam_system.examday.reserves import SEATED, Spot, free_spots, next_spot
from exam_system.examday.seats import Place, places_of
from exam_system.examday.versions import digest_of, newest_version, plan_at
from exam_system.examday.withdrawals import replaced
from exam_system.exams.lookup import exam_by_code, open_exam, rules_of
from exam_system.exams.models import Exam, ExamSession, Post
from exam_system.people import reason_line
from exam_system.registration.lookup import any_application
from exam_system.registration.models import Application
from exam_system.results.codes import give
from exam_system.trust.canonical import jcs, sha256_hex

ADD, MOVE = "examday.add_late_candidate", "examday.move_candidate"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Step:
    """A change that is possible now; `seat` and `left` are what the candidate has, if anything."""

    verb: str
    exam: Exam
    application: Application
    person: Person
    post: Post
    seat: Seat | None
    left: Place | None
    spot: Spot
    number: str
    reason: str

    @property
    def subject(self) -> str:
        """The change's name in the log."""
        return f"application:{self.application.ref}"

    @property
    def before(self) -> tuple[str, str, int] | None:
        """District, room and seat that are left."""
        if self.seat is None or self.left is None:
            return None
        return self.left.group, self.left.slot, self.seat.number

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all that an approver agrees to."""
        place = self.spot.place
        document = {
            "exam": self.exam.code,
            "label": self.application.label,
            "from": self.before,
            "to": (place.group, place.slot, self.spot.seat, self.spot.form or 0),
            "number": self.number,
            "reason": self.reason,
        }
        return sha256_hex(jcs(document))


@verb
def add_late_candidate(ctx: Context, *, code: str, ref: str, reason: str) -> SeatChange:
    """Give somebody without a seat the reserve seat that the draw's seed picks.

    An inspector has approved exactly this. Raises Conflict unless the application is approved or
    paid and has no seat, or when no free seat keeps the rules.
    """
    return _carry_out(ctx, _addition(ctx, open_exam(ctx.session, code, "seated"), ref, reason))


@verb
def move_candidate(
    ctx: Context, *, code: str, ref: str, reason: str, number: str = ""
) -> SeatChange:
    """Give somebody another seat: the reserve seat of this admission number, or else the one that
    the draw's seed picks.

    An inspector has approved exactly this. Raises Conflict as `add_late_candidate` does.
    """
    exam = open_exam(ctx.session, code, "seated")
    return _carry_out(ctx, _move(ctx, exam, ref, reason, number))


def wanted_addition(ctx: Context, *, code: str, ref: str, reason: str) -> Wanted:
    """What an inspector approves of a late addition."""
    return _wanted(_addition(ctx, exam_by_code(ctx.session, code), ref, reason))


def wanted_move(ctx: Context, *, code: str, ref: str, reason: str, number: str = "") -> Wanted:
    """What an inspector approves of a move."""
    return _wanted(_move(ctx, exam_by_code(ctx.session, code), ref, reason, number))


def _wanted(step: Step) -> Wanted:
    application = step.application
    lines = [
        _TITLES[step.verb],
        Sentence(
            "%(name)s, post %(post)s, application %(ref)s",
            name=step.person.name,
            post=step.post.code,
            ref=application.ref,
        ),
        *_from(step),
        Sentence(
            "To seat %(seat)s of room %(room)s (%(name)s): admission number %(number)s",
            seat=step.spot.seat,
            room=f"{step.spot.place.group}/{step.spot.place.slot}",
            name=step.spot.place.name,
            number=step.number,
        ),
        Sentence("Reason: %(reason)s", reason=step.reason),
        Sentence("The digest is that of the candidate, both seats, the number and the reason"),
    ]
    return Wanted(step.verb, step.exam.code, step.subject, step.digest, tuple(lines))


_TITLES = {
    ADD: Sentence("Late addition: somebody without a seat gets a reserve seat"),
    MOVE: Sentence("Change of a seat: the old one stays empty and is never given again"),
}
_FEES = {"paid": Sentence("The fee is paid")}
_FEES["approved"] = Sentence("The application is approved; its fee is not paid")


def _from(step: Step) -> list[Sentence]:
    if step.seat is None or step.left is None:
        return [_FEES[step.application.state]]
    return [
        Sentence(
            "From seat %(seat)s of room %(room)s (%(name)s): admission number %(number)s",
            seat=step.seat.number,
            room=f"{step.left.group}/{step.left.slot}",
            name=step.left.name,
            number=step.application.number,
        )
    ]


def asked_for(approval: Approval) -> dict[str, str]:
    """The reason and the seat's admission number of what was asked for."""
    found: dict[str, str] = {}
    for line in summary_of(approval):
        found |= {key: str(line.params[key]) for key in ("reason", "number") if key in line.params}
    return found


def reserve_of(ctx: Context, exam: Exam, application: Application) -> list[tuple[str, Spot]]:
    """Every reserve seat that somebody could have, with its admission number."""
    spots = free_spots(ctx.session, exam, _drawn(ctx, exam), application)
    return [(_number(exam, spot), spot) for spot in spots]


def _drawn(ctx: Context, exam: Exam) -> Attempt:
    """The published draw; raises Conflict when seats cannot change now."""
    drawn = newest_attempt(ctx.session, exam, "seats")
    if exam.state != "seated" or drawn is None:
        raise Conflict("Seats change late only between the published draw and the written scores")
    ends = select(func.max(ExamSession.ends_at)).where(ExamSession.exam_id == exam.id)
    over = ctx.session.scalar(ends)
    if over is not None and over <= ctx.due():
        raise Conflict("The written exam is over: seats no longer change")
    return drawn[1]


def _addition(ctx: Context, exam: Exam, ref: str, reason: str) -> Step:
    drawn = _drawn(ctx, exam)
    application, post, person = _candidate(ctx, exam, ref)
    if ctx.session.get(Seat, application.id) is not None:
        raise Conflict("This candidate has a seat already: it can only be changed")
    spot = next_spot(_spots(ctx, exam, drawn, application), drawn.seed, application.label)
    number, reason = _number(exam, spot), reason_line(reason, LONGEST)
    return Step(ADD, exam, application, person, post, None, None, spot, number, reason)


def _move(ctx: Context, exam: Exam, ref: str, reason: str, number: str) -> Step:
    drawn = _drawn(ctx, exam)
    application, post, person = _candidate(ctx, exam, ref)
    seat = ctx.session.get(Seat, application.id, populate_existing=True)
    if seat is None:
        raise Conflict("This candidate has no seat yet: it can only be added")
    spots = _spots(ctx, exam, drawn, application)
    if number:
        spot = _of_number(exam, spots, number)
    else:
        spot = next_spot(spots, drawn.seed, application.label)
    left = next(p for p in places_of(ctx.session, exam) if p.room_id == seat.room_id)
    told = (_number(exam, spot), reason_line(reason, LONGEST))
    return Step(MOVE, exam, application, person, post, seat, left, spot, *told)


def _candidate(ctx: Context, exam: Exam, ref: str) -> tuple[Application, Post, Person]:
    application, its, post, person, _ = any_application(ctx.session, ref)
    if its.id != exam.id:
        raise NotFound("There is no such application")
    if application.state not in SEATED:
        raise Conflict("Only an application that is approved or paid can have a seat")
    return application, post, person


def _spots(ctx: Context, exam: Exam, drawn: Attempt, application: Application) -> list[Spot]:
    spots = free_spots(ctx.session, exam, drawn, application)
    if not spots:
        raise Conflict(
            "No free seat of the candidate's district keeps the rules (accessible room, caps, "
            "neighbours): keep more seats free in every room by the rule set of the next exam"
        )
    return spots


def _of_number(exam: Exam, spots: list[Spot], number: str) -> Spot:
    for spot in spots:
        if _number(exam, spot) == number:
            return spot
    raise Conflict(
        "The seat of the admission number %(number)s is not free, or does not keep the rules for "
        "this candidate",
        number=number,
    )


def _number(exam: Exam, spot: Spot) -> str:
    place = spot.place
    codes = {"district": place.district, "site": place.site, "room": place.room}
    return rules_of(exam).admission_number(**codes, seat=spot.seat)


def _carry_out(ctx: Context, step: Step) -> SeatChange:
    """Use the approval, write the change and the seat, and record the version that it makes."""
    use(ctx, subject=step.subject, digest=step.digest)
    before, old = step.before, step.application.number
    change = _write(ctx, step)
    if old:
        replaced(ctx, step.exam, step.application, old, step.reason)
    plan = plan_at(ctx.session, step.exam, change.version)
    ctx.record(
        exam=step.exam.code,
        subject=step.subject,
        left=before,
        seat=[step.spot.place.group, step.spot.place.slot, step.spot.seat, step.spot.form],
        numbers=[old, step.number],
        why=step.reason,
        version=change.version,
        plan=digest_of(ctx.session, step.exam, change.version, plan),
    )
    return change


def _write(ctx: Context, step: Step) -> SeatChange:
    db, seat, room = ctx.session, step.seat, step.spot.place.room_id
    change = SeatChange(
        exam_id=step.exam.id,
        version=newest_version(db, step.exam) + 1,
        application_id=step.application.id,
        from_room_id=seat.room_id if seat else None,
        from_number=seat.number if seat else None,
        from_form=seat.form if seat else None,
        room_id=room,
        number=step.spot.seat,
        form=step.spot.form,
        reason=step.reason,
        approval=ctx.approved[step.verb],
    )
    db.add(change)
    place = {"room_id": room, "number": step.spot.seat, "form": step.spot.form}
    if seat is None:
        attempt = _drawn(ctx, step.exam).id
        db.add(Seat(application_id=step.application.id, attempt_id=attempt, **place))
    else:
        db.execute(update(Seat).where(Seat.application_id == seat.application_id).values(**place))
    step.application.number = step.number
    try:
        db.flush()
    except IntegrityError:  # the lock on the exam lets nobody come so far
        raise Fault("a reserve seat was given twice") from None
    give(ctx, step.exam)
    return change
