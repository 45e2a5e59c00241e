"""Elements, sheets and corrections of interviews."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("panel") as table:
        table.add_column(sa.Column("begins_at", TIME, nullable=True))
        table.add_column(sa.Column("locked_at", TIME, nullable=True))
    with op.batch_alter_table("interview") as table:
        table.add_column(sa.Column("arrived_at", TIME, nullable=True))
        table.add_column(sa.Column("late", sa.Boolean(), nullable=True))
        table.add_column(sa.Column("signature", sa.Text(), nullable=True))
        table.add_column(sa.Column("signed_at", TIME, nullable=True))
    with op.batch_alter_table("interview_score") as table:
        table.add_column(sa.Column("sheet", sa.Text(), nullable=True))
        table.add_column(sa.Column("client", sa.String(36), nullable=True))
        table.create_unique_constraint(op.f("uq_interview_score_client"), ["client"])
    op.create_table(
        "score_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("panel_seat_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("corrected_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["interview.application_id"],
            name=op.f("fk_score_correction_application_id"),
        ),
        sa.ForeignKeyConstraint(
            ["panel_seat_id"], ["panel_seat.id"], name=op.f("fk_score_correction_panel_seat_id")
        ),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_score_correction_note_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_correction")),
    )
    op.create_index(
        op.f("ix_score_correction_application_id"), "score_correction", ["application_id"]
    )


def downgrade() -> None:
    op.drop_table("score_correction")
    with op.batch_alter_table("interview_score") as table:
        table.drop_constraint(op.f("uq_interview_score_client"), type_="unique")
        table.drop_column("client")
        table.drop_column("sheet")
    with op.batch_alter_table("interview") as table:
        for column in ("signed_at", "signature", "late", "arrived_at"):
            table.drop_column(column)
    with op.batch_alter_table("panel") as table:
        table.drop_column("locked_at")
        table.drop_column("begins_at")
