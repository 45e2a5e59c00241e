"""The log of acts in the published API: its newest head, tiles and bundles of entries."""

from __future__ import annotations

from typing import Any

from apiflask.schemas import FileSchema
from flask import Response
from sqlalchemy import select

from exam_system.api import schemas
from exam_system.api.blueprint import bp
from exam_system.errors import NotFound
from exam_system.oversight.files import inside
from exam_system.records import heads
from exam_system.records.models import Note
from exam_system.trust import checkpoint
from exam_system.trust.canonical import b64
from exam_system.trust.tiles import entries_path, tile_path
from exam_system.web import inline, looking, office

_HIGHEST = 10**9
_BYTES = "application/octet-stream"
_BINARY = FileSchema(type="string", format="binary")


@bp.get("/log")
@bp.output(schemas.Log)
def log() -> dict[str, Any]:
    """The newest signed head of the log, and where its files lie."""
    db = looking().session
    newest = heads.newest_head(db)
    if newest is None:
        raise NotFound("There is no such file")
    head = checkpoint.parse(db.scalars(select(Note.text).where(Note.id == newest.note_id)).one())
    return {
        "origin": head.origin,
        "size": head.size,
        "root": b64(head.root),
        "checkpoint": "/published/log/checkpoint",
        "tiles": "/published/log/tile/",
        "keys": "/published/keys.txt",
    }


@bp.get("/log/checkpoint")
@bp.output(_BINARY, content_type="text/plain")
def log_checkpoint() -> Response:
    """The newest checkpoint as it is signed."""
    return _file("checkpoint", "text/plain; charset=utf-8")


@bp.get("/log/tile/<int:level>/<int:number>")
@bp.input(schemas.TileQuery, location="query")
@bp.output(_BINARY, content_type=_BYTES)
def tile(level: int, number: int, query_data: dict[str, Any]) -> Response:
    """A tile of hashes, 32 bytes each."""
    if level > 63 or number > _HIGHEST:
        raise NotFound("There is no such file")
    return _file(tile_path(level, number, query_data["width"]))


@bp.get("/log/entries/<int:number>")
@bp.input(schemas.TileQuery, location="query")
@bp.output(_BINARY, content_type=_BYTES)
def entries(number: int, query_data: dict[str, Any]) -> Response:
    """A bundle of entries, each after its length as two bytes."""
    if number > _HIGHEST:
        raise NotFound("There is no such file")
    return _file(entries_path(number, query_data["width"]))


def _file(name: str, kind: str = _BYTES) -> Response:
    path = inside(office().config.published, f"log/{name}")
    if not path.is_file():
        raise NotFound("There is no such file")
    return inline(path.read_bytes(), kind)
