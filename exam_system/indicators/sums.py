"""Sums by exam, each one statement: applications, places, money, time from lock to publication."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from exam_system.appointing.models import Appointment
from exam_system.database import UtcTime
from exam_system.exams.models import Post
from exam_system.fees.models import Order, Payment, Refund
from exam_system.fees.waiver_models import Waiver
from exam_system.records.models import Release
from exam_system.registration.models import Application
from exam_system.results.models import ResultFreeze

Zone = ZoneInfo
NOT_HANDED_IN = ("draft", "withdrawn")


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def applications(session: Session) -> dict[int, dict[str, int]]:
    """By exam: how many applied, and how many have paid and so take part."""
    handed_in = Application.state.not_in(NOT_HANDED_IN)
    counts = (_count(handed_in), _count(Application.state == "paid"))
    query = select(Application.exam_id, *counts).group_by(Application.exam_id)
    return {
        exam: {"applicants": int(applied), "paid": int(paid)}
        for exam, applied, paid in session.execute(query)
    }


def places(session: Session) -> dict[int, dict[str, int]]:
    """By exam: announced places, and those filled by an appointment."""
    standing = Post.cancelled.is_(None)
    query = select(Post.exam_id, func.sum(Post.vacancies)).where(standing)
    filled = select(Appointment.exam_id, func.count()).group_by(Appointment.exam_id)
    appointed = {exam: number for exam, number in session.execute(filled)}  # noqa: C416
    return {
        exam: {"vacancies": int(number), "appointed": appointed.get(exam, 0)}
        for exam, number in session.execute(query.group_by(Post.exam_id))
    }


def money(session: Session) -> dict[int, dict[str, int]]:
    """By exam in fen: what was asked, what was waived, what went back."""
    orders = (
        select(Application.exam_id, func.sum(Order.fen))
        .join(Order, Order.application_id == Application.id)
        .where(Order.state != "closed")
    )
    waivers = (
        select(Application.exam_id, func.sum(Waiver.fen))
        .join(Waiver, Waiver.application_id == Application.id)
        .where(Waiver.state == "granted")
    )
    refunds = (
        select(Application.exam_id, func.sum(Refund.fen))
        .join(Order, Order.application_id == Application.id)
        .join(Payment, Payment.order_id == Order.id)
        .join(Refund, Refund.payment_id == Payment.id)
        .where(Refund.state == "refunded")
    )
    found: dict[int, dict[str, int]] = {}
    for name, query in (("asked", orders), ("waived", waivers), ("refunded", refunds)):
        for exam, fen in session.execute(query.group_by(Application.exam_id)):
            found.setdefault(exam, {})[name] = int(fen or 0)
    return found


def lock_to_publication(session: Session) -> dict[int, int]:
    """By exam: whole seconds from the lock of the written scores to their first publication.

    Locked by an act of its own, or else when the release was made from them.
    """
    locked = and_(ResultFreeze.exam_id == Release.exam_id, ResultFreeze.stage == "written")
    since = func.coalesce(ResultFreeze.frozen_at, Release.prepared_at, type_=UtcTime)
    query = (
        select(Release.exam_id, since, Release.published_at)
        .outerjoin(ResultFreeze, locked)
        .where(Release.stage == "written", Release.state == "published")
        .order_by(Release.published_at.desc())
    )
    return {
        exam: int((published - lock).total_seconds())
        for exam, lock, published in session.execute(query)
        if published is not None and published >= lock
    }
