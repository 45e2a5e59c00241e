"""Markers who drop out and the reserves of every question, keys and sheets by paper form."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

KEY = ("exam_id", "question", "version")
ALL, BY_FORM = (
    "uq_answer_key_exam_id_question_version",
    "uq_answer_key_exam_id_question_form_version",
)
ANY_FORM = "uq_answer_key_any_form"


def upgrade() -> None:
    op.create_table(
        "script_reserve",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(10), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("marker_id", sa.Integer(), nullable=False),
        _refers("script_id", "script"),
        _refers("marker_id", "marker"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_reserve")),
        _unique("script_id", "question", "place"),
        _unique("script_id", "question", "marker_id"),
    )
    op.add_column("marker", sa.Column("out_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("marker", sa.Column("out_reason", sa.String(200), nullable=True))
    op.add_column("optical_sheet", sa.Column("form", sa.Integer(), nullable=True))
    with op.batch_alter_table("answer_key") as table:
        table.add_column(sa.Column("form", sa.Integer(), nullable=True))
        table.drop_constraint(op.f(ALL), type_="unique")
        table.create_unique_constraint(op.f(BY_FORM), ["exam_id", "question", "form", "version"])
    where = sa.text("form IS NULL")
    op.create_index(
        ANY_FORM, "answer_key", KEY, unique=True, sqlite_where=where, postgresql_where=where
    )


def _refers(column: str, table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_script_reserve_{column}")
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=name)


def _unique(*columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_script_reserve_{'_'.join(columns)}"))


def downgrade() -> None:
    # Before this revision a question has one key: keys by form have no place there.
    op.execute("DELETE FROM answer_key WHERE form IS NOT NULL")
    op.drop_index(ANY_FORM, "answer_key")
    with op.batch_alter_table("answer_key") as table:
        table.drop_constraint(op.f(BY_FORM), type_="unique")
        table.create_unique_constraint(op.f(ALL), list(KEY))
        table.drop_column("form")
    op.drop_column("optical_sheet", "form")
    op.drop_column("marker", "out_reason")
    op.drop_column("marker", "out_at")
    op.drop_table("script_reserve")
