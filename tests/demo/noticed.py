"""Rows of notices and the service catalogue, for tables that exam 1 leaves empty."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.notices.models import (
    Notice,
    NoticeFile,
    NoticeStep,
    NoticeVersion,
    ServiceMatter,
)


def add_notices(db: Session, exam: int, now: datetime) -> None:
    """One row in each table of notices, in the running transaction."""
    who = db.scalars(select(Account.id).order_by(Account.id)).first()
    notice = Notice(
        ref="2026-9001", exam_id=exam, category="exam", place=1, owner_id=who, made_at=now
    )
    db.add(notice)
    db.flush()
    version = NoticeVersion(
        notice_id=notice.id,
        version=1,
        state="withheld",
        level=0,
        title="通知",
        document="{}",
        digest="9" * 64,
        event_at=now,
        review_on=now.date(),
        drafted_by=who,
        drafted_at=now,
        withheld_reason="考前保密",
        withheld_until=now.date(),
    )
    db.add(version)
    db.flush()
    of = {"version_id": version.id}
    file = NoticeFile(**of, name="a.csv", sha256="8" * 64, data=b"1")
    step = NoticeStep(
        **of, level="drafted", outcome="drafted", account_id=who, digest="9" * 64, why="", at=now
    )
    matter = ServiceMatter(
        code="review", version=1, state="draft", document="{}", drafted_by=who, drafted_at=now
    )
    db.add_all((file, step, matter))
