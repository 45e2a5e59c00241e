"""What indicators cannot know themselves, and parts of a letter that others do."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intake",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("people > 0", name=op.f("ck_intake_people")),
        sa.CheckConstraint("year BETWEEN 1990 AND 2200", name=op.f("ck_intake_year")),
        sa.ForeignKeyConstraint(["entered_by"], ["account.id"], name=op.f("fk_intake_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake")),
        sa.UniqueConstraint("year", name=op.f("uq_intake_year")),
    )
    _letter_task()


def downgrade() -> None:
    op.drop_table("letter_task")
    op.drop_table("intake")


def _letter_task() -> None:
    op.create_table(
        "letter_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("done", sa.LargeBinary(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_why", sa.Text(), nullable=True),
        sa.CheckConstraint("(done IS NULL) = (done_at IS NULL)", name=op.f("ck_letter_task_done")),
        sa.CheckConstraint(
            "done IS NULL OR dropped_why IS NULL", name=op.f("ck_letter_task_dropped")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_letter_task_letter_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_letter_task_account_id")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["account.id"], name=op.f("fk_letter_task_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_task")),
        sa.UniqueConstraint("ref", name=op.f("uq_letter_task_ref")),
    )
    op.create_index(op.f("ix_letter_task_letter_id"), "letter_task", ["letter_id"])
    op.create_index(op.f("ix_letter_task_account_id"), "letter_task", ["account_id"])
