"""Pages of takeovers: asking and picking up for everybody, the queue and cases for the office."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.accounts import consents, doors, takeovers, work
from exam_system.accounts.blueprint import bp
from exam_system.accounts.door_pages import has_agreed, identity, network, proof, with_wait
from exam_system.accounts.forms import CodeForm, NewPasswordForm, TakeoverForm, spelled
from exam_system.accounts.models import Takeover
from exam_system.accounts.takeover_files import PICTURES
from exam_system.approvals.views import ask, asked
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.people import mask_id, mask_phone
from exam_system.web import acting, actor, flash_refusal, looking, trying
from exam_system.workdays import office_table, term

SHOWN = 200
DAYS = 2  # working days in which a takeover should be decided
_PRIVATE = ("accounts.takeover", "accounts.takeover_answer")


@dataclass(frozen=True, slots=True)
class Case:
    """One takeover on the office's pages; whoever asked is masked."""

    row: Takeover
    number: str
    name: str
    phone: str
    due: date | None
    others: int


@bp.after_request
def _not_kept(response: Response) -> Response:
    """Whose number, code and answer these are stays in no browser's cache."""
    if request.endpoint in _PRIVATE:
        response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/takeover", methods=["GET", "POST"])
def takeover() -> ResponseReturnValue:
    """Ask for the account of one's ID number; the answer is the same for every number."""
    form = _takeover_form()
    if not form.is_submitted():
        return _takeover_page(form)
    ctx = looking()
    if not all((form.validate(), spelled(form, identity(ctx)), has_agreed(ctx, form))):
        return _takeover_page(form), 422
    try:
        with acting() as ctx:  # used up also when a picture cannot be read: that costs much work
            work.require(ctx, "takeover", proof())
            doors.count_takeover(ctx, network())
        ref, code = _ask(form)
    except Sentence as error:
        flash_refusal(error)
        return with_wait(_takeover_page(form), error)
    return render_template("accounts/takeover_taken.html", ref=ref, code=_grouped(code))


def _takeover_form() -> TakeoverForm:
    form = TakeoverForm()
    form.claim.choices = [(claim, _(said)) for claim, said in takeovers.CLAIMS.items()]
    return form


def _takeover_page(form: TakeoverForm) -> str:
    ctx = looking()
    return render_template(
        "accounts/takeover.html",
        form=form,
        texts=consents.in_force(ctx.session),
        agreed=request.form.getlist("agree"),
        puzzle=work.puzzle(ctx, "takeover"),
    )


def _ask(form: TakeoverForm) -> tuple[str, str]:
    with acting() as ctx:
        return takeovers.ask_takeover(
            ctx,
            claim=form.claim.data,
            name=form.name.data,
            id_number=form.id_number.data,
            phone=form.phone.data,
            pictures={name: form[name].data.read() for name in PICTURES},
            agreed=request.form.getlist("agree"),
        )


def _grouped(code: str) -> str:
    return " ".join(code[place : place + 4] for place in range(0, len(code), 4))


@bp.route("/takeover/answer", methods=["GET", "POST"])
def takeover_answer() -> ResponseReturnValue:
    """With reference and code: how far it is; once it is granted set the password."""
    form, new = CodeForm(), NewPasswordForm()
    if not form.is_submitted():
        return _answer_page(form, new)
    if not form.validate():
        return _answer_page(form, new), 422
    try:
        row = _picked_up(form, new)
    except Sentence as error:
        flash_refusal(error)
        return with_wait(_answer_page(form, new), error)
    return _answer_page(form, new, row), 422 if new.errors else 200


def _answer_page(form: CodeForm, new: NewPasswordForm, row: Takeover | None = None) -> str:
    said = _(takeovers.STATES[row.state]) if row else ""
    return render_template(
        "accounts/takeover_answer.html", form=form, row=row, new=new, state_name=said
    )


def _picked_up(form: CodeForm, new: NewPasswordForm) -> Takeover:
    """The takeover, its password set when the form brings one; a wrong code counts."""
    with acting() as ctx:
        row = takeovers.pick_up(ctx, form.ref.data, form.code.data)
        if row is not None and "password" in request.form and new.validate():
            takeovers.redeem_takeover(
                ctx, ref=row.ref, code=form.code.data, password=new.password.data
            )
    if row is None:
        raise takeovers.none_such()
    return row


