"""Pages of oversight: the inspector's desk; the public log and files."""

from __future__ import annotations

from flask import redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from exam_system.approvals.lookup import summary_of
from exam_system.approvals.lookup import waiting as waiting_approvals
from exam_system.draws.confidential import glances
from exam_system.draws.models import Attempt, Draw
from exam_system.duties.watching import waiting as waiting_findings
from exam_system.errors import NotFound, Sentence
from exam_system.exams.models import Exam
from exam_system.oversight import record, service, watching
from exam_system.oversight.blueprint import bp
from exam_system.oversight.board import PROMISES, read_board
from exam_system.oversight.files import CONFIDENTIAL, folder_zip, inside, listing
from exam_system.oversight.overdue import find_overdue
from exam_system.oversight.waiting import to_cosign as pack
from exam_system.oversight.waiting import unpack, waiting_notes, waiting_steps
from exam_system.oversight.watch import open_alerts, unmaskings
from exam_system.oversight.words import OVERDUE, PROMISED, TITLES, about
from exam_system.pictures import Point, growth
from exam_system.records import heads
from exam_system.records.models import Release, RoleKey
from exam_system.records.notes import note_bytes
from exam_system.tips.lookup import waiting as waiting_reports
from exam_system.web import acting, actor, download, flash_refusal, inline, looking, office

__all__ = ["bp", "record", "watching"]
GROWN = 30
_GLANCES = 10  # the newest looks at confidential draws


@bp.get("/oversight")
def desk() -> ResponseReturnValue:
    """What waits for the inspector, and every exam's files to verify."""
    ctx = looking()
    db, zone = ctx.session, ctx.config.zone
    exams = db.scalars(select(Exam).order_by(Exam.id.desc())).all()
    releases = db.scalars(
        select(Release).where(Release.state == "published").order_by(Release.id.desc())
    ).all()
    draws = db.execute(
        select(Draw.code, Draw.exam_id, Attempt.number)
        .join(Draw, Draw.id == Attempt.draw_id)
        .where(Attempt.state == "published")
        .order_by(Attempt.id.desc())
    ).all()
    board = read_board(ctx.config.instance)
    return render_template(
        "oversight/desk.html",
        notes=waiting_notes(db),
        steps=waiting_steps(db),
        approvals=[(one, summary_of(one)) for one in waiting_approvals(db, actor())],
        reports=waiting_reports(db),
        overdue=find_overdue(db, ctx.clock.now(), zone),
        words=OVERDUE,
        about=about,
        titles=TITLES,
        promised=PROMISED,
        alerts=open_alerts(db, zone),
        findings=waiting_findings(db),
        glances=glances(db)[-_GLANCES:],
        unmasked=unmaskings(db),
        board=board,
        fresh=board is not None and board.is_fresh(ctx.clock.now()),
        exams=exams,
        releases=releases,
        draws=draws,
    )


@bp.get("/oversight/to-cosign.zip")
def to_cosign() -> ResponseReturnValue:
    """Everything that waits for a signature, for the inspector's own machine."""
    folder = office().config.published / "log"
    return download(pack(looking().session, folder), "to-cosign.zip", "application/zip")


@bp.post("/oversight/cosign")
def cosign() -> ResponseReturnValue:
    """Take signed notes back."""
    try:
        files = [(file.filename or "", file.read()) for file in request.files.getlist("files")]
        with acting() as ctx:
            service.cosign_notes(ctx, files=unpack([item for item in files if item[1]]))
        with acting() as ctx:
            heads.show_head(ctx.session, ctx.config.published / "log")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("oversight.desk"))


@bp.get("/oversight/records/<folder>")
def records(folder: str) -> ResponseReturnValue:
    """A release with its salted records, for the inspector's own machine."""
    path = inside(office().config.published, folder)
    if not (path / CONFIDENTIAL).exists():
        raise NotFound("There is no such file")
    return download(folder_zip(path, confidential=True), f"{folder}.zip", "application/zip")


@bp.get("/log")
def log() -> ResponseReturnValue:
    """The log's newest head and the keys, for everybody."""
    db = looking().session
    head = heads.newest_head(db)
    note = note_bytes(db, head.note_id).decode() if head else ""
    keys = db.scalars(select(RoleKey).order_by(RoleKey.id)).all()
    board = read_board(office().config.instance)
    grown = heads.growth(db, GROWN)
    zone = office().config.zone
    points = [
        Point(f"{one.at.astimezone(zone):%Y-%m-%d}", one.size, one.witnesses) for one in grown
    ]
    said = gettext("Acts under the heads that inspectors have cosigned")
    return render_template(
        "oversight/log.html",
        head=head,
        note=note,
        keys=keys,
        board=board,
        grown=grown,
        picture=growth(points, said) if len(points) > 1 else "",
    )


@bp.get("/promises")
def promises() -> ResponseReturnValue:
    """What is promised, how each promise is checked, and what is not promised."""
    return render_template("oversight/promises.html", promises=PROMISES)


@bp.get("/published/", defaults={"path": ""})
@bp.get("/published/<path:path>")
def published(path: str) -> ResponseReturnValue:
    """A published file as it is, a folder as a list, or a folder as a zip."""
    root = office().config.published
    target = inside(root, path)
    if target.is_dir():
        return render_template("oversight/folder.html", path=path.rstrip("/"), rows=listing(target))
    bundle = target.with_suffix("")
    if target.suffix == ".zip" and not target.exists() and bundle.is_dir():
        return download(folder_zip(bundle), target.name, "application/zip")
    if not target.is_file():
        raise NotFound("There is no such file")
    kinds = {
        ".json": "application/json",
        ".pdf": "application/pdf",
        ".csv": "text/csv; charset=utf-8",
    }
    text = {".note", ".txt", ".tlog-proof", ".vkey"}
    kind = kinds.get(target.suffix, "text/plain; charset=utf-8" if target.suffix in text else None)
    if target.name == "checkpoint":
        return inline(target.read_bytes(), "text/plain; charset=utf-8")
    return send_file(target, kind or "application/octet-stream", conditional=True)


@bp.get("/check")
def check() -> ResponseReturnValue:
    """How anybody rechecks a draw and a score."""
    db = looking().session
    example = db.execute(
        select(Draw.code, Attempt.number)
        .join(Draw, Draw.id == Attempt.draw_id)
        .where(Attempt.state == "published")
        .order_by(Attempt.id)
        .limit(1)
    ).one_or_none()
    return render_template("oversight/check.html", example=example)
