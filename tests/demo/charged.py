"""Rows of duties, pledges, red lines and accountability, for tables that exam 1 leaves empty."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.duties.models import (
    Accountability,
    DutySheet,
    PledgeText,
    RedLineCase,
    RedLineMark,
    RedLineRules,
)


def add_duties(db: Session, now: datetime) -> None:
    """One row in each table of duties, in the running transaction."""
    who, other = db.scalars(select(Account.id).order_by(Account.id).limit(2)).all()
    sheet = DutySheet(
        post="cashier",
        version=2,
        document="{}",
        digest="1" * 64,
        drafted_by=who,
        drafted_at=now,
        published_by=other,
        published_at=now,
    )
    text = PledgeText(
        role="officer",
        version=2,
        zh="第二版",
        en="2",
        digest="2" * 64,
        published_by=who,
        published_at=now,
    )
    rules = RedLineRules(version=2, document="{}", digest="3" * 64, set_by=who, set_at=now)
    case = RedLineCase(
        ref="f" * 26,
        key="4" * 16,
        line="export",
        exam="",
        post="officer",
        account_id=who,
        acts="[1]",
        facts="{}",
        happened_at=now,
        found_at=now,
        state="confirmed",
        reason="属实",
        decided_by=other,
        decided_at=now,
    )
    measure = Accountability(
        ref="g" * 26,
        source="line",
        about="f" * 26,
        account_id=who,
        measure="talk",
        why="属实",
        decided_by=other,
        decided_at=now,
    )
    mark = RedLineMark(size=1, checked_at=now)
    db.add_all((sheet, text, rules, case, measure, mark))
