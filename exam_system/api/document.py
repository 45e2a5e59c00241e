"""The OpenAPI document of the published API, for programs and, as a page of our own, for people."""

from __future__ import annotations

from functools import cache
from typing import Any

from apiflask import APIFlask
from flask import Response, jsonify, render_template

from exam_system.api import schemas
from exam_system.api.blueprint import bp
from exam_system.api.own import SESSION
from exam_system.api.problems import KIND

VERSION = "1.0.0"
TITLE = "Public personnel exams"
DESCRIPTION = (
    "Read only. Exams, posts, daily figures, notices, releases and the log are for everybody and "
    "may be kept for 60 seconds; ask again with If-None-Match. One's own applications need "
    "the session cookie of a login. Please ask no more than once a second; when there is no place "
    "the answer is 503 with Retry-After. Whole lists are in the signed files below /published/. "
    "What is here under /api/v1 keeps its meaning: fields may be added, none is taken away."
)
_STATUSES = {
    "404": "There is no such thing",
    "422": "A parameter is not as it must be",
    "503": "No place at the moment, or the database cannot be read",
}


@cache
def document() -> dict[str, Any]:
    """The document (OpenAPI 3.1)."""
    app = APIFlask("exam_system.api", title=TITLE, version=VERSION, enable_openapi=False)
    app.config["DESCRIPTION"] = DESCRIPTION
    app.config["AUTO_SERVERS"] = False
    app.config["AUTO_TAGS"] = False
    app.config["AUTO_OPERATION_ID"] = True
    app.config["HTTP_ERROR_SCHEMA"] = schemas.Problem
    app.config["VALIDATION_ERROR_SCHEMA"] = schemas.Problem
    cookie = {"type": "apiKey", "in": "cookie", "name": "__Host-exam"}
    app.config["SECURITY_SCHEMES"] = {SESSION: cookie}
    app.register_blueprint(bp)
    with app.app_context():
        found = app.spec
    assert isinstance(found, dict)
    for operation in operations(found).values():
        _correct(operation["responses"])
    return found


def operations(found: dict[str, Any]) -> dict[str, Any]:
    """Every operation by its path; there are only GETs."""
    return {path: item["get"] for path, item in found["paths"].items()}


def _correct(responses: dict[str, Any]) -> None:
    """Refusals are problems, and these may come everywhere."""
    for status in _STATUSES:
        responses.setdefault(status, {"content": {}})
    for status, response in responses.items():
        if status >= "4":
            schema = {"$ref": "#/components/schemas/Problem"}
            response["content"] = {KIND: {"schema": schema}}
            response["description"] = _STATUSES.get(status, response.get("description", ""))
        else:
            response["description"] = "What was asked for"


@bp.get("/openapi.json")
@bp.doc(hide=True)
def openapi() -> Response:
    """The document for programs."""
    return jsonify(document())


@bp.get("/")
@bp.doc(hide=True)
def reference() -> str:
    """The document for people."""
    found = document()
    return render_template(
        "api/reference.html",
        info=found["info"],
        operations=operations(found),
        schemas=found["components"]["schemas"],
    )
