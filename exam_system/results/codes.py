"""Pick-up codes: given to everybody who has a seat, printed on the ticket, kept sealed."""

from __future__ import annotations

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.exams.states import STATES
from exam_system.registration.lookup import own
from exam_system.registration.models import Application
from exam_system.results.models import PickUpCode
from exam_system.trust.pickup import new_code, shown

SEATED = STATES[STATES.index("seated") :]


@verb
def give_codes(ctx: Context, *, code: str) -> int:
    """Give a code to everybody who has an admission number and none yet; returns how many."""
    exam = open_exam(ctx.session, code, *SEATED)
    given = give(ctx, exam)
    if not given:
        raise Conflict("Everybody with a seat has a pick-up code already")
    ctx.record(exam=code, subject=f"codes:{code}", given=given)
    return given


def give(ctx: Context, exam: Exam) -> int:
    """The same inside another act."""
    query = (
        select(Application.id)
        .outerjoin(PickUpCode, PickUpCode.application_id == Application.id)
        .where(Application.exam_id == exam.id, Application.number.is_not(None))
        .where(PickUpCode.application_id.is_(None))
        .order_by(Application.number)
    )
    now, vault = ctx.clock.now(), ctx.keys.vault
    rows = [
        {"application_id": who, "sealed": vault.seal(new_code(ctx.chance.take)), "given_at": now}
        for who in ctx.session.scalars(query)
    ]
    if rows:
        ctx.session.execute(insert(PickUpCode), rows)
    return len(rows)


@verb
def renew_code(ctx: Context, *, ref: str) -> str:
    """Give the actor another code in place of a lost one; it opens what is written from now on."""
    application, exam, *_ = own(ctx, ref, lock=True)
    if application.number is None:
        raise Conflict("A pick-up code is given together with the seat")
    code = new_code(ctx.chance.take)
    row = ctx.session.get(PickUpCode, application.id)
    if row is None:
        row = PickUpCode(application_id=application.id)
        ctx.session.add(row)
    row.sealed, row.given_at = ctx.keys.vault.seal(code), ctx.clock.now()
    ctx.session.flush()
    ctx.record(exam=exam.code, subject=f"application:{application.ref}")
    return code


def sealed_codes(session: Session, exam: Exam) -> dict[int, bytes]:
    """Every code of an exam by application id, sealed."""
    query = (
        select(PickUpCode.application_id, PickUpCode.sealed)
        .join(Application, Application.id == PickUpCode.application_id)
        .where(Application.exam_id == exam.id)
    )
    return {row.application_id: row.sealed for row in session.execute(query)}


def standing(session: Session, exam: Exam) -> tuple[int, int]:
    """How many candidates with a seat have a code, and how many there are."""
    query = (
        select(func.count(PickUpCode.application_id), func.count())
        .select_from(Application)
        .outerjoin(PickUpCode, PickUpCode.application_id == Application.id)
        .where(Application.exam_id == exam.id, Application.number.is_not(None))
    )
    have, all_of_them = session.execute(query).one()
    return have, all_of_them


def own_code(ctx: Context, application: Application) -> str:
    """The code of an application as it is printed; "" while it has none."""
    row = ctx.session.get(PickUpCode, application.id)
    return shown(ctx.keys.vault.open(row.sealed)) if row else ""
