"""What was typed is not lost: after a refusal, a login that ran out, a database that was gone."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, current_app, flash, g, get_flashed_messages, request, session
from flask_babel import gettext
from flask_wtf import FlaskForm
from werkzeug.exceptions import HTTPException

from exam_system import typed
from exam_system.access import Role
from exam_system.access_pages import PAGES
from exam_system.accounts.sessions import last_holder
from exam_system.errors import Invalid, Refused, Sentence, Several
from exam_system.refilling import NEVER, Refusal, refill
from exam_system.typed import Typed
from exam_system.web import (
    PROBLEM,
    actor,
    flash_refusal,
    is_refusal,
    looking,
    office,
    safe_path,
)

OLD = Sentence("The page had been open for too long: check what you typed and send it again")
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


def ask_again() -> Response | None:
    """The public page of a form whose token was too old, for who has no account to keep it under;
    `fill_again` puts what was typed back. None when it was no such form."""
    endpoint, rule = request.endpoint or "", request.url_rule
    public = Role.PUBLIC in PAGES.get(endpoint, ()) and actor().account_id is None
    if rule is None or "GET" not in (rule.methods or ()) or not (public and _is_own_form()):
        return None
    flash_refusal(Refused(OLD.msgid))
    request.method = "GET"  # the page is only shown: nothing is done
    page = current_app.make_response(current_app.dispatch_request())
    request.method, page.status_code = "POST", 422
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
    """After a request: a page whose form was kept is shown with it, and so is the page that answers
    a refused form itself; what was wrong stands on top and beside its fields."""
    leads_on = response.location is not None
    if response.mimetype != "text/html" or response.is_streamed or leads_on:
        return response
    kept = _sent()
    if kept is None and request.method == "GET" and response.status_code == 200:
        account = actor().account_id
        kept = typed.find(office(), account, FORM) if account is not None else None
    if kept is None or urlsplit(kept.page).path != request.path:
        return response
    note = gettext("What you typed stands here again.")
    files = gettext("Files must be chosen once more.")
    page = response.get_data(as_text=True)
    found = _problems() if session.pop("refused", "") == kept.action else []
    refusal = Refusal(found, _broken, words()["error"]) if found else None
    page = refill(page, request.path, kept.action, kept.fields, note, refusal, files=files)
    response.set_data(page)
    return response


def own_ids(form: FlaskForm, name: str) -> FlaskForm:
    """The form with ids of its own, where a page has several: labels and links find their field."""
    for field in form:
        field.id = field.label.field_id = f"{name}-{field.id}"
    return form


def check_form(form: FlaskForm) -> None:
    """Raise all that a form of WTForms finds wrong, each sentence with its field."""
    if form.validate_on_submit():
        return
    found: list[Sentence] = []
    for field in form:
        label, empty = str(field.label.text), field.flags.required and not field.data
        for said in [_broken("missing", label, "")] if empty else field.errors:
            found.append(Invalid(str(said).replace("%", "%%")).about(field.name))
        field.errors = []
    raise Several(found)


def words() -> dict[str, str]:
    """How a broken rule of a form is said, in the language of the page; its script says the same.

    `label` is what the field is called, `bound` what the rule names.
    """
    return {
        "problem": gettext("There is a problem"),
        "error": gettext("Error:"),
        "missing": gettext("Fill in “%(label)s”"),
        "choose": gettext("Choose “%(label)s”"),
        "tick": gettext("Tick “%(label)s”"),
        "file": gettext("Choose a file for “%(label)s”"),
        "number": gettext("Enter a number for “%(label)s”"),
        "date": gettext("Enter a date for “%(label)s”, such as 2026-03-05"),
        "datetime-local": gettext("Enter a date and a time for “%(label)s”"),
        "time": gettext("Enter a time for “%(label)s”, such as 09:30"),
        "email": gettext("Enter an e-mail address for “%(label)s”"),
        "least": gettext("“%(label)s” must not be below %(bound)s"),
        "most": gettext("“%(label)s” must not be above %(bound)s"),
        "step": gettext("“%(label)s” goes in steps of %(bound)s"),
        "short": gettext("“%(label)s” has at least %(bound)s characters"),
        "long": gettext("“%(label)s” has at most %(bound)s characters"),
        "pattern": gettext("“%(label)s” is not written as it must be. %(bound)s"),
    }


def _broken(kind: str, label: str, bound: str) -> str:
    return (words()[kind] % {"label": label, "bound": bound}).strip()


def _sent() -> Typed | None:
    """The form of this very request, refused and answered without another page."""
    if request.method != "POST" or not g.get("refused"):
        return None
    return Typed(request.path, request.path, list(request.form.items(multi=True)))


def _problems() -> list[tuple[str, str]]:
    """What the page shows as refused: the field, "" for none, and the sentence."""
    told: list[tuple[str, str]] = list(get_flashed_messages(with_categories=True))  # type: ignore[arg-type]
    return [
        (category.removeprefix(PROBLEM).strip(), said)
        for category, said in told
        if is_refusal(category)
    ]


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
