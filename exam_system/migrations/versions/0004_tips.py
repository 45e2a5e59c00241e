"""Sealed reports to the inspection office."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sealing_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("key", sa.String(length=44), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealing_key")),
        sa.UniqueConstraint("name", name=op.f("uq_sealing_key_name")),
    )
    for table, place in (
        ("tip_arrived", None),
        ("tip", sa.Column("number", sa.Integer(), autoincrement=False, nullable=False)),
    ):
        _create_tips(table, place)
    op.create_table(
        "tip_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_answer")),
        sa.UniqueConstraint("digest", name=op.f("uq_tip_answer_digest")),
    )
    op.create_index(op.f("ix_tip_answer_lookup"), "tip_answer", ["lookup"])


def _create_tips(table: str, place: sa.Column[int] | None) -> None:
    columns: list[sa.schema.SchemaItem] = [
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    ]
    key: list[sa.schema.SchemaItem] = [sa.PrimaryKeyConstraint("digest", name=op.f(f"pk_{table}"))]
    if place is not None:
        columns.insert(0, place)
        key = [
            sa.PrimaryKeyConstraint("number", name=op.f(f"pk_{table}")),
            sa.UniqueConstraint("digest", name=op.f(f"uq_{table}_digest")),
        ]
    op.create_table(table, *columns, *key)
    op.create_index(op.f(f"ix_{table}_day"), table, ["day"])
    op.create_index(op.f(f"ix_{table}_lookup"), table, ["lookup"])


def downgrade() -> None:
    for table in ("tip_answer", "tip", "tip_arrived", "sealing_key"):
        op.drop_table(table)
