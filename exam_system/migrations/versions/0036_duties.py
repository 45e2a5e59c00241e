"""Duty sheets, integrity pledges, red lines and the register of accountability."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("account") as batch:
        batch.add_column(sa.Column("pledge", sa.String(64), nullable=True))
    _duty_sheet()
    _pledge_text()
    _pledge()
    _red_line_rules()
    _red_line_mark()
    _red_line_case()
    _accountability()


def downgrade() -> None:
    op.drop_table("accountability")
    op.drop_table("red_line_case")
    op.drop_table("red_line_mark")
    op.drop_table("red_line_rules")
    op.drop_table("pledge")
    op.drop_table("pledge_text")
    op.drop_table("duty_sheet")
    with op.batch_alter_table("account") as batch:
        batch.drop_column("pledge")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _account(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["account.id"], name=op.f(f"fk_{table}_{column}"))


def _duty_sheet() -> None:
    op.create_table(
        "duty_sheet",
        _id(),
        sa.Column("post", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("drafted_by", sa.Integer(), nullable=False),
        _time("drafted_at"),
        sa.Column("published_by", sa.Integer(), nullable=True),
        _time("published_at", nullable=True),
        sa.CheckConstraint(
            "(published_by IS NULL) = (published_at IS NULL)", name=op.f("ck_duty_sheet_published")
        ),
        _account("duty_sheet", "drafted_by"),
        _account("duty_sheet", "published_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_sheet")),
        sa.UniqueConstraint("post", "version", name=op.f("uq_duty_sheet_post_version")),
    )


def _pledge_text() -> None:
    op.create_table(
        "pledge_text",
        _id(),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("published_by", sa.Integer(), nullable=False),
        _time("published_at"),
        _account("pledge_text", "published_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge_text")),
        sa.UniqueConstraint("role", "version", name=op.f("uq_pledge_text_role_version")),
    )


def _pledge() -> None:
    op.create_table(
        "pledge",
        _id(),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("proof", sa.String(10), nullable=False),
        _time("signed_at"),
        sa.CheckConstraint("proof IN ('password','totp','passkey')", name=op.f("ck_pledge_proof")),
        _account("pledge", "account_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
        sa.UniqueConstraint("account_id", "digest", name=op.f("uq_pledge_account_id_digest")),
    )


def _red_line_rules() -> None:
    op.create_table(
        "red_line_rules",
        _id(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=False),
        _time("set_at"),
        _account("red_line_rules", "set_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_red_line_rules")),
        sa.UniqueConstraint("version", name=op.f("uq_red_line_rules_version")),
    )


def _red_line_mark() -> None:
    op.create_table(
        "red_line_mark",
        _id(),
        sa.Column("size", sa.Integer(), nullable=False),
        _time("checked_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_red_line_mark")),
    )


def _red_line_case() -> None:
    table = "red_line_case"
    op.create_table(
        table,
        _id(),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("line", sa.String(10), nullable=False),
        sa.Column("exam", sa.String(40), nullable=False),
        sa.Column("post", sa.String(16), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("acts", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        _time("happened_at"),
        _time("found_at"),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        _time("decided_at", nullable=True),
        sa.CheckConstraint(
            "line IN ('alone','relation','scores','sealed','export')", name=op.f(f"ck_{table}_line")
        ),
        sa.CheckConstraint(
            "state IN ('open','confirmed','unfounded')", name=op.f(f"ck_{table}_state")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f(f"ck_{table}_decided")
        ),
        sa.CheckConstraint("decided_by <> account_id", name=op.f(f"ck_{table}_another")),
        _account(table, "account_id"),
        _account(table, "decided_by"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("ref", name=op.f(f"uq_{table}_ref")),
        sa.UniqueConstraint("key", name=op.f(f"uq_{table}_key")),
    )
    op.create_index(op.f(f"ix_{table}_state"), table, ["state"])


def _accountability() -> None:
    table = "accountability"
    op.create_table(
        table,
        _id(),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("about", sa.String(40), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=False),
        _time("decided_at"),
        sa.CheckConstraint("source IN ('line','letter')", name=op.f(f"ck_{table}_source")),
        sa.CheckConstraint(
            "measure IN ('education','talk','criticism','suspension','transfer','discipline')",
            name=op.f(f"ck_{table}_measure"),
        ),
        sa.CheckConstraint("decided_by <> account_id", name=op.f(f"ck_{table}_another")),
        _account(table, "account_id"),
        _account(table, "decided_by"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("ref", name=op.f(f"uq_{table}_ref")),
        sa.UniqueConstraint("source", "about", name=op.f(f"uq_{table}_source_about")),
    )
