"""Nothing is done twice by a reload: whoever sent something that was done is sent on to a page.

The apps of tests look at their own answers. Forms that are answered with a page although an act
was recorded are named here, each with its reason.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, has_request_context, request

from exam_system.records import log

_ONCE = "what it shows is shown once and stored nowhere; nobody could come back to it"
_LOOKS = "the act is the look itself, and each look is on record"
ANSWERS = {
    **dict.fromkeys(
        (
            *("accounts.takeover", "letters.write", "letters.enter", "objecting.write"),
            *("attendance.accounts", "interviews.accounts", "blind.accounts", "observing.accounts"),
            *("contributors.invite", "observing.remark", "report.write"),
        ),
        _ONCE,
    ),
    **dict.fromkeys(
        (
            *("accounts.open_takeover", "accounts.takeover_answer", "registration.unmask"),
            *("search.candidates", "sealed.look", "panels.sealed", "results.look"),
        ),
        _LOOKS,
    ),
    "letters.follow": "number and code belong in no address; a second time is refused",
}
"""Endpoints that answer with a page, each with its reason."""


_write = log.write


def _noted(*args: Any, **values: Any) -> Any:
    """Write an act, and note in the request that it did something."""
    if has_request_context():
        g.acted = True
    return _write(*args, **values)


log.write = _noted


def watch(app: Flask) -> None:
    """Fail the request that did something, answers with a page and is not named."""

    @app.after_request
    def after(response: Response) -> Response:
        page = response.status_code == 200 and response.mimetype == "text/html"
        done = request.method == "POST" and g.get("acted") and not g.get("refused")
        if page and done and request.endpoint not in ANSWERS:
            raise AssertionError(f"{request.endpoint}: a reload would do it again")
        return response
