"""Rows of what follows the final list and does not happen in the demonstration."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.appointing.desk_models import HolidayDay, HolidayYear, Recheck
from exam_system.appointing.models import GivingUp, NoticeMove, NoticePerson, Objection, Proposed
from exam_system.appointing.place_models import PlaceEvent, PlaceOffer

DAY = date(2008, 9, 1)


def add_appointed(db: Session, exam: int, now: datetime) -> None:
    """One row in each table of re-checks, replacement, giving up, objections and holidays."""
    account = db.scalars(select(Account.id).limit(1)).one()
    row = db.scalars(select(Proposed).where(Proposed.exam_id == exam)).first()
    assert row is not None
    person = db.scalars(select(NoticePerson).where(NoticePerson.proposed_id == row.id)).one()
    recheck = Recheck(ref="recheck1", application_id=row.application_id, what="xc", before="60")
    recheck.reason, recheck.asked_at, recheck.due, recheck.after = "估分", now, DAY, "61"
    recheck.outcome, recheck.found, recheck.answered_at = "up", "登分有误", now
    recheck.looked_by = account
    places = {"post_id": row.post_id, "application_id": row.application_id}
    event = PlaceEvent(exam_id=exam, **places, kind="lost", stage="medical", why="体检", at=now)
    offer = PlaceOffer(ref="offer1", **places, instead_of=row.application_id, stage="medical")
    offer.due, offer.made_at, offer.answer, offer.answered_at = DAY, now, "declined", now
    left = GivingUp(ref="left1", proposed_id=row.id, id_blind="a" * 64, stage="medical")
    left.statement, left.why, left.basis, left.told_at = 1, "就业", "公告", now
    left.begins, left.ends = DAY, DAY
    year = HolidayYear(year=2008, basis="国办通知", entered_by=account, entered_at=now)
    move = NoticeMove(notice_id=person.notice_id, before=DAY, after=DAY, why="调休", at=now)
    objection = Objection(ref="objection1", person_id=person.id, who_sealed=b"sealed", text="反映")
    objection.taken_by, objection.taken_at, objection.outcome = account, now, "rejected"
    objection.answer, objection.answered_by, objection.answered_at = "不属实", account, now
    db.add_all((recheck, event, offer, left, year, move, objection))
    db.add(HolidayDay(day=DAY, kind="off", name="中秋"))
