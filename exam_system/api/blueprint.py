"""The blueprint of the published API: its errors, what may be kept, and parameters of lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apiflask import APIBlueprint, HTTPError, Schema, fields, validators
from flask import Response, request
from flask.sansio.blueprints import BlueprintSetupState
from sqlalchemy.exc import OperationalError

from exam_system.api import problems
from exam_system.errors import NotFound, Sentence, Unavailable
from exam_system.paging import page_count
from exam_system.web import actor

bp = APIBlueprint("api", __name__, url_prefix=problems.PREFIX)
FRESH = 60
"""Seconds for which a public answer may be kept by anybody."""
MOST_PAGES = 10_000
MOST = 100

bp.register_error_handler(Sentence, problems.refused)
bp.register_error_handler(Unavailable, problems.stopped)
bp.register_error_handler(OperationalError, problems.unread)
bp.register_error_handler(HTTPError, problems.invalid)
for status in (400, 404, 405, 500):
    bp.register_error_handler(status, problems.plain)


class Paging(Schema):
    """Which part of a list is wanted."""

    page = fields.Integer(
        load_default=1,
        strict=False,
        validate=validators.Range(1, MOST_PAGES),
        metadata={"description": "The page, from 1"},
    )
    size = fields.Integer(
        load_default=50,
        validate=validators.Range(1, MOST),
        metadata={"description": "Items on a page"},
    )


def paged(items: Sequence[Any], total: int, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer of a list: one page and how many there are."""
    page, size = asked["page"], asked["size"]
    pages = page_count(total, size)
    return {"items": items, "page": page, "size": size, "pages": pages, "total": total}


def cut(items: Sequence[Any], asked: dict[str, Any]) -> Sequence[Any]:
    """One page of a list that is there as a whole."""
    start = (asked["page"] - 1) * asked["size"]
    return items[start : start + asked["size"]]


@bp.record_once
def _set_up(state: BlueprintSetupState) -> None:
    """What APIFlask's decorators look up in an application, which here is a plain Flask."""
    state.app.config["BASE_RESPONSE_SCHEMA"] = None
    state.app.config["VALIDATION_ERROR_STATUS_CODE"] = 422
    state.app.config["VALIDATION_ERROR_DESCRIPTION"] = ""


@bp.before_request
def no_nul() -> None:
    """No name has a NUL in it, and a database does not take one."""
    if any("\0" in str(value) for value in (request.view_args or {}).values()):
        raise NotFound("There is no such page")


@bp.after_request
def kept(response: Response) -> Response:
    """An ETag, and how long the answer may be kept: nobody's own data for no time at all."""
    if response.status_code != 200:
        return response
    if actor().account_id is None:
        response.headers["Cache-Control"] = f"public, max-age={FRESH}"
    response.add_etag()
    response.make_conditional(request)
    return response
