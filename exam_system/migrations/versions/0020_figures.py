"""Where a post is and its category, the figures of each day, keys to one's own registration."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("post", sa.Column("area", sa.String(60), nullable=True))
    op.add_column("post", sa.Column("category", sa.String(20), nullable=True))
    op.create_table(
        "figures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("totals", sa.String(120), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_figures_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figures")),
        sa.UniqueConstraint("exam_id", "day", name=op.f("uq_figures_exam_id_day")),
    )


def downgrade() -> None:
    op.drop_table("figures")
    op.drop_column("post", "category")
    op.drop_column("post", "area")
