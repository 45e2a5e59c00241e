"""Incidents, violations and their decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _incident()
    _evidence()
    _incident_signature()
    _taken_item()
    _violation_case()
    _barred_staff()
    _case_avoidance()
    _case_notice()
    _integrity_record()
    _score_effect()
    _violation_decision()
    _decision_review()
    _decision_service()


def downgrade() -> None:
    op.drop_table("decision_service")
    op.drop_table("decision_review")
    op.drop_table("violation_decision")
    op.drop_table("score_effect")
    op.drop_table("integrity_record")
    op.drop_table("case_notice")
    op.drop_table("case_avoidance")
    op.drop_table("barred_staff")
    op.drop_table("violation_case")
    op.drop_table("taken_item")
    op.drop_table("incident_signature")
    op.drop_table("evidence")
    op.drop_table("incident")


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("application_id", sa.Integer(), nullable=True),
        sa.Column("staff_no", sa.String(40), nullable=True),
        sa.Column("staff_name", sa.String(64), nullable=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("handled", sa.Text(), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("answer", sa.String(10), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("answer IN ('signed','refused')", name=op.f("ck_incident_answer")),
        sa.CheckConstraint("facts <> ''", name=op.f("ck_incident_facts")),
        sa.CheckConstraint(
            "state IN ('open','signed','confirmed','case','closed')", name=op.f("ck_incident_state")
        ),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_incident_confirmed")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_incident_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["account.id"], name=op.f("fk_incident_confirmed_by")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_incident_exam_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["account.id"], name=op.f("fk_incident_opened_by")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_incident_room_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["exam_session.id"], name=op.f("fk_incident_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("ref", name=op.f("uq_incident_ref")),
    )
    op.create_index("ix_incident_exam_id", "incident", ["exam_id"])
    op.create_index("ix_incident_room_id", "incident", ["room_id"])


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(4), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("received_by", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('pdf','jpg','png')", name=op.f("ck_evidence_kind")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_evidence_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["received_by"], ["account.id"], name=op.f("fk_evidence_received_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("incident_id", "sha256", name=op.f("uq_evidence_incident_id_sha256")),
        sa.UniqueConstraint("ref", name=op.f("uq_evidence_ref")),
    )
    op.create_index("ix_evidence_incident_id", "evidence", ["incident_id"])


def _incident_signature() -> None:
    op.create_table(
        "incident_signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(10), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(part = 'candidate') = (account_id IS NULL)",
            name=op.f("ck_incident_signature_account"),
        ),
        sa.CheckConstraint(
            "part IN ('watch','candidate','refusal')", name=op.f("ck_incident_signature_part")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_incident_signature_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_signature_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_signature")),
        sa.UniqueConstraint(
            "incident_id",
            "part",
            "account_id",
            name=op.f("uq_incident_signature_incident_id_part_account_id"),
        ),
    )
    op.create_index("ix_incident_signature_incident_id", "incident_signature", ["incident_id"])


def _taken_item() -> None:
    op.create_table(
        "taken_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(120), nullable=False),
        sa.Column("kept", sa.String(120), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_to", sa.String(64), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(returned_to IS NULL) = (returned_at IS NULL)", name=op.f("ck_taken_item_returned")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_taken_item_number")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_taken_item_incident_id")
        ),
        sa.ForeignKeyConstraint(["taken_by"], ["account.id"], name=op.f("fk_taken_item_taken_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taken_item")),
        sa.UniqueConstraint("incident_id", "number", name=op.f("uq_taken_item_incident_id_number")),
    )


def _violation_case() -> None:
    op.create_table(
        "violation_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=True),
        sa.Column("staff_no", sa.String(40), nullable=True),
        sa.Column("staff_name", sa.String(64), nullable=True),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(20), nullable=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("documents", sa.Text(), nullable=False),
        sa.Column("regime", sa.String(20), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_why", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_why IS NOT NULL)", name=op.f("ck_violation_case_closed")
        ),
        sa.CheckConstraint(
            "state IN ('open','noticed','heard','rechecked','decided','served','review','final','closed')",
            name=op.f("ck_violation_case_state"),
        ),
        sa.CheckConstraint(
            "(application_id IS NULL) = (staff_no IS NOT NULL)", name=op.f("ck_violation_case_whom")
        ),
        sa.CheckConstraint(
            "(staff_no IS NULL) = (staff_name IS NULL)", name=op.f("ck_violation_case_staff")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_violation_case_application_id")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_violation_case_exam_id")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_violation_case_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["account.id"], name=op.f("fk_violation_case_opened_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation_case")),
        sa.UniqueConstraint("incident_id", name=op.f("uq_violation_case_incident_id")),
        sa.UniqueConstraint("number", name=op.f("uq_violation_case_number")),
        sa.UniqueConstraint("ref", name=op.f("uq_violation_case_ref")),
    )
    op.create_index("ix_violation_case_application_id", "violation_case", ["application_id"])
    op.create_index("ix_violation_case_exam_id", "violation_case", ["exam_id"])


def _barred_staff() -> None:
    op.create_table(
        "barred_staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_ref", sa.String(32), nullable=False),
        sa.Column("staff_no", sa.String(40), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends IS NULL OR begins <= ends", name=op.f("ck_barred_staff_days")),
        sa.ForeignKeyConstraint(
            ["case_ref"], ["violation_case.ref"], name=op.f("fk_barred_staff_case_ref")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_barred_staff")),
    )
    op.create_index("ix_barred_staff_case_ref", "barred_staff", ["case_ref"])
    op.create_index("ix_barred_staff_staff_no", "barred_staff", ["staff_no"])


def _case_avoidance() -> None:
    op.create_table(
        "case_avoidance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_case_avoidance_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["violation_case.id"], name=op.f("fk_case_avoidance_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_avoidance")),
        sa.UniqueConstraint(
            "case_id", "account_id", name=op.f("uq_case_avoidance_case_id_account_id")
        ),
    )


def _case_notice() -> None:
    op.create_table(
        "case_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(20), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("told_by", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("checked_by", sa.Integer(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_case_notice_answered")
        ),
        sa.CheckConstraint(
            "(finding IS NULL) = (checked_by IS NULL)", name=op.f("ck_case_notice_checked")
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_case_notice_version")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["violation_case.id"], name=op.f("fk_case_notice_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["checked_by"], ["account.id"], name=op.f("fk_case_notice_checked_by")
        ),
        sa.ForeignKeyConstraint(["told_by"], ["account.id"], name=op.f("fk_case_notice_told_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_notice")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_case_notice_case_id_version")),
        sa.UniqueConstraint("ref", name=op.f("uq_case_notice_ref")),
    )


def _integrity_record() -> None:
    op.create_table(
        "integrity_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("case_ref", sa.String(32), nullable=False),
        sa.Column("id_blind", sa.String(64), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends IS NULL OR begins <= ends", name=op.f("ck_integrity_record_days")),
        sa.ForeignKeyConstraint(
            ["case_ref"], ["violation_case.ref"], name=op.f("fk_integrity_record_case_ref")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_record")),
        sa.UniqueConstraint("ref", name=op.f("uq_integrity_record_ref")),
    )
    op.create_index("ix_integrity_record_case_ref", "integrity_record", ["case_ref"])
    op.create_index("ix_integrity_record_id_blind", "integrity_record", ["id_blind"])


def _score_effect() -> None:
    op.create_table(
        "score_effect",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(20), nullable=True),
        sa.Column("effect", sa.String(4), nullable=False),
        sa.Column("case_ref", sa.String(32), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "effect = 'void' OR subject IS NOT NULL", name=op.f("ck_score_effect_zero")
        ),
        sa.CheckConstraint("effect IN ('void','zero')", name=op.f("ck_score_effect_effect")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_score_effect_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_ref"], ["violation_case.ref"], name=op.f("fk_score_effect_case_ref")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_effect")),
    )
    op.create_index("ix_score_effect_application_id", "score_effect", ["application_id"])
    op.create_index("ix_score_effect_case_ref", "score_effect", ["case_ref"])


def _violation_decision() -> None:
    op.create_table(
        "violation_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("tier", sa.String(20), nullable=True),
        sa.Column("item", sa.Integer(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("drafted_by", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval", sa.String(32), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'cancelled') = (tier IS NULL)", name=op.f("ck_violation_decision_tier")
        ),
        sa.CheckConstraint(
            "(state = 'draft') = (note IS NULL) AND (note IS NULL) = (sha256 IS NULL) AND (note IS NULL) = (approval IS NULL) AND (note IS NULL) = (decided_by IS NULL)",
            name=op.f("ck_violation_decision_decided"),
        ),
        sa.CheckConstraint(
            "outcome IN ('decided','upheld','changed','cancelled')",
            name=op.f("ck_violation_decision_outcome"),
        ),
        sa.CheckConstraint(
            "state IN ('draft','decided')", name=op.f("ck_violation_decision_state")
        ),
        sa.CheckConstraint(
            "(tier IS NULL) = (item IS NULL)", name=op.f("ck_violation_decision_item")
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_violation_decision_version")),
        sa.ForeignKeyConstraint(
            ["approval"], ["approval.ref"], name=op.f("fk_violation_decision_approval")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["violation_case.id"], name=op.f("fk_violation_decision_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["account.id"], name=op.f("fk_violation_decision_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["drafted_by"], ["account.id"], name=op.f("fk_violation_decision_drafted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation_decision")),
        sa.UniqueConstraint("approval", name=op.f("uq_violation_decision_approval")),
        sa.UniqueConstraint(
            "case_id", "version", name=op.f("uq_violation_decision_case_id_version")
        ),
        sa.UniqueConstraint("ref", name=op.f("uq_violation_decision_ref")),
    )
    op.create_index(
        "uq_violation_decision_draft",
        "violation_decision",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("state = 'draft'"),
        postgresql_where=sa.text("state = 'draft'"),
    )


def _decision_review() -> None:
    op.create_table(
        "decision_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("body", sa.String(120), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("noted_by", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=True),
        sa.Column("document", sa.String(120), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('review','lawsuit')", name=op.f("ck_decision_review_kind")),
        sa.CheckConstraint(
            "outcome IN ('upheld','changed','cancelled')", name=op.f("ck_decision_review_outcome")
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (told_at IS NULL) AND (outcome IS NULL) = (document IS NULL)",
            name=op.f("ck_decision_review_told"),
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["violation_decision.id"], name=op.f("fk_decision_review_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["noted_by"], ["account.id"], name=op.f("fk_decision_review_noted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_review")),
    )
    op.create_index("ix_decision_review_decision_id", "decision_review", ["decision_id"])


def _decision_service() -> None:
    op.create_table(
        "decision_service",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("review_until", sa.Date(), nullable=False),
        sa.Column("lawsuit_until", sa.Date(), nullable=False),
        sa.Column("served_by", sa.Integer(), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "way IN ('person','post','page','notice')", name=op.f("ck_decision_service_way")
        ),
        sa.CheckConstraint(
            "served_on < review_until AND served_on < lawsuit_until",
            name=op.f("ck_decision_service_terms"),
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["violation_decision.id"], name=op.f("fk_decision_service_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["served_by"], ["account.id"], name=op.f("fk_decision_service_served_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_service")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_decision_service_decision_id")),
    )
