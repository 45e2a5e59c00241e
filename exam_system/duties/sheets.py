"""Duty sheets (岗位职责): what a post does, where its risks are and what is done against them.

PRACTICES 27. What comes with the program (sheets.json) holds until the office has drafted another
text and somebody of another office has approved it with a second factor; earlier texts stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import Wanted, use
from exam_system.context import Context, verb
from exam_system.duties.models import DutySheet
from exam_system.errors import Conflict, Gathered, Invalid, NotFound, Sentence
from exam_system.people import clean_line
from exam_system.trust.canonical import JSON, jcs, sha256_hex

LINES = ("duties_zh", "duties_en", "risks_zh", "risks_en", "basis")
"""What is written line by line; a risk and its prevention stand on one line, with | between."""
LONGEST, MOST = 200, 20
_NAMES = ("name_zh", "name_en")
_RISKS = ("risks_zh", "risks_en")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One version of a post's sheet; version 1 came with the program.

    `said`: the names, the duties and the legal basis as lines, the risks as pairs with what
    prevents them; `roles`: those of accounts that hold the post.
    """

    post: str
    version: int
    roles: tuple[str, ...]
    said: Mapping[str, JSON]
    published_at: datetime | None = None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the JCS object of post, version and what it says."""
        whole: dict[str, JSON] = {**self.said, "post": self.post, "version": self.version}
        return sha256_hex(jcs(whole))

    def lines(self, name: str, language: str) -> Sequence[JSON]:
        """The lines of `duties` or `risks` in a language, or those of `basis`."""
        found = self.said[name if name == "basis" else f"{name}_{language}"]
        assert isinstance(found, list)
        return found

    def name(self, language: str) -> str:
        """What the post is called."""
        return str(self.said[f"name_{language}"])

    def typed(self) -> dict[str, str]:
        """What a form shows of it, as `draft_sheet` takes it."""
        return {name: str(self.said[name]) for name in _NAMES} | {
            name: "\n".join(map(_one_line, _rows(self.said[name]))) for name in LINES
        }


def _rows(value: JSON) -> Sequence[JSON]:
    assert isinstance(value, list)
    return value


def _one_line(row: JSON) -> str:
    return " | ".join(map(str, row)) if isinstance(row, list) else str(row)


@cache
def first_sheets() -> Mapping[str, Sheet]:
    """The sheets that come with the program, by post, in their order."""
    rows = json.loads(Path(__file__).with_name("sheets.json").read_text("utf-8"))
    return {row["post"]: _sheet(row["post"], 1, row["roles"], row) for row in rows}


def _sheet(
    post: str,
    version: int,
    roles: Sequence[str],
    row: Mapping[str, JSON],
    at: datetime | None = None,
) -> Sheet:
    said = {name: row[name] for name in (*_NAMES, *LINES)}
    return Sheet(post, version, tuple(roles), said, at)


def versions_of(session: Session, post: str) -> list[Sheet]:
    """Every published version of a post's sheet, the newest first; raises NotFound."""
    first = first_sheets().get(post)
    if first is None:
        raise NotFound("There is no such post")
    query = select(DutySheet).where(DutySheet.post == post, DutySheet.published_at.is_not(None))
    return [
        *(_later(first, row) for row in session.scalars(query.order_by(DutySheet.version.desc()))),
        first,
    ]


def _later(first: Sheet, row: DutySheet) -> Sheet:
    return _sheet(row.post, row.version, first.roles, json.loads(row.document), row.published_at)


def every_sheet(session: Session) -> list[Sheet]:
    """The sheet in force of each post."""
    query = select(DutySheet).where(DutySheet.published_at.is_not(None))
    newest = {row.post: row for row in session.scalars(query.order_by(DutySheet.version))}
    return [
        _later(first, newest[post]) if post in newest else first
        for post, first in first_sheets().items()
    ]


