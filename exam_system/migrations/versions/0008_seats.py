"""Accessible rooms, who needs one, and late changes of the seats."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("room") as table:
        table.add_column(sa.Column("access", sa.Integer(), nullable=True))
        table.create_check_constraint(op.f("ck_room_access"), "access > 0")
    with op.batch_alter_table("application") as table:
        table.add_column(sa.Column("need", sa.Text(), nullable=True))
    op.create_table(
        "seat_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("from_room_id", sa.Integer(), nullable=True),
        sa.Column("from_number", sa.Integer(), nullable=True),
        sa.Column("from_form", sa.Integer(), nullable=True),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("form", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("approval", sa.String(length=32), nullable=False),
        sa.CheckConstraint("version > 1", name=op.f("ck_seat_change_version")),
        sa.CheckConstraint("number > 0", name=op.f("ck_seat_change_number")),
        sa.CheckConstraint(
            "(from_room_id IS NULL) = (from_number IS NULL)", name=op.f("ck_seat_change_from")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_seat_change_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["approval"], ["approval.ref"], name=op.f("fk_seat_change_approval")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_seat_change_exam_id")),
        sa.ForeignKeyConstraint(
            ["from_room_id"], ["room.id"], name=op.f("fk_seat_change_from_room_id")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_seat_change_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_change")),
        sa.UniqueConstraint("approval", name=op.f("uq_seat_change_approval")),
        sa.UniqueConstraint("exam_id", "version", name=op.f("uq_seat_change_exam_id_version")),
        sa.UniqueConstraint("room_id", "number", name=op.f("uq_seat_change_room_id_number")),
    )
    op.create_index(op.f("ix_seat_change_application_id"), "seat_change", ["application_id"])


def downgrade() -> None:
    op.drop_table("seat_change")
    with op.batch_alter_table("application") as table:
        table.drop_column("need")
    with op.batch_alter_table("room") as table:
        table.drop_constraint(op.f("ck_room_access"), type_="check")
        table.drop_column("access")
