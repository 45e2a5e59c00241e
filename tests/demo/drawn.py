"""Rows of what only the demonstration's exams in their stages do: draws, late changes, notices."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account, ConsentText, Signup, Takeover
from exam_system.approvals.models import Approval
from exam_system.draws.models import Attempt
from exam_system.examday.models import Seat, SeatChange, TicketList, WithdrawnTicket
from exam_system.exams.models import ChangeNotice, DayFigures
from exam_system.fees.models import Discrepancy, Order, Statement
from exam_system.fees.waiver_models import Waiver, WaiverDocument
from exam_system.fees.way_models import BankFile, PayWay, Taking
from exam_system.interviews.models import (
    Interview,
    LotPick,
    Lots,
    PanelAbsence,
    PanelSeat,
    ScoreCorrection,
)
from exam_system.marking.blind_models import (
    AnswerKey,
    Marker,
    MarkerConflict,
    MarkingFile,
    OpticalSheet,
    Script,
    ScriptMark,
    ScriptReserve,
    ScriptSeal,
    SheetRemark,
    TypedTable,
)
from exam_system.marking.models import (
    MarkingGroup,
    PaperSet,
    RecountPick,
    ScriptBundle,
    ScriptCode,
)
from exam_system.messages.models import Contact, Delivery, Message
from exam_system.photos.models import PhotoPair, PhotoPrint
from exam_system.records.models import Release
from exam_system.registration.models import Application, Barred, ReviewerAbsence
from exam_system.results.models import ResultFreeze
from tests.demo.appointed import add_appointed
from tests.demo.bagged import add_custody
from tests.demo.charged import add_duties
from tests.demo.chosen import add_choice
from tests.demo.compared import add_screening
from tests.demo.lettered import add_letters
from tests.demo.noticed import add_notices
from tests.demo.punished import add_violations
from tests.demo.watched import add_observed

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
    add_marking(db, exam, person)


def add_marking(db: Session, exam: int, person: int) -> None:
    """One row in each table of blind marking."""
    note = db.scalars(select(Release.note_id)).first()
    teller = db.scalars(select(Account.id)).first()
    marker = Marker(
        exam_id=exam,
        label="P001",
        certificate="Z1",
        name="评卷甲",
        employer="外地大学",
        area_code="520100",
    )
    script = Script(exam_id=exam, subject="sl", number="200001", arrived_at=NOW)
    db.add_all((marker, script))
    db.flush()
    mark = {"script_id": script.id, "question": "q1", "turn": 1, "marker_id": marker.id}
    key = {"exam_id": exam, "question": "xc1", "version": 1, "items": "[]", "changed": 0}
    db.add_all(
        (
            ScriptSeal(exam_id=exam, commitment="2" * 64, box=b"box", secret="", sealed_at=NOW),
            ScriptMark(**mark, mark="40.00", opened_at=NOW, marked_at=NOW),
            ScriptReserve(script_id=script.id, question="q2", place=1, marker_id=marker.id),
            MarkerConflict(marker_id=marker.id, application_id=person, relation="师生"),
            AnswerKey(**key, reason="", note_id=note),
            OpticalSheet(application_id=person, question="xc1", answers="A,B"),
            SheetRemark(application_id=person, subject="sl", reason="签到有误"),
            TypedTable(exam_id=exam, account_id=teller, rows="{}"),
            MarkingFile(exam_id=exam, kind="marks", version=1, lists="{}", note_id=note),
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
    correction = ScoreCorrection(
        application_id=db.scalars(select(Interview.application_id)).first(),
        panel_seat_id=sitting.id,
        before="81.00",
        after="85.00",
        reason="录入有误",
        note_id=release.note_id,
        corrected_at=NOW,
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
    waiver = Waiver(
        ref="w" * 26,
        application_id=seat.application_id,
        ground="农村特困家庭",
        state="refused",
        reason="证明无印章",
        asked_at=NOW,
        decided_at=NOW,
    )
    db.add(waiver)
    db.flush()
    document = WaiverDocument(
        ref="v" * 26, waiver_id=waiver.id, kind="pdf", size=1, sha256="e" * 64
    )
    db.add(document)
    message = db.scalars(select(Message).limit(1)).one()
    delivery = Delivery(message_id=message.id, channel="sms", state="waiting", tries=0, why="")
    contact = Contact(
        account_id=message.account_id, address_sealed=b"sealed", given_at=NOW, tries=0
    )
    other = db.scalars(select(Application.id).where(Application.id != seat.application_id)).first()
    pair = PhotoPair(
        ref="p" * 26,
        exam_id=release.exam_id,
        application_id=seat.application_id,
        other_id=other,
        photo="a" * 64,
        other_photo="b" * 64,
        bits=3,
    )
    ticket = WithdrawnTicket(
        application_id=seat.application_id,
        serial=1,
        number="01010101",
        reason="遗失",
        again=True,
        withdrawn_at=NOW,
    )
    frozen = ResultFreeze(
        exam_id=release.exam_id, stage="written", digest="c" * 64, people=9, frozen_at=NOW
    )
    db.add(frozen)
    tickets = TicketList(exam_id=release.exam_id, version=1, note_id=statement.note_id, made_at=NOW)
    db.add_all((ticket, tickets))
    db.add_all((delivery, contact, pair, PhotoPrint(photo="a" * 64, bits=b"p" * 32)))
    order = db.scalars(select(Order.id)).first()
    teller = db.scalars(select(Account.id)).first()
    way = PayWay(order_id=order, driver="alipay", link="https://qr/1", opened_at=NOW)
    file = BankFile(
        ref="f" * 26,
        day=NOW.date(),
        name="b.csv",
        digest="f" * 64,
        lines="code,serial,fen,paid",
        count=1,
        fen=1,
        state="read",
        read_at=NOW,
        read_by=teller,
    )
    taking = Taking(
        number="t-00001",
        order_id=order,
        fen=1,
        means="cash",
        slip="",
        state="taken",
        reason="",
        taken_by=teller,
        taken_at=NOW,
    )
    db.add_all((way, file, taking))
    notice = ChangeNotice(release_id=release.id, kind="change", document="{}")
    figures = DayFigures(
        exam_id=release.exam_id, day=NOW.date(), totals="1", note=b"1", published_at=NOW
    )
    away = ReviewerAbsence(
        account_id=db.scalars(select(Account.id)).first(),
        begins=NOW.date(),
        ends=NOW.date(),
        declared_at=NOW,
    )
    barred = Barred(
        ref="b" * 26,
        id_blind="0" * 64,
        id_sealed=b"sealed",
        name="王小明",
        regime="all",
        basis="处理决定",
        why="抄袭",
        begins=NOW.date(),
        source="import",
        approval="a" * 26,
        entered_at=NOW,
    )
    db.add_all((away, barred))
    _add_doors(db)
    add_custody(db, release.exam_id, NOW)
    add_screening(db, release.exam_id, NOW)
    add_violations(db, release.exam_id, NOW)
    add_notices(db, release.exam_id, NOW)
    add_letters(db, release.exam_id, NOW)
    add_observed(db, release.exam_id, NOW)
    add_appointed(db, release.exam_id, NOW)
    add_duties(db, NOW)
    add_choice(db, release.exam_id, NOW)
    db.add_all((figures, change, correction, absence, line, notice))


def _add_doors(db: Session) -> None:
    """A registration that waits for its login, a takeover, a new text on personal data."""
    signup = Signup(
        id_blind="1" * 64, sealed=b"sealed", password_hash="argon2id", agreed="2" * 64, asked_at=NOW
    )
    takeover = Takeover(
        ref="t-abcdefghijkl",
        claim="stranger",
        id_blind="1" * 64,
        sealed=b"sealed",
        files="3" * 64,
        agreed="2" * 64,
        code_blind="4" * 64,
        state="waiting",
        reason="",
        asked_at=NOW,
    )
    text = ConsentText(
        kind="registration", version=2, zh="第二版", en="2", digest="5" * 64, published_at=NOW
    )
    db.add_all((signup, takeover, text))
