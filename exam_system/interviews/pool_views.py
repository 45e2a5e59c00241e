"""Pages of the pool that bureaus share: signed export, keys of others, taking theirs in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from exam_system.errors import Sentence
from exam_system.interviews.exchange import (
    Preview,
    export_pool,
    import_pool,
    preview,
    register_bureau,
)
from exam_system.interviews.forms import BureauForm, RelationForm, TakeForm
from exam_system.interviews.models import Bureau, Incompatibility, Interviewer
from exam_system.interviews.pool import RELATIONS, declare_incompatibility
from exam_system.trust.notes import MAX_BYTES
from exam_system.web import acting, download, flash_refusal, looking
from exam_system.web_forms import check_form

bp = Blueprint("pools", __name__)
SHOWN = 200
FIELD_NAMES = {
    "certificate": "Certificate",
    "name": "Name",
    "sex": "Sex",
    "area_code": "Area code",
    "employer": "Employer",
    "chief": "Chief interviewer",
    "trained_on": "Trained on",
    "last_served": "Last served on",
}


@bp.get("/office/interviewers/exchange")
def exchange() -> ResponseReturnValue:
    """Export, registered bureaus, import, and relations between interviewers."""
    return _page(TakeForm(formdata=None))


def _page(
    take: FlaskForm,
    found: Preview | None = None,
    *,
    text: str = "",
    name: str = "",
    bureau: FlaskForm | None = None,
    relation: FlaskForm | None = None,
) -> str:
    ctx = looking()
    own = select(func.count(Interviewer.id)).where(Interviewer.bureau.is_(None))
    return render_template(
        "interviews/exchange.html",
        take=take,
        found=found,
        text=text,
        name=name,
        bureau=bureau or BureauForm(formdata=None),
        relation=relation or RelationForm(formdata=None),
        bureaus=ctx.session.scalars(select(Bureau).order_by(Bureau.name)).all(),
        own=ctx.session.scalar(own),
        key=ctx.keys.publisher.verifier.vkey,
        pairs=_pairs(),
        relations=RELATIONS,
        names=FIELD_NAMES,
        most=SHOWN,
    )


def _pairs() -> list[tuple[str, str, str]]:
    first, second = aliased(Interviewer), aliased(Interviewer)
    query = (
        select(first.name, second.name, Incompatibility.relation)
        .join(first, first.id == Incompatibility.first_id)
        .join(second, second.id == Incompatibility.second_id)
        .order_by(Incompatibility.id)
    )
    return [(row[0], row[1], row[2]) for row in looking().session.execute(query.limit(SHOWN))]


@bp.post("/office/interviewers/exchange/export")
def export() -> ResponseReturnValue:
    """The signed file of this bureau's interviewers."""
    try:
        with acting() as ctx:
            data, at = export_pool(ctx), ctx.clock.now().astimezone(ctx.config.zone)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("pools.exchange"))
    return download(data, f"pool-{at:%Y%m%d-%H%M%S}.note", "text/plain; charset=utf-8")


@bp.post("/office/interviewers/exchange/bureau")
def register() -> ResponseReturnValue:
    """Enter another bureau's key."""
    form = BureauForm()
    try:
        check_form(form)
        with acting() as ctx:
            register_bureau(ctx, title=form.title.data, vkey=form.vkey.data)
    except Sentence as error:
        flash_refusal(error)
        return _page(TakeForm(formdata=None), bureau=form), error.status
    flash(_("The bureau is registered"), "success")
    return redirect(url_for("pools.exchange"))


@bp.post("/office/interviewers/exchange/take")
def take() -> ResponseReturnValue:
    """Show what a file would change; taken in once that is confirmed."""
    form = TakeForm()
    name, data = request.form.get("name", ""), request.form.get("text", "").encode()
    try:
        if not data:
            check_form(form)
            name, data = form.file.data.filename or "", form.file.data.read(MAX_BYTES + 1)
        # A browser sends a text's line ends as CR LF; the signed text has LF alone.
        data = data.replace(b"\r\n", b"\n")
        if "sure" not in request.form:
            found = preview(looking(), name=name, data=data)
            return _page(TakeForm(formdata=None), found, text=data.decode(), name=name)
        with acting() as ctx:
            taken = import_pool(ctx, name=name, data=data)
    except Sentence as error:
        flash_refusal(error.about("file"))
        return _page(form), error.status
    counts = {"added": len(taken.added), "changed": len(taken.changed)}
    flash(_("%(added)s interviewers added, %(changed)s changed", **counts), "success")
    return redirect(url_for("pools.exchange"))


@bp.post("/office/interviewers/exchange/relation")
def relate() -> ResponseReturnValue:
    """Declare that two interviewers never sit in one panel."""
    form = RelationForm()
    try:
        check_form(form)
        with acting() as ctx:
            declare_incompatibility(
                ctx, first=form.first.data, second=form.second.data, relation=form.relation.data
            )
    except Sentence as error:
        flash_refusal(error)
        return _page(TakeForm(formdata=None), relation=form), error.status
    flash(_("The relation is declared"), "success")
    return redirect(url_for("pools.exchange"))
