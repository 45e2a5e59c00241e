"""Finding what the chain after the final list consists of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.appointing.models import Medical, Proposed, PublicNotice
from exam_system.context import Context
from exam_system.database import Base
from exam_system.errors import Fault, Invalid, NotFound
from exam_system.exams.models import Exam
from exam_system.people import clean_line
from exam_system.registration.models import Application

LONGEST = 500
T = TypeVar("T", bound=Base)


def today(ctx: Context) -> date:
    """The day of the office's clock where the office is."""
    return ctx.clock.now().astimezone(ctx.config.zone).date()


def due_day(ctx: Context) -> date:
    """The day by which a candidate's deadline is judged."""
    return ctx.due().astimezone(ctx.config.zone).date()


def account(ctx: Context) -> int:
    """The account that acts."""
    if ctx.actor.account_id is None:
        raise Fault("people do this, not programs")
    return ctx.actor.account_id


def text_of(text: str) -> str:
    """A text in one line; raises Invalid when it is empty or too long."""
    found = clean_line(text, LONGEST)
    if not found:
        raise Invalid("Say it in one line of at most %(most)s characters", most=LONGEST).about(
            "text why reason statement found answer"
        )
    return found


def by_ref(session: Session, model: type[T], ref: str) -> T:
    """The row of this reference, locked; raises NotFound."""
    column = model.__table__.c.ref
    found = session.scalar(
        select(model)
        .where(column == ref)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is nothing of this reference")
    return found


def proposed_of(session: Session, application_id: int) -> Proposed | None:
    """Somebody's place, held or lost."""
    return session.scalar(select(Proposed).where(Proposed.application_id == application_id))


def proposed_by_refs(session: Session, exam: Exam, refs: Iterable[str]) -> dict[str, Proposed]:
    """The proposed people of these references in an exam; raises NotFound for a strange one."""
    wanted = set(refs)
    query = select(Proposed).where(Proposed.exam_id == exam.id).with_for_update()
    found = {row.ref: row for row in session.scalars(query) if row.ref in wanted}
    if found.keys() != wanted or not wanted:
        raise NotFound("There is nothing of this reference")
    return found


def medicals_of(session: Session, exam: Exam) -> dict[int, list[Medical]]:
    """Medical examinations by the id of who was examined, in their order."""
    query = (
        select(Medical)
        .join(Proposed, Proposed.id == Medical.proposed_id)
        .where(Proposed.exam_id == exam.id)
        .order_by(Medical.round)
    )
    found: dict[int, list[Medical]] = {}
    for row in session.scalars(query):
        found.setdefault(row.proposed_id, []).append(row)
    return found


def notices_of(session: Session, exam: Exam) -> list[PublicNotice]:
    """The public notices of an exam, newest first."""
    query = select(PublicNotice).where(PublicNotice.exam_id == exam.id)
    return list(session.scalars(query.order_by(PublicNotice.id.desc())))


def own_application(ctx: Context, ref: str) -> Application:
    """The actor's own application; NotFound for anybody else's as for none."""
    query = (
        select(Application)
        .join(Person, Person.id == Application.person_id)
        .where(Application.ref == ref, Person.account_id == account(ctx))
    )
    found = ctx.session.scalar(query)
    if found is None:
        raise NotFound("There is no such application")
    return found
