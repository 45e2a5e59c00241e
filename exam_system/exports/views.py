"""The one address at which lists without a verb of their own are taken out."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.errors import NotFound, Sentence
from exam_system.exports import files
from exam_system.exports.lists import LISTS
from exam_system.exports.service import take_out
from exam_system.web import acting, flash_refusal, looking, safe_path

bp = Blueprint("exports", __name__)


@bp.post("/lists/<name>/<any(xlsx, csv):kind>")
def table(name: str, kind: str) -> ResponseReturnValue:
    """A list as a spreadsheet; an act. The form's fields say which one."""
    listed = LISTS.get(name)
    if listed is None:
        raise NotFound("There is no such list")
    fields = {key: request.form.get(key, "")[:120] for key in listed.fields}
    try:
        with acting() as ctx:
            rows = take_out(ctx, name=name, fields=fields)
    except Sentence as error:
        if error.status == 403:
            raise
        flash_refusal(error)
        return redirect(safe_path(request.form.get("back")))
    # Columns in Chinese are those in which the table is brought in again, in every language.
    named = listed.columns(looking(), fields)
    columns = [name if listed.imports else _(name) for name in named]
    parts = [name, *(fields[key] for key in listed.fields if fields[key])]
    return files.table(
        kind, "-".join(parts), _(listed.title), columns, rows, verb="exports.take_out"
    )
