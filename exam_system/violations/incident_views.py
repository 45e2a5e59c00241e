"""Pages of incidents: the form on a phone, the list of a site, one incident with its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import OFFICE, SITES, Role
from exam_system.accounts.models import Person
from exam_system.attendance.staff import Place, place_of, rooms_of
from exam_system.context import Context
from exam_system.errors import Invalid, NotFound, Sentence
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam, ExamSession, Room
from exam_system.registration.models import Application
from exam_system.violations import cases, incidents, signing, things
from exam_system.violations.evidence import MEDIA
from exam_system.violations.incidents import SOURCES, find_incident, record_digest, signatures
from exam_system.violations.kinds import kind_of, kinds
from exam_system.violations.listing import count_incidents, incidents_of
from exam_system.violations.models import Evidence, Incident, ViolationCase
from exam_system.violations.papers import receipt_pdf
from exam_system.violations.states import INCIDENT_STATES
from exam_system.web import acting, actor, download, flash_refusal, inline, looking, trying

bp = Blueprint("incidents", __name__)
SHOWN = 200


@bp.get("/day/<code>/incidents")
def index(code: str) -> ResponseReturnValue:
    """The incidents of one's room, site, district, or of the whole exam."""
    place = place_of(looking(), actor().account_id, code)
    lines = incidents_of(looking().session, place, SHOWN)
    count = count_incidents(looking().session, place)
    return render_template(
        "violations/incidents.html",
        exam=place.exam,
        place=place,
        lines=lines,
        more=max(0, count - SHOWN),
        states=INCIDENT_STATES,
        subjects={one.code: one.name for one in rules_of(place.exam).subjects},
        may_record=actor().role is not Role.INSPECTOR,
    )


@bp.route("/day/<code>/incidents/new", methods=["GET", "POST"])
def record(code: str) -> ResponseReturnValue:
    """Record what happened; what was typed stays when something is missing."""
    form = request.form
    if request.method == "POST":
        try:
            with acting() as ctx:
                made = incidents.record_incident(ctx, code=code, room=_room(form), **_typed(form))
            return redirect(url_for("incidents.show", ref=made.ref), 303)
        except Sentence as error:
            flash_refusal(error)
    place = place_of(looking(), actor().account_id, code, form.get("subject", ""))
    chosen = request.args.get("subject", place.session.subject if place.session else "")
    return render_template(
        "violations/record.html",
        exam=place.exam,
        place=place,
        kinds=[one for one in kinds().values() if not one.experts],
        rooms=rooms_of(looking().session, place),
        sessions=_sessions(looking().session, place.exam),
        subjects={one.code: one.name for one in rules_of(place.exam).subjects},
        form=form or {"number": request.args.get("number", ""), "subject": chosen},
    )


def _typed(form: Mapping[str, str]) -> dict[str, str]:
    names = ("subject", "kind", "facts", "handled", "number", "staff_no", "staff_name")
    return {name: form.get(name, "").strip() for name in names}


def _room(form: Mapping[str, str]) -> int | None:
    room = form.get("room", "")
    return int(room) if room.isdecimal() and len(room) < 10 else None


def _sessions(session: Session, exam: Exam) -> list[ExamSession]:
    query = select(ExamSession).where(ExamSession.exam_id == exam.id)
    return list(session.scalars(query.order_by(ExamSession.starts_at)))


def _seen(ctx: Context, ref: str) -> tuple[Incident, Exam, Place]:
    """An incident that the actor may see; inspectors see all. Forbidden elsewhere."""
    incident = find_incident(ctx.session, ref)
    exam = ctx.session.get_one(Exam, incident.exam_id)
    place = place_of(ctx, ctx.actor.account_id, exam.code)
    if ctx.actor.role is not Role.INSPECTOR:
        incidents.require_seen(ctx, incident)
    return incident, exam, place


