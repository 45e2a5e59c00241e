"""Pages of accounts: the first page, logging out, the language, the administrator's list."""

from __future__ import annotations

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts import door_pages, factor_pages, service, takeover_pages, text_pages
from exam_system.accounts.blueprint import bp
from exam_system.accounts.forms import AccountForm, InspectorKeyForm
from exam_system.accounts.models import Account, SecondFactor, is_staff
from exam_system.approvals.lookup import open_approval, summary_of
from exam_system.approvals.views import ask
from exam_system.errors import Sentence
from exam_system.oversight import keys
from exam_system.oversight.service import register_inspector
from exam_system.paging import page_count
from exam_system.records.keys import fingerprint, rows_of
from exam_system.web import acting, actor, flash_refusal, looking, office, safe_path, trying
from exam_system.web_forms import check_form

__all__ = ["bp", "door_pages", "factor_pages", "takeover_pages", "text_pages"]
PAGE = 50
HOMES = {
    Role.PUBLIC: "exams.index",
    Role.CANDIDATE: "registration.mine",
    Role.OFFICER: "exams.office",
    Role.INSPECTOR: "oversight.desk",
}
"""First pages of their own; everybody else's is homes.today."""


@bp.route("/home")
def home() -> ResponseReturnValue:
    """Everybody's own first page."""
    return redirect(url_for(HOMES.get(actor().role, "homes.today")))


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    """Log out: the session ends in the database, not only in the browser."""
    with acting() as ctx:
        service.log_out(ctx, token=session["token"])
    session.clear()
    response = redirect(url_for("exams.index"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.post("/language/<code>")
def language(code: str) -> ResponseReturnValue:
    """Switch between Chinese and English and come back."""
    response = redirect(safe_path(request.form.get("next")))
    if code in ("zh", "en"):
        secure = office().config.secure_cookies
        response.set_cookie("language", code, max_age=31536000, samesite="Lax", secure=secure)
    return response


@bp.get("/users")
def users() -> ResponseReturnValue:
    """The members of staff and the public keys."""
    db, words, role = (
        looking().session,
        request.args.get("q", "")[:40],
        request.args.get("role", ""),
    )
    staff = select(Account).where(is_staff()).order_by(Account.username)
    if role:
        staff = staff.where(Account.role == role)
    if words:
        named = (Account.username, Account.name, Account.office)
        staff = staff.where(or_(*(one.icontains(words, autoescape=True) for one in named)))
    total = db.scalars(select(func.count()).select_from(staff.subquery())).one()
    pages = page_count(total, PAGE)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    secured = db.scalars(
        select(SecondFactor.account_id).where(SecondFactor.confirmed_at.is_not(None))
    )
    return render_template(
        "accounts/users.html",
        rows=db.scalars(staff.offset((page - 1) * PAGE).limit(PAGE)).all(),
        asked={"q": words, "role": role},
        roles=[one.value for one in Role if one not in (Role.CANDIDATE, Role.PUBLIC, Role.SYSTEM)],
        total=total,
        page=page,
        pages=pages,
        secured=set(secured),
        keys=rows_of(db),
        fingerprint=fingerprint,
        ending={row.name: _ending(db, row.name) for row in rows_of(db, "inspector")},
        form=AccountForm(),
        key=InspectorKeyForm(),
    )


@bp.post("/users")
def create_user() -> ResponseReturnValue:
    """Create a member of staff."""
    form = AccountForm()
    try:
        check_form(form)
        with acting() as ctx:
            service.create_account(
                ctx,
                username=form.username.data,
                name=form.name.data,
                role=Role(form.role.data),
                password=form.password.data,
                office=form.office.data,
            )
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("accounts.users"))


@bp.post("/users/close")
def close_user() -> ResponseReturnValue:
    """Close an account."""
    with trying() as ctx:
        service.close_account(ctx, username=request.form.get("username", ""))
    return redirect(url_for("accounts.users"))


def _ending(db: Session, name: str) -> tuple[str, str]:
    """How far the retirement of a key is: asked, approved or "", and the reason that was given."""
    found = open_approval(db, "oversight.retire_inspector", f"key:{name}")
    return (found.state, str(summary_of(found)[1].params["reason"])) if found else ("", "")


@bp.post("/users/retire-inspector")
def retire_inspector() -> ResponseReturnValue:
    """Ask for the approval of an inspector's key's end; once it is given end it."""
    said = {name: request.form.get(name, "") for name in ("name", "reason")}
    with trying() as ctx:
        if "ask" in request.form:
            ask(ctx, keys.wanted_retirement(ctx, **said))
        else:
            keys.retire_inspector(ctx, **said)
    return redirect(url_for("accounts.users"))


@bp.post("/users/inspector-key")
def inspector_key() -> ResponseReturnValue:
    """Register an inspector's public key."""
    form = InspectorKeyForm()
    with trying() as ctx:
        register_inspector(ctx, vkey=form.vkey.data or "")
    return redirect(url_for("accounts.users"))
