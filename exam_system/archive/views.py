"""Pages of an exam's archive: making it, how far that is, and the file for everybody."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from exam_system.archive import service
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.public import public_exam
from exam_system.notices.disclosures import closing_of
from exam_system.web import actor, flash_refusal, looking, office

bp = Blueprint("archive", __name__)


@bp.get("/exams/<code>/archive")
def show(code: str) -> ResponseReturnValue:
    """What the archive is and how it is verified; office and inspectors make it here."""
    ctx = looking()
    exam = public_exam(code)
    path = service.archive_path(ctx.config, code)
    return render_template(
        "archive/show.html",
        exam=exam,
        told=service.progress(ctx.config, code),
        running=service.under_way(ctx.config, code),
        size=path.stat().st_size if path.exists() else None,
        finished=closing_of(ctx.session, exam) is not None,
    )


@bp.post("/exams/<code>/archive")
def make(code: str) -> ResponseReturnValue:
    """Begin to make the archive as it is now; an act. The page shows how far it is."""
    try:
        exam = exam_by_code(looking().session, code)
        if exam.state == "draft":
            raise Conflict("Nothing of this exam is published yet")
        if service.under_way(office().config, code):
            raise Conflict("The archive of this exam is being made already")
        service.start(office(), actor(), code)
    except NotFound:
        raise
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("archive.show", code=code), 303)


@bp.get("/exams/<code>/archive.json")
def progress(code: str) -> ResponseReturnValue:
    """How far the run is, for the page's bar."""
    config = looking().config
    exam_by_code(looking().session, code)
    told = service.progress(config, code) or service.Progress()
    running = service.under_way(config, code)
    return jsonify(rooms=told.steps, done=told.done, running=running)


@bp.get("/exams/<code>/archive.zip")
def take(code: str) -> ResponseReturnValue:
    """The newest archive: everything in it is published already."""
    exam = public_exam(code)
    path = service.archive_path(looking().config, exam.code)
    if not path.exists():
        raise NotFound("No archive of this exam has been made yet")
    return send_file(path, "application/zip", as_attachment=True, download_name=path.name)
