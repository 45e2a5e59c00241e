"""Change notices of an announcement, posts that are cancelled, candidates who choose again."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BEFORE = ("draft", "submitted", "approved", "refused", "paid", "withdrawn")


def upgrade() -> None:
    op.create_table(
        "change_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('change','opening')", name=op.f("ck_change_notice_kind")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_change_notice_release_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_notice")),
        sa.UniqueConstraint("release_id", name=op.f("uq_change_notice_release_id")),
    )
    op.add_column("post", sa.Column("cancelled", sa.Integer(), nullable=True))
    op.add_column("application", sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=True))
    _states(*BEFORE, "choosing")


def downgrade() -> None:
    op.execute("UPDATE application SET state = 'paid' WHERE state = 'choosing'")
    _states(*BEFORE)
    op.drop_column("application", "chosen_at")
    op.drop_column("post", "cancelled")
    op.drop_table("change_notice")


def _states(*names: str) -> None:
    with op.batch_alter_table("application") as table:
        table.drop_constraint(op.f("ck_application_state"), type_="check")
        listed = ",".join(repr(name) for name in names)
        table.create_check_constraint(op.f("ck_application_state"), f"state IN ({listed})")
