"""Pages of the invigilators' duties: rosters, letters, absences and substitutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.approvals.views import Asked, ask, asked
from exam_system.context import Context
from exam_system.errors import NotFound, Sentence
from exam_system.examday import absences, listing
from exam_system.examday.duties import Stand, sessions_of, stands
from exam_system.examday.letters import letters_pdf
from exam_system.examday.models import Invigilator
from exam_system.examday.plan import newest_attempt
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam, ExamSession, Room, Site
from exam_system.exports import files
from exam_system.sheets import Cell
from exam_system.web import acting, flash_refusal, inline, looking, office, say, trying

bp = Blueprint("duties", __name__)
OFFICE = "/office/exams/<code>"
CODE = "int(min=1, max=9999)"
SITE = f"<{CODE}:district>/<{CODE}:site>/<session>"
PERSON = f"{OFFICE}/duties/<session>/<label>"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The roster of one site in one session: rooms with their people, and the reserves."""

    session: ExamSession
    site: Site
    rooms: Sequence[tuple[Room, Sequence[Stand]]]
    reserves: Sequence[Stand]

    @property
    def absent(self) -> list[Stand]:
        """Those of the rooms who do not come and have no substitute yet."""
        waiting = [one for _room, some in self.rooms for one in some if one.absence]
        return [one for one in waiting if one.absence and one.absence.substitute_id is None]


@bp.app_template_global("subject_names")
def subject_names(exam: Exam) -> dict[str, str]:
    """What the subjects of an exam are called, by code."""
    return {subject.code: subject.name for subject in rules_of(exam).subjects}


@bp.get(f"{OFFICE}/rosters")
def rosters(code: str) -> ResponseReturnValue:
    """Every site and session with its numbers, and the way to its roster."""
    db = looking().session
    exam = exam_by_code(db, code)
    lines: dict[tuple[int, int], dict[str, list[Stand]]] = {}
    for one in stands(db, exam):
        of_site = lines.setdefault((one.district.code, one.site.code), {})
        of_site.setdefault(one.session.subject, []).append(one)
    return render_template(
        "examday/rosters.html",
        exam=exam,
        sessions=sessions_of(db, exam),
        lines=lines,
        drawn=newest_attempt(db, exam, "invigilators"),
    )


