"""Rows of what only the demonstration's exams in their stages do: draws, late changes, notices."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.approvals.models import Approval
from exam_system.draws.models import Attempt
from exam_system.examday.models import Seat, SeatChange
from exam_system.exams.models import ChangeNotice
from exam_system.fees.models import Discrepancy, Statement
from exam_system.interviews.models import Interview, LotPick, Lots, PanelAbsence, PanelSeat
from exam_system.marking.models import (
    MarkingGroup,
    PaperSet,
    RecountPick,
    ScriptBundle,
    ScriptCode,
)
from exam_system.records.models import Release
from exam_system.registration.models import Application

NOW = datetime(2008, 8, 1, 1, 0, tzinfo=UTC)


def add_drawn_rows(db: Session) -> None:
    """One row in each table of papers, scripts and sealed lots, in the running transaction."""
    attempt = db.scalars(select(Attempt.id)).first()
    interview = db.scalars(select(Interview)).first()
    room = db.scalars(select(Seat.room_id)).first()
    assert interview is not None
    person = interview.application_id
    exam = db.scalars(select(Application.exam_id).where(Application.id == person)).one()
    script = {"application_id": person, "subject": "xc", "attempt_id": attempt}
    group = MarkingGroup(exam_id=exam, code="M01", name="第一阅卷点", most=9)
    lots = Lots(
        group_id=interview.group_id,
        number=1,
        state="committed",
        listed='{"labels":[]}',
        list_digest="0" * 64,
        commitment="1" * 64,
        committed_at=NOW,
    )
    db.add_all((group, lots))
    db.flush()
    db.add_all(
        (
            PaperSet(exam_id=exam, subject="xc", label="A", seal="7", place=1, attempt_id=attempt),
            ScriptCode(**script, code="100001"),
            RecountPick(**script, place=1),
            ScriptBundle(room_id=room, subject="xc", marking_group_id=group.id, attempt_id=attempt),
            LotPick(lots_id=lots.id, turn=1, application_id=person, envelope=1, picked_at=NOW),
        )
    )


def add_changes(db: Session) -> None:
    """One row in each table of what happens after a draw, an announcement and a reconciliation."""
    seat = db.scalars(select(Seat).limit(1)).one()
    release = db.scalars(select(Release).limit(1)).one()
    sitting = db.scalars(select(PanelSeat).limit(1)).one()
    statement = db.scalars(select(Statement).limit(1)).one()
    change = SeatChange(
        exam_id=release.exam_id,
        version=2,
        application_id=seat.application_id,
        room_id=seat.room_id,
        number=99,
        reason="补录",
        approval=db.scalars(select(Approval.ref)).first(),
    )
    absence = PanelAbsence(
        exam_id=release.exam_id,
        interviewer_id=sitting.interviewer_id,
        panel_seat_id=sitting.id,
        cause="absent",
        reason="急病",
        recorded_at=NOW,
    )
    line = Discrepancy(
        ref="d" * 26,
        statement_id=statement.id,
        outcome="only_ours",
        kind="payment",
        number="1",
        trade_no="1",
    )
    notice = ChangeNotice(release_id=release.id, kind="change", document="{}")
    db.add_all((change, absence, line, notice))
