"""Verbs of candidates whose post was cancelled: choose another one, or take the money back.

The window is in the change notice that cancelled the post. A choice is reviewed like every
application; it is paid for already, so that an approval confirms it at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.clock import parse_rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid
from exam_system.exams.models import ChangeNotice, Exam, Post
from exam_system.fees.models import Order, Payment
from exam_system.fees.states import move as move_order
from exam_system.records.models import Release
from exam_system.registration.checks import run_checks
from exam_system.registration.lookup import own, shown
from exam_system.registration.models import Application
from exam_system.registration.reviewing import assign
from exam_system.registration.service import checked
from exam_system.registration.states import move, not_now
from exam_system.trust.canonical import JSON, jcs, parse_jcs


def window(session: Session, exam: Exam) -> datetime | None:
    """Until when candidates of the exam's cancelled posts choose again."""
    query = (
        select(ChangeNotice.document)
        .join(Release, Release.id == ChangeNotice.release_id)
        .where(
            Release.exam_id == exam.id,
            Release.state == "published",
            ChangeNotice.kind == "opening",
        )
        .order_by(Release.version.desc())
    )
    text = session.scalars(query).first()
    document = parse_jcs(text.encode()) if text else None
    return parse_rfc3339(str(document["choose_until"])) if isinstance(document, dict) else None


def _open(ctx: Context, application: Application, exam: Exam) -> None:
    """Raise Conflict unless the application may choose now."""
    if application.state != "choosing" or exam.state != "closed":
        raise not_now(application)
    until = window(ctx.session, exam)
    if until is None or ctx.due() >= until:
        at = shown(until, ctx.config) if until else "–"
        raise Conflict("The time for choosing again ended at %(at)s", at=at)


@verb
def choose_again(ctx: Context, *, ref: str, post_code: str) -> Application:
    """Choose another post in place of a cancelled one; it goes to review."""
    application, exam, before, person, _ = own(ctx, ref, lock=True)
    _open(ctx, application, exam)
    query = select(Post).where(
        Post.exam_id == exam.id, Post.code == post_code, Post.cancelled.is_(None)
    )
    post = ctx.session.scalar(query)
    if post is None:
        raise Invalid(
            "There is no post %(code)s in this exam: choose one of the list", code=post_code
        )
    checks = run_checks(*checked(ctx, application, exam, post, person))
    application.post_id = post.id
    application.checks = jcs([check.document() for check in checks]).decode()
    application.submitted_at = application.chosen_at = ctx.clock.now()
    move(application, "submitted")
    assign(ctx, application, exam)
    ctx.session.flush()
    ctx.record(exam=exam.code, subject=f"application:{ref}", before=before.code, post=post.code)
    return application


@verb
def give_up_choice(ctx: Context, *, ref: str) -> Application:
    """Choose no other post: the application ends and the money is owed back."""
    application, exam, *_ = own(ctx, ref, lock=True)
    _open(ctx, application, exam)
    move(application, "withdrawn")
    owed = give_back(ctx, [application])
    ctx.record(exam=exam.code, subject=f"application:{ref}", owed=owed)
    return application


def give_back(ctx: Context, applications: Sequence[Application]) -> JSON:
    """Make the money of these applications owed back; returns the transactions."""
    ids = [application.id for application in applications]
    query = select(Order).where(Order.application_id.in_(ids), Order.state == "paid")
    owed: list[JSON] = []
    for order in ctx.session.scalars(query.order_by(Order.id).with_for_update()):
        move_order(order, "closed")
        kept = select(Payment).where(Payment.order_id == order.id, Payment.kept)
        for payment in ctx.session.scalars(kept):
            payment.kept, payment.why = False, "cancelled"
            owed.append(payment.transaction)
    ctx.session.flush()
    return owed
