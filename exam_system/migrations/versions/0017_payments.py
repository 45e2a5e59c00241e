"""Other ways to pay: Alipay, payment codes with the bank's files, takings at the counter."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
DRIVERS = "driver IN ('alipay','nontax','counter')"


def upgrade() -> None:
    # A check of the column itself: SQLite drops it together with the column.
    op.execute(
        "ALTER TABLE payment ADD COLUMN driver VARCHAR(10) "
        f"CONSTRAINT ck_payment_driver CHECK ({DRIVERS})"
    )
    _sources("gateway", "bank", "alipay", "nontax")
    _pay_way()
    _bank_file()
    _taking()


def _sources(*names: str) -> None:
    with op.batch_alter_table("statement") as table:
        table.drop_constraint(op.f("ck_statement_source"), type_="check")
        listed = ",".join(repr(name) for name in names)
        table.create_check_constraint(op.f("ck_statement_source"), f"source IN ({listed})")


def _pay_way() -> None:
    op.create_table(
        "pay_way",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("driver", sa.String(10), nullable=False),
        sa.Column("link", sa.String(512), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("seen_day", sa.Date(), nullable=True),
        sa.Column("opened_at", TIME, nullable=False),
        sa.CheckConstraint("driver IN ('alipay','nontax')", name=op.f("ck_pay_way_driver")),
        sa.CheckConstraint(
            "(driver = 'nontax') = (last_day IS NOT NULL)", name=op.f("ck_pay_way_last_day")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["fee_order.id"], name=op.f("fk_pay_way_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_way")),
        sa.UniqueConstraint("order_id", "driver", name=op.f("uq_pay_way_order_id_driver")),
        sa.UniqueConstraint("link", name=op.f("uq_pay_way_link")),
    )


def _bank_file() -> None:
    op.create_table(
        "bank_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("fen", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        sa.Column("read_by", sa.Integer(), nullable=False),
        sa.Column("taken_at", TIME, nullable=True),
        sa.CheckConstraint("state IN ('read','taken')", name=op.f("ck_bank_file_state")),
        sa.CheckConstraint(
            "(state = 'taken') = (taken_at IS NOT NULL)", name=op.f("ck_bank_file_taken")
        ),
        sa.CheckConstraint("count >= 0 AND fen >= 0", name=op.f("ck_bank_file_count")),
        sa.ForeignKeyConstraint(["read_by"], ["account.id"], name=op.f("fk_bank_file_read_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_file")),
        sa.UniqueConstraint("ref", name=op.f("uq_bank_file_ref")),
        sa.UniqueConstraint("digest", name=op.f("uq_bank_file_digest")),
    )


def _taking() -> None:
    op.create_table(
        "taking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(48), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("fen", sa.Integer(), nullable=False),
        sa.Column("means", sa.String(4), nullable=False),
        sa.Column("slip", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("means IN ('cash','card')", name=op.f("ck_taking_means")),
        sa.CheckConstraint("(means = 'card') = (slip <> '')", name=op.f("ck_taking_slip")),
        sa.CheckConstraint("state IN ('taken','counted','void')", name=op.f("ck_taking_state")),
        sa.CheckConstraint("(state = 'void') = (reason <> '')", name=op.f("ck_taking_reason")),
        sa.CheckConstraint(
            "(state = 'counted') = (note_id IS NOT NULL)", name=op.f("ck_taking_note_id")
        ),
        sa.CheckConstraint("fen > 0", name=op.f("ck_taking_fen")),
        sa.ForeignKeyConstraint(["order_id"], ["fee_order.id"], name=op.f("fk_taking_order_id")),
        sa.ForeignKeyConstraint(["taken_by"], ["account.id"], name=op.f("fk_taking_taken_by")),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_taking_note_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taking")),
        sa.UniqueConstraint("number", name=op.f("uq_taking_number")),
    )
    op.create_index(op.f("ix_taking_order_id"), "taking", ["order_id"])
    open_one = sa.text("state = 'taken'")
    op.create_index(
        "uq_taking_open",
        "taking",
        ["order_id"],
        unique=True,
        sqlite_where=open_one,
        postgresql_where=open_one,
    )


def downgrade() -> None:
    for name in ("taking", "bank_file", "pay_way"):
        op.drop_table(name)
    ours = "(SELECT id FROM statement WHERE source IN ('alipay','nontax'))"
    op.execute(f"DELETE FROM discrepancy WHERE statement_id IN {ours}")  # noqa: S608
    op.execute("DELETE FROM statement WHERE source IN ('alipay','nontax')")
    _sources("gateway", "bank")
    op.execute("ALTER TABLE payment DROP COLUMN driver")
