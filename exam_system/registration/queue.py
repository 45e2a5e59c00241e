"""The list of cases: what waits for reviewers, whose it is, until when; what was decided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from exam_system.accounts.models import Account, Person
from exam_system.exams.models import Exam, Post
from exam_system.records.models import Act, ActDetail
from exam_system.registration.models import Application
from exam_system.registration.states import WAITING

PAGE = 50
SHOW = {
    "waiting": "What waits",
    "overdue": "Overdue",
    "second": "In second review",
    "decided": "What was decided",
    "together": "What was decided together with others",
}
WHOSE = {"": "Everybody's cases", "mine": "My cases", "deputy": "Where I am the deputy"}
CHECKS = {
    "": "Every result of the checks",
    "fit": "All checks hold",
    "doubt": "Something to look at",
}
SORT = {
    "due": "The most urgent first",
    "submitted": "The oldest first",
    "post": "By post",
    "name": "By name",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reviewer looks for; a name that is not in the tables above means the first one."""

    exam: str = ""
    show: str = "waiting"
    whose: str = ""
    checks: str = ""
    sort: str = "due"
    words: str = ""

    def words_of(self) -> dict[str, str]:
        """The fields that are not empty, for links."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Case:
    """One application in the list. `due` is None while the holidays of its year are unknown."""

    ref: str
    name: str
    exam: str
    exam_name: str
    post: str
    title: str
    state: str
    submitted_at: datetime
    due: date | None
    checks: str
    owner_id: int | None
    deputy_id: int | None
    owner: str | None
    deputy: str | None
    batch: str | None
    proposed_by: int | None


def list_cases(session: Session, asked: Asked, me: int | None, day: date, page: int) -> list[Case]:
    """One page; what has no known last day comes after what has one. One statement."""
    owner, deputy = aliased(Account), aliased(Account)
    query = (
        select(
            Application.ref,
            Person.name,
            Exam.code.label("exam"),
            Exam.name.label("exam_name"),
            Post.code.label("post"),
            Post.title,
            Application.state,
            Application.submitted_at,
            Application.review_due.label("due"),
            Application.checks,
            Application.owner_id,
            Application.deputy_id,
            owner.name.label("owner"),
            deputy.name.label("deputy"),
            Application.batch,
            Application.proposed_by,
        )
        .join(Person, Person.id == Application.person_id)
        .join(Exam, Exam.id == Application.exam_id)
        .join(Post, Post.id == Application.post_id)
        .outerjoin(owner, owner.id == Application.owner_id)
        .outerjoin(deputy, deputy.id == Application.deputy_id)
        .where(*_conditions(asked, me, day))
        .order_by(*_order(asked), Application.submitted_at, Application.id)
    )
    rows = session.execute(query.limit(PAGE).offset((page - 1) * PAGE))
    return [Case(**row._mapping) for row in rows]


def _order(asked: Asked) -> Sequence[Any]:
    if asked.show in ("decided", "together"):
        return [Application.decided_at.desc()]
    due = (Application.review_due.is_(None), Application.review_due)
    return {"submitted": (), "post": (Post.code,), "name": (Person.name,)}.get(asked.sort, due)


def _conditions(asked: Asked, me: int | None, day: date) -> list[ColumnElement[bool]]:
    found = [_shown(asked.show, day), Application.submitted_at.is_not(None)]
    if asked.exam:
        found.append(Exam.code == asked.exam)
    if asked.whose:
        column = Application.owner_id if asked.whose == "mine" else Application.deputy_id
        found.append(column == me)
    if asked.checks:
        found.append(all_hold() if asked.checks == "fit" else not_(all_hold()))
    if asked.words:
        named = Person.name.contains(asked.words, autoescape=True)
        found.append(or_(named, Post.code == asked.words, Application.ref == asked.words))
    return found


def _shown(show: str, day: date) -> ColumnElement[bool]:
    waiting = Application.state.in_(WAITING)
    decided = and_(Application.state.in_(("approved", "refused")), Exam.state == "announced")
    return {
        "overdue": and_(waiting, Application.review_due < day),
        "second": Application.state == "second",
        "decided": decided,
        "together": and_(decided, Application.batch.is_not(None)),
    }.get(show, waiting)


def all_hold() -> ColumnElement[bool]:
    """Whether every stored check holds. A quotation mark inside a text of the JSON is escaped, so
    that no candidate's words look like a result."""
    text = Application.checks
    bad = (text.contains('"ok":false'), text.contains('"ok":null'), text == "[]")
    return not_(or_(*bad))


def count_cases(session: Session, asked: Asked, me: int | None, day: date) -> int:
    """How many rows all pages together have."""
    query: Select[Any] = (
        select(func.count())
        .select_from(Application)
        .join(Person, Person.id == Application.person_id)
        .join(Exam, Exam.id == Application.exam_id)
        .join(Post, Post.id == Application.post_id)
        .where(*_conditions(asked, me, day))
    )
    return int(session.scalars(query).one())


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of an exam waits for reviewers."""

    code: str
    name: str
    waiting: int
    overdue: int
    second: int
    mine: int


def standings(session: Session, me: int | None, day: date) -> list[Standing]:
    """Every exam in which something waits; one statement."""
    late = Application.review_due < day
    query = (
        select(
            Exam.code,
            Exam.name,
            func.count(),
            func.count().filter(late),
            func.count().filter(Application.state == "second"),
            func.count().filter(Application.owner_id == me),
        )
        .join(Application, Application.exam_id == Exam.id)
        .where(Application.state.in_(WAITING))
        .group_by(Exam.id, Exam.code, Exam.name)
        .order_by(Exam.code)
    )
    return [Standing(*row) for row in session.execute(query)]


def count_overdue(session: Session, day: date) -> int:
    """How many reviews of all exams are past their last day."""
    query = select(func.count()).where(Application.state.in_(WAITING), Application.review_due < day)
    return session.scalars(query).one()


def next_case(session: Session, me: int | None) -> str | None:
    """The ref of one's own most urgent case, of anybody's when one has none."""
    query = select(Application.ref).where(Application.state == "submitted")
    order = (Application.review_due.is_(None), Application.review_due, Application.submitted_at)
    mine = Application.owner_id.is_(None) | (Application.owner_id == me)
    return session.scalar(query.where(mine).order_by(*order, Application.id).limit(1))


@dataclass(frozen=True, slots=True)
class Told:
    """One act on an application, as its page tells it."""

    kind: str
    at: datetime
    who: str
    role: str
    decision: str
    why: str
    batch: str


def history(session: Session, ref: str) -> list[Told]:
    """What reviewers did with an application, and its submissions, oldest first."""
    query = (
        select(Act.kind, Act.at, Act.actor, Account.name, Account.role, ActDetail.details)
        .outerjoin(Account, Account.ref == Act.actor)
        .outerjoin(ActDetail, ActDetail.act_id == Act.id)
        .where(Act.subject == f"application:{ref}", Act.kind.in_(TOLD))
        .order_by(Act.id)
    )
    found = []
    for kind, at, actor, name, role, details in session.execute(query):
        said = json.loads(details or "{}")
        texts = (str(said.get(key) or "") for key in ("decision", "why", "batch"))
        found.append(Told(kind, at, name or actor, role or actor, *texts))
    return found


TOLD = (
    "registration.submit_application",
    "registration.choose_again",
    "registration.decide_application",
    "registration.confirm_decision",
    "registration.return_decision",
    "registration.take_over",
    "registration.reopen_review",
    "registration.unmask",
)
