"""Second approvals, second factors, offices of staff, the audit administrator."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROLES = "role IN ('candidate','officer','reviewer','marker','interviewer','inspector','admin'"
BEFORE, AFTER = f"{ROLES})", f"{ROLES},'auditor')"


def _allow(old: str, new: str) -> None:
    """Put one CHECK in the place of another.

    SQLite cannot alter one. Making the table anew would need the foreign keys of all others
    switched off, so its definition is rewritten as https://sqlite.org/lang_altertable.html#otheralter
    describes for changes that leave the stored rows as they are.
    """
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


def upgrade() -> None:
    _allow(BEFORE, AFTER)
    op.add_column("account", sa.Column("office", sa.String(length=60), nullable=True))
    op.create_table(
        "second_factor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=True),
        sa.Column("credential", sa.LargeBinary(), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("sign_count", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('totp','passkey')", name=op.f("ck_second_factor_kind")),
        sa.CheckConstraint(
            "kind <> 'passkey' OR confirmed_at IS NULL OR "
            "(credential IS NOT NULL AND public_key IS NOT NULL AND sign_count IS NOT NULL)",
            name=op.f("ck_second_factor_passkey"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_second_factor_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
        sa.UniqueConstraint("credential", name=op.f("uq_second_factor_credential")),
    )
    op.create_index(op.f("ix_second_factor_account_id"), "second_factor", ["account_id"])
    op.create_index(
        "uq_second_factor_totp",
        "second_factor",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'totp'"),
        postgresql_where=sa.text("kind = 'totp'"),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("verb", sa.String(length=80), nullable=False),
        sa.Column("exam", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("factor", sa.String(length=8), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("used_by", sa.Integer(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked','approved','refused','withdrawn','used')",
            name=op.f("ck_approval_state"),
        ),
        sa.CheckConstraint("factor IN ('totp','passkey')", name=op.f("ck_approval_factor")),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_approval_digest")),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_approval_not_the_asker")),
        sa.CheckConstraint("used_by <> decided_by", name=op.f("ck_approval_not_the_user")),
        sa.CheckConstraint(
            "state NOT IN ('approved','used') OR "
            "(decided_by IS NOT NULL AND decided_at IS NOT NULL AND factor IS NOT NULL)",
            name=op.f("ck_approval_decided"),
        ),
        sa.CheckConstraint(
            "(state = 'used') = (used_by IS NOT NULL)", name=op.f("ck_approval_used")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["account.id"], name=op.f(f"fk_approval_{column}_account")
            )
            for column in ("asked_by", "decided_by", "used_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("ref", name=op.f("uq_approval_ref")),
    )
    op.create_index(op.f("ix_approval_exam"), "approval", ["exam"])
    op.create_index(
        "uq_approval_open",
        "approval",
        ["verb", "subject"],
        unique=True,
        sqlite_where=sa.text("state IN ('asked','approved')"),
        postgresql_where=sa.text("state IN ('asked','approved')"),
    )


def downgrade() -> None:
    op.drop_table("approval")
    op.drop_table("second_factor")
    op.drop_column("account", "office")
    # The role is unknown before this revision: such accounts stay, closed.
    op.execute("UPDATE account SET role = 'admin', active = false WHERE role = 'auditor'")
    _allow(AFTER, BEFORE)
