"""Tables of violations: incidents with their signatures and evidence, cases and their decisions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Incident(Base):
    """Something that happened, as it was recorded; `kind` is one of kinds.json.

    `application` is whom it concerns, `staff_no` and `staff_name` are somebody of the staff.
    `answer` is how the candidate took the record: signed, or the refusal was noted by two.
    """

    __tablename__ = "incident"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("exam_session.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"))
    staff_no: Mapped[str | None] = mapped_column(String(40))
    staff_name: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(24))
    facts: Mapped[str] = mapped_column(Text)
    handled: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))
    answer: Mapped[str | None] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(Text, default="")
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    opinion: Mapped[str] = mapped_column(Text, default="")
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("state IN ('open','signed','confirmed','case','closed')", name="state"),
        CheckConstraint("answer IN ('signed','refused')", name="answer"),
        CheckConstraint("facts <> ''", name="facts"),
        CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed"),
    )


class IncidentSignature(Base):
    """Who signed which text of an incident: `digest` (hex) is that of the record as it was shown.

    The candidate has no account here: `name` is what was typed, compared with the person.
    """

    __tablename__ = "incident_signature"
    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    part: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("incident_id", "part", "account_id"),
        CheckConstraint("part IN ('watch','candidate','refusal')", name="part"),
        CheckConstraint("(part = 'candidate') = (account_id IS NULL)", name="account"),
    )


class Evidence(Base):
    """A photo or file of an incident, sealed under `ref`; `sha256` is that of what was received."""

    __tablename__ = "evidence"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(4))
    sha256: Mapped[str] = mapped_column(String(64))
    received_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("incident_id", "sha256"),
        CheckConstraint("kind IN ('pdf','jpg','png')", name="kind"),
    )


class TakenItem(Base):
    """A thing taken from a candidate against a receipt, until it is given back."""

    __tablename__ = "taken_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    number: Mapped[int] = mapped_column(Integer)
    what: Mapped[str] = mapped_column(String(120))
    kept: Mapped[str] = mapped_column(String(120))
    taken_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    taken_at: Mapped[datetime] = mapped_column(UtcTime)
    returned_to: Mapped[str | None] = mapped_column(String(64))
    returned_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("incident_id", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("(returned_to IS NULL) = (returned_at IS NULL)", name="returned"),
    )


class ViolationCase(Base):
    """What may become a sanction: of a candidate's application, or of somebody of the staff.

    `regime` is the text in force on the day of the exam, `subject` the exam's subject that it
    happened in. `documents` is JSON: references or digests of what it rests on.
    """

    __tablename__ = "violation_case"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True)
    staff_no: Mapped[str | None] = mapped_column(String(40))
    staff_name: Mapped[str | None] = mapped_column(String(64))
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), unique=True)
    subject: Mapped[str | None] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(24))
    facts: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(20))
    documents: Mapped[str] = mapped_column(Text)
    regime: Mapped[str] = mapped_column(String(20))
    happened_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10))
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    closed_why: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("(application_id IS NULL) = (staff_no IS NOT NULL)", name="whom"),
        CheckConstraint("(staff_no IS NULL) = (staff_name IS NULL)", name="staff"),
        CheckConstraint(
            "state IN ('open','noticed','heard','rechecked','decided','served','review','final',"
            "'closed')",
            name="state",
        ),
        CheckConstraint("(state = 'closed') = (closed_why IS NOT NULL)", name="closed"),
    )


class CaseNotice(Base):
    """What the office intends to decide, told before it decides; and what came of the hearing.

    A later notice of the same case has the next version. The paper lies sealed under `ref`.
    """

    __tablename__ = "case_notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("violation_case.id"))
    version: Mapped[int] = mapped_column(Integer)
    tier: Mapped[str] = mapped_column(String(20))
    item: Mapped[int] = mapped_column(Integer)
    facts: Mapped[str] = mapped_column(Text)
    reasons: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    told_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    told_at: Mapped[datetime] = mapped_column(UtcTime)
    due: Mapped[date] = mapped_column(Date)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    finding: Mapped[str | None] = mapped_column(Text)
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    checked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("case_id", "version"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
        CheckConstraint("(finding IS NULL) = (checked_by IS NULL)", name="checked"),
    )


class Decision(Base):
    """A version of a case's decision; a review makes the next one and overwrites none.

    A draft waits for its approval. `note` holds the bytes of the signed text, `sha256` the digest
    of the paper that lies sealed under `ref`.
    """

    __tablename__ = "violation_decision"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("violation_case.id"))
    version: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(10))
    tier: Mapped[str | None] = mapped_column(String(20))
    item: Mapped[int | None] = mapped_column(Integer)
    facts: Mapped[str] = mapped_column(Text)
    reasons: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    drafted_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    drafted_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    approval: Mapped[str | None] = mapped_column(ForeignKey("approval.ref"), unique=True)
    sha256: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        UniqueConstraint("case_id", "version"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("outcome IN ('decided','upheld','changed','cancelled')", name="outcome"),
        CheckConstraint("(outcome = 'cancelled') = (tier IS NULL)", name="tier"),
        CheckConstraint("(tier IS NULL) = (item IS NULL)", name="item"),
        CheckConstraint("state IN ('draft','decided')", name="state"),
        CheckConstraint(
            "(state = 'draft') = (note IS NULL) AND (note IS NULL) = (sha256 IS NULL) AND "
            "(note IS NULL) = (approval IS NULL) AND (note IS NULL) = (decided_by IS NULL)",
            name="decided",
        ),
        Index(
            "uq_violation_decision_draft",
            "case_id",
            unique=True,
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
    )


class DecisionService(Base):
    """How a decision was handed over: when, in which way, what proves it."""

    __tablename__ = "decision_service"
    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("violation_decision.id"), unique=True)
    way: Mapped[str] = mapped_column(String(10))
    proof: Mapped[str] = mapped_column(Text)
    served_on: Mapped[date] = mapped_column(Date)
    review_until: Mapped[date] = mapped_column(Date)
    lawsuit_until: Mapped[date] = mapped_column(Date)
    served_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    served_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("way IN ('person','post','page','notice')", name="way"),
        CheckConstraint("served_on < review_until AND served_on < lawsuit_until", name="terms"),
    )


class DecisionReview(Base):
    """A review or a lawsuit against a decision, and its outcome once it is known."""

    __tablename__ = "decision_review"
    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("violation_decision.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    body: Mapped[str] = mapped_column(String(120))
    filed_on: Mapped[date] = mapped_column(Date)
    noted_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    noted_at: Mapped[datetime] = mapped_column(UtcTime)
    outcome: Mapped[str | None] = mapped_column(String(10))
    document: Mapped[str | None] = mapped_column(String(120))
    told_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("kind IN ('review','lawsuit')", name="kind"),
        CheckConstraint("outcome IN ('upheld','changed','cancelled')", name="outcome"),
        CheckConstraint(
            "(outcome IS NULL) = (told_at IS NULL) AND (outcome IS NULL) = (document IS NULL)",
            name="told",
        ),
    )


class CaseAvoidance(Base):
    """Somebody of the office keeps away from a case, because of a relation to whom it concerns."""

    __tablename__ = "case_avoidance"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("violation_case.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    why: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("case_id", "account_id"),)


class ScoreEffect(Base):
    """What a decided violation does to the scores of an application; `subject` None: to all.

    `ended_at` is set when a review took the decision away; the row stays.
    """

    __tablename__ = "score_effect"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    subject: Mapped[str | None] = mapped_column(String(20))
    effect: Mapped[str] = mapped_column(String(4))
    case_ref: Mapped[str] = mapped_column(ForeignKey("violation_case.ref"), index=True)
    begun_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("effect IN ('void','zero')", name="effect"),
        CheckConstraint("effect = 'void' OR subject IS NOT NULL", name="zero"),
    )


class IntegrityRecord(Base):
    """An entry of the integrity archive (诚信档案): told to who reviews, it bars nobody.

    `ends` None: kept for good. `case_ref` is the case that it follows from.
    """

    __tablename__ = "integrity_record"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    case_ref: Mapped[str] = mapped_column(ForeignKey("violation_case.ref"), index=True)
    id_blind: Mapped[str] = mapped_column(String(64), index=True)
    basis: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date | None] = mapped_column(Date)
    entered_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (CheckConstraint("ends IS NULL OR begins <= ends", name="days"),)


class BarredStaff(Base):
    """Somebody who may not work in exams, by a decided case; `ends` None: removed from exam work.

    `staff_no` is the staff number, the certificate or the login name that lists name them by.
    """

    __tablename__ = "barred_staff"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_ref: Mapped[str] = mapped_column(ForeignKey("violation_case.ref"), index=True)
    staff_no: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(64))
    basis: Mapped[str] = mapped_column(Text)
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date | None] = mapped_column(Date)
    entered_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (CheckConstraint("ends IS NULL OR begins <= ends", name="days"),)
