"""The red lines as data: what comes with the program (lines.json), and what inspectors set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system import access
from exam_system.context import Context, verb
from exam_system.duties.models import RedLineRules
from exam_system.duties.redlines import LINES, Hours, Line, Rules
from exam_system.duties.sheets import first_sheets
from exam_system.errors import Conflict, Forbidden, Gathered, Invalid
from exam_system.people import narrow
from exam_system.trust.canonical import jcs, sha256_hex

Document = dict[str, dict[str, Any]]
NUMBERS = {
    "scores": {"from": (0, 23), "until": (1, 24), "panel_hours": (1, 24)},
    "sealed": {"from": (0, 23), "until": (1, 24)},
}
"""The numbers of each line and what they may be: hours of the day, hours of a session."""


@cache
def first_document() -> Document:
    """The rules that come with the program."""
    found: Document = json.loads(Path(__file__).with_name("lines.json").read_text("utf-8"))
    return found


def document_of(session: Session) -> tuple[int, Document]:
    """The version in force and what it says."""
    row = session.scalar(select(RedLineRules).order_by(RedLineRules.version.desc()).limit(1))
    return (row.version, json.loads(row.document)) if row else (1, first_document())


def read_rules(document: Mapping[str, Mapping[str, Any]]) -> Rules:
    """The rules of a sound document."""
    scores, sealed = document["scores"], document["sealed"]
    return Rules(
        lines={
            name: Line(one["on"], one["post"], frozenset(one.get("acts", ())))
            for name, one in document.items()
        },
        pairs=frozenset(_pair(text) for text in document["alone"]["pairs"]),
        scoring=Hours(scores["from"], scores["until"]),
        sealed=Hours(sealed["from"], sealed["until"]),
        session=timedelta(hours=scores["panel_hours"]),
    )


def _pair(text: str) -> tuple[str, str]:
    first, _sign, second = text.partition(" > ")
    return first, second


def typed(document: Document) -> dict[str, str]:
    """What a form shows of a document, as `set_lines` takes it."""
    found: dict[str, str] = {}
    for name, one in document.items():
        found |= {f"{name}-on": "1" if one["on"] else "", f"{name}-post": one["post"]}
        found[f"{name}-acts"] = "\n".join(one.get("acts") or one["pairs"])
        found |= {f"{name}-{key}": str(one[key]) for key in NUMBERS.get(name, ())}
    return found


@verb
def set_lines(ctx: Context, *, given: Mapping[str, str]) -> RedLineRules:
    """Put another version of the red lines in force for what is looked at from now on.

    `given`: for each line `<line>-on`, `-post`, `-acts` (a kind of act on each line; of `alone`
    two, with > between them) and its NUMBERS. Raises Invalid.
    """
    if ctx.actor.account_id is None:
        raise Forbidden("Only people set the red lines")
    version, now = document_of(ctx.session)
    document, wrong = {}, Gathered()
    for name in LINES:
        with wrong.about():
            document[name] = _read_line(name, given)
    wrong.tell()
    if document == now:
        raise Conflict("These are the rules that are in force")
    text = jcs(document)
    row = RedLineRules(
        version=version + 1,
        document=text.decode(),
        digest=sha256_hex(text),
        set_by=ctx.actor.account_id,
        set_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(exam="", subject=f"lines:{row.version}", digest=row.digest)
    return row


def _read_line(name: str, given: Mapping[str, str]) -> Any:
    post, wrong = given.get(f"{name}-post", ""), Gathered()
    if post not in first_sheets():
        raise Invalid("Choose the post that answers for each line").about(f"{name}-post")
    texts = given.get(f"{name}-acts", "").splitlines()
    acts = [" ".join(text.split()) for text in texts if text.strip()]
    for kind in acts:
        with wrong.about(f"{name}-acts"):
            _require_known(name, kind)
    numbers = {}
    for key, ends in _ends(name).items():
        with wrong.about(f"{name}-{key}"):
            numbers[key] = _number(given, f"{name}-{key}", *ends)
    wrong.tell()
    if numbers and numbers["from"] >= numbers["until"]:
        raise Invalid("Hours begin before they end").about(f"{name}-from")
    kinds = {"pairs" if name == "alone" else "acts": acts}
    return {"on": bool(given.get(f"{name}-on")), "post": post, **kinds, **numbers}


def _ends(name: str) -> Mapping[str, tuple[int, int]]:
    return NUMBERS.get(name, {})


def _require_known(name: str, text: str) -> None:
    pair = text.split(" > ") if name == "alone" else [text]
    kinds = [part.partition(":")[0] for part in pair]
    if len(pair) != (2 if name == "alone" else 1) or any(k not in access.VERBS for k in kinds):
        raise Invalid("There is no such kind of act: %(kind)s", kind=text[:60])


def _number(given: Mapping[str, str], name: str, least: int, most: int) -> int:
    text = narrow(given.get(name, ""))
    if not (text.isascii() and text.isdigit() and least <= int(text[:3]) <= most):
        raise Invalid("Hours are whole numbers from %(least)s to %(most)s", least=least, most=most)
    return int(text)