@bp.get("/incidents/<ref>")
def show(ref: str) -> ResponseReturnValue:
    """One incident with what can be done next."""
    ctx = looking()
    incident, exam, place = _seen(ctx, ref)
    db = ctx.session
    query = select(Evidence).where(Evidence.incident_id == incident.id).order_by(Evidence.id)
    case = db.scalar(select(ViolationCase).where(ViolationCase.incident_id == incident.id))
    parts = {part: signatures(db, incident, part) for part in ("watch", "candidate", "refusal")}
    who = _whom(db, incident)
    return render_template(
        "violations/incident.html",
        exam=exam,
        incident=incident,
        kind=kind_of(incident.kind),
        place=place,
        room=db.get(Room, incident.room_id) if incident.room_id else None,
        sitting=db.get(ExamSession, incident.session_id) if incident.session_id else None,
        subjects={one.code: one.name for one in rules_of(exam).subjects},
        number=who[0] if who else "",
        name=who[1] if who else incident.staff_name or "",
        parts=parts,
        digest_now=record_digest(incident),
        evidence=list(db.scalars(query)),
        items=things.items_of(db, incident),
        case=case,
        states=INCIDENT_STATES,
        sources=SOURCES,
        signed_by_me=ctx.actor.account_id in {one.account_id for one in parts["watch"]},
        noted_by_me=ctx.actor.account_id in {one.account_id for one in parts["refusal"]},
        may_act=ctx.actor.role is not Role.INSPECTOR,
        may_confirm=place.leads and ctx.actor.role in SITES | OFFICE,
    )


def _whom(session: Session, incident: Incident) -> tuple[str, str] | None:
    if incident.application_id is None:
        return None
    query = select(Application.number, Person.name).join(Person, Person.id == Application.person_id)
    row = session.execute(query.where(Application.id == incident.application_id)).one()
    return row.number or "", row.name


def _evidence(ctx: Context, ref: str) -> None:
    files = [one for one in request.files.getlist("file") if one.filename]
    if not files:
        raise Invalid("Choose a file first").about("files")
    for file in files:
        things.add_evidence(ctx, ref=ref, name=file.filename or "", data=file.read())


def _return(ctx: Context, ref: str) -> None:
    number = request.form.get("number", "")
    to = request.form.get("to", "")
    things.return_item(ctx, ref=ref, number=int(number) if number.isdecimal() else 0, to=to)


def _typed_of(*names: str) -> dict[str, str]:
    return {name: request.form.get(name, "") for name in names}


STEPS: dict[str, Callable[[Context, str], object]] = {
    "sign": lambda ctx, ref: signing.sign_incident(ctx, ref=ref),
    "candidate": lambda ctx, ref: signing.take_candidate_signature(
        ctx, ref=ref, **_typed_of("name", "id_end", "words")
    ),
    "refusal": lambda ctx, ref: signing.note_refusal(ctx, ref=ref),
    "evidence": _evidence,
    "item": lambda ctx, ref: things.take_item(ctx, ref=ref, **_typed_of("what", "kept")),
    "return": _return,
    "confirm": lambda ctx, ref: signing.confirm_incident(
        ctx,
        ref=ref,
        violation=request.form.get("violation") == "yes",
        opinion=request.form.get("opinion", ""),
    ),
    "case": lambda ctx, ref: cases.start_case(
        ctx, ref=ref, **_typed_of("subject", "staff_no", "staff_name")
    ),
}


@bp.post("/incidents/<ref>/<step>")
def act(ref: str, step: str) -> ResponseReturnValue:
    """Take one step."""
    if step not in STEPS:
        raise NotFound("There is no such step")
    with trying() as ctx:
        STEPS[step](ctx, ref)
    return redirect(url_for("incidents.show", ref=ref), 303)


@bp.post("/incidents/evidence/<ref>/open")
def evidence(ref: str) -> ResponseReturnValue:
    """Look at a piece of evidence; that is an act."""
    with acting() as ctx:
        row, data = things.look_at_evidence(ctx, ref=ref)
    if row.kind == "pdf":
        return download(data, f"{row.sha256[:12]}.pdf", MEDIA[row.kind])
    return inline(data, MEDIA[row.kind])


@bp.get("/incidents/<ref>/receipt.pdf")
def receipt(ref: str) -> ResponseReturnValue:
    """The receipt for what was taken from the candidate."""
    ctx = looking()
    incident, _exam, _place = _seen(ctx, ref)
    items, who = things.items_of(ctx.session, incident), _whom(ctx.session, incident)
    if not items or who is None:
        raise NotFound("Nothing was taken")
    return inline(receipt_pdf(ctx, incident, items, f"{who[1]}（{who[0]}）"), MEDIA["pdf"])
