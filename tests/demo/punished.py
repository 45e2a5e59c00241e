"""Rows of violations: an incident with what belongs to it, a case with what follows from it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.approvals.models import Approval
from exam_system.registration.models import Application
from exam_system.violations.models import (
    BarredStaff,
    CaseAvoidance,
    CaseNotice,
    Decision,
    DecisionReview,
    DecisionService,
    Evidence,
    Incident,
    IncidentSignature,
    IntegrityRecord,
    ScoreEffect,
    TakenItem,
    ViolationCase,
)

DAY, LATER = date(2008, 8, 1), date(2009, 8, 1)


def add_violations(db: Session, exam: int, now: datetime) -> None:
    """One row in each table of violations, in the running transaction."""
    one, two = db.scalars(select(Account.id).order_by(Account.id).limit(2)).all()
    person = db.scalars(select(Application.id).where(Application.exam_id == exam)).first()
    incident = Incident(ref="incident1", exam_id=exam, application_id=person, kind="seat")
    incident.facts, incident.handled, incident.words = "擅自离开座位", "提醒", "身体不适"
    incident.source, incident.state, incident.answer = "person", "case", "signed"
    incident.opened_by, incident.opened_at, incident.opinion = one, now, "属实"
    incident.confirmed_by, incident.confirmed_at = two, now
    db.add(incident)
    db.flush()
    about = {"incident_id": incident.id}
    signature = IncidentSignature(**about, part="watch", account_id=one, name="监考一")
    signature.digest, signature.signed_at = "a" * 64, now
    file = Evidence(**about, ref="evidence1", name="照片.jpg", kind="jpg", sha256="b" * 64)
    file.received_by, file.received_at = one, now
    item = TakenItem(**about, number=1, what="手机", kept="保险柜", taken_by=one, taken_at=now)
    item.returned_to, item.returned_at = "本人", now
    case = ViolationCase(ref="case1", number="W-1", exam_id=exam, application_id=person)
    case.incident_id, case.subject, case.kind, case.facts = incident.id, "xc", "seat", "离座"
    case.source, case.documents, case.regime, case.state = "person", "[]", "SYDW35", "review"
    case.happened_on, case.opened_by, case.opened_at = DAY, one, now
    db.add_all((signature, file, item, case))
    db.flush()
    of = {"case_id": case.id, "version": 1, "tier": "SUBJECT_VOID", "item": 2}
    notice = CaseNotice(**of, ref="notice1", facts="离座", reasons="照片", sha256="c" * 64)
    notice.told_by, notice.told_at, notice.due = one, now, LATER
    notice.answer, notice.answered_at, notice.finding = "不适", now, "属实"
    notice.checked_by, notice.checked_at = one, now
    decision = Decision(**of, ref="decision1", outcome="decided", facts="离座", reasons="照片")
    decision.state, decision.drafted_by, decision.drafted_at = "decided", one, now
    decision.decided_by, decision.decided_at, decision.note = one, now, b"note"
    decision.approval = db.scalars(select(Approval.ref)).first()
    decision.sha256 = "d" * 64
    avoidance = CaseAvoidance(case_id=case.id, account_id=two, why="亲属", declared_at=now)
    db.add_all((notice, decision, avoidance))
    db.flush()
    _follow(db, decision.id, person, one, now)


def _follow(db: Session, decision: int, person: int | None, account: int, now: datetime) -> None:
    service = DecisionService(decision_id=decision, way="person", proof="签收", served_on=DAY)
    service.review_until, service.lawsuit_until = LATER, LATER
    service.served_by, service.served_at = account, now
    review = DecisionReview(decision_id=decision, kind="review", body="市政府", filed_on=DAY)
    review.noted_by, review.noted_at, review.outcome = account, now, "upheld"
    review.document, review.told_at = "复决1号", now
    effect = ScoreEffect(application_id=person, subject="xc", effect="void", case_ref="case1")
    effect.begun_at, effect.ended_at = now, now
    stands = {"case_ref": "case1", "basis": "第七条", "begins": DAY, "ends": LATER}
    record = IntegrityRecord(**stands, ref="record1", id_blind="e" * 64, why="抄袭")
    record.entered_at, record.ended_at = now, now
    staff = BarredStaff(**stands, staff_no="T001", name="监考一", entered_at=now, ended_at=now)
    db.add_all((service, review, effect, record, staff))