def _case(ctx: Context, row: Takeover, others: int) -> Case:
    who = takeovers.claimed(ctx, row)
    day = row.asked_at.astimezone(ctx.config.zone).date()
    return Case(
        row,
        mask_id(who.number),
        who.name[0] + "＊" * (len(who.name) - 1),
        mask_phone(who.phone),
        term(day, DAYS, office_table(ctx.session)).ends,
        others,
    )


@bp.get("/office/takeovers")
def takeover_queue() -> ResponseReturnValue:
    """What waits, oldest first, and what was decided lately; nobody in clear."""
    ctx = looking()
    waiting = select(Takeover).where(Takeover.state == "waiting").order_by(Takeover.id)
    decided = select(Takeover).where(Takeover.state != "waiting")
    same = _same(ctx)
    return render_template(
        "accounts/takeovers.html",
        waiting=[
            _case(ctx, row, same.get(row.id_blind, 1) - 1)
            for row in ctx.session.scalars(waiting.limit(SHOWN))
        ],
        decided=[
            _case(ctx, row, 0)
            for row in ctx.session.scalars(decided.order_by(Takeover.id.desc()).limit(50))
        ],
        claims=takeovers.CLAIMS,
        states=takeovers.STATES,
    )


def _same(ctx: Context) -> dict[str, int]:
    """How many wait for the same number, where there are several."""
    count = func.count()
    query = (
        select(Takeover.id_blind, count)
        .where(Takeover.state == "waiting")
        .group_by(Takeover.id_blind)
        .having(count > 1)
    )
    return {row[0]: row[1] for row in ctx.session.execute(query)}


@bp.get("/office/takeovers/<ref>")
def takeover_case(ref: str) -> ResponseReturnValue:
    """One takeover: what granting it would do, its approval, its refusal; documents masked."""
    return _case_page(ref, None)


def _case_page(ref: str, pictures: dict[str, bytes] | None) -> str:
    ctx = looking()
    row = takeovers.find(ctx.session, ref)
    wanted = None
    if row.state == "waiting" and row.opened_at:
        wanted = takeovers.wanted_takeover(ctx, ref=ref)
    return render_template(
        "accounts/takeover_case.html",
        case=_case(ctx, row, _same(ctx).get(row.id_blind, 1) - 1),
        claim=takeovers.CLAIMS[row.claim],
        state_name=takeovers.STATES[row.state],
        plan=takeovers.plan(ctx, row),
        stated=takeovers.claimed(ctx, row) if pictures else None,
        pictures=[
            (_(PICTURES[name]), base64.b64encode(data).decode())
            for name, data in (pictures or {}).items()
        ],
        asked=asked(wanted) if wanted and actor().role is Role.OFFICER else None,
    )


@bp.post("/office/takeovers/<ref>/documents")
def open_takeover(ref: str) -> ResponseReturnValue:
    """Show the documents and who asks in clear, once: it is on record each time."""
    try:
        with acting() as ctx:
            pictures = takeovers.open_takeover(ctx, ref=ref)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("accounts.takeover_case", ref=ref), 303)
    return _case_page(ref, pictures)


@bp.post("/office/takeovers/<ref>/grant")
def grant_takeover(ref: str) -> ResponseReturnValue:
    """Ask for the approval of a grant; once it is given hand the number over."""
    with trying() as ctx:
        if "ask" in request.form:
            ask(ctx, takeovers.wanted_takeover(ctx, ref=ref))
        else:
            takeovers.grant_takeover(ctx, ref=ref)
            flash(_("Granted: whoever asked sets the password with the pick-up code"))
    return redirect(url_for("accounts.takeover_case", ref=ref), 303)


@bp.post("/office/takeovers/<ref>/refuse")
def refuse_takeover(ref: str) -> ResponseReturnValue:
    """Refuse a takeover, with a reason."""
    with trying() as ctx:
        takeovers.refuse_takeover(ctx, ref=ref, reason=request.form.get("reason", ""))
    return redirect(url_for("accounts.takeover_case", ref=ref), 303)
