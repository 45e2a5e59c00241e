"""Notices, disclosures and numbered lists."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _notice()
    _notice_version()
    _notice_file()
    _notice_step()
    _exam_closing()
    _service_matter()


def downgrade() -> None:
    op.drop_table("service_matter")
    op.drop_table("exam_closing")
    op.drop_table("notice_step")
    op.drop_table("notice_file")
    op.drop_table("notice_version")
    op.drop_table("notice")


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=True),
        sa.Column("category", sa.String(10), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "category IN ('exam','press','answer','other')", name=op.f("ck_notice_category")
        ),
        sa.CheckConstraint("place IS NULL OR exam_id IS NOT NULL", name=op.f("ck_notice_place")),
        _key("notice", "exam_id", "exam.id"),
        _key("notice", "owner_id", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("ref", name=op.f("uq_notice_ref")),
    )
    op.create_index(op.f("ix_notice_exam_id"), "notice", ["exam_id"])


def _notice_version() -> None:
    op.create_table(
        "notice_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("drafted_by", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withheld_reason", sa.Text(), nullable=True),
        sa.Column("withheld_until", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("late", sa.Integer(), nullable=True),
        sa.Column("late_reason", sa.Text(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft','checking','cleared','published','withheld')",
            name=op.f("ck_notice_version_state"),
        ),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL)",
            name=op.f("ck_notice_version_published"),
        ),
        sa.CheckConstraint(
            "(published_at IS NULL) = (note IS NULL)", name=op.f("ck_notice_version_note")
        ),
        sa.CheckConstraint(
            "state <> 'withheld' OR (withheld_reason IS NOT NULL AND withheld_until IS NOT NULL)",
            name=op.f("ck_notice_version_withheld"),
        ),
        sa.CheckConstraint(
            "late IS NULL OR late_reason IS NOT NULL", name=op.f("ck_notice_version_late")
        ),
        _key("notice_version", "notice_id", "notice.id"),
        _key("notice_version", "drafted_by", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_version")),
        sa.UniqueConstraint(
            "notice_id", "version", name=op.f("uq_notice_version_notice_id_version")
        ),
    )
    for column in ("notice_id", "review_on", "published_at"):
        op.create_index(op.f(f"ix_notice_version_{column}"), "notice_version", [column])


def _notice_file() -> None:
    op.create_table(
        "notice_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _key("notice_file", "version_id", "notice_version.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_file")),
        sa.UniqueConstraint("version_id", "name", name=op.f("uq_notice_file_version_id_name")),
    )
    op.create_index(op.f("ix_notice_file_version_id"), "notice_file", ["version_id"])


def _notice_step() -> None:
    op.create_table(
        "notice_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('drafted','passed','returned','published','withheld','lifted','reviewed')",
            name=op.f("ck_notice_step_outcome"),
        ),
        _key("notice_step", "version_id", "notice_version.id"),
        _key("notice_step", "account_id", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_step")),
    )
    op.create_index(op.f("ix_notice_step_version_id"), "notice_step", ["version_id"])


def _exam_closing() -> None:
    op.create_table(
        "exam_closing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("lists", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        _key("exam_closing", "exam_id", "exam.id"),
        _key("exam_closing", "closed_by", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_closing")),
        sa.UniqueConstraint("exam_id", name=op.f("uq_exam_closing_exam_id")),
    )


def _service_matter() -> None:
    op.create_table(
        "service_matter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("drafted_by", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft','published','refused')", name=op.f("ck_service_matter_state")
        ),
        sa.CheckConstraint(
            "(state = 'draft') = (decided_at IS NULL)", name=op.f("ck_service_matter_decided")
        ),
        sa.CheckConstraint("decided_by <> drafted_by", name=op.f("ck_service_matter_another")),
        _key("service_matter", "drafted_by", "account.id"),
        _key("service_matter", "decided_by", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_matter")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_service_matter_code_version")),
    )
    op.create_index(op.f("ix_service_matter_code"), "service_matter", ["code"])
