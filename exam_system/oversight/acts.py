"""The record of acts, told to people: filters, sentences, who it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from exam_system.access import VERBS
from exam_system.accounts.models import Account
from exam_system.records.models import Act, ActDetail, Leaf

PAGE = 100
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; empty fields do not narrow it."""

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


def _narrow(query: Select[tuple[int]], asked: Filter, zone: ZoneInfo) -> Select[tuple[int]]:
    exact = {"exam": Act.exam, "kind": Act.kind, "actor": Act.actor}
    for name, column in exact.items():
        if value := getattr(asked, name):
            query = query.where(column == value)
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
    """How many acts the filter finds."""
    inner = _narrow(select(Act.id), asked, zone).subquery()
    return session.scalar(select(func.count()).select_from(inner)) or 0


def find_acts(
    session: Session, asked: Filter, zone: ZoneInfo, *, limit: int = PAGE, offset: int = 0
) -> list[Told]:
    """The acts that the filter finds, newest first."""
    ids = _narrow(select(Act.id), asked, zone)
    ids = ids.order_by(Act.id.desc()).limit(limit).offset(offset)
    query = (
        select(Act, Leaf.position, Account.name, Account.role)
        .outerjoin(Leaf, Leaf.act_id == Act.id)
        .outerjoin(Account, Account.ref == Act.actor)
        .where(Act.id.in_(ids.subquery().select()))
        .order_by(Act.id.desc())
    )
    return [_tell(act, place, name, role) for act, place, name, role in session.execute(query)]


def _tell(act: Act, position: int | None, name: str | None, role: str | None) -> Told:
    # A candidate's name does not belong into the record of acts; the reference is enough.
    who = "" if role == "candidate" else name or ""
    return Told(
        position,
        act.at,
        act.kind,
        VERBS[act.kind].said,
        act.exam,
        act.actor,
        who,
        role or act.actor,
        act.subject,
    )


def act_at(session: Session, position: int) -> tuple[Act, ActDetail | None] | None:
    """The act at a place of the log with its details, when they were not erased."""
    act = session.scalar(
        select(Act).join(Leaf, Leaf.act_id == Act.id).where(Leaf.position == position)
    )
    return None if act is None else (act, session.get(ActDetail, act.id))
