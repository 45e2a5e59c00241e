"""Finding applications: candidates find their own by ref and person, nobody else's."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.config import Config
from exam_system.context import Context
from exam_system.errors import Conflict, NotFound
from exam_system.exams.models import District, Exam, Post
from exam_system.exams.rules import RuleSet, parse_rules
from exam_system.registration.models import Application

Found = Row[Application, Exam, Post, Person, District]
Query = Select[Application, Exam, Post, Person, District]


@lru_cache(maxsize=32)
def rules_from(text: str) -> RuleSet:
    """The rule set of a text, read once: thousands of acts in a row ask for the same one."""
    return parse_rules(json.loads(text))


_ALL = (
    select(Application, Exam, Post, Person, District)
    .join(Exam, Exam.id == Application.exam_id)
    .join(Post, Post.id == Application.post_id)
    .join(Person, Person.id == Application.person_id)
    .join(District, District.id == Application.district_id)
    .where(Application.ref == bindparam("ref"))
)
_OWN = _ALL.where(Person.account_id == bindparam("account"))


def _locked(query: Query) -> Query:
    # The row waits for whoever changes it now and is read afresh afterwards.
    locking = query.with_for_update(of=Application)
    return locking.execution_options(populate_existing=True)


# Built once: thousands of acts in a row spend more time on building than on running them.
_ALL_LOCKED, _OWN_LOCKED = _locked(_ALL), _locked(_OWN)


def own(ctx: Context, ref: str, *, lock: bool = False) -> Found:
    """The actor's own application and all that belongs to it, its row locked where asked.

    NotFound for everybody else's and for none alike.
    """
    return _one(ctx.session, _OWN_LOCKED if lock else _OWN, ref, ctx.actor.account_id)


def any_application(session: Session, ref: str, *, lock: bool = False) -> Found:
    """Any application, for the office and the reviewers; raises NotFound."""
    return _one(session, _ALL_LOCKED if lock else _ALL, ref)


def _one(session: Session, query: Query, ref: str, account: int | None = None) -> Found:
    found = session.execute(query, {"ref": ref, "account": account}).one_or_none()
    if found is None:
        raise NotFound("There is no such application")
    return found


class Timed(Protocol):
    """An exam, or a row with what its times depend on."""

    @property
    def state(self) -> str:
        """As `Exam.state`."""

    @property
    def rules(self) -> str:
        """As `Exam.rules`."""


def is_open(exam: Exam | Timed, now: datetime) -> bool:
    """Whether the exam takes applications at this moment."""
    rules = rules_from(exam.rules)
    return exam.state == "announced" and rules.registration_opens <= now < rules.registration_closes


def check_open(ctx: Context, exam: Exam | Timed) -> None:
    """Raise Conflict, saying when, unless the exam takes applications now."""
    now = ctx.due()
    if is_open(exam, now):
        return
    rules = rules_from(exam.rules)
    opens, closes = rules.registration_opens, rules.registration_closes
    if exam.state == "announced" and now < opens:
        raise Conflict("Registration opens at %(at)s", at=shown(opens, ctx.config))
    raise Conflict("Registration closed at %(at)s", at=shown(closes, ctx.config))


def shown(at: datetime, config: Config) -> str:
    """A time in a sentence, in the bureau's zone."""
    return f"{at.astimezone(config.zone):%Y-%m-%d %H:%M}"


def count_unreviewed(session: Session, exam: Exam) -> int:
    """How many applications of the exam wait for a reviewer."""
    query = select(func.count()).where(
        Application.exam_id == exam.id, Application.state.in_(("submitted", "second"))
    )
    return session.scalars(query).one()
