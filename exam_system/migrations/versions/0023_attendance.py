"""Sign-in, attendance and the staff of the exam day."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BEFORE = "'interviewer','inspector','admin','auditor')"
AFTER = "'interviewer','inspector','admin','auditor','invigilator','site')"
ROLES = "role IN ('candidate','officer','reviewer','marker',"
TIME = sa.DateTime(timezone=True)


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


def _id(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _refers(table: str, *columns: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, to in columns
    ]


def _check(table: str, name: str, words: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(words, name=op.f(f"ck_{table}_{name}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def upgrade() -> None:
    _allow(ROLES + BEFORE, ROLES + AFTER)
    op.add_column("invigilator", sa.Column("account_id", sa.Integer(), nullable=True))
    with op.batch_alter_table("invigilator") as table:
        table.create_foreign_key(
            op.f("fk_invigilator_account_id"), "account", ["account_id"], ["id"]
        )
    op.create_index(op.f("ix_invigilator_account_id"), "invigilator", ["account_id"])
    _create_staff()
    _create_marks()
    _create_attendance()
    _create_rooms()


def _create_staff() -> None:
    name = "site_staff"
    op.create_table(
        name,
        _id("id"),
        sa.Column("ref", sa.String(32), nullable=False),
        _id("exam_id"),
        _id("site_id", nullable=True),
        _id("district_id", nullable=True),
        sa.Column("staff_no", sa.String(40), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("office", sa.String(60), nullable=False),
        sa.Column("function", sa.String(12), nullable=False),
        _id("account_id", nullable=True),
        _check(name, "function", "function IN ('head','staff','custodian','supervisor','expert')"),
        _check(name, "place", "site_id IS NULL OR district_id IS NOT NULL"),
        *_refers(name, ("exam_id", "exam"), ("site_id", "site"), ("district_id", "district")),
        *_refers(name, ("account_id", "account")),
        _key(name),
        _unique(name, "ref"),
        _unique(name, "exam_id", "staff_no"),
    )
    op.create_index(op.f("ix_site_staff_account_id"), name, ["account_id"])


def _create_marks() -> None:
    name = "attendance_mark"
    op.create_table(
        name,
        _id("id"),
        sa.Column("client", sa.String(36), nullable=False),
        _id("session_id"),
        _id("room_id"),
        _id("application_id"),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("found", sa.String(6), nullable=True),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("doubt", sa.Text(), nullable=True),
        sa.Column("replaces", sa.Text(), nullable=True),
        sa.Column("settles", sa.Boolean(), nullable=True),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("scanned_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        _id("account_id"),
        _check(name, "kind", "kind IN ('present','absent','elsewhere')"),
        _check(name, "outcome", "outcome IN ('counts','late','early','after')"),
        _check(name, "found", "(kind = 'elsewhere') = (found IS NOT NULL)"),
        *_refers(name, ("session_id", "exam_session"), ("room_id", "room")),
        *_refers(name, ("application_id", "application")),
        *_refers(name, ("account_id", "account")),
        _key(name),
        _unique(name, "client"),
    )
    for other in ("application_id", "room_id"):
        op.create_index(f"ix_{name}_session_id_{other}", name, ["session_id", other])


def _create_attendance() -> None:
    name = "attendance"
    op.create_table(
        name,
        _id("id"),
        _id("session_id"),
        _id("application_id"),
        _id("room_id"),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        _check(name, "state", "state IN ('present','absent','late')"),
        *_refers(name, ("session_id", "exam_session"), ("application_id", "application")),
        *_refers(name, ("room_id", "room")),
        _key(name),
        _unique(name, "session_id", "application_id"),
    )
    op.create_index(f"ix_{name}_session_id_room_id", name, ["session_id", "room_id"])


def _create_rooms() -> None:
    name, other = "room_step", "attendance_statement"
    op.create_table(
        name,
        *(_id("id"), _id("session_id"), _id("room_id")),
        sa.Column("step", sa.String(8), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=True),
        sa.Column("taken_at", TIME, nullable=False),
        _id("account_id"),
        _check(name, "step", "step IN ('received','opened','packed')"),
        _check(name, "papers", "papers >= 0"),
        _check(name, "counted", "(step = 'opened') = (papers IS NULL)"),
        *_refers(name, ("session_id", "exam_session"), ("room_id", "room")),
        *_refers(name, ("account_id", "account")),
        _key(name),
        _unique(name, "session_id", "room_id", "step"),
    )
    op.create_table(
        other,
        *(_id("id"), _id("session_id"), _id("room_id")),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        _id("first_id"),
        sa.Column("first_at", TIME, nullable=False),
        _id("second_id", nullable=True),
        sa.Column("second_at", TIME, nullable=True),
        _check(other, "second", "(second_id IS NULL) = (second_at IS NULL)"),
        _check(other, "people", "second_id <> first_id"),
        *_refers(other, ("session_id", "exam_session"), ("room_id", "room")),
        *_refers(other, ("first_id", "account"), ("second_id", "account")),
        _key(other),
        _unique(other, "session_id", "room_id"),
    )


def downgrade() -> None:
    for name in ("attendance_statement", "room_step", "attendance", "attendance_mark"):
        op.drop_table(name)
    op.drop_table("site_staff")
    op.drop_index(op.f("ix_invigilator_account_id"), "invigilator")
    with op.batch_alter_table("invigilator") as table:
        table.drop_constraint(op.f("fk_invigilator_account_id"), type_="foreignkey")
        table.drop_column("account_id")
    # The roles are unknown before this revision: such accounts stay, closed.
    op.execute(
        "UPDATE account SET role = 'admin', active = false WHERE role IN ('invigilator','site')"
    )
    _allow(ROLES + AFTER, ROLES + BEFORE)
