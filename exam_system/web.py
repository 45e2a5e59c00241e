"""What every page uses: the request's context, transactions, language, safe answers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TypeVar
from urllib.parse import urlsplit

from flask import (
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    request,
    send_file,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from exam_system.access import NOT_ACTIVE, PLEDGED, Role
from exam_system.access_pages import PAGES
from exam_system.accounts import factors, sessions
from exam_system.context import PUBLIC, SYSTEM, Actor, Context
from exam_system.database import glancing
from exam_system.errors import Forbidden, Refused, Sentence, parts_of
from exam_system.office import Office
from exam_system.oversight.clock import tell
from exam_system.people import narrow
from exam_system.timekeeping import UntrustedTime

T = TypeVar("T")
SAME_FOR_ALL = frozenset({"static", "bootstrap.static", "look.colours", "look.emblem"})
"""Files that a browser may keep whoever is logged in."""
PROBLEM = "danger"
"""The category of what is said of a refused form; the name of a field may stand behind it."""


def office() -> Office:
    """The running application's parts."""
    found: Office = current_app.extensions["office"]
    return found


def looking() -> Context:
    """The request's context for looking only; closed when the request ends."""
    if "looking" not in g:
        g.looking = office().context(actor(), write=False)
    found: Context = g.looking
    return found


def actor() -> Actor:
    """Who asks, read from the database at every request."""
    if "actor" not in g:
        g.actor = PUBLIC
        token = session.get("token")
        if token:
            parts = office()
            with glancing(parts.engine) as db:
                g.actor = sessions.actor_of(db, token, parts.clock.now()) or PUBLIC
    found: Actor = g.actor
    return found


@contextmanager
def acting(*, as_system: bool = False, who: Actor | None = None) -> Iterator[Context]:
    """A writing transaction: committed when the block ends, rolled back when it raises.

    `who` acts where the request's actor does not: whose login is still waiting for a step.

    After the commit the log is sealed, so that the act is in a signed head before the answer.
    Raises Unavailable, which no page catches, while acts have stopped.
    """
    parts = office()
    try:
        with parts.acting(SYSTEM if as_system else who or actor()) as ctx:
            yield ctx
    except UntrustedTime as error:
        tell(parts, error)
        raise


@contextmanager
def trying() -> Iterator[Context]:
    """As `acting`, for a page that goes on to another: a refusal is shown there."""
    try:
        with acting() as ctx:
            yield ctx
    except Sentence as error:
        flash_refusal(error)


def typed_factor() -> factors.Typed:
    """What a form brings as second factor."""
    return factors.Typed(
        narrow(request.form.get("code", "")[:40]), request.form.get("passkey", "")[:20_000]
    )


def confirmed(occasion: Callable[[Context], factors.Occasion], act: Callable[[Context], T]) -> T:
    """Carry an act out in the transaction in which the form's second factor was proved for it.

    A wrong factor is counted (that is committed) and raises Refused; so does the act itself.
    """
    with acting() as ctx:
        holds = factors.prove(ctx, occasion(ctx), typed_factor())
        if holds:
            result = act(ctx)
    if not holds:
        raise Refused(factors.WRONG.msgid)
    return result


def refuse_foreign() -> None:
    """Before every request that may change something: it must come from a page of our own.

    The form's token says so already; browsers say it as well (THREATS O08). Programs, such as the
    gateway, send neither header.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "null")
    foreign = site not in ("same-origin", "none") if site else origin != "null"
    if foreign and urlsplit(origin).netloc != request.host:
        raise Forbidden("This came from a page of another site: nothing was done")


def guard() -> ResponseReturnValue | None:
    """Before every request: the page must be in the access table and the actor's role in it.

    Whose role is not active yet is sent to its pledge from every page that is not for everybody.
    """
    endpoint, who = request.endpoint, actor()
    if endpoint is None:
        return None
    if who.role not in PAGES[endpoint]:
        if who is PUBLIC:
            raise LoginNeeded("Log in to go on")
        raise Forbidden("Your role may not see this page")
    if not who.pledged and who.role in PLEDGED and not _before_pledge(endpoint):
        if request.method != "GET":
            raise Forbidden(NOT_ACTIVE)
        return redirect(url_for("integrity.pledge"))
    return None


def _before_pledge(endpoint: str) -> bool:
    own = ("integrity.pledge", "integrity.sign", "accounts.logout")
    return endpoint in own or Role.PUBLIC in PAGES[endpoint]


class LoginNeeded(Forbidden):
    """Nobody is logged in where somebody must be."""

    status = 401


def close(_error: BaseException | None = None) -> None:
    """At the end of every request: close the looking session."""
    ctx: Context | None = g.pop("looking", None)
    if ctx is not None:
        ctx.session.close()


def say(error: Sentence) -> str:
    """The refusal's sentence in the request's language."""
    return error.text(gettext)


def closed() -> str:
    """Why the instance is only for reading, in the request's language; "" when it is not."""
    sentence = office().standing.closed
    return say(sentence) if sentence else ""


def flash_refusal(error: Sentence) -> None:
    """Show a refusal on the next page, each of its sentences with the field that it is about; what
    was typed is kept for it (see `web_forms`)."""
    g.refused = True
    session["refused"] = request.path
    for one in parts_of(error):
        flash(say(one), f"{PROBLEM} {one.field}")


def is_refusal(category: str) -> bool:
    """Whether what was flashed under this category was a refusal."""
    return category.split(" ")[0] == PROBLEM


def nonce() -> str:
    """The response's CSP nonce."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    found: str = g.nonce
    return found


def harden(response: Response) -> Response:
    """Strict headers on every answer."""
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"script-src 'self' 'nonce-{nonce()}'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    if request.endpoint not in SAME_FOR_ALL and actor().account_id is not None:
        response.headers["Cache-Control"] = "no-store"
    return response


def safe_path(target: str | None) -> str:
    """A path of our own to go back to; anything else becomes the front page."""
    parts = urlsplit(target or "")
    own = parts.path.startswith("/") and not parts.path.startswith(("//", "/\\"))
    if (
        parts.scheme
        or parts.netloc
        or not own
        or any(ord(c) < 32 or c == "\\" for c in target or "")
    ):
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")


def download(data: bytes, name: str, kind: str) -> Response:
    """A file to keep."""
    return make_response(send_file(BytesIO(data), kind, as_attachment=True, download_name=name))


def inline(data: bytes, kind: str) -> Response:
    """A file to look at in the browser."""
    response = make_response(data)
    response.headers["Content-Type"] = kind
    return response
