"""Staff by role and applications by the time of their submission, found by an index."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_account_role", "account", ["role"])
    op.create_index("ix_application_exam_submitted", "application", ["exam_id", "submitted_at"])


def downgrade() -> None:
    op.drop_index("ix_application_exam_submitted", "application")
    op.drop_index("ix_account_role", "account")
