"""Pages of detectors and jammers, and of setters and markers."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system import imports
from exam_system.attendance.staff import place_of
from exam_system.context import Context
from exam_system.custody import devices, outsiders, overview
from exam_system.custody.lookup import subject_name
from exam_system.custody.views import HOME, bp
from exam_system.errors import Sentence
from exam_system.exams.forms import TableForm
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.sheets import SheetError
from exam_system.web import acting, flash_refusal, looking, say


@bp.get(f"{HOME}/devices", endpoint="devices")
def device_list(code: str) -> ResponseReturnValue:
    """The devices of the rooms that somebody may see, and what was noted of them."""
    ctx = looking()
    seen = overview.scene(ctx, code)
    rows = {row.id: row for row in seen.sessions}
    found = {one.id: (one, at) for place in seen.places for one, at in _of(ctx, place)}
    noted: dict[int, Any] = {}
    for place in seen.places:
        noted |= devices.notes_within(ctx.session, place)
    return render_template(
        "custody/devices.html",
        exam=seen.exam,
        seen=seen,
        rows=list(found.values()),
        notes=noted,
        sessions=rows,
        subjects={key: subject_name(seen.exam, row) for key, row in rows.items()},
        places=overview.place_names(ctx.session, seen.exam),
        kinds=devices.KINDS,
        what=devices.WHAT,
    )


def _of(ctx: Context, place: Any) -> Any:
    return devices.devices_within(ctx.session, place)


@bp.post(f"{HOME}/devices/<serial>")
def note_device(code: str, serial: str) -> ResponseReturnValue:
    """Note something of a device."""
    names = ("subject", "what", "note")
    try:
        with acting() as ctx:
            about = {name: request.form.get(name, "") for name in names}
            devices.note_device(ctx, code=code, serial=serial, **about)
        flash(_("Noted"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("custody.devices", code=code), 303)


@bp.route(f"{HOME}/devices/import", methods=["GET", "POST"])
def import_devices(code: str) -> ResponseReturnValue:
    """Bring the devices in."""

    def run(ctx: Context, name: str, data: bytes) -> str:
        count = devices.import_devices(ctx, code=code, name=name, data=data)
        said: str = _("%(count)s devices were imported", count=count)
        return said

    def read(ctx: Context, name: str, data: bytes) -> Any:
        return devices.preview_devices(ctx, code, name, data)

    back = url_for("custody.import_devices", code=code)
    one = imports.Import(_("Detectors and jammers"), back, read, run)
    return _import_page(code, one, "custody/device_import.html", devices.NAMES)


@bp.route(f"{HOME}/specialists", methods=["GET", "POST"])
def specialists(code: str) -> ResponseReturnValue:
    """Setters and markers: bring them in, and who works for this exam."""

    def run(ctx: Context, name: str, data: bytes) -> str:
        count = outsiders.import_specialists(ctx, name=name, data=data)
        said: str = _("%(count)s setters and markers were imported", count=count)
        return said

    def read(ctx: Context, name: str, data: bytes) -> Any:
        return outsiders.preview_specialists(ctx, code, name, data)

    back = url_for("custody.specialists", code=code)
    one = imports.Import(_("Setters and markers"), back, read, run)
    return _import_page(code, one, "custody/specialists.html", outsiders.NAMES)


def _import_page(
    code: str, one: imports.Import, template: str, columns: tuple[str, ...]
) -> ResponseReturnValue:
    problems: list[str] = []
    status = 200
    if request.method == "POST":
        try:
            return imports.step(one)
        except SheetError as error:
            problems, status = error.lines(_), 422
        except Sentence as error:
            problems, status = [say(error)], error.status
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    place_of(ctx, ctx.actor.account_id, code)
    page = render_template(
        template,
        exam=exam,
        form=TableForm(formdata=None),
        problems=problems,
        columns=columns,
        people=outsiders.specialists(ctx.session),
        assigned=outsiders.assigned(ctx.session, exam),
        subjects={one.code: one.name for one in rules_of(exam).subjects},
        tasks=outsiders.TASKS,
        digits=rules_of(exam).paper_area_digits,
    )
    return page, status


@bp.post(f"{HOME}/specialists/assign")
def assign(code: str) -> ResponseReturnValue:
    """Name somebody to set or mark a subject."""
    names = ("number", "subject", "task")
    try:
        with acting() as ctx:
            about = {name: request.form.get(name, "") for name in names}
            outsiders.assign_specialist(ctx, code=code, **about)
        flash(_("Named"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("custody.specialists", code=code), 303)
