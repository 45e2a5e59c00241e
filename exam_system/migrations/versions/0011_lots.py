"""More kinds of draws, draws that stay confidential until an hour, and sealed lots."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KIND = "ck_draw_kind"
BEFORE = ("seats", "invigilators", "interviewers", "groups", "order")
NEW = ("codes", "papers", "recount", "markers", "turns")
TIME = sa.DateTime(timezone=True)


def _kinds(*names: str) -> str:
    return f"kind IN ({','.join(repr(name) for name in names)})"


def upgrade() -> None:
    with op.batch_alter_table("draw") as table:
        table.drop_constraint(op.f(KIND), type_="check")
        table.create_check_constraint(op.f(KIND), _kinds(*BEFORE, *NEW))
    with op.batch_alter_table("attempt") as table:
        table.add_column(sa.Column("opens_at", TIME, nullable=True))
    with op.batch_alter_table("interview") as table:
        table.add_column(sa.Column("turn", sa.Integer(), nullable=True))
        table.create_unique_constraint(op.f("uq_interview_group_id_turn"), ["group_id", "turn"])
    _papers()
    _scripts()
    _lots()


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _to(table: str, name: str = "", *, key: str = "id", null: bool = False) -> sa.Column[int]:
    return sa.Column(
        name or f"{table}_id", sa.Integer(), sa.ForeignKey(f"{table}.{key}"), nullable=null
    )


def _papers() -> None:
    op.create_table(
        "paper_set",
        _id(),
        _to("exam"),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        _to("attempt", null=True),
        sa.UniqueConstraint("exam_id", "subject", "label"),
        sa.UniqueConstraint("exam_id", "subject", "place"),
    )


def _scripts() -> None:
    op.create_table(
        "script_code",
        _id(),
        _to("application"),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("code", sa.String(12), nullable=False),
        _to("attempt"),
        sa.UniqueConstraint("application_id", "subject"),
        sa.UniqueConstraint("attempt_id", "code"),
    )
    op.create_table(
        "recount_pick",
        _id(),
        _to("application"),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        _to("attempt"),
        sa.UniqueConstraint("application_id", "subject"),
        sa.UniqueConstraint("attempt_id", "subject", "place"),
    )
    op.create_table(
        "marking_group",
        _id(),
        _to("exam"),
        sa.Column("code", sa.String(10), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        _to("district", null=True),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.UniqueConstraint("exam_id", "code"),
        sa.CheckConstraint("most > 0", name=op.f("ck_marking_group_most")),
    )
    op.create_table(
        "script_bundle",
        _id(),
        _to("room"),
        sa.Column("subject", sa.String(20), nullable=False),
        _to("marking_group"),
        _to("attempt"),
        sa.UniqueConstraint("room_id", "subject"),
    )


def _lots() -> None:
    op.create_table(
        "lots",
        _id(),
        _to("interview_group", "group_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("listed", sa.Text(), nullable=False),
        sa.Column("list_digest", sa.String(64), nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _to("note", null=True),
        sa.Column("committed_at", TIME, nullable=False),
        sa.Column("opened_at", TIME, nullable=True),
        sa.Column("published_at", TIME, nullable=True),
        sa.UniqueConstraint("commitment"),
        sa.UniqueConstraint("group_id", "number"),
        sa.CheckConstraint(
            "state IN ('committed','opened','published','void')", name=op.f("ck_lots_state")
        ),
    )
    op.create_index(
        "uq_lots_open",
        "lots",
        ["group_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'void'"),
        postgresql_where=sa.text("state <> 'void'"),
    )
    op.create_table(
        "lot_pick",
        _id(),
        _to("lots"),
        sa.Column("turn", sa.Integer(), nullable=False),
        _to("interview", "application_id", key="application_id"),
        sa.Column("envelope", sa.Integer(), nullable=True),
        sa.Column("picked_at", TIME, nullable=False),
        sa.UniqueConstraint("lots_id", "turn"),
        sa.UniqueConstraint("lots_id", "envelope"),
        sa.UniqueConstraint("lots_id", "application_id"),
        sa.CheckConstraint("envelope > 0", name=op.f("ck_lot_pick_envelope")),
    )


def downgrade() -> None:
    for name in ("lot_pick", "lots", "script_bundle", "marking_group"):
        op.drop_table(name)
    for name in ("recount_pick", "script_code", "paper_set"):
        op.drop_table(name)
    with op.batch_alter_table("interview") as table:
        table.drop_constraint(op.f("uq_interview_group_id_turn"), type_="unique")
        table.drop_column("turn")
    # the older program knows neither these draws nor what was drawn in them
    gone = "SELECT id FROM draw WHERE kind IN ('codes','papers','recount','markers','turns')"
    attempts = f"SELECT id FROM attempt WHERE draw_id IN ({gone})"  # noqa: S608
    for name in ("contribution", "invitation"):
        op.execute(f"DELETE FROM {name} WHERE attempt_id IN ({attempts})")  # noqa: S608
    op.execute(f"DELETE FROM attempt WHERE draw_id IN ({gone})")  # noqa: S608
    op.execute("DELETE FROM draw WHERE kind IN ('codes','papers','recount','markers','turns')")
    with op.batch_alter_table("attempt") as table:
        table.drop_column("opens_at")
    with op.batch_alter_table("draw") as table:
        table.drop_constraint(op.f(KIND), type_="check")
        table.create_check_constraint(op.f(KIND), _kinds(*BEFORE))
