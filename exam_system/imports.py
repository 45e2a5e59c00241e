"""Pages that take a table in: the file, what it would change, and then the act itself.

Between the two steps the file waits under its digest, sealed, for the account that sent it.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from exam_system import running
from exam_system.context import Context
from exam_system.errors import Conflict, Invalid
from exam_system.records.tree import write_durable
from exam_system.sheets.preview import Preview
from exam_system.trust.canonical import sha256_hex
from exam_system.web import acting, looking

WAITS = 12 * 3600  # seconds
SHOWN = 200
_NAME = re.compile(r"[0-9]+-[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Import:
    """One list: what it is called, where its page is, how a table is compared and taken in.

    `read` and `act` get a file's name and bytes; `act` uses the verb and gives the sentence that
    is shown afterwards; on its way it may tell how far it is (`running.tell`). Both raise
    SheetError and Sentence. `trail` are the crumbs to the page.
    """

    title: str
    back: str
    read: Callable[[Context, str, bytes], Preview]
    act: Callable[[Context, str, bytes], str]
    trail: tuple[tuple[str, str], ...] = ()


def step(one: Import) -> ResponseReturnValue:
    """Answer a POST of an import's page: the preview of a file, or what its confirmation did.

    Raises SheetError with the problems of the table and Sentence; then nothing was changed.
    """
    if "confirmed" in request.form:
        return _carry_out(one, request.form["confirmed"], request.form.get("seen", ""))
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("Choose a file first")
    name, data = file.filename, file.read()
    ctx = looking()
    preview = one.read(ctx, name, data)
    return render_template(
        "imports/preview.html",
        one=one,
        name=name,
        preview=preview,
        lines=preview.lines[:SHOWN],
        more=max(0, len(preview.lines) - SHOWN),
        digest=_keep(ctx, name, data),
    )


def _carry_out(one: Import, digest: str, seen: str) -> ResponseReturnValue:
    name, data = _kept(looking(), digest)
    path = _path(looking(), digest)

    def act() -> str:
        with acting() as ctx:
            if one.read(ctx, name, data).digest != seen:
                raise Conflict(
                    "The list has changed since its preview was shown: send the file again and "
                    "look at what it changes now"
                )
            said = one.act(ctx, name, data)
        path.unlink(missing_ok=True)
        return said

    running.begin(running.Work("import", one.title, one.back), act)
    return redirect(one.back)


def _folder(ctx: Context) -> Path:
    return ctx.config.instance / "uploads"


def _path(ctx: Context, digest: str) -> Path:
    name = f"{ctx.actor.account_id}-{digest}"
    if not _NAME.fullmatch(name):
        raise Invalid("Choose a file first")
    return _folder(ctx) / name


def _keep(ctx: Context, name: str, data: bytes) -> str:
    """Put a file aside for its confirmation; returns its SHA-256 (hex)."""
    _forget_old(ctx)
    digest = sha256_hex(data)
    text = f"{name}\n{base64.b64encode(data).decode()}"
    write_durable(_path(ctx, digest), ctx.keys.vault.seal(text))
    return digest


def _kept(ctx: Context, digest: str) -> tuple[str, bytes]:
    path = _path(ctx, digest)
    if not path.exists():
        raise Conflict("This file does not wait any more: send it again")
    name, _, text = ctx.keys.vault.open(path.read_bytes()).rpartition("\n")
    return name, base64.b64decode(text)


def _forget_old(ctx: Context) -> None:
    """Remove what nobody confirmed; by the machine's time, for the office's clock may rehearse."""
    for path in _folder(ctx).glob("*-*"):
        if _NAME.fullmatch(path.name) and path.stat().st_mtime < time.time() - WAITS:
            path.unlink(missing_ok=True)
