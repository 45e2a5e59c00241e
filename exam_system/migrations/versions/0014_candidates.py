"""What candidates bring to their accounts: consent, requests to register, takeovers, a second step.

Going down ends the sessions that wait for their second step.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("login_session") as table:
        table.add_column(sa.Column("waits", sa.String(8), nullable=True))
        table.create_check_constraint(
            op.f("ck_login_session_waits"), "waits IN ('factor','consent')"
        )
    op.create_index(op.f("ix_login_failure_wait_until"), "login_failure", ["wait_until"])
    _signup()
    _consent()
    _takeover()


def _signup() -> None:
    op.create_table(
        "signup",
        sa.Column("id_blind", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Text(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id_blind", name=op.f("pk_signup")),
    )
    op.create_index(op.f("ix_signup_asked_at"), "signup", ["asked_at"])


def _consent() -> None:
    op.create_table(
        "consent_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
        sa.CheckConstraint(
            "kind IN ('registration','sensitive')", name=op.f("ck_consent_text_kind")
        ),
        sa.CheckConstraint("version > 1", name=op.f("ck_consent_text_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_text")),
        sa.UniqueConstraint("digest", name=op.f("uq_consent_text_digest")),
        sa.UniqueConstraint("kind", "version", name=op.f("uq_consent_text_kind_version")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.Column("agreed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_consent_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_account_id"), "consent", ["account_id"])


def _takeover() -> None:
    op.create_table(
        "takeover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("claim", sa.String(8), nullable=False),
        sa.Column("id_blind", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Text(), nullable=False),
        sa.Column("code_blind", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("opened_at", TIME, nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("claim IN ('stranger','lost')", name=op.f("ck_takeover_claim")),
        sa.CheckConstraint(
            "state IN ('waiting','granted','refused','done')", name=op.f("ck_takeover_state")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_takeover_decided_at")
        ),
        sa.CheckConstraint("(state = 'refused') = (reason <> '')", name=op.f("ck_takeover_reason")),
        sa.CheckConstraint(
            "(state IN ('granted','done')) = (account_id IS NOT NULL)",
            name=op.f("ck_takeover_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["account.id"], name=op.f("fk_takeover_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_takeover_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takeover")),
        sa.UniqueConstraint("ref", name=op.f("uq_takeover_ref")),
    )
    op.create_index(op.f("ix_takeover_id_blind"), "takeover", ["id_blind"])
    op.create_index(op.f("ix_takeover_state"), "takeover", ["state"])


def downgrade() -> None:
    for name in ("takeover", "consent", "consent_text", "signup"):
        op.drop_table(name)
    op.drop_index(op.f("ix_login_failure_wait_until"), "login_failure")
    op.execute("DELETE FROM login_session WHERE waits IS NOT NULL")
    with op.batch_alter_table("login_session") as table:
        table.drop_constraint(op.f("ck_login_session_waits"), type_="check")
        table.drop_column("waits")
