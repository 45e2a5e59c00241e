"""The blind value of a candidate's telephone number, by which the office finds them."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("person") as table:
        table.add_column(sa.Column("phone_blind", sa.String(64), nullable=True))
        table.create_index(op.f("ix_person_phone_blind"), ["phone_blind"])


def downgrade() -> None:
    with op.batch_alter_table("person") as table:
        table.drop_index(op.f("ix_person_phone_blind"))
        table.drop_column("phone_blind")
