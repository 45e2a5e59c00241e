"""Bags, hand-overs and devices of the exam day."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "custody_bag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("barcode", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("spares", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("packed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued", sa.Integer(), nullable=True),
        sa.Column("blank", sa.Integer(), nullable=True),
        sa.Column("unused", sa.Integer(), nullable=True),
        sa.Column("broken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken_why", sa.Text(), nullable=True),
        sa.CheckConstraint("(kind = 'duty') = (room_id IS NULL)", name=op.f("ck_custody_bag_room")),
        sa.CheckConstraint("kind IN ('paper','answer','duty')", name=op.f("ck_custody_bag_kind")),
        sa.CheckConstraint(
            "state IN ('secrecy','escort','site','room','opened','packed','returned','centre',"
            "'destroyed')",
            name=op.f("ck_custody_bag_state"),
        ),
        sa.CheckConstraint(
            "issued + blank + unused <= papers + spares", name=op.f("ck_custody_bag_counts")
        ),
        sa.CheckConstraint("packed_at >= opened_at", name=op.f("ck_custody_bag_times")),
        sa.CheckConstraint("papers > 0 AND spares >= 0", name=op.f("ck_custody_bag_contents")),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_custody_bag_district_id")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_custody_bag_exam_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_custody_bag_room_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["exam_session.id"], name=op.f("fk_custody_bag_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_bag")),
        sa.UniqueConstraint("exam_id", "barcode", name=op.f("uq_custody_bag_exam_id_barcode")),
    )
    op.create_index(op.f("ix_custody_bag_room_id"), "custody_bag", ["room_id"], unique=False)
    op.create_index(op.f("ix_custody_bag_session_id"), "custody_bag", ["session_id"], unique=False)
    op.create_table(
        "custody_handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("begun_by", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("sheet", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "step IN ('escort','site','room','returned','centre')",
            name=op.f("ck_custody_handover_step"),
        ),
        sa.CheckConstraint(
            "(dropped_at IS NULL) = (why IS NULL)", name=op.f("ck_custody_handover_why")
        ),
        sa.CheckConstraint(
            "done_at IS NULL OR dropped_at IS NULL", name=op.f("ck_custody_handover_end")
        ),
        sa.ForeignKeyConstraint(
            ["begun_by"], ["account.id"], name=op.f("fk_custody_handover_begun_by")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_custody_handover_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_handover")),
        sa.UniqueConstraint("ref", name=op.f("uq_custody_handover_ref")),
    )
    op.create_index(
        op.f("ix_custody_handover_exam_id"), "custody_handover", ["exam_id"], unique=False
    )
    op.create_table(
        "custody_handed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("bag_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("void", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bag_id"], ["custody_bag.id"], name=op.f("fk_custody_handed_bag_id")
        ),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["custody_handover.id"], name=op.f("fk_custody_handed_handover_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_handed")),
    )
    op.create_index(op.f("ix_custody_handed_bag_id"), "custody_handed", ["bag_id"], unique=False)
    op.create_index(
        op.f("ix_custody_handed_handover_id"), "custody_handed", ["handover_id"], unique=False
    )
    op.create_index(
        "uq_custody_handed_step",
        "custody_handed",
        ["bag_id", "step"],
        unique=True,
        sqlite_where=sa.text("void IS NULL"),
        postgresql_where=sa.text("void IS NULL"),
    )
    op.create_table(
        "custody_signer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("party", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("office", sa.String(length=120), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "party IN ('giver','receiver','supervisor')", name=op.f("ck_custody_signer_party")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_custody_signer_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["custody_handover.id"], name=op.f("fk_custody_signer_handover_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_signer")),
        sa.UniqueConstraint(
            "handover_id", "account_id", name=op.f("uq_custody_signer_handover_id_account_id")
        ),
    )
    op.create_index(
        op.f("ix_custody_signer_account_id"), "custody_signer", ["account_id"], unique=False
    )
    op.create_index(
        "uq_custody_signer_paper",
        "custody_signer",
        ["handover_id", "name", "office"],
        unique=True,
        sqlite_where=sa.text("account_id IS NULL"),
        postgresql_where=sa.text("account_id IS NULL"),
    )
    op.create_index(
        op.f("ix_custody_signer_handover_id"), "custody_signer", ["handover_id"], unique=False
    )
    op.create_table(
        "custody_deed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bag_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("first_by", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_by", sa.Integer(), nullable=True),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('opened','packed','destroyed')", name=op.f("ck_custody_deed_kind")
        ),
        sa.CheckConstraint(
            "(second_by IS NULL) = (second_at IS NULL)", name=op.f("ck_custody_deed_second")
        ),
        sa.CheckConstraint("first_by <> second_by", name=op.f("ck_custody_deed_two")),
        sa.ForeignKeyConstraint(
            ["bag_id"], ["custody_bag.id"], name=op.f("fk_custody_deed_bag_id")
        ),
        sa.ForeignKeyConstraint(
            ["first_by"], ["account.id"], name=op.f("fk_custody_deed_first_by")
        ),
        sa.ForeignKeyConstraint(
            ["second_by"], ["account.id"], name=op.f("fk_custody_deed_second_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_deed")),
        sa.UniqueConstraint("bag_id", "kind", name=op.f("uq_custody_deed_bag_id_kind")),
    )
    op.create_table(
        "custody_permission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bag_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approval", sa.String(length=32), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "what IN ('spare','duty','broken')", name=op.f("ck_custody_permission_what")
        ),
        sa.ForeignKeyConstraint(
            ["approval"], ["approval.ref"], name=op.f("fk_custody_permission_approval")
        ),
        sa.ForeignKeyConstraint(
            ["bag_id"], ["custody_bag.id"], name=op.f("fk_custody_permission_bag_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_permission")),
        sa.UniqueConstraint("approval", name=op.f("uq_custody_permission_approval")),
    )
    op.create_index(
        op.f("ix_custody_permission_bag_id"), "custody_permission", ["bag_id"], unique=False
    )
    op.create_table(
        "custody_spare",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bag_id", sa.Integer(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("photo", sa.String(length=64), nullable=True),
        sa.Column("used_by", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cause <> 'faulty' OR photo IS NOT NULL", name=op.f("ck_custody_spare_photo")
        ),
        sa.CheckConstraint("cause IN ('faulty','missing')", name=op.f("ck_custody_spare_cause")),
        sa.CheckConstraint("seat > 0", name=op.f("ck_custody_spare_seat")),
        sa.ForeignKeyConstraint(
            ["bag_id"], ["custody_bag.id"], name=op.f("fk_custody_spare_bag_id")
        ),
        sa.ForeignKeyConstraint(
            ["permission_id"],
            ["custody_permission.id"],
            name=op.f("fk_custody_spare_permission_id"),
        ),
        sa.ForeignKeyConstraint(["used_by"], ["account.id"], name=op.f("fk_custody_spare_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_spare")),
        sa.UniqueConstraint("permission_id", name=op.f("uq_custody_spare_permission_id")),
    )
    op.create_index(op.f("ix_custody_spare_bag_id"), "custody_spare", ["bag_id"], unique=False)
    op.create_table(
        "custody_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["exam_session.id"], name=op.f("fk_custody_statement_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_statement")),
        sa.UniqueConstraint("session_id", name=op.f("uq_custody_statement_session_id")),
    )
    op.create_table(
        "custody_specialist",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("employer", sa.String(length=120), nullable=False),
        sa.Column("area_code", sa.String(length=6), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_specialist")),
        sa.UniqueConstraint("number", name=op.f("uq_custody_specialist_number")),
    )
    op.create_table(
        "custody_assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("specialist_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("task", sa.String(length=10), nullable=False),
        sa.CheckConstraint("task IN ('sets','marks')", name=op.f("ck_custody_assignment_task")),
        sa.ForeignKeyConstraint(
            ["exam_id"], ["exam.id"], name=op.f("fk_custody_assignment_exam_id")
        ),
        sa.ForeignKeyConstraint(
            ["specialist_id"],
            ["custody_specialist.id"],
            name=op.f("fk_custody_assignment_specialist_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_assignment")),
        sa.UniqueConstraint(
            "exam_id",
            "specialist_id",
            "subject",
            "task",
            name=op.f("uq_custody_assignment_exam_id_specialist_id_subject_task"),
        ),
    )
    op.create_index(
        op.f("ix_custody_assignment_specialist_id"),
        "custody_assignment",
        ["specialist_id"],
        unique=False,
    )
    op.create_table(
        "custody_device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('detector','jammer')", name=op.f("ck_custody_device_kind")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_custody_device_exam_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_custody_device_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_device")),
        sa.UniqueConstraint("exam_id", "serial", name=op.f("uq_custody_device_exam_id_serial")),
    )
    op.create_index(op.f("ix_custody_device_room_id"), "custody_device", ["room_id"], unique=False)
    op.create_table(
        "custody_device_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "what IN ('works','fails','on','off','alarm')", name=op.f("ck_custody_device_note_what")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["custody_device.id"], name=op.f("fk_custody_device_note_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["noted_by"], ["account.id"], name=op.f("fk_custody_device_note_noted_by")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["exam_session.id"], name=op.f("fk_custody_device_note_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_device_note")),
    )
    op.create_index(
        op.f("ix_custody_device_note_device_id"), "custody_device_note", ["device_id"], unique=False
    )


def downgrade() -> None:
    for name in (
        "custody_device_note",
        "custody_device",
        "custody_assignment",
        "custody_specialist",
        "custody_statement",
        "custody_spare",
        "custody_permission",
        "custody_deed",
        "custody_signer",
        "custody_handed",
        "custody_handover",
        "custody_bag",
    ):
        op.drop_table(name)
