"""Verbs of the sign-in: phones hand in marks in batches, heads of sites settle what differs.

A batch is merged in a constant number of statements and leaves one act with the digest of its
marks. Whatever a phone sends is kept, once; what the rules forbid is kept without counting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.attendance.counting import write_down
from exam_system.attendance.models import Mark
from exam_system.attendance.rooms import Codes, Hall, hall_of, statement_of
from exam_system.attendance.staff import require_room
from exam_system.chance import reference
from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.examday.models import Seat
from exam_system.exams.models import Room, Site
from exam_system.people import clean_line, reason_line
from exam_system.registration.models import Application
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.violations.incidents import open_incident

MOST = 400
LONGEST = 200
EARLIEST = timedelta(hours=4)
OLDEST = 86400.0  # seconds
KINDS = ("present", "absent", "elsewhere")
FOUND = ("told", "found")
_CLIENT = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Noted:
    """A mark as a phone sends it. `age`: seconds that passed on the phone until it was sent."""

    client: str
    number: str
    kind: str
    age: float
    replaces: str | None = None
    found: str | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a mark: its outcome, or "unknown" for a number that is none of this exam's;
    `belongs` is where somebody sits who came to the wrong room."""

    client: str
    outcome: str
    belongs: str = ""


@dataclass(frozen=True, slots=True)
class _Seated:
    """An application as the marks name it, and the room where it sits."""

    application: Application
    room: Room
    site: Site
    seat: int


def read_marks(document: Any) -> list[Noted]:
    """The marks of a request's JSON: {"sent_at": ms, "marks": [{"at": ms, …}]}; raises Invalid.

    Both times are by the phone's clock, which may be wrong: only their difference is used.
    """
    try:
        sent = float(document["sent_at"])
        rows = list(document["marks"])
        found = [_noted(row, sent) for row in rows]
    except (KeyError, TypeError, ValueError):
        raise Invalid("This is no list of marks of a sign-in") from None
    if len(found) > MOST:
        raise Invalid("A list has at most %(most)s marks", most=MOST)
    return found


def _noted(row: Mapping[str, Any], sent: float) -> Noted:
    found = Noted(
        client=str(row["client"]),
        number=str(row["number"])[:20],
        kind=str(row["kind"]),
        age=min(max(0.0, (sent - float(row["at"])) / 1000), OLDEST),
        replaces=str(row["replaces"])[:200] if row.get("replaces") else None,
        found=row.get("found"),
        doubt=clean_line(str(row.get("doubt") or ""), LONGEST) or None,
    )
    sound = _CLIENT.fullmatch(found.client) and found.kind in KINDS
    if not sound or (found.kind == "elsewhere") != (found.found in FOUND):
        raise ValueError("no such mark")
    return found


@verb
def take_marks(
    ctx: Context, *, code: str, subject: str, codes: Codes, marks: Sequence[Noted]
) -> list[Taken]:
    """Take in the marks of a phone in a room; those that are there already change nothing.

    Raises Forbidden for a room of others, Conflict hours before the session.
    """
    hall = hall_of(ctx.session, code, subject, codes, lock=True)
    require_room(ctx, hall.exam, hall.session, hall.room)
    now = ctx.due()
    if now < hall.session.starts_at - EARLIEST:
        raise Conflict("The sign-in of this session has not begun")
    known = _known(ctx.session, [one.client for one in marks])
    fresh = list({one.client: one for one in marks if one.client not in known}.values())
    seated = _seated(ctx.session, hall, fresh)
    sound = [_in_its_room(hall, one, seated[one.number]) for one in fresh if one.number in seated]
    rows = _rows(ctx, hall, sound, seated, now)
    if rows:
        ctx.session.execute(insert(Mark), rows)
        write_down(ctx.session, hall, {row["application_id"] for row in rows})
    incidents = _incidents(ctx, hall, sound, seated)
    told = [_told(row, hall) for row in rows]
    ctx.record(
        exam=code,
        subject=hall.subject,
        marks=len(rows),
        digest=sha256_hex(jcs(told)),
        **({"incidents": incidents} if incidents else {}),
    )
    outcomes = known | {row["client"]: row["outcome"] for row in rows}
    return [
        Taken(one.client, outcomes.get(one.client, "unknown"), _belongs(hall, seated, one))
        for one in marks
    ]


def _known(session: Session, clients: Sequence[str]) -> dict[str, str]:
    query = select(Mark.client, Mark.outcome).where(Mark.client.in_(clients))
    return {row[0]: row[1] for row in session.execute(query)}


def _seated(session: Session, hall: Hall, marks: Sequence[Noted]) -> dict[str, _Seated]:
    query = (
        select(Application, Room, Site, Seat.number)
        .join(Seat, Seat.application_id == Application.id)
        .join(Room, Room.id == Seat.room_id)
        .join(Site, Site.id == Room.site_id)
        .where(Application.exam_id == hall.exam.id)
        .where(Application.number.in_({one.number for one in marks}))
    )
    return {str(row[0].number): _Seated(*row) for row in session.execute(query)}


