"""Refunds, daily statements and what does not match, when the gateway was asked, why owed back."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
BEFORE = ("checkpoint", "draw", "publication", "root", "interview")


def _purposes(*names: str) -> None:
    with op.batch_alter_table("note") as table:
        table.drop_constraint(op.f("ck_note_purpose"), type_="check")
        listed = ",".join(repr(name) for name in names)
        table.create_check_constraint(op.f("ck_note_purpose"), f"purpose IN ({listed})")


def upgrade() -> None:
    op.add_column("fee_order", sa.Column("asked_at", TIME, nullable=True))
    op.add_column("payment", sa.Column("why", sa.String(16), nullable=True))
    _purposes(*BEFORE, "statement")
    _refund()
    _statement()
    _discrepancy()


def _refund() -> None:
    op.create_table(
        "refund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("fen", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("gateway_no", sa.String(64), nullable=True),
        sa.Column("ordered_at", TIME, nullable=False),
        sa.Column("asked_at", TIME, nullable=True),
        sa.Column("done_at", TIME, nullable=True),
        sa.CheckConstraint(
            "state IN ('open','asked','refunded','failed')", name=op.f("ck_refund_state")
        ),
        sa.CheckConstraint("fen > 0", name=op.f("ck_refund_fen")),
        sa.CheckConstraint("(state = 'failed') = (why <> '')", name=op.f("ck_refund_why")),
        sa.CheckConstraint(
            "(state = 'open') = (gateway_no IS NULL)", name=op.f("ck_refund_gateway_no")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (asked_at IS NULL)", name=op.f("ck_refund_asked_at")
        ),
        sa.CheckConstraint(
            "(state = 'refunded') = (done_at IS NOT NULL)", name=op.f("ck_refund_done_at")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("number", name=op.f("uq_refund_number")),
    )
    op.create_index(op.f("ix_refund_payment_id"), "refund", ["payment_id"])
    live = sa.text("state <> 'failed'")
    op.create_index(
        "uq_refund_live",
        "refund",
        ["payment_id"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


def _statement() -> None:
    counts = ("received", "refunded", "matched", "only_ours", "only_theirs", "differs")
    op.create_table(
        "statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.CheckConstraint("source IN ('gateway','bank')", name=op.f("ck_statement_source")),
        sa.CheckConstraint("version > 0", name=op.f("ck_statement_version")),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_statement_note_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint(
            "day", "source", "version", name=op.f("uq_statement_day_source_version")
        ),
    )


def _discrepancy() -> None:
    op.create_table(
        "discrepancy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("trade_no", sa.String(64), nullable=False),
        sa.Column("ours", sa.Integer(), nullable=True),
        sa.Column("theirs", sa.Integer(), nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("found_by", sa.Integer(), nullable=True),
        sa.Column("found_at", TIME, nullable=True),
        sa.CheckConstraint(
            "outcome IN ('only_ours','only_theirs','differs')", name=op.f("ck_discrepancy_outcome")
        ),
        sa.CheckConstraint("kind IN ('payment','refund')", name=op.f("ck_discrepancy_kind")),
        sa.CheckConstraint(
            "(finding IS NULL) = (found_at IS NULL)", name=op.f("ck_discrepancy_found")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_discrepancy_statement_id")
        ),
        sa.ForeignKeyConstraint(["found_by"], ["account.id"], name=op.f("fk_discrepancy_found_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancy")),
        sa.UniqueConstraint("ref", name=op.f("uq_discrepancy_ref")),
    )
    op.create_index(op.f("ix_discrepancy_statement_id"), "discrepancy", ["statement_id"])


def downgrade() -> None:
    op.drop_table("discrepancy")
    op.drop_table("statement")
    op.drop_table("refund")
    gone = "(SELECT id FROM note WHERE purpose = 'statement')"
    op.execute(f"DELETE FROM note_signature WHERE note_id IN {gone}")  # noqa: S608
    op.execute("DELETE FROM note WHERE purpose = 'statement'")
    _purposes(*BEFORE)
    op.drop_column("payment", "why")
    op.drop_column("fee_order", "asked_at")
