"""Tables of the chain after the final list: medical, background, public notice, appointment.

The chain of an appointment is kept by the database itself (凡进必考): every link is a foreign key
that ends in the state the link must have ("passed", "closed", "clear", "published", "used"), so a
row of `appointment` cannot exist without all of them, and none can be taken back afterwards.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Proposed(Base):
    """Somebody who holds, or has lost, a place of a post: by the published final list, or by an
    accepted offer."""

    __tablename__ = "proposed"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), unique=True)
    rank: Mapped[int] = mapped_column(Integer)
    release_id: Mapped[int] = mapped_column(Integer)
    release_stage: Mapped[str] = mapped_column(String(20), default="final")
    release_state: Mapped[str] = mapped_column(String(10), default="published")
    offer_id: Mapped[int | None] = mapped_column(Integer)
    offer_answer: Mapped[str | None] = mapped_column(String(10))
    standing: Mapped[str] = mapped_column(String(5))
    begun_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("id", "application_id"),
        UniqueConstraint("id", "application_id", "post_id", "exam_id", "standing"),
        ForeignKeyConstraint(
            ["release_id", "application_id"],
            ["release_record.release_id", "release_record.application_id"],
        ),
        ForeignKeyConstraint(
            ["release_id", "exam_id", "release_stage", "release_state"],
            ["release.id", "release.exam_id", "release.stage", "release.state"],
            name="fk_proposed_final",
        ),
        ForeignKeyConstraint(
            ["offer_id", "application_id", "offer_answer"],
            ["place_offer.id", "place_offer.application_id", "place_offer.answer"],
        ),
        CheckConstraint(
            "release_stage = 'final' AND release_state = 'published'", name="published"
        ),
        CheckConstraint("(offer_id IS NULL) = (offer_answer IS NULL)", name="offered"),
        CheckConstraint("offer_answer = 'accepted'", name="accepted"),
        CheckConstraint("standing IN ('holds','lost')", name="standing"),
    )


class Medical(Base):
    """A medical examination of a proposed person; the second is the one re-check after a failure.

    What was found is sensitive: `items_sealed` is readable by the office only.
    """

    __tablename__ = "medical"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    proposed_id: Mapped[int] = mapped_column(ForeignKey("proposed.id"))
    round: Mapped[int] = mapped_column(Integer)
    first_id: Mapped[int | None] = mapped_column(Integer)
    first_verdict: Mapped[str | None] = mapped_column(String(6))
    called_for: Mapped[datetime | None] = mapped_column(UtcTime)
    """None between the request for a re-check and the call to it."""
    place: Mapped[str] = mapped_column(String(120))
    called_at: Mapped[datetime] = mapped_column(UtcTime)
    verdict: Mapped[str | None] = mapped_column(String(6))
    items_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    noted_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    noted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    recheck_until: Mapped[date | None] = mapped_column(Date)
    __table_args__ = (
        UniqueConstraint("proposed_id", "round"),
        UniqueConstraint("id", "proposed_id", "verdict"),
        ForeignKeyConstraint(
            ["first_id", "proposed_id", "first_verdict"],
            ["medical.id", "medical.proposed_id", "medical.verdict"],
        ),
        CheckConstraint("round IN (1,2)", name="round"),
        CheckConstraint("(round = 2) = (first_id IS NOT NULL)", name="first"),
        CheckConstraint("(first_id IS NULL) = (first_verdict IS NULL)", name="first_known"),
        CheckConstraint("first_verdict = 'failed'", name="first_failed"),
        CheckConstraint("verdict IN ('passed','failed')", name="verdict"),
        CheckConstraint("(verdict IS NULL) = (noted_at IS NULL)", name="noted"),
    )


class Background(Base):
    """The background check of a proposed person; a failure has its reason."""

    __tablename__ = "background"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    proposed_id: Mapped[int] = mapped_column(ForeignKey("proposed.id"), unique=True)
    verdict: Mapped[str] = mapped_column(String(6))
    why: Mapped[str] = mapped_column(Text)
    noted_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    noted_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("id", "proposed_id", "verdict"),
        CheckConstraint("verdict IN ('passed','failed')", name="verdict"),
        CheckConstraint("verdict = 'passed' OR why <> ''", name="why"),
    )


class GivingUp(Base):
    """Somebody gave a place up, and what that means for the integrity archive.

    `statement` is 1 when it came in writing. `ends` None: nothing is recorded.
    """

    __tablename__ = "giving_up"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    proposed_id: Mapped[int] = mapped_column(ForeignKey("proposed.id"), unique=True)
    id_blind: Mapped[str] = mapped_column(String(64), index=True)
    stage: Mapped[str] = mapped_column(String(12))
    statement: Mapped[int] = mapped_column(Integer)
    why: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date | None] = mapped_column(Date)
    told_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("stage IN ('medical','background','notice','appointment')", name="stage"),
        CheckConstraint("statement IN (0,1)", name="statement"),
        CheckConstraint("ends IS NULL OR begins <= ends", name="days"),
    )


class PublicNotice(Base):
    """The public notice of a published list of proposed appointments and its working-day clock.

    `ends` is None while the holidays of a year that it touches are not announced.
    """

    __tablename__ = "public_notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    release_id: Mapped[int] = mapped_column(Integer, unique=True)
    release_stage: Mapped[str] = mapped_column(String(20), default="appointment")
    release_state: Mapped[str] = mapped_column(String(10), default="published")
    published_on: Mapped[date] = mapped_column(Date)
    days: Mapped[int] = mapped_column(Integer)
    ends: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(8))
    closed_on: Mapped[date | None] = mapped_column(Date)
    __table_args__ = (
        UniqueConstraint("id", "release_id"),
        UniqueConstraint("id", "state"),
        ForeignKeyConstraint(
            ["release_id", "exam_id", "release_stage", "release_state"],
            ["release.id", "release.exam_id", "release.stage", "release.state"],
            name="fk_public_notice_list",
        ),
        CheckConstraint(
            "release_stage = 'appointment' AND release_state = 'published'", name="published"
        ),
        CheckConstraint("days > 0", name="days"),
        CheckConstraint("state IN ('running','closed')", name="state"),
        CheckConstraint("(state = 'closed') = (closed_on IS NOT NULL)", name="closed"),
        CheckConstraint(
            "closed_on IS NULL OR (ends IS NOT NULL AND closed_on > ends)", name="over"
        ),
    )


class NoticeMove(Base):
    """The end of a running notice moved, because the table of holidays was changed."""

    __tablename__ = "notice_move"
    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("public_notice.id"), index=True)
    before: Mapped[date | None] = mapped_column(Date)
    after: Mapped[date | None] = mapped_column(Date)
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcTime)


class NoticePerson(Base):
    """Somebody named in a public notice: "open" while an objection waits for its answer."""

    __tablename__ = "notice_person"
    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(Integer)
    release_id: Mapped[int] = mapped_column(Integer)
    proposed_id: Mapped[int] = mapped_column(Integer, unique=True)
    application_id: Mapped[int] = mapped_column(Integer)
    standing: Mapped[str] = mapped_column(String(7))
    __table_args__ = (
        UniqueConstraint("id", "standing"),
        UniqueConstraint("id", "notice_id", "proposed_id", "standing"),
        ForeignKeyConstraint(
            ["notice_id", "release_id"], ["public_notice.id", "public_notice.release_id"]
        ),
        ForeignKeyConstraint(
            ["release_id", "application_id"],
            ["release_record.release_id", "release_record.application_id"],
        ),
        ForeignKeyConstraint(
            ["proposed_id", "application_id"], ["proposed.id", "proposed.application_id"]
        ),
        CheckConstraint("standing IN ('clear','open','removed')", name="standing"),
    )


class Objection(Base):
    """An objection to somebody in a notice. While it is unanswered `holds` is "open" and, as part
    of a foreign key, keeps the person from being "clear".

    `letter_id`: the case with its service number, when it came in on the public page.
    """

    __tablename__ = "objection"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(Integer, index=True)
    holds: Mapped[str | None] = mapped_column(String(7))
    who_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"), index=True)
    taken_at: Mapped[datetime] = mapped_column(UtcTime)
    outcome: Mapped[str | None] = mapped_column(String(8))
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        ForeignKeyConstraint(
            ["person_id", "holds"], ["notice_person.id", "notice_person.standing"]
        ),
        ForeignKeyConstraint(
            ["person_id"], ["notice_person.id"], name="fk_objection_notice_person"
        ),
        CheckConstraint("holds = 'open'", name="holds"),
        CheckConstraint("(answered_at IS NULL) = (holds IS NOT NULL)", name="unanswered"),
        CheckConstraint("(answered_at IS NULL) = (outcome IS NULL)", name="answered"),
        CheckConstraint("outcome IN ('upheld','rejected')", name="outcome"),
        CheckConstraint("taken_by IS NOT NULL OR letter_id IS NOT NULL", name="taken"),
    )


class Appointment(Base):
    """An appointment: every link of its chain is a foreign key, `place` one of the vacancies."""

    __tablename__ = "appointment"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    post_id: Mapped[int] = mapped_column(Integer)
    vacancies: Mapped[int] = mapped_column(Integer)
    place: Mapped[int] = mapped_column(Integer)
    application_id: Mapped[int] = mapped_column(Integer, unique=True)
    proposed_id: Mapped[int] = mapped_column(Integer)
    proposed_standing: Mapped[str] = mapped_column(String(5), default="holds")
    written_id: Mapped[int] = mapped_column(Integer)
    written_stage: Mapped[str] = mapped_column(String(20), default="written")
    shortlist_id: Mapped[int] = mapped_column(Integer)
    shortlist_stage: Mapped[str] = mapped_column(String(20), default="shortlist")
    release_state: Mapped[str] = mapped_column(String(10), default="published")
    medical_id: Mapped[int] = mapped_column(Integer)
    background_id: Mapped[int] = mapped_column(Integer)
    verdict: Mapped[str] = mapped_column(String(6), default="passed")
    notice_id: Mapped[int] = mapped_column(Integer)
    notice_state: Mapped[str] = mapped_column(String(8), default="closed")
    person_id: Mapped[int] = mapped_column(Integer)
    person_standing: Mapped[str] = mapped_column(String(7), default="clear")
    approval: Mapped[str] = mapped_column(String(32))
    approval_verb: Mapped[str] = mapped_column(String(80), default="appointing.appoint")
    approval_state: Mapped[str] = mapped_column(String(10), default="used")
    choice_id: Mapped[int | None] = mapped_column(Integer)
    """The place that was chosen, for posts whose places are chosen in order of score."""
    choice_standing: Mapped[str | None] = mapped_column(String(6))
    appointed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    appointed_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("post_id", "place"),
        ForeignKeyConstraint(["post_id", "vacancies"], ["post.id", "post.vacancies"]),
        ForeignKeyConstraint(
            ["proposed_id", "application_id", "post_id", "exam_id", "proposed_standing"],
            [
                *("proposed.id", "proposed.application_id", "proposed.post_id"),
                *("proposed.exam_id", "proposed.standing"),
            ],
            name="fk_appointment_proposed",
        ),
        *(
            constraint
            for stage in ("written", "shortlist")
            for constraint in (
                ForeignKeyConstraint(
                    [f"{stage}_id", "application_id"],
                    ["release_record.release_id", "release_record.application_id"],
                    name=f"fk_appointment_{stage}_record",
                ),
                ForeignKeyConstraint(
                    [f"{stage}_id", "exam_id", f"{stage}_stage", "release_state"],
                    ["release.id", "release.exam_id", "release.stage", "release.state"],
                    name=f"fk_appointment_{stage}",
                ),
            )
        ),
        ForeignKeyConstraint(
            ["medical_id", "proposed_id", "verdict"],
            ["medical.id", "medical.proposed_id", "medical.verdict"],
            name="fk_appointment_medical",
        ),
        ForeignKeyConstraint(
            ["background_id", "proposed_id", "verdict"],
            ["background.id", "background.proposed_id", "background.verdict"],
            name="fk_appointment_background",
        ),
        ForeignKeyConstraint(
            ["person_id", "notice_id", "proposed_id", "person_standing"],
            [
                *("notice_person.id", "notice_person.notice_id"),
                *("notice_person.proposed_id", "notice_person.standing"),
            ],
            name="fk_appointment_person",
        ),
        ForeignKeyConstraint(
            ["notice_id", "notice_state"],
            ["public_notice.id", "public_notice.state"],
            name="fk_appointment_notice",
        ),
        ForeignKeyConstraint(
            ["approval", "approval_verb", "approval_state"],
            ["approval.ref", "approval.verb", "approval.state"],
            name="fk_appointment_approval",
        ),
        ForeignKeyConstraint(
            ["choice_id", "application_id", "choice_standing"],
            ["choice_pick.id", "choice_pick.application_id", "choice_pick.standing"],
            name="fk_appointment_choice",
        ),
        CheckConstraint("(choice_id IS NULL) = (choice_standing IS NULL)", name="chosen"),
        CheckConstraint("choice_standing = 'closed'", name="choice"),
        CheckConstraint("place BETWEEN 1 AND vacancies", name="place"),
        CheckConstraint("proposed_standing = 'holds'", name="proposed"),
        CheckConstraint("written_stage = 'written'", name="written"),
        CheckConstraint("shortlist_stage = 'shortlist'", name="shortlist"),
        CheckConstraint("release_state = 'published'", name="published"),
        CheckConstraint("verdict = 'passed'", name="verdict"),
        CheckConstraint("notice_state = 'closed'", name="notice"),
        CheckConstraint("person_standing = 'clear'", name="person"),
        CheckConstraint(
            "approval_verb = 'appointing.appoint' AND approval_state = 'used'", name="approval"
        ),
    )