@bp.get(f"{OFFICE}/rosters/{SITE}")
def roster(code: str, district: int, site: int, session: str) -> ResponseReturnValue:
    """Who watches which room of a site in a session; for the wall, and for what happens there."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    found = [one for one in stands(ctx.session, exam) if _of(one, district, site, session)]
    if not found:
        raise NotFound("There is no roster of this site and session")
    sheet, published = _sheet(found), _published(ctx, exam)
    waiting = [(one, *_substitute(ctx, exam, one)) for one in sheet.absent if published]
    return render_template(
        "examday/roster.html",
        exam=exam,
        sheet=sheet,
        district=found[0].district,
        published=published,
        waiting=waiting,
        say=say,
    )


def _of(one: Stand, district: int, site: int, session: str) -> bool:
    where = (one.district.code, one.site.code, one.session.subject)
    return where == (district, site, session)


def _sheet(found: Sequence[Stand]) -> Sheet:
    rooms: dict[int, tuple[Room, list[Stand]]] = {}
    for one in found:
        if one.room is not None:
            rooms.setdefault(one.room.id, (one.room, []))[1].append(one)
    reserves = [one for one in found if one.room is None]
    return Sheet(found[0].session, found[0].site, list(rooms.values()), reserves)


def _published(ctx: Context, exam: Exam) -> bool:
    newest = newest_attempt(ctx.session, exam, "invigilators")
    return newest is not None and newest[1].state == "published" and exam.state == "seated"


def _substitute(ctx: Context, exam: Exam, one: Stand) -> tuple[Asked | None, Sentence | None]:
    """The approval of the substitute, or what is in the way."""
    try:
        wanted = absences.wanted_replacement(
            ctx, code=exam.code, session=one.session.subject, label=one.invigilator.label
        )
    except Sentence as error:
        return None, error
    return asked(wanted), None


@bp.post(f"{OFFICE}/rosters/export/<any(xlsx, csv):kind>")
def export(code: str, kind: str) -> ResponseReturnValue:
    """All duties as a table, or those of one site and session (form fields); an act."""
    site, session = request.form.get("site", ""), request.form.get("session", "")

    def only(one: Stand) -> bool:
        name = f"{one.district.code}-{one.site.code}"
        return site in ("", name) and session in ("", one.session.subject)

    try:
        with acting() as ctx:
            found, idle = listing.export_invigilators(ctx, code=code, only=only)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("examday.invigilators", code=code))
    exam = exam_by_code(looking().session, code)
    subjects = subject_names(exam)
    rows = [_row(subjects[one.session.subject], one) for one in found]
    rows += [[*_person(one), *[None] * 6, _("Without duty")] for one in idle if not site]
    columns = (
        *(_("Staff number"), _("Name"), _("Sex"), _("School"), _("Session")),
        *(_("District"), _("Site"), _("Room number"), _("Room"), _("Place"), _("Remark")),
    )
    name = "-".join(part for part in ("invigilators", code, site, session) if part)
    title = f"{_('Invigilators')} {code}"
    return files.table(kind, name, title, columns, rows, verb="examday.export_invigilators")


def _person(one: Invigilator) -> list[Cell]:
    return [one.staff_no, one.name, _(one.sex), one.school]


def _row(subject: str, one: Stand) -> list[Cell]:
    where: list[Cell] = [subject, one.district.name, one.site.name]
    room: list[Cell] = [None, None, _("Reserve")]
    if one.room is not None:
        place = _("Lead invigilator") if one.place == 1 else _("Second invigilator")
        room = [f"{one.room.code:02}", one.room.name, place]
    remark = ""
    if one.absence is not None:
        remark = _("Does not come: %(reason)s", reason=one.absence.reason)
    elif one.instead is not None:
        remark = _("Came from the reserve for %(name)s", name=one.instead.name)
    return [*_person(one.invigilator), *where, *room, remark]


@bp.get(f"{OFFICE}/invigilators/letters.pdf")
def letters(code: str) -> ResponseReturnValue:
    """A letter for everybody who has a duty, one page each."""
    ctx = looking()
    try:
        return inline(letters_pdf(ctx, exam_by_code(ctx.session, code)), "application/pdf")
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("examday.invigilators", code=code))


@bp.post(f"{PERSON}/absence")
def absence(code: str, session: str, label: str) -> ResponseReturnValue:
    """Record that somebody does not come."""
    try:
        with acting() as ctx:
            reason = request.form.get("reason", "")
            absences.record_invigilator_absence(
                ctx, code=code, session=session, label=label, reason=reason
            )
        flash(_("The absence is recorded"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(_back(code, session, label))


@bp.post(f"{PERSON}/replace")
def replace(code: str, session: str, label: str) -> ResponseReturnValue:
    """Ask for the approval of the substitute; once it is given put them in."""
    with trying() as ctx:
        about = {"code": code, "session": session, "label": label}
        if "ask" in request.form:
            ask(ctx, absences.wanted_replacement(ctx, **about))
        else:
            found = absences.replace_invigilator(ctx, **about)
            name = found.coming.invigilator.name
            flash(_("%(name)s comes from the reserve", name=name), "success")
    return redirect(_back(code, session, label))


def _back(code: str, session: str, label: str) -> str:
    """The roster on which this person stands; the list of rosters when there is none."""
    db = office().context(looking().actor, write=False).session
    with db:
        for one in stands(db, exam_by_code(db, code)):
            if (one.session.subject, one.invigilator.label) == (session, label):
                district, site = one.district.code, one.site.code
                return url_for(
                    "duties.roster", code=code, district=district, site=site, session=session
                )
    return url_for("duties.rosters", code=code)
