"""Freezing, the announced minute, lists after the totals, pick-up codes."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

BEFORE = "stage IN ('written','shortlist','final')"
AFTER = "stage IN ('written','shortlist','final','medical','appointment')"


def upgrade() -> None:
    with op.batch_alter_table("release") as batch:
        batch.add_column(sa.Column("inputs", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("armed_by", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("late", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_release_armed_by"), "account", ["armed_by"], ["id"])
    _stages(AFTER)
    op.create_table(
        "result_freeze",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(BEFORE, name=op.f("ck_result_freeze_stage")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_result_freeze_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_freeze")),
        sa.UniqueConstraint("exam_id", "stage", name=op.f("uq_result_freeze_exam_id_stage")),
    )
    op.create_table(
        "pick_up_code",
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_pick_up_code_application_id")
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_pick_up_code")),
    )


def downgrade() -> None:
    op.drop_table("pick_up_code")
    op.drop_table("result_freeze")
    op.execute("DELETE FROM result WHERE stage IN ('medical','appointment')")
    _stages(BEFORE)
    with op.batch_alter_table("release") as batch:
        batch.drop_constraint(op.f("fk_release_armed_by"), type_="foreignkey")
        for name in ("late", "armed_by", "publish_at", "inputs"):
            batch.drop_column(name)


def _stages(condition: str) -> None:
    with op.batch_alter_table("result") as batch:
        batch.drop_constraint(op.f("ck_result_stage"), type_="check")
        batch.create_check_constraint(op.f("ck_result_stage"), condition)
