"""Pages of the exam day: where somebody's duty is, and the live board."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.attendance import board as boards
from exam_system.attendance import room_views, service, staff_views
from exam_system.attendance.blueprint import bp
from exam_system.attendance.models import SiteStaff
from exam_system.attendance.rooms import session_of
from exam_system.attendance.staff import duties_of, place_of
from exam_system.context import Actor
from exam_system.errors import Forbidden
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.web import actor, looking

__all__ = ["bp", "room_views", "service", "staff_views"]
SEATED = ("seated", "written")


@dataclass(frozen=True, slots=True)
class Work:
    """A session that concerns somebody: as an invigilator in a room, or to be looked after."""

    exam: Exam
    session: ExamSession
    subject: str
    district: District | None = None
    site: Site | None = None
    room: Room | None = None


@bp.get("/day")
def desk() -> ResponseReturnValue:
    """What somebody has to do on the exam day, by exam and session."""
    return render_template("attendance/desk.html", work=work_of(looking().session, actor()))


def work_of(db: Session, who: Actor) -> list[Work]:
    """The sessions of seated exams that concern somebody, in the order of their hours."""
    found: list[Work] = []
    for exam in db.scalars(_exams(who).order_by(Exam.id.desc())):
        rules = rules_of(exam)
        if who.role is Role.INVIGILATOR:
            rows = db.execute(duties_of(exam, who.account_id or 0))
            found += [
                Work(exam, sitting, rules.subject(sitting.subject).name, district, site, room)
                for sitting, site, room, district in rows
            ]
        else:
            query = select(ExamSession).where(ExamSession.exam_id == exam.id)
            found += [Work(exam, one, rules.subject(one.subject).name) for one in db.scalars(query)]
    return sorted(found, key=lambda one: (one.session.starts_at, one.session.id))


def _exams(who: Actor) -> Select[Exam]:
    query = select(Exam).where(Exam.state.in_(SEATED))
    if who.role is Role.SITE:
        mine = select(SiteStaff.exam_id).where(SiteStaff.account_id == who.account_id)
        return query.where(Exam.id.in_(mine))
    return query


@bp.get("/day/<code>/<subject>")
def board(code: str, subject: str) -> ResponseReturnValue:
    """The live board, as far as somebody's place goes; `district` and `site` lead further down."""
    db = looking().session
    exam, sitting = session_of(db, code, subject)
    place = place_of(db, actor().account_id, code, subject)
    if place.room is not None:
        raise Forbidden("Your role may not see this page")
    lines = boards.lines_of(db, place, sitting)
    district, site = (request.args.get(name, type=int) for name in ("district", "site"))
    if district is not None:
        lines = [one for one in lines if one.district.code == district]
    if site is not None:
        lines = [one for one in lines if one.site.code == site]
    few = place.site is not None or (district is not None and site is not None)
    middle = place.district is not None or district is not None
    level = boards.by_room if few else boards.by_site if middle else boards.by_district
    return render_template(
        "attendance/board.html",
        exam=exam,
        session=sitting,
        subject=rules_of(exam).subject(subject).name,
        place=place,
        total=boards.total(lines),
        parts=level(lines),
        at=looking().clock.now(),
    )
