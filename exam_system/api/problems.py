"""Refusals of the published API: problem details (RFC 9457) in both languages."""

from __future__ import annotations

from typing import Any

from apiflask import HTTPError
from flask import Response, current_app, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from exam_system.admission import RETRY
from exam_system.errors import Refused, Sentence, Unavailable
from exam_system.language import translations
from exam_system.trust.canonical import jcs

PREFIX = "/api/v1"
KIND = "application/problem+json"
_SAID = {
    404: "There is no such page",
    405: "This page cannot be used this way",
    422: "Something in the address is not as it must be",
    500: "Something went wrong in the program: nothing was changed",
    503: "The database cannot be read at the moment",
}
_OTHER = "The request could not be understood"


def is_asked() -> bool:
    """Whether the request is to the API."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def answer(sentence: Sentence, status: int, errors: Any = None) -> Response:
    """A problem as JSON; `errors` name the parameters that are wrong."""
    chinese = translations("zh").gettext
    body: dict[str, Any] = {
        "type": "about:blank",
        "status": status,
        "detail": sentence.text(),
        "detail_zh": sentence.text(chinese),
    }
    response = Response(jcs(body | ({"errors": errors} if errors else {})), status)
    response.headers["Content-Type"] = KIND
    response.headers["Cache-Control"] = "no-store"
    if status == 503:
        response.headers["Retry-After"] = str(RETRY)
    return response


def refused(error: Sentence) -> Response:
    """What a reader or the guard refused."""
    return answer(error, getattr(error, "status", 400))


def stopped(error: Unavailable) -> Response:
    """There is no place at the moment, or acts have stopped."""
    return answer(error.sentence, 503)


def unread(error: OperationalError) -> Response:
    """The database is gone or locked for too long."""
    current_app.logger.error("the database cannot be used: %s", error.orig)
    return answer(Refused(_SAID[503]), 503)


def invalid(error: HTTPError) -> Response:
    """A parameter that is not as the document says."""
    status = error.status_code
    detail = error.detail if isinstance(error.detail, dict) else {}
    return answer(Refused(_SAID.get(status, _OTHER)), status, detail.get("query"))


def plain(error: HTTPException) -> Response:
    """Errors of the server itself."""
    status = error.code or 500
    response = answer(Refused(_SAID.get(status, _OTHER)), status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response
