"""Pages of one room: the sign-in on a phone, what it sends, and what heads of sites settle."""

from __future__ import annotations

import base64
from typing import Any

from flask import Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.attendance.blueprint import bp
from exam_system.attendance.closing import (
    STEPS,
    digest_of,
    problems_of,
    sign_statement,
    statement_now,
)
from exam_system.attendance.closing import take_step as note_step
from exam_system.attendance.counting import newest_marks, states_of
from exam_system.attendance.rooms import (
    Codes,
    Hall,
    Sitting,
    hall_of,
    neighbours_of,
    sitting_in,
    statement_of,
    steps_of,
)
from exam_system.attendance.signing import read_marks, settle_marks, take_marks
from exam_system.attendance.staff import Place, require_room
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.people import mask_id
from exam_system.registration.photos import photo_path
from exam_system.web import acting, flash_refusal, looking, office, say, trying

CODE = "int(min=1, max=9999)"
ROOM = f"/day/<code>/<subject>/<{CODE}:district>/<{CODE}:site>/<{CODE}:room>"
STATES = {"present": "Signed in", "absent": "Absent", "late": "Came too late"}
STEP_NAMES = {"received": "Papers received", "opened": "Bags opened", "packed": "Papers packed"}


def _here(ctx: Context, code: str, subject: str, codes: Codes) -> tuple[Hall, Place]:
    hall = hall_of(ctx.session, code, subject, codes)
    return hall, require_room(ctx, hall.exam, hall.session, hall.room)


def _path(endpoint: str, hall: Hall) -> str:
    codes = hall.codes
    path: str = url_for(
        endpoint,
        code=hall.exam.code,
        subject=hall.session.subject,
        district=codes.district,
        site=codes.site,
        room=codes.room,
    )
    return path


@bp.get(ROOM)
def room(code: str, subject: str, district: int, site: int, room: int) -> ResponseReturnValue:
    """A room: its invigilators sign candidates in, others see who is there and what differs."""
    ctx = looking()
    hall, place = _here(ctx, code, subject, Codes(district, site, room))
    people = sitting_in(ctx.session, hall)
    statement = statement_of(ctx.session, hall)
    document = statement_now(ctx, hall)
    shown = {
        "hall": hall,
        "place": place,
        "people": people,
        "steps": steps_of(ctx.session, hall),
        "names": STEP_NAMES,
        "order": STEPS,
        "states": STATES,
        "statement": statement,
        "signers": _signers(ctx.session, hall),
        "digest": digest_of(document),
        "document": document,
        "problems": problems_of(ctx, hall),
    }
    if place.room is None:
        return render_template("attendance/room.html", **shown, marks=_marks(ctx, hall, people))
    return render_template("attendance/sign_in.html", **shown, data=_data(ctx, hall, people))


def _signers(session: Session, hall: Hall) -> list[str]:
    row = statement_of(session, hall)
    ids = [one for one in (row.first_id, row.second_id) if one] if row else []
    names = {
        one.id: one.name for one in session.scalars(select(Account).where(Account.id.in_(ids)))
    }
    return [names[one] for one in ids]


def _marks(ctx: Context, hall: Hall, people: list[Sitting]) -> dict[str, list[Any]]:
    """By admission number (or a dash for people of other rooms), what was marked and by whom."""
    found = newest_marks(ctx.session, hall)
    numbers = {one.application_id: one.number for one in people}
    ids = {mark.account_id for rows in found.values() for mark, _stands in rows}
    query = select(Account.id, Account.name).where(Account.id.in_(ids))
    names = {row[0]: row[1] for row in ctx.session.execute(query)}
    told: dict[str, list[Any]] = {}
    for application, rows in found.items():
        told.setdefault(numbers.get(application, "-"), []).extend(
            (mark, stands, names[mark.account_id]) for mark, stands in rows
        )
    return told


def _data(ctx: Context, hall: Hall, people: list[Sitting]) -> dict[str, Any]:
    """What the phone keeps: it works without a network from here on."""
    vault = office().keys.vault
    listed = []
    for one in people:
        number = vault.open(one.id_sealed)
        card = {"number": one.number, "seat": one.seat, "name": one.name}
        listed.append(card | {"id": mask_id(number), "tail": number[-4:]})
    return {
        "key": f"{ctx.actor.ref}:{hall.subject}",
        "room": hall.codes.text,
        "people": listed,
        "others": neighbours_of(ctx.session, hall),
        "entry_ends": int(hall.entry_ends.timestamp() * 1000),
        "state": _state(ctx, hall),
        "token": generate_csrf(),
        **{name: _path(f"attendance.{name}", hall) for name in ("marks", "state_of", "photos")},
        "worker": url_for("attendance.worker"),
    }


