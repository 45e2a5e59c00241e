"""Further contributors to draws, their links, the choice of sources, a round of drand."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FEW = "role IN ('officer','inspector')"
MORE = "role IN ('officer','inspector','candidate','candidate-2','journalist','notary','guest')"


def upgrade() -> None:
    with op.batch_alter_table("contribution") as table:
        table.drop_constraint(op.f("ck_contribution_role"), type_="check")
        table.create_check_constraint(op.f("ck_contribution_role"), MORE)
    with op.batch_alter_table("attempt") as table:
        table.add_column(sa.Column("drand", sa.String(length=96), nullable=True))
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_invitation_attempt_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("attempt_id", "role", name=op.f("uq_invitation_attempt_id_role")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_invitation_token_digest")),
    )
    op.create_table(
        "source_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("contributors", sa.String(length=80), nullable=False),
        sa.Column("drand_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_source_choice_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_choice")),
        sa.UniqueConstraint("exam_id", "kind", name=op.f("uq_source_choice_exam_id_kind")),
    )


def downgrade() -> None:
    op.drop_table("source_choice")
    op.drop_table("invitation")
    with op.batch_alter_table("attempt") as table:
        table.drop_column("drand")
    op.execute(sa.text(f"DELETE FROM contribution WHERE NOT ({FEW})"))  # noqa: S608
    with op.batch_alter_table("contribution") as table:
        table.drop_constraint(op.f("ck_contribution_role"), type_="check")
        table.create_check_constraint(op.f("ck_contribution_role"), FEW)
