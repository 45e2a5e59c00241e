"""Admission tickets that were withdrawn, and the signed lists of them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withdrawn_ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("serial > 0", name=op.f("ck_withdrawn_ticket_serial")),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_withdrawn_ticket_application_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawn_ticket")),
        sa.UniqueConstraint(
            "application_id", "serial", name=op.f("uq_withdrawn_ticket_application_id_serial")
        ),
    )
    op.create_table(
        "ticket_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_ticket_list_version")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_ticket_list_exam_id")),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_ticket_list_note_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_list")),
        sa.UniqueConstraint("exam_id", "version", name=op.f("uq_ticket_list_exam_id_version")),
    )


def downgrade() -> None:
    op.drop_table("ticket_list")
    op.drop_table("withdrawn_ticket")
