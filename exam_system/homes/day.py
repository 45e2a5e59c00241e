"""The homes of those who are at a place at an hour: invigilators, staff of sites, interviewers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from exam_system.attendance.models import SiteStaff, Statement
from exam_system.attendance.staff import FUNCTIONS
from exam_system.attendance.views import Work, work_of
from exam_system.context import Context
from exam_system.custody.overview import waiting
from exam_system.examday.models import Absence, Duty, Invigilator
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.homes.parts import Block, Home, Task, acts_of, name
from exam_system.interviews.models import Interviewer, PanelReserve
from exam_system.interviews.sealed import sealed_until
from exam_system.interviews.showing import Desk, desk_of

STATES = {"waiting": "not open yet", "open": "session open", "closed": "session over"}
"""The states of a panel (to be translated)."""


def invigilator(ctx: Context) -> Home:
    """Rooms by session with their hours, standing by; the statement that another must sign."""
    tasks, blocks = [*_standing_by(ctx)], []
    for one in work_of(ctx.session, ctx.actor):
        statement = _statement(ctx, one)
        tasks.append(_watch(one, statement, ctx.clock.now()))
        if statement and statement.second_id is None and statement.first_id == _me(ctx):
            what = _("Attendance of %(room)s, %(subject)s", room=_place(one), subject=one.subject)
            blocks.append(Block(what, _("the other invigilator of the room signs"), tasks[-1].url))
    marks = acts_of(ctx, ("attendance.take_marks",))
    signed = acts_of(ctx, ("attendance.sign_statement",))
    return Home(
        tasks, blocks, [(marks, _("times marks were sent")), (signed, _("statements signed"))]
    )


def _me(ctx: Context) -> int:
    return ctx.actor.account_id or 0


def _place(one: Work) -> str:
    return " · ".join(part.name for part in (one.site, one.room) if part)


def _statement(ctx: Context, one: Work) -> Statement | None:
    if one.room is None:
        return None
    of_room = Statement.session_id == one.session.id, Statement.room_id == one.room.id
    return ctx.session.scalar(select(Statement).where(*of_room))


def _watch(one: Work, statement: Statement | None, now: datetime) -> Task:
    assert one.district is not None
    assert one.site is not None
    assert one.room is not None
    url = url_for(
        "attendance.room",
        code=one.exam.code,
        subject=one.session.subject,
        district=one.district.code,
        site=one.site.code,
        room=one.room.code,
    )
    closed = statement is not None and statement.second_id is not None
    late = not closed and now > one.session.ends_at
    state = _("signed by both") if closed else _("to be signed") if late else _("your room")
    return Task(
        one.subject,
        url,
        one.exam,
        _place(one),
        one.session.starts_at,
        one.session.ends_at,
        state=state,
        tone="good" if closed else "bad" if late else "wait",
    )


def _standing_by(ctx: Context) -> Iterator[Task]:
    """Sessions in which somebody stands by at a site and has taken nobody's place."""
    query = (
        select(Exam, ExamSession, Site)
        .select_from(Duty)
        .join(Invigilator, Invigilator.id == Duty.invigilator_id)
        .join(ExamSession, ExamSession.id == Duty.session_id)
        .join(Exam, Exam.id == ExamSession.exam_id)
        .join(Site, Site.id == Duty.site_id)
        .where(Invigilator.account_id == ctx.actor.account_id, Duty.room_id.is_(None))
        .where(ExamSession.ends_at > ctx.clock.now())
        .where(~select(Absence.id).where(Absence.substitute_id == Duty.id).exists())
        .where(~select(Absence.id).where(Absence.duty_id == Duty.id).exists())
        .order_by(ExamSession.starts_at)
    )
    for exam, sitting, site in ctx.session.execute(query):
        subject, said = rules_of(exam).subject(sitting.subject).name, _("stand by")
        hours = sitting.starts_at, sitting.ends_at
        yield Task(subject, url_for("attendance.desk"), exam, site.name, *hours, state=said)


def site(ctx: Context) -> Home:
    """Sessions of the own site, district or of all; hand-overs that wait for the signature."""
    tasks, now = [], ctx.clock.now()
    where = _posts(ctx)
    for one in work_of(ctx.session, ctx.actor):
        over = now > one.session.ends_at
        url = url_for("attendance.board", code=one.exam.code, subject=one.session.subject)
        hours = one.session.starts_at, one.session.ends_at
        tasks.append(
            Task(
                one.subject,
                url,
                one.exam,
                where.get(one.exam.id, ""),
                *hours,
                state=_("session over") if over else _("your duty"),
                tone="good" if over else "wait",
            )
        )
    tasks += _hand_overs(ctx, {one.exam.id: one.exam for one in tasks if one.exam}.values())
    signed = acts_of(ctx, ("custody.sign_hand_overs",))
    settled = acts_of(ctx, ("attendance.settle_marks",))
    return Home(tasks, (), [(signed, _("hand-overs signed")), (settled, _("disputes settled"))])