def draft_of(session: Session, post: str) -> Sheet | None:
    """The text that waits to be put in force."""
    row = _draft(session, post)
    return _later(first_sheets()[post], row) if row else None


def _draft(session: Session, post: str) -> DutySheet | None:
    query = select(DutySheet).where(DutySheet.post == post, DutySheet.published_at.is_(None))
    return session.scalar(query.with_for_update())


@verb
def draft_sheet(ctx: Context, *, post: str, typed: Mapping[str, str]) -> DutySheet:
    """Write another text of a post's sheet, in the place of a draft that waits.

    `typed`: both names, and line by line what LINES name.
    """
    now = versions_of(ctx.session, post)[0]
    said, wrong = {}, Gathered()
    for name in (*_NAMES, *LINES):
        with wrong.about(name):
            read = read_name if name in _NAMES else partial(_read_lines, name)
            said[name] = read(typed.get(name, ""))
    wrong.tell()
    if len(_rows(said["duties_zh"])) != len(_rows(said["duties_en"])):
        raise Invalid("Say every duty in both languages, line by line").about("duties_en")
    if said == now.said:
        raise Conflict("This is the text that is in force")
    row = _draft(ctx.session, post)
    if row is None:
        row = DutySheet(post=post, version=now.version + 1)
        ctx.session.add(row)
    row.document, row.drafted_by = jcs(said).decode(), _person(ctx)
    row.drafted_at = ctx.clock.now()
    row.digest = _sheet(post, row.version, (), said).digest
    ctx.session.flush()
    ctx.record(exam="", subject=_subject(row), digest=row.digest)
    return row


def read_name(text: str) -> JSON:
    """A name in one line; raises Invalid."""
    name = clean_line(text, 40)
    if not name:
        raise Invalid("Name the post in 1 to 40 characters")
    return name


def _read_lines(name: str, text: str) -> JSON:
    found: list[JSON] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        said = clean_line(line, LONGEST)
        risk, bar, measure = (part.strip() for part in said.partition("|"))
        if not said or (name in _RISKS and not (risk and bar and measure)):
            raise Invalid(
                "Lines have at most %(most)s characters; a risk and what prevents it stand on "
                "one line, with | between them",
                most=LONGEST,
            )
        found.append([risk, measure] if name in _RISKS else said)
    if not 1 <= len(found) <= MOST:
        raise Invalid("A sheet has 1 to %(most)s lines of each kind", most=MOST)
    return found


def _person(ctx: Context) -> int:
    if ctx.actor.account_id is None:
        raise Invalid("Only people write duty sheets")
    return ctx.actor.account_id


def _subject(row: DutySheet) -> str:
    return f"sheet:{row.post}:{row.version}"


def _waiting(session: Session, post: str) -> DutySheet:
    row = _draft(session, post)
    if row is None:
        raise NotFound("No draft of this sheet waits")
    return row


def wanted_sheet(ctx: Context, *, post: str) -> Wanted:
    """What somebody of another office approves: this text of the sheet."""
    row = _waiting(ctx.session, post)
    said = json.loads(row.document)
    lines = (
        Sentence(
            "The duty sheet of “%(post)s” gets version %(n)s", post=said["name_zh"], n=row.version
        ),
        *(Sentence("Duty: %(said)s", said=line) for line in said["duties_zh"]),
        *(Sentence("Risk: %(said)s", said="；".join(pair)) for pair in said["risks_zh"]),
    )
    return Wanted("duties.publish_sheet", "", _subject(row), row.digest, lines)


@verb
def publish_sheet(ctx: Context, *, post: str) -> DutySheet:
    """Put the drafted text of a sheet in force; somebody of another office has approved it."""
    row = _waiting(ctx.session, post)
    use(ctx, subject=_subject(row), digest=row.digest)
    row.published_by, row.published_at = _person(ctx), ctx.clock.now()
    ctx.session.flush()
    ctx.record(exam="", subject=_subject(row), digest=row.digest)
    return row
