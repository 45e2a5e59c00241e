"""The service catalogue: what the office does for people, on what basis, how and how fast.

Every matter says its content, basis, standard, procedure and result, and one limit of time, and
whose post it is (PRACTICES 57). What comes with the program (matters.json) holds until an officer
has drafted another text and a second one has approved it; earlier texts stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound, Sentence
from exam_system.notices.machines import MACHINES
from exam_system.notices.models import ServiceMatter
from exam_system.people import clean_line
from exam_system.trust.canonical import JSON, jcs, sha256_hex

FIELDS = {
    "class": "Class",
    "name": "Matter",
    "content": "Content",
    "basis": "Basis",
    "standard": "Standard",
    "procedure": "Procedure",
    "result": "Result",
    "limit": "Time limit",
    "post": "Responsible post",
    "machine": "Flow diagram",
}
"""What a matter says, as pages call it; all but the diagram must be said."""
LONGEST = 300
TO_ENTER = "待责任科室填报"
"""What a matter says where neither law nor practice known to the program says anything."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter as it holds now; version 0 came with the program."""

    code: str
    version: int
    fields: Mapping[str, str]

    def named(self, language: str) -> str:
        """Its name in a language of the pages; one that the office has named itself keeps it."""
        built_in = _built_in().get(self.code)
        english = language == "en" and built_in and built_in["name"] == self.fields["name"]
        return built_in["name_en"] if english and built_in else self.fields["name"]

    @property
    def lacking(self) -> tuple[str, ...]:
        """The labels of what the responsible section has still to enter."""
        return tuple(label for key, label in FIELDS.items() if self.fields[key] == TO_ENTER)


@cache
def _built_in() -> Mapping[str, Mapping[str, str]]:
    rows = json.loads(Path(__file__).with_name("matters.json").read_text("utf-8"))
    return {row["code"]: {key: row[key] for key in (*FIELDS, "name_en")} for row in rows}


def catalogue(session: Session) -> list[Matter]:
    """Every matter as it holds now, in the order of the catalogue."""
    query = select(ServiceMatter).where(ServiceMatter.state == "published")
    newest = {row.code: row for row in session.scalars(query.order_by(ServiceMatter.version))}
    codes = [*_built_in(), *sorted(set(newest) - set(_built_in()))]
    return [_matter(code, newest.get(code)) for code in codes]


def _matter(code: str, row: ServiceMatter | None) -> Matter:
    if row is None:
        return Matter(code, 0, {key: _built_in()[code][key] for key in FIELDS})
    return Matter(code, row.version, json.loads(row.document))


def matter_of(session: Session, code: str) -> Matter:
    """One matter as it holds now; raises NotFound."""
    for one in catalogue(session):
        if one.code == code:
            return one
    raise NotFound("There is no matter %(code)s", code=code[:20])


def waiting(session: Session) -> list[Matter]:
    """The drafts that nobody has decided on."""
    query = select(ServiceMatter).where(ServiceMatter.state == "draft").order_by(ServiceMatter.id)
    return [
        Matter(row.code, row.version, json.loads(row.document)) for row in session.scalars(query)
    ]


def text_of(matter: Matter) -> bytes:
    """The text of a drafted matter as it is kept (JCS)."""
    return jcs(dict(matter.fields))


def catalogue_stamp(session: Session) -> int:
    """A number that changes with whatever is decided: what the pages are kept under."""
    query = select(func.count()).where(ServiceMatter.state == "published")
    return session.scalars(query).one()


def _read(fields: Mapping[str, str]) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for key, label in FIELDS.items():
        text = clean_line(fields.get(key, ""), LONGEST)
        if not text and key != "machine":
            raise Invalid(
                "Fill in “%(field)s” in at most %(most)s characters",
                field=Sentence(label),
                most=LONGEST,
            )
        found[key] = text
    if found["machine"] and found["machine"] not in MACHINES:
        raise Invalid("There is no such flow diagram")
    return found


def _account(ctx: Context) -> int:
    if ctx.actor.account_id is None:
        raise Forbidden("Only people change the catalogue")
    return ctx.actor.account_id


@verb
def draft_matter(ctx: Context, *, code: str, fields: Mapping[str, str]) -> ServiceMatter:
    """Write another text of a matter of the catalogue; a second officer approves it."""
    matter_of(ctx.session, code)
    versions = select(ServiceMatter).where(ServiceMatter.code == code).with_for_update()
    rows = ctx.session.scalars(versions).all()
    if any(row.state == "draft" for row in rows):
        raise Conflict("A draft of this matter waits already")
    row = ServiceMatter(
        code=code,
        version=max((row.version for row in rows), default=0) + 1,
        state="draft",
        document=jcs(_read(fields)).decode(),
        drafted_by=_account(ctx),
        drafted_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    _record(ctx, row)
    return row


@verb
def decide_matter(ctx: Context, *, code: str, digest: str, approved: bool) -> ServiceMatter:
    """Put a drafted text in force, or refuse it; whoever wrote it does not decide on it."""
    query = select(ServiceMatter).where(ServiceMatter.code == code, ServiceMatter.state == "draft")
    row = ctx.session.scalar(query.with_for_update())
    if row is None:
        raise NotFound("No draft of this matter waits")
    if row.drafted_by == _account(ctx):
        raise Forbidden("Whoever wrote the text does not decide on it")
    if sha256_hex(row.document.encode()) != digest:
        raise Conflict("The text was changed meanwhile: read it again")
    row.state = "published" if approved else "refused"
    row.decided_by, row.decided_at = _account(ctx), ctx.clock.now()
    ctx.session.flush()
    _record(ctx, row, approved=approved)
    return row


def _record(ctx: Context, row: ServiceMatter, **details: bool) -> None:
    digest = sha256_hex(row.document.encode())
    ctx.record(exam="", subject=f"matter:{row.code}:v{row.version}", digest=digest, **details)
