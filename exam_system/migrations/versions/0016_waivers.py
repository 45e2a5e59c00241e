"""Fee waivers: requests and their documents."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _waiver()
    _document()


def _waiver() -> None:
    op.create_table(
        "waiver",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("ground", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("fen", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("looked_at", TIME, nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.CheckConstraint(
            "state IN ('asked','granted','refused','withdrawn')", name=op.f("ck_waiver_state")
        ),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL)", name=op.f("ck_waiver_decided")
        ),
        sa.CheckConstraint("(state = 'refused') = (reason <> '')", name=op.f("ck_waiver_reason")),
        sa.CheckConstraint(
            "(state = 'granted') = (fen IS NOT NULL)", name=op.f("ck_waiver_granted")
        ),
        sa.CheckConstraint("fen > 0", name=op.f("ck_waiver_fen")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_waiver_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
        sa.UniqueConstraint("ref", name=op.f("uq_waiver_ref")),
    )
    op.create_index(op.f("ix_waiver_application_id"), "waiver", ["application_id"])
    live = sa.text("state IN ('asked','granted')")
    op.create_index(
        "uq_waiver_live",
        "waiver",
        ["application_id"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


def _document() -> None:
    op.create_table(
        "waiver_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("waiver_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(4), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("looked_at", TIME, nullable=True),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.CheckConstraint("kind IN ('pdf','jpg')", name=op.f("ck_waiver_document_kind")),
        sa.CheckConstraint("size > 0", name=op.f("ck_waiver_document_size")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_waiver_document_sha256")),
        sa.ForeignKeyConstraint(
            ["waiver_id"], ["waiver.id"], name=op.f("fk_waiver_document_waiver_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_document")),
        sa.UniqueConstraint("ref", name=op.f("uq_waiver_document_ref")),
    )
    op.create_index(op.f("ix_waiver_document_waiver_id"), "waiver_document", ["waiver_id"])


def downgrade() -> None:
    op.drop_table("waiver_document")
    op.drop_table("waiver")
