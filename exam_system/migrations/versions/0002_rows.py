"""What each act did to the rows of the tables."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "act_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name=op.f("fk_act_rows_act_id_act")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act_rows")),
        sa.UniqueConstraint("act_id", "table_name", name=op.f("uq_act_rows_act_id_table_name")),
    )
    op.create_index(op.f("ix_act_rows_table_name"), "act_rows", ["table_name"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER act_rows_no_{verb.lower()} BEFORE {verb} ON act_rows BEGIN "
                f"SELECT RAISE(ABORT, 'the log is append-only: {verb} on act_rows is refused'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER act_rows_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON act_rows "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_table("act_rows")
