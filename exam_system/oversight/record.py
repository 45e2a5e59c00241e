"""Pages of the record of acts: filtered, followed live, exported; one act with its proof."""

from __future__ import annotations

import json

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from exam_system.access import VERBS
from exam_system.errors import NotFound
from exam_system.exams.models import Exam
from exam_system.exports import files
from exam_system.language import when
from exam_system.oversight import service
from exam_system.oversight.acts import (
    COUNTED,
    OVERLAP,
    PAGE,
    Filter,
    act_at,
    count_acts,
    find_acts,
    named,
    said,
)
from exam_system.oversight.blueprint import bp
from exam_system.oversight.words import about, deed, sentence
from exam_system.records import heads
from exam_system.web import acting, download, looking


def asked() -> Filter:
    """The filter that the address or the form gives."""
    names = ("exam", "kind", "actor", "subject", "since", "until")
    return Filter(**{name: request.values.get(name, "").strip()[:120] for name in names})


def _place(name: str) -> int | None:
    """An act id of the address; None when there is none or it is no number."""
    text = request.args.get(name, "")
    return min(int(text), 2**62) if text.isascii() and text.isdigit() else None


def form_words() -> dict[str, object]:
    """What the filter's form offers."""
    return {
        "kinds": sorted(VERBS),
        "families": sorted({name.partition(".")[0] for name in VERBS}),
        "said": VERBS,
        "exams": looking().session.scalars(select(Exam.code).order_by(Exam.id)).all(),
    }


@bp.get("/oversight/acts")
def acts() -> ResponseReturnValue:
    """The record of acts, filtered; `before` and `after` are the act ids between pages."""
    ctx, wanted = looking(), asked()
    narrowed, zone = named(ctx.session, wanted), ctx.config.zone
    before, after = _place("before"), _place("after")
    rows = find_acts(ctx.session, narrowed, zone, limit=PAGE + 1, before=before, after=after)
    more, rows = len(rows) > PAGE, (rows[-PAGE:] if after is not None else rows[:PAGE])
    return render_template(
        "oversight/acts.html",
        rows=rows,
        asked=wanted,
        newer=rows and (before is not None or (after is not None and more)),
        older=rows and (after is not None or more),
        first=before is None and after is None,
        number=count_acts(ctx.session, narrowed, zone),
        counted=COUNTED,
        follow="follow" in request.args,
        deed=deed,
        about=about,
        **form_words(),
    )


@bp.get("/oversight/acts/newer.json")
def newer() -> ResponseReturnValue:
    """Acts that came since, as rows of the page's table; asked for again and again.

    A little is sent twice: an act may be committed after one with a higher id.
    """
    ctx = looking()
    after = max(0, (_place("after") or 0) - OVERLAP)
    narrowed = named(ctx.session, asked())
    rows = find_acts(ctx.session, narrowed, ctx.config.zone, limit=PAGE + OVERLAP, after=after)
    shown = [
        {"id": row.id, "html": render_template("oversight/act_row.html", row=row, deed=deed)}
        for row in rows
    ]
    return jsonify({"acts": shown})


@bp.post("/oversight/acts/export")
def export_acts() -> ResponseReturnValue:
    """The filtered record as a spreadsheet or as CSV; the export is an act itself."""
    with acting() as ctx:
        rows = service.export_acts(ctx, asked=named(ctx.session, asked()))
    names = ["position", "time", "act", "sentence", "exam", "actor", "name", "role", "subject"]
    columns = [_(name) for name in names]
    cells = [
        [row.position, when(row.at), row.kind, sentence(row), row.exam, row.actor, row.who,
         _(row.role), row.subject]
        for row in rows
    ]  # fmt: skip
    kind = "csv" if request.form.get("format") == "csv" else "xlsx"
    verb = "oversight.export_acts"
    return files.table(kind, "acts", _("Record of acts"), columns, cells, verb=verb)


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
        said=said(found[0].kind),
    )