def _rows(
    ctx: Context, hall: Hall, marks: Sequence[Noted], seated: Mapping[str, _Seated], now: datetime
) -> list[dict[str, Any]]:
    statement = statement_of(ctx.session, hall)
    closed = statement is not None and statement.second_id is not None
    rows = []
    for one in marks:
        at = now - timedelta(seconds=one.age)
        rows.append(
            {
                "client": one.client,
                "session_id": hall.session.id,
                "room_id": hall.room.id,
                "application_id": seated[one.number].application.id,
                "kind": one.kind,
                "found": one.found,
                "outcome": _outcome(hall, one, at, closed=closed),
                "doubt": one.doubt,
                "replaces": one.replaces,
                "settles": None,
                "offline": one.age > 60,
                "scanned_at": at,
                "received_at": now,
                "account_id": ctx.actor.account_id,
            }
        )
    return rows


def _in_its_room(hall: Hall, one: Noted, seated: _Seated) -> Noted:
    """A mark in a room where its candidate does not sit only says that they came there."""
    here = seated.room.id == hall.room.id
    if here and one.kind == "elsewhere":
        return replace(one, kind="present", found=None)
    if not here and one.kind != "elsewhere":
        return replace(one, kind="elsewhere", found="told")
    return one


def _outcome(hall: Hall, one: Noted, at: datetime, *, closed: bool) -> str:
    if closed:
        return "after"
    if one.kind == "present" and at > hall.entry_ends:
        return "late"
    if one.kind == "absent" and at < hall.entry_ends:
        return "early"
    return "counts"


def _incidents(
    ctx: Context, hall: Hall, marks: Sequence[Noted], seated: Mapping[str, _Seated]
) -> list[str]:
    """Open an incident for every doubt, and for whoever the invigilators found in a wrong seat."""
    found = []
    for one in marks:
        who = seated[one.number]
        kind = "room_found" if one.found == "found" else "candidate" if one.doubt else ""
        if not kind:
            continue
        facts = one.doubt or f"{hall.codes.text}: {who.application.number}"
        incident = open_incident(
            ctx,
            exam=hall.exam,
            session_row=hall.session,
            room=hall.room,
            kind=kind,
            facts=facts,
            source="attendance",
            application=who.application,
        )
        found.append(incident.ref)
    return found


def _told(row: Mapping[str, Any], hall: Hall) -> dict[str, Any]:
    """A mark as the digest of its batch covers it."""
    kept = {key: row[key] for key in ("client", "kind", "found", "outcome", "doubt")}
    return {**kept, "application": row["application_id"], "at": rfc3339(row["scanned_at"])}


def _belongs(hall: Hall, seated: Mapping[str, _Seated], one: Noted) -> str:
    who = seated.get(one.number)
    if who is None or who.room.id == hall.room.id:
        return ""
    return f"{who.site.name} · {who.room.code:02} · {who.room.name} · {who.seat:02}"


@verb
def settle_marks(
    ctx: Context,
    *,
    code: str,
    subject: str,
    codes: Codes,
    number: str,
    state: str,
    reason: str,
) -> None:
    """Say what counts for a candidate ("present" or "absent"), with the reason; all marks stay.

    For heads of the place and the office. Raises Forbidden, NotFound, and Conflict once the
    room's statement is closed.
    """
    hall = hall_of(ctx.session, code, subject, codes, lock=True)
    place = require_room(ctx, hall.exam, hall.session, hall.room)
    if not place.leads:
        raise Forbidden("Only the head of the site settles this")
    require_open(ctx.session, hall)
    if state not in ("present", "absent"):
        raise Invalid("Choose present or absent")
    application = _sitting(ctx.session, hall, number)
    now = ctx.due()
    ctx.session.add(
        Mark(
            client=reference(ctx.chance),
            session_id=hall.session.id,
            room_id=hall.room.id,
            application_id=application.id,
            kind=state,
            outcome="counts",
            doubt=reason_line(reason, LONGEST),
            settles=True,
            offline=False,
            scanned_at=now,
            received_at=now,
            account_id=ctx.actor.account_id,
        )
    )
    ctx.session.flush()
    write_down(ctx.session, hall, {application.id})
    ctx.record(exam=code, subject=hall.subject, number=application.number, state=state, why=reason)


def require_open(session: Session, hall: Hall) -> None:
    """Raise Conflict when both invigilators have signed the room's statement."""
    statement = statement_of(session, hall)
    if statement is not None and statement.second_id is not None:
        raise Conflict("The attendance of this room is closed: both invigilators have signed it")


def _sitting(session: Session, hall: Hall, number: str) -> Application:
    query = (
        select(Application)
        .join(Seat, Seat.application_id == Application.id)
        .where(Application.exam_id == hall.exam.id, Application.number == number.strip())
        .where(Seat.room_id == hall.room.id)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("Nobody of this admission number sits in this room")
    return found
