"""Observers: people, invitations, looks, remarks; the hours that the office has planned."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

BEFORE = "'site','grader')"
AFTER = "'site','grader','observer')"
ROLES = (
    "role IN ('candidate','officer','reviewer','marker','interviewer','inspector','admin',"
    "'auditor','invigilator',"
)
TIME = sa.DateTime(timezone=True)
OPEN = sa.text("state IN ('proposed','open')")


def _allow(old: str, new: str) -> None:
    """Put one CHECK in the place of another; on SQLite as 0003 does, for the same reasons."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_account_role"), "account", type_="check")
        op.create_check_constraint(op.f("ck_account_role"), "account", new)
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'account'",
        (old, new),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=OFF")


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    target, _dot, key = to.partition(".")
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.{key or 'id'}"], name=name)


def upgrade() -> None:
    _allow(ROLES + BEFORE, ROLES + AFTER)
    op.create_table(
        "observer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("body", sa.String(60), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        _refers("observer", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observer")),
        sa.UniqueConstraint("ref", name=op.f("uq_observer_ref")),
        sa.UniqueConstraint("account_id", name=op.f("uq_observer_account_id")),
        sa.UniqueConstraint("kind", "name", "body", name=op.f("uq_observer_kind_name_body")),
    )
    _create_invitations()
    op.create_table(
        "observer_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(12), nullable=False),
        sa.Column("at", TIME, nullable=False),
        _refers("observer_look", "invitation_id", "observer_invitation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observer_look")),
    )
    op.create_index("ix_observer_look_invitation_id", "observer_look", ["invitation_id"])
    op.create_table(
        "observer_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        _refers("observer_remark", "invitation_id", "observer_invitation"),
        _refers("observer_remark", "letter_id", "letter"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observer_remark")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_observer_remark_letter_id")),
    )
    op.create_index("ix_observer_remark_invitation_id", "observer_remark", ["invitation_id"])
    op.create_table(
        "planned_date",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("begins_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=True),
        sa.Column("set_by", sa.Integer(), nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.CheckConstraint(
            "ends_at IS NULL OR ends_at > begins_at", name=op.f("ck_planned_date_times")
        ),
        _refers("planned_date", "exam_id", "exam"),
        _refers("planned_date", "set_by", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_date")),
        sa.UniqueConstraint("exam_id", "kind", name=op.f("uq_planned_date_exam_id_kind")),
    )


def _create_invitations() -> None:
    name = "observer_invitation"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("observer_id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_at", TIME, nullable=False),
        sa.Column("approval", sa.String(32), nullable=True),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed','open','ended','withdrawn','dropped')",
            name=op.f(f"ck_{name}_state"),
        ),
        sa.CheckConstraint(
            "(approval IS NULL) = (state IN ('proposed','dropped'))",
            name=op.f(f"ck_{name}_approval"),
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)",
            name=op.f(f"ck_{name}_withdrawn"),
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (why IS NOT NULL)", name=op.f(f"ck_{name}_why")
        ),
        _refers(name, "observer_id", "observer"),
        _refers(name, "exam_id", "exam"),
        _refers(name, "proposed_by", "account"),
        _refers(name, "approval", "approval.ref"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("ref", name=op.f(f"uq_{name}_ref")),
    )
    op.create_index(f"ix_{name}_observer_id", name, ["observer_id"])
    op.create_index(f"ix_{name}_exam_id", name, ["exam_id"])
    op.create_index(
        f"uq_{name}_open",
        name,
        ["observer_id", "exam_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    for table in (
        *("planned_date", "observer_remark", "observer_look"),
        *("observer_invitation", "observer"),
    ):
        op.drop_table(table)
    # The role is unknown before this revision: such accounts stay, closed.
    op.execute("UPDATE account SET role = 'admin', active = false WHERE role = 'observer'")
    _allow(ROLES + AFTER, ROLES + BEFORE)
