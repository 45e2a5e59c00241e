"""What was typed is not lost: after a refusal, a login that ran out, a database that was gone."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, current_app, flash, g, request, session
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from exam_system import typed
from exam_system.accounts.sessions import last_holder
from exam_system.refilling import NEVER, refill
from exam_system.typed import Typed
from exam_system.web import actor, looking, office, safe_path

FORM = "form"
"""The use under which the newest form of an account is kept that was not taken."""


def keep_unsent() -> str | None:
    """Keep the form of a request that could not even be looked at, for whom it was; where to go on.

    None when it was no form of a page of our own, or nobody's whose login had held: strangers keep
    nothing here.
    """
    account = _holder() if _is_own_form() else None
    page = _page()
    if account is None or page is None or not _keep(account, page):
        return None
    if actor().account_id is None:
        flash(gettext("Your login has run out. Log in again: what you typed is kept."), "info")
    else:
        flash(gettext("The form was older than your login. Check it and send it again."), "info")
    return page


def keep_refused(response: Response) -> Response:
    """After a request: what was refused and sent back to its page is kept; what was taken is not
    kept any longer."""
    account = actor().account_id if request.method == "POST" else None
    if account is None or response.status_code >= 400:
        return response
    if not g.get("refused"):
        kept = typed.find(office(), account, FORM)
        if kept is not None and kept.action == request.path:
            typed.drop(office(), account, FORM)
    elif response.status_code >= 300:
        _keep(account, safe_path(response.location))
    return response


def fill_again(response: Response) -> Response:
    """After a request: a page whose form was kept is shown with it."""
    if request.method != "GET" or response.status_code != 200 or response.is_streamed:
        return response
    account = actor().account_id if response.mimetype == "text/html" else None
    kept = typed.find(office(), account, FORM) if account is not None else None
    if kept is None or urlsplit(kept.page).path != request.path:
        return response
    note = gettext("What you typed stands here again; files must be chosen once more.")
    page = response.get_data(as_text=True)
    response.set_data(refill(page, request.path, kept.action, kept.fields, note))
    return response


def _keep(account: int, page: str) -> bool:
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in NEVER]
    if not fields:
        return False
    return typed.keep(office(), account, FORM, Typed(page, request.path, fields))


def _holder() -> int | None:
    """Whose form it is: who is logged in, or whose login has run out."""
    token = session.get("token")
    if actor().account_id is not None or not token:
        return actor().account_id
    return last_holder(looking().session, token)


def _is_own_form() -> bool:
    """Whether a person sent it from a page of ours; a script of a page reads its status instead."""
    head = request.headers
    site, origin = head.get("Sec-Fetch-Site"), urlsplit(head.get("Origin", "")).netloc
    own = site == "same-origin" if site else origin == request.host
    person = head.get("Sec-Fetch-Mode", "navigate") == "navigate"
    return own and person and "text/html" in head.get("Accept", "")


def _page() -> str | None:
    """The page that the form stood on, as the browser says; else its own address."""
    came = urlsplit(request.headers.get("Referer", ""))
    own = came.netloc == request.host
    target = safe_path(f"{came.path}?{came.query}".rstrip("?")) if own else request.path
    try:
        current_app.url_map.bind(request.host).match(urlsplit(target).path, method="GET")
    except HTTPException:
        return None
    return target
