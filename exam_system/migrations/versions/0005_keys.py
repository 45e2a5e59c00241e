"""Keys that were retired or replaced: a role's new key has the name of the old one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME, VKEY = "uq_role_key_name", "uq_role_key_vkey"
SIGNER, LINE = "uq_note_signature_note_id_key_name", "uq_note_signature_note_id_line"


def upgrade() -> None:
    with op.batch_alter_table("role_key") as table:
        table.add_column(sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("retired_size", sa.Integer(), nullable=True))
        table.add_column(sa.Column("retired_line", sa.Integer(), nullable=True))
        table.drop_constraint(NAME, type_="unique")
        table.create_unique_constraint(VKEY, ["vkey"])
    with op.batch_alter_table("note_signature") as table:
        table.drop_constraint(SIGNER, type_="unique")
        table.create_unique_constraint(LINE, ["note_id", "line"])


def downgrade() -> None:
    # one key of each name, and one line of it under a note, is what the older program knows
    op.execute(
        "DELETE FROM note_signature WHERE EXISTS (SELECT 1 FROM note_signature AS later WHERE "
        "later.note_id = note_signature.note_id AND later.key_name = note_signature.key_name AND "
        "later.id > note_signature.id)"
    )
    with op.batch_alter_table("note_signature") as table:
        table.drop_constraint(LINE, type_="unique")
        table.create_unique_constraint(SIGNER, ["note_id", "key_name"])
    op.execute(
        "DELETE FROM role_key WHERE retired_at IS NOT NULL AND EXISTS (SELECT 1 FROM role_key AS "
        "later WHERE later.name = role_key.name AND later.id > role_key.id)"
    )
    with op.batch_alter_table("role_key") as table:
        table.drop_constraint(VKEY, type_="unique")
        table.create_unique_constraint(NAME, ["name"])
        table.drop_column("retired_line")
        table.drop_column("retired_size")
        table.drop_column("retired_at")
