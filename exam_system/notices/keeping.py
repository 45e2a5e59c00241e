"""Public pages that change only when something is posted: an ETag, 304, and the page kept made.

A page is kept under its address, the language and a number that grows with whatever it shows; for
whoever is logged in, and with a message to show, it is made anew. Forms on it carry a token of the
reader's own session: it is put in when the page is given out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import sha256

from flask import Response, current_app, make_response, request, session
from flask_wtf.csrf import generate_csrf

from exam_system.language import choose_language
from exam_system.web import actor, closed

MOST = 500
FRESH = 30  # seconds for which a browser need not ask again
_TOKEN = "@@token@@"


class Kept:
    """The pages of one process, the least lately read ones dropped first."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, str] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """The page under this key, made when it is not there."""
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = make().replace(generate_csrf(), _TOKEN)
            while len(self._pages) > MOST:
                self._pages.popitem(last=False)
        return page


def _pages() -> Kept:
    """Those of the running application."""
    found: Kept = current_app.extensions.setdefault("kept_pages", Kept())
    return found


def kept(stamp: Hashable, make: Callable[[], str], fresh: int = FRESH) -> Response:
    """The answer of a public page that shows the state `stamp`; `fresh` in seconds."""
    if actor().account_id is not None or "_flashes" in session:
        return make_response(make())
    key = (request.full_path, choose_language(), closed(), stamp)
    tag = sha256(repr(key).encode()).hexdigest()[:32]
    if request.if_none_match.contains_weak(tag):
        response = make_response("", 304)
    else:
        response = make_response(_pages().get(key, make).replace(_TOKEN, generate_csrf()))
    response.set_etag(tag, weak=True)
    # The token in it is the reader's: no cache between us may hand it to somebody else.
    response.headers["Cache-Control"] = f"private, max-age={fresh}"
    response.headers["Vary"] = "Cookie, Accept-Language"
    return response