def _posts(ctx: Context) -> dict[int, str]:
    """The place and the function of somebody, by the exam's id."""
    query = (
        select(SiteStaff, Site.name, District.name)
        .outerjoin(Site, Site.id == SiteStaff.site_id)
        .outerjoin(District, District.id == SiteStaff.district_id)
        .where(SiteStaff.account_id == ctx.actor.account_id)
    )
    return {
        one.exam_id: f"{site or district or _('Headquarters')} · {_(FUNCTIONS[one.function])}"
        for one, site, district in ctx.session.execute(query)
    }


def _hand_overs(ctx: Context, exams: Iterable[Exam]) -> Iterator[Task]:
    for exam in exams:
        for over in waiting(ctx.session, exam, ctx.actor.account_id):
            url = url_for("custody.handover", code=exam.code, ref=over.ref)
            said = _("your signature is missing")
            yield Task(_("Hand-over of papers"), url, exam, due=over.begun_at, state=said)


def interviewer(ctx: Context) -> Home:
    """The own panel with room and hour once it may be known; standing by as a reserve."""
    desk = desk_of(ctx.session, ctx.actor.account_id)
    tasks = [*_reserves(ctx)] if desk is None else [_panel(ctx, desk)]
    scores = acts_of(ctx, ("interviews.enter_score",))
    declared = acts_of(ctx, ("interviews.declare_avoidance",))
    done = [(scores, _("scores entered")), (declared, _("avoidances declared"))]
    return Home(tasks, [*_sealed(ctx, tasks), *_unopened(ctx, desk)], done)


def _panel(ctx: Context, desk: Desk) -> Task:
    if sealed_until(ctx, desk.exam):
        return _veiled(desk.exam)
    hall, panel = desk.hall, desk.panel
    room, at = ctx.session.execute(
        select(Room, Site).join(Site, Site.id == Room.site_id).where(Room.id == panel.room_id)
    ).one()
    chief = _("chief interviewer") if desk.seat == 1 else _("place %(n)s", n=desk.seat)
    return Task(
        _("Panel %(code)s, %(place)s", code=panel.code, place=chief),
        url_for("interviews.desk"),
        desk.exam,
        f"{at.name} · {room.name}",
        panel.begins_at,
        note=_("%(heard)s of %(all)s are heard", heard=len(hall.heard), all=hall.candidates),
        state=_(STATES[panel.state]),
        tone="good" if panel.state == "closed" else "wait",
    )


def _veiled(exam: Exam) -> Task:
    """What everybody who was drawn is told before the hour, whatever they were drawn for."""
    hour = rules_of(exam).panels_open_at
    what, url = _("Be ready for the interviews"), url_for("interviews.desk")
    return Task(what, url, exam, begins=hour, state=_("sealed"))


def _reserves(ctx: Context) -> Iterator[Task]:
    query = (
        select(PanelReserve, Exam)
        .join(Interviewer, Interviewer.id == PanelReserve.interviewer_id)
        .join(Exam, Exam.id == PanelReserve.exam_id)
        .where(Interviewer.account_id == ctx.actor.account_id, Exam.state == "interviewing")
    )
    for reserve, exam in ctx.session.execute(query.order_by(Exam.id.desc())):
        if sealed_until(ctx, exam):
            yield _veiled(exam)
            continue
        what = _("Stand by as reserve %(n)s", n=reserve.place)
        yield Task(what, url_for("interviews.desk"), exam, state=_("stand by"))


def _sealed(ctx: Context, tasks: list[Task]) -> Iterator[Block]:
    for one in tasks:
        if one.exam and sealed_until(ctx, one.exam):
            what = _("Your panel in %(exam)s", exam=name(one.exam))
            yield Block(what, _("the hour at which the panels open"))


def _unopened(ctx: Context, desk: Desk | None) -> Iterator[Block]:
    if desk is None or desk.panel.state != "waiting" or sealed_until(ctx, desk.exam):
        return
    what = _("Scores of panel %(code)s", code=desk.panel.code)
    yield Block(what, _("the office opens the session"), url_for("interviews.desk"))
