"""Duties of invigilators by session, and their absences.

The table `duty` of one room for the whole exam goes: a row of it cannot become one of
`session_duty`, since no act wrote it there. Who was drawn by it stands in the attempt's result.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
_RESERVE = sa.text("room_id IS NULL")


def _whole(name: str, *, null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer(), nullable=null)


def _refers(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, to in targets.items()
    ]


def _once(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def upgrade() -> None:
    with op.batch_alter_table("invigilator") as table:
        table.add_column(sa.Column("district", sa.Integer(), nullable=True))
        table.add_column(sa.Column("lead", sa.Boolean(), nullable=True))
        table.add_column(sa.Column("avoids", sa.Text(), nullable=True))
    op.drop_table("duty")
    _session_duty()
    _absence()


def _session_duty() -> None:
    name = "session_duty"
    op.create_table(
        name,
        *map(_whole, ("id", "session_id", "invigilator_id", "site_id")),
        _whole("room_id", null=True),
        *map(_whole, ("place", "attempt_id")),
        sa.CheckConstraint("place > 0", name=op.f("ck_session_duty_place")),
        *_refers(
            name,
            session_id="exam_session",
            invigilator_id="invigilator",
            site_id="site",
            room_id="room",
            attempt_id="attempt",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_duty")),
        _once(name, "session_id", "invigilator_id"),
        _once(name, "session_id", "room_id", "place"),
    )
    for column in ("invigilator_id", "room_id"):
        op.create_index(op.f(f"ix_session_duty_{column}"), name, [column])
    op.create_index(
        "uq_session_duty_reserve",
        name,
        ["session_id", "site_id", "place"],
        unique=True,
        sqlite_where=_RESERVE,
        postgresql_where=_RESERVE,
    )


def _absence() -> None:
    op.create_table(
        "absence",
        *map(_whole, ("id", "duty_id")),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        _whole("substitute_id", null=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(substitute_id IS NULL) = (replaced_at IS NULL)", name=op.f("ck_absence_substitute")
        ),
        *_refers("absence", duty_id="session_duty", substitute_id="session_duty"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
        _once("absence", "duty_id"),
        _once("absence", "substitute_id"),
    )


def downgrade() -> None:
    op.drop_table("absence")
    op.drop_table("session_duty")
    with op.batch_alter_table("invigilator") as table:
        for column in ("avoids", "lead", "district"):
            table.drop_column(column)
    op.create_table(
        "duty",
        *map(_whole, ("invigilator_id", "room_id", "place", "attempt_id")),
        sa.CheckConstraint("place > 0", name=op.f("ck_duty_place")),
        *_refers("duty", attempt_id="attempt", invigilator_id="invigilator", room_id="room"),
        sa.PrimaryKeyConstraint("invigilator_id", name=op.f("pk_duty")),
        _once("duty", "room_id", "place"),
    )
