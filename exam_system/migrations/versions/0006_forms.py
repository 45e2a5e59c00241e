"""The paper form on every drawn seat."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("seat") as table:
        table.add_column(sa.Column("form", sa.Integer(), nullable=True))
        table.create_check_constraint(op.f("ck_seat_form"), "form > 0")


def downgrade() -> None:
    with op.batch_alter_table("seat") as table:
        table.drop_constraint(op.f("ck_seat_form"), type_="check")
        table.drop_column("form")
