"""Rows of custody: bags, a hand-over, deeds, leave, devices, setters."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.approvals.models import Approval
from exam_system.custody.models import (
    Assignment,
    Bag,
    Deed,
    Device,
    DeviceNote,
    HandedBag,
    HandOver,
    HandSigner,
    Permission,
    Specialist,
    Statement,
    UsedSpare,
)
from exam_system.exams.models import ExamSession, Room, Site


def add_custody(db: Session, exam: int, now: datetime) -> None:
    """One row in each table of custody, in the running transaction."""
    session = db.scalars(select(ExamSession.id).where(ExamSession.exam_id == exam)).first()
    room, district = db.execute(
        select(Room.id, Site.district_id).join(Site, Site.id == Room.site_id).limit(1)
    ).one()
    one, two = db.scalars(select(Account.id).order_by(Account.id).limit(2)).all()
    about = {"exam_id": exam, "session_id": session, "district_id": district, "room_id": room}
    bag = Bag(**about, barcode="P1-0101", kind="paper", papers=30, spares=1, seal="S1")
    bag.state, bag.opened_at, bag.packed_at = "packed", now, now + timedelta(hours=2)
    bag.issued, bag.blank, bag.unused = 28, 1, 0
    bag.broken_at, bag.broken_why = now, "封条裂开"
    over = HandOver(ref="h" * 26, exam_id=exam, step="room", begun_by=one, begun_at=now)
    over.done_at, over.sheet = now, "6" * 64
    approval = db.scalars(select(Approval.ref)).first()
    person = Specialist(number="M1", name="王某", employer="外省大学", area_code="430100")
    device = Device(exam_id=exam, serial="D-01", kind="detector", room_id=room)
    db.add_all((bag, over, person, device))
    db.flush()
    leave = Permission(
        bag_id=bag.id, what="spare", reason="缺页", given_at=now, approval=approval, used_at=now
    )
    signer = HandSigner(handover_id=over.id, party="giver", name="钱乙", office="市保密局")
    signer.account_id, signer.signed_at = one, now
    deed = Deed(bag_id=bag.id, kind="opened", said='{"seal":"S1"}', first_by=one, first_at=now)
    deed.second_by, deed.second_at = two, now
    note = DeviceNote(device_id=device.id, session_id=session, what="on", note="", noted_by=one)
    note.noted_at = now
    db.add_all((leave, signer, deed, note))
    db.add(HandedBag(handover_id=over.id, bag_id=bag.id, step="room"))
    db.add(Statement(session_id=session, note=b"1", published_at=now))
    db.add(Assignment(exam_id=exam, specialist_id=person.id, subject="xc", task="sets"))
    db.flush()
    spare = UsedSpare(bag_id=bag.id, permission_id=leave.id, seat=7, cause="faulty", reason="缺页")
    spare.photo, spare.used_by, spare.used_at = "7" * 64, one, now
    db.add(spare)
