"""Prints of photos, and pairs of people whose photos look alike."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photo_print",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("photo", sa.String(64), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo_print")),
        sa.UniqueConstraint("photo", name=op.f("uq_photo_print_photo")),
    )
    op.create_table(
        "photo_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("photo", sa.String(64), nullable=False),
        sa.Column("other_photo", sa.String(64), nullable=False),
        sa.Column("bits", sa.Integer(), nullable=False),
        sa.Column("finding", sa.String(10), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("found_by", sa.Integer(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("finding IN ('same','different')", name=op.f("ck_photo_pair_finding")),
        sa.CheckConstraint(
            "(finding IS NULL) = (found_at IS NULL)", name=op.f("ck_photo_pair_found")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_photo_pair_exam_id")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_photo_pair_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["application.id"], name=op.f("fk_photo_pair_other_id")
        ),
        sa.ForeignKeyConstraint(["found_by"], ["account.id"], name=op.f("fk_photo_pair_found_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo_pair")),
        sa.UniqueConstraint("ref", name=op.f("uq_photo_pair_ref")),
        sa.UniqueConstraint(
            "photo",
            "other_photo",
            "application_id",
            "other_id",
            name=op.f("uq_photo_pair_photo_other_photo_application_id_other_id"),
        ),
    )
    op.create_index("ix_photo_pair_exam_id", "photo_pair", ["exam_id"])
    op.create_index("ix_photo_pair_application_id", "photo_pair", ["application_id"])


def downgrade() -> None:
    op.drop_table("photo_pair")
    op.drop_table("photo_print")
