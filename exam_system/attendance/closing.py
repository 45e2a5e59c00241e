"""Verbs of a room's steps and of its statement of attendance, which both invigilators sign."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from exam_system.access import Role
from exam_system.attendance.models import Mark, RoomStep, Statement
from exam_system.attendance.rooms import Codes, Hall, hall_of, sitting_in, statement_of, steps_of
from exam_system.attendance.signing import require_open
from exam_system.attendance.staff import require_room
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.trust.canonical import jcs, sha256_hex

STEPS = ("received", "opened", "packed")
MOST_PAPERS = 999


@verb
def take_step(
    ctx: Context, *, code: str, subject: str, codes: Codes, step: str, papers: int | None = None
) -> RoomStep:
    """Note a step of a room, each once and in their order: papers received, opened, packed.

    `papers` are counted when received and when packed. Raises Conflict out of order, before the
    bags may be opened and before the session ends.
    """
    hall = hall_of(ctx.session, code, subject, codes, lock=True)
    require_room(ctx, hall.exam, hall.session, hall.room)
    require_open(ctx.session, hall)
    _require_order(ctx, hall, step)
    if (papers is None) != (step == "opened") or not 0 <= (papers or 0) <= MOST_PAPERS:
        raise Invalid("Count the papers: a number from 0 to %(most)s", most=MOST_PAPERS).about(
            "papers"
        )
    row = RoomStep(
        session_id=hall.session.id,
        room_id=hall.room.id,
        step=step,
        papers=papers,
        taken_at=ctx.due(),
        account_id=ctx.actor.account_id,
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(exam=code, subject=hall.subject, step=step, papers=papers)
    return row


def _require_order(ctx: Context, hall: Hall, step: str) -> None:
    done = list(steps_of(ctx.session, hall))
    wanted = STEPS[len(done)] if len(done) < len(STEPS) else ""
    if step != wanted:
        raise Conflict("Steps of a room are noted in their order, each once")
    if step == "opened" and ctx.due() < hall.opens_at:
        raise Conflict(
            "The bags are opened from %(at)s on",
            at=f"{hall.opens_at.astimezone(ctx.config.zone):%H:%M}",
        )
    if step == "packed" and ctx.due() < hall.session.ends_at:
        raise Conflict("Papers are packed when the session is over")


def statement_now(ctx: Context, hall: Hall) -> dict[str, Any]:
    """What the statement of a room says as of now; lists are of admission numbers, by seat."""
    people = sitting_in(ctx.session, hall)
    steps = steps_of(ctx.session, hall)
    lists = {
        state: [one.number for one in people if one.state == state]
        for state in ("present", "absent", "late")
    }
    return {
        "exam": hall.exam.code,
        "session": hall.session.subject,
        "room": hall.codes.text,
        **lists,
        "papers": {name: one.papers for name, one in steps.items() if one.papers is not None},
        "marks": _marks(ctx, hall),
    }


def digest_of(document: dict[str, Any]) -> str:
    """What an invigilator signs: the SHA-256 (hex) of the statement's JCS."""
    return sha256_hex(jcs(document))


def _marks(ctx: Context, hall: Hall) -> str:
    """SHA-256 over the ids of all marks that were made in the room."""
    query = select(Mark.client).where(
        Mark.session_id == hall.session.id, Mark.room_id == hall.room.id
    )
    return sha256_hex(jcs(sorted(ctx.session.scalars(query))))


def problems_of(ctx: Context, hall: Hall) -> list[str]:
    """What is in the way of the statement, as message ids."""
    people = sitting_in(ctx.session, hall)
    found = []
    if "packed" not in steps_of(ctx.session, hall):
        found.append("The papers are not packed yet")
    if any(one.state is None for one in people):
        found.append("Somebody is neither present nor absent")
    if any(one.disputed for one in people):
        found.append("Marks differ: the head of the site settles that first")
    return found


@verb
def sign_statement(
    ctx: Context, *, code: str, subject: str, codes: Codes, digest: str
) -> Statement:
    """Sign the room's attendance as its invigilator saw it (`digest`); the second one closes it.

    Raises Conflict while something is missing, when it has changed since it was shown, and for a
    second signature of the same person; Forbidden for whoever does not watch this room.
    """
    hall = hall_of(ctx.session, code, subject, codes, lock=True)
    require_room(ctx, hall.exam, hall.session, hall.room)
    if ctx.actor.role is not Role.INVIGILATOR or ctx.actor.account_id is None:
        raise Forbidden("The invigilators of the room sign its attendance")
    require_open(ctx.session, hall)
    if problems := problems_of(ctx, hall):
        raise Conflict(problems[0])
    document = statement_now(ctx, hall)
    if digest_of(document) != digest:
        raise Conflict("The attendance has changed since it was shown: look at it again")
    row = _signed(ctx, hall, ctx.actor.account_id, jcs(document).decode(), digest)
    closed = row.second_id is not None
    ctx.session.flush()
    ctx.record(exam=code, subject=hall.subject, digest=digest, closed=closed)
    return row


def _signed(ctx: Context, hall: Hall, account: int, document: str, digest: str) -> Statement:
    row = statement_of(ctx.session, hall)
    if row is None:
        row = Statement(session_id=hall.session.id, room_id=hall.room.id)
        ctx.session.add(row)
    elif row.digest == digest and row.first_id == account:
        raise Conflict("You have signed this already: the other invigilator signs as well")
    elif row.digest == digest:
        row.second_id, row.second_at = account, ctx.due()
        return row
    # another state than the one that was signed first: that signature is worth nothing now
    row.document, row.digest = document, digest
    row.first_id, row.first_at = account, ctx.due()
    return row