def _state(ctx: Context, hall: Hall) -> dict[str, Any]:
    """What counts in the room now, and which marks a correction would take the place of."""
    statement = statement_of(ctx.session, hall)
    return {
        "now": int(ctx.clock.now().timestamp() * 1000),
        "closed": statement is not None and statement.second_id is not None,
        "people": states_of(ctx.session, hall),
    }


@bp.get(f"{ROOM}/state.json")
def state_of(code: str, subject: str, district: int, site: int, room: int) -> ResponseReturnValue:
    """What a phone asks for every few seconds: what counts now."""
    ctx = looking()
    hall, _place = _here(ctx, code, subject, Codes(district, site, room))
    return jsonify(_state(ctx, hall))


@bp.get(f"{ROOM}/photos.json")
def photos(code: str, subject: str, district: int, site: int, room: int) -> ResponseReturnValue:
    """The photos of a room's candidates by admission number, as data: one answer to keep."""
    ctx = looking()
    hall, _place = _here(ctx, code, subject, Codes(district, site, room))
    found = {}
    for one in sitting_in(ctx.session, hall):
        path = photo_path(ctx.config, one.photo or "none")
        if path.exists():
            data = base64.b64encode(path.read_bytes()).decode()
            found[one.number] = f"data:image/jpeg;base64,{data}"
    return jsonify(found)


@bp.post(f"{ROOM}/marks")
def marks(code: str, subject: str, district: int, site: int, room: int) -> ResponseReturnValue:
    """Take in what a phone has noted; answers what became of each mark and what counts now."""
    codes = Codes(district, site, room)
    try:
        noted = read_marks(request.get_json(silent=True))
        with acting() as ctx:
            taken = take_marks(ctx, code=code, subject=subject, codes=codes, marks=noted)
            hall = hall_of(ctx.session, code, subject, codes)
            state = _state(ctx, hall)
    except Sentence as error:
        return jsonify(error=say(error)), error.status
    told = [{"client": a.client, "outcome": a.outcome, "belongs": a.belongs} for a in taken]
    return jsonify(taken=told, state=state)


@bp.post(f"{ROOM}/step")
def step(code: str, subject: str, district: int, site: int, room: int) -> ResponseReturnValue:
    """Note the next step of a room."""
    codes = Codes(district, site, room)
    name, papers = request.form.get("step", ""), request.form.get("papers", type=int)
    with trying() as ctx:
        note_step(ctx, code=code, subject=subject, codes=codes, step=name, papers=papers)
    return redirect(request.path.removesuffix("/step"))


@bp.post(f"{ROOM}/sign")
def sign(code: str, subject: str, district: int, site: int, room: int) -> ResponseReturnValue:
    """Sign the attendance of a room as it was shown."""
    codes, digest = Codes(district, site, room), request.form.get("digest", "")
    try:
        with acting() as ctx:
            row = sign_statement(ctx, code=code, subject=subject, codes=codes, digest=digest)
            closed = row.second_id is not None
        flash(_("The attendance is closed") if closed else _("You have signed"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(request.path.removesuffix("/sign"))


@bp.post(f"{ROOM}/settle")
def settle(code: str, subject: str, district: int, site: int, room: int) -> ResponseReturnValue:
    """Settle what marks of one candidate differ on."""
    codes, form = Codes(district, site, room), request.form
    try:
        with acting() as ctx:
            settle_marks(
                ctx,
                code=code,
                subject=subject,
                codes=codes,
                number=form.get("number", ""),
                state=form.get("state", ""),
                reason=form.get("reason", ""),
            )
        flash(_("It is settled; all marks stay in the record"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(request.path.removesuffix("/settle"))


@bp.get("/day/worker.js")
def worker() -> Response:
    """What lets the page of a room load without a network; it serves pages below /day/ only."""
    return current_app.send_static_file("attendance-worker.js")
