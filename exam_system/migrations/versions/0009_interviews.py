"""Reserves and substitutes of panels, incompatibilities, pools of other bureaus."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RELATIONS = "relation IN ('kinship','employer','school','interest')"
TIME = sa.DateTime(timezone=True)


def _id(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.add_column("interviewer", sa.Column("trained_on", sa.Date(), nullable=True))
    op.add_column("interviewer", sa.Column("last_served", sa.Date(), nullable=True))
    op.add_column("interviewer", sa.Column("bureau", sa.String(length=200), nullable=True))
    op.create_index(op.f("ix_interviewer_bureau"), "interviewer", ["bureau"])
    _create_bureaus()
    _create_reserves()
    _create_absences()


def _create_bureaus() -> None:
    op.create_table(
        "incompatibility",
        _id("id"),
        _id("first_id"),
        _id("second_id"),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_incompatibility_order")),
        sa.CheckConstraint(RELATIONS, name=op.f("ck_incompatibility_relation")),
        _refers("incompatibility", "first_id", "interviewer"),
        _refers("incompatibility", "second_id", "interviewer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incompatibility")),
        sa.UniqueConstraint(
            "first_id", "second_id", name=op.f("uq_incompatibility_first_id_second_id")
        ),
    )
    op.create_index(op.f("ix_incompatibility_second_id"), "incompatibility", ["second_id"])
    op.create_table(
        "bureau",
        _id("id"),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("vkey", sa.String(length=400), nullable=False),
        sa.Column("exported_at", TIME, nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bureau")),
        sa.UniqueConstraint("name", name=op.f("uq_bureau_name")),
    )


def _create_reserves() -> None:
    op.create_table(
        "panel_reserve",
        _id("id"),
        _id("exam_id"),
        _id("attempt_id"),
        _id("interviewer_id"),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        _refers("panel_reserve", "exam_id", "exam"),
        _refers("panel_reserve", "attempt_id", "attempt"),
        _refers("panel_reserve", "interviewer_id", "interviewer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_reserve")),
        sa.UniqueConstraint(
            "exam_id", "interviewer_id", name=op.f("uq_panel_reserve_exam_id_interviewer_id")
        ),
        sa.UniqueConstraint("exam_id", "place", name=op.f("uq_panel_reserve_exam_id_place")),
    )


def _create_absences() -> None:
    op.create_table(
        "panel_absence",
        _id("id"),
        _id("exam_id"),
        _id("interviewer_id"),
        _id("panel_seat_id", nullable=True),
        sa.Column("cause", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        _id("substitute_id", nullable=True),
        sa.Column("replaced_at", TIME, nullable=True),
        sa.CheckConstraint("cause IN ('absent','avoidance')", name=op.f("ck_panel_absence_cause")),
        sa.CheckConstraint(
            "(substitute_id IS NULL) = (replaced_at IS NULL)",
            name=op.f("ck_panel_absence_replaced"),
        ),
        _refers("panel_absence", "exam_id", "exam"),
        _refers("panel_absence", "interviewer_id", "interviewer"),
        _refers("panel_absence", "panel_seat_id", "panel_seat"),
        _refers("panel_absence", "substitute_id", "interviewer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_absence")),
        sa.UniqueConstraint(
            "exam_id", "interviewer_id", name=op.f("uq_panel_absence_exam_id_interviewer_id")
        ),
    )
    op.create_index(op.f("ix_panel_absence_panel_seat_id"), "panel_absence", ["panel_seat_id"])


def downgrade() -> None:
    for table in ("panel_absence", "panel_reserve", "bureau", "incompatibility"):
        op.drop_table(table)
    op.drop_index(op.f("ix_interviewer_bureau"), "interviewer")
    for column in ("bureau", "last_served", "trained_on"):
        op.drop_column("interviewer", column)
