"""Pages of oversight: the inspector's desk and record of acts; the public log and files."""

from __future__ import annotations

import json

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from exam_system.access import VERBS
from exam_system.draws.models import Attempt, Draw
from exam_system.errors import NotFound, Sentence
from exam_system.exams.models import Exam
from exam_system.language import when
from exam_system.oversight import service
from exam_system.oversight.acts import PAGE, Filter, act_at, count_acts, find_acts, named
from exam_system.oversight.files import CONFIDENTIAL, folder_zip, inside, listing
from exam_system.oversight.waiting import to_cosign as pack
from exam_system.oversight.waiting import unpack, waiting_notes, waiting_steps
from exam_system.records import heads
from exam_system.records.models import Release, RoleKey
from exam_system.records.notes import note_bytes
from exam_system.sheets import write_xlsx
from exam_system.web import acting, download, flash_refusal, inline, looking, office

bp = Blueprint("oversight", __name__)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/oversight")
def desk() -> ResponseReturnValue:
    """What waits for the inspector, and every exam's files to verify."""
    db = looking().session
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
    return render_template(
        "oversight/desk.html",
        notes=waiting_notes(db),
        steps=waiting_steps(db),
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


def _asked() -> Filter:
    names = ("exam", "kind", "actor", "subject", "since", "until")
    return Filter(**{name: request.values.get(name, "").strip()[:120] for name in names})


def _page() -> int:
    text = request.args.get("page", "1")
    return min(int(text), 100_000) if text.isascii() and text.isdigit() and int(text) else 1


@bp.get("/oversight/acts")
def acts() -> ResponseReturnValue:
    """The record of acts, filtered."""
    ctx, asked, page = looking(), _asked(), _page()
    narrowed, zone = named(ctx.session, asked), ctx.config.zone
    rows = find_acts(ctx.session, narrowed, zone, offset=(page - 1) * PAGE)
    return render_template(
        "oversight/acts.html",
        rows=rows,
        asked=asked,
        page=page,
        number=count_acts(ctx.session, narrowed, zone),
        size=PAGE,
        kinds=sorted(VERBS),
        said=VERBS,
        exams=ctx.session.scalars(select(Exam.code).order_by(Exam.id)).all(),
    )


@bp.post("/oversight/acts/export")
def export_acts() -> ResponseReturnValue:
    """The filtered record as a spreadsheet; the export is an act itself."""
    with acting() as ctx:
        rows = service.export_acts(ctx, asked=named(ctx.session, _asked()))
        mark = f"{ctx.actor.name} {when(ctx.clock.now())}"
    columns = ["position", "time", "act", "sentence", "exam", "actor", "name", "role", "subject"]
    cells = [
        [row.position, when(row.at), row.kind, _(row.said), row.exam, row.actor, row.who,
         _(row.role), row.subject]
        for row in rows
    ]  # fmt: skip
    data = write_xlsx(_("Record of acts"), [_(name) for name in columns], cells, mark)
    return download(data, "acts.xlsx", _XLSX)


@bp.get("/oversight/acts/<int(max=2147483647):position>")
def act(position: int) -> ResponseReturnValue:
    """One act: its entry, its details, its proof."""
    ctx = looking()
    found = act_at(ctx.session, position)
    if found is None:
        raise NotFound("The log has no act at this place")
    if request.args.get("format") == "proof":
        head = heads.newest_head(ctx.session)
        assert head is not None
        folder = ctx.config.published / "log"
        data = heads.act_proof(ctx.session, folder, found[0].id, head)
        return download(data, f"act-{position}.tlog-proof", "text/plain; charset=utf-8")
    details = None if found[1] is None else json.loads(found[1].details)
    salt = None if found[1] is None else found[1].salt.hex()
    return render_template(
        "oversight/act.html",
        act=found[0],
        position=position,
        details=None if details is None else json.dumps(details, ensure_ascii=False, indent=2),
        salt=salt,
        entry=found[0].entry.decode(),
        said=VERBS[found[0].kind].said,
    )


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
    return render_template("oversight/log.html", head=head, note=note, keys=keys)


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
