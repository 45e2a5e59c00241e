"""The record of acts, told to people: filters, pages by place in the table, who it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from exam_system.access import VERBS
from exam_system.accounts.models import Account
from exam_system.draws.confidential import withheld
from exam_system.records.models import Act, ActDetail, Leaf

PAGE = 100
MOST = 100_000
COUNTED = 10_000
"""Further than this nobody counts: "more than 10,000" says as much and is there at once."""
OVERLAP = 50
"""On PostgreSQL an act may be committed after one with a higher id: so many are looked at again."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; empty fields do not narrow it.

    `kind` is a verb (fees.create_order) or all verbs of a feature (fees).
    """

    exam: str = ""
    kind: str = ""
    actor: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""

    def words(self) -> dict[str, str]:
        """The fields that narrow, for the log and for links."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Told:
    """One act as the page shows it. `position` is its place in the log, None until sequenced."""

    id: int
    position: int | None
    at: datetime
    kind: str
    said: str
    exam: str
    actor: str
    who: str
    role: str
    subject: str


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def narrow(query: Any, asked: Filter, zone: ZoneInfo) -> Any:
    """The query with the filter's conditions; days are those of the bureau's zone."""
    if asked.exam:
        query = query.where(Act.exam == asked.exam)
    if asked.kind:
        family = Act.kind.startswith(f"{asked.kind}.", autoescape=True)
        query = query.where(Act.kind == asked.kind if "." in asked.kind else family)
    if asked.actor:
        query = query.where(Act.actor == asked.actor)
    if asked.subject:
        query = query.where(Act.subject.contains(asked.subject, autoescape=True))
    if since := _day(asked.since):
        query = query.where(Act.at >= datetime.combine(since, time(), zone))
    if until := _day(asked.until):
        query = query.where(Act.at < datetime.combine(until + timedelta(days=1), time(), zone))
    return query


def named(session: Session, asked: Filter) -> Filter:
    """The filter with a login name in `actor` replaced by the account's reference."""
    ref = session.scalar(select(Account.ref).where(Account.username == asked.actor))
    return replace(asked, actor=ref) if ref else asked


def count_acts(session: Session, asked: Filter, zone: ZoneInfo) -> int:
    """How many acts the filter finds, COUNTED + 1 for any number above."""
    inner = narrow(select(Act.id), asked, zone).limit(COUNTED + 1).subquery()
    return session.scalar(select(func.count()).select_from(inner)) or 0


def find_acts(
    session: Session,
    asked: Filter,
    zone: ZoneInfo,
    *,
    limit: int = PAGE,
    before: int | None = None,
    after: int | None = None,
) -> list[Told]:
    """The newest acts that the filter finds, newest first.

    `before` gives those below that act id, `after` those just above it: a page costs the same
    however far back it lies, and does not move while new acts come.
    """
    ids = narrow(select(Act.id), asked, zone).limit(limit)
    if before is not None:
        ids = ids.where(Act.id < before)
    if after is not None:
        ids = ids.where(Act.id > after)
    ids = ids.order_by(Act.id if after is not None else Act.id.desc())
    query = (
        select(Act, Leaf.position, Account.name, Account.role)
        .outerjoin(Leaf, Leaf.act_id == Act.id)
        .outerjoin(Account, Account.ref == Act.actor)
        .where(Act.id.in_(ids.subquery().select()))
        .order_by(Act.id.desc())
    )
    return [_tell(row) for row in session.execute(query)]


def _tell(row: Row[Act, int | None, str | None, str | None]) -> Told:
    act, position, name, role = row
    return Told(
        act.id,
        position,
        act.at,
        act.kind,
        said(act.kind),
        act.exam,
        act.actor,
        # A candidate's name does not belong into the record of acts; the reference is enough.
        "" if role == "candidate" else name or "",
        role or act.actor,
        act.subject,
    )


def said(kind: str) -> str:
    """The sentence of a kind of act; the kind itself when this program no longer has the verb."""
    return VERBS[kind].said if kind in VERBS else kind


def act_at(session: Session, position: int) -> tuple[Act, ActDetail | None] | None:
    """The act at a place of the log with its details, when they were not erased and would not
    tell a confidential draw before its hour."""
    act = session.scalar(
        select(Act).join(Leaf, Leaf.act_id == Act.id).where(Leaf.position == position)
    )
    if act is None:
        return None
    return act, None if withheld(session, act) else session.get(ActDetail, act.id)
