"""Rows of observers and planned dates, for tables that exam 1 leaves empty."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.approvals.models import Approval
from exam_system.cases.models import Letter
from exam_system.observing.models import (
    Observer,
    ObserverInvitation,
    ObserverLook,
    ObserverRemark,
    PlannedDate,
)


def add_observed(db: Session, exam: int, now: datetime) -> None:
    """One row in each table of observers, in the running transaction."""
    who = db.scalars(select(Account.id).order_by(Account.id)).first()
    observer = Observer(ref="o" * 26, kind="media", name="观察甲", body="日报社", account_id=who)
    db.add(observer)
    db.flush()
    invitation = ObserverInvitation(
        ref="n" * 26,
        observer_id=observer.id,
        exam_id=exam,
        until=now.date(),
        state="withdrawn",
        proposed_by=who,
        proposed_at=now,
        approval=db.scalars(select(Approval.ref)).first(),
        withdrawn_at=now,
        why="本人申请",
    )
    db.add(invitation)
    db.flush()
    of = {"invitation_id": invitation.id}
    letter = db.scalars(select(Letter.id)).first()
    planned = PlannedDate(
        exam_id=exam, kind="seats", begins_at=now, ends_at=None, set_by=who, set_at=now
    )
    db.add_all(
        (
            ObserverLook(**of, section="now", at=now),
            ObserverRemark(**of, letter_id=letter, at=now),
            planned,
        )
    )
