"""Answers, screens and case files for experts."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_answer_paper_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_paper")),
        sa.UniqueConstraint("exam_id", "subject", name=op.f("uq_answer_paper_exam_id_subject")),
    )
    op.create_index(op.f("ix_answer_paper_exam_id"), "answer_paper", ["exam_id"], unique=False)
    op.create_table(
        "answer_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("form > 0", name=op.f("ck_answer_block_form")),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["answer_paper.id"], name=op.f("fk_answer_block_paper_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_block")),
        sa.UniqueConstraint("paper_id", "form", name=op.f("uq_answer_block_paper_id_form")),
    )
    op.create_index(op.f("ix_answer_block_paper_id"), "answer_block", ["paper_id"], unique=False)
    op.create_table(
        "screening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("frozen", sa.LargeBinary(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("compared", sa.BigInteger(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=True),
        sa.Column("fit", sa.LargeBinary(), nullable=True),
        sa.Column("screened", sa.LargeBinary(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'done') = (screened IS NOT NULL)", name=op.f("ck_screening_done")
        ),
        sa.CheckConstraint("state IN ('frozen','done')", name=op.f("ck_screening_state")),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["answer_paper.id"], name=op.f("fk_screening_paper_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
        sa.UniqueConstraint("paper_id", "number", name=op.f("uq_screening_paper_id_number")),
        sa.UniqueConstraint("ref", name=op.f("uq_screening_ref")),
    )
    op.create_index(op.f("ix_screening_paper_id"), "screening", ["paper_id"], unique=False)
    op.create_table(
        "screening_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("screening_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screening.id"], name=op.f("fk_screening_part_screening_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_part")),
        sa.UniqueConstraint(
            "screening_id", "name", name=op.f("uq_screening_part_screening_id_name")
        ),
    )
    op.create_table(
        "case_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("screening_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_case_file_decided")
        ),
        sa.CheckConstraint(
            "state IN ('open','confirmed','dismissed')", name=op.f("ck_case_file_state")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["account.id"], name=op.f("fk_case_file_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screening.id"], name=op.f("fk_case_file_screening_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("ref", name=op.f("uq_case_file_ref")),
        sa.UniqueConstraint(
            "screening_id", "number", name=op.f("uq_case_file_screening_id_number")
        ),
    )
    op.create_table(
        "flagged_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("statistics", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "tier IN ('room','site','everywhere')", name=op.f("ck_flagged_pair_tier")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_file.id"], name=op.f("fk_flagged_pair_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["first_id"], ["application.id"], name=op.f("fk_flagged_pair_first_id")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["application.id"], name=op.f("fk_flagged_pair_second_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flagged_pair")),
        sa.UniqueConstraint(
            "case_id",
            "first_id",
            "second_id",
            name=op.f("uq_flagged_pair_case_id_first_id_second_id"),
        ),
    )
    op.create_index(op.f("ix_flagged_pair_case_id"), "flagged_pair", ["case_id"], unique=False)
    op.create_table(
        "expert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=120), nullable=False),
        sa.Column("area_code", sa.String(length=6), nullable=False),
        sa.Column("appointed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_expert_account_id")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_expert_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert")),
        sa.UniqueConstraint("exam_id", "account_id", name=op.f("uq_expert_exam_id_account_id")),
    )
    op.create_index(op.f("ix_expert_exam_id"), "expert", ["exam_id"], unique=False)
    op.create_table(
        "expert_opinion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column("finding", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "finding IN ('confirm','dismiss')", name=op.f("ck_expert_opinion_finding")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_file.id"], name=op.f("fk_expert_opinion_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["expert.id"], name=op.f("fk_expert_opinion_expert_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_opinion")),
        sa.UniqueConstraint(
            "case_id", "expert_id", name=op.f("uq_expert_opinion_case_id_expert_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("expert_opinion")
    op.drop_table("expert")
    op.drop_table("flagged_pair")
    op.drop_table("case_file")
    op.drop_table("screening_part")
    op.drop_table("screening")
    op.drop_table("answer_block")
    op.drop_table("answer_paper")
