"""The work of reviewers: owners, terms, second reviewers; the register of barred people."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BEFORE = ("draft", "submitted", "approved", "refused", "paid", "withdrawn", "choosing")
ACCOUNTS = ("owner_id", "deputy_id", "decided_by", "proposed_by")
REGIMES = ("all", "civil_service", "police", "health", "institution", "professional")


def upgrade() -> None:
    with op.batch_alter_table("application") as table:
        for name in ACCOUNTS:
            table.add_column(sa.Column(name, sa.Integer(), nullable=True))
            table.create_foreign_key(op.f(f"fk_application_{name}"), "account", [name], ["id"])
        table.add_column(sa.Column("review_due", sa.Date(), nullable=True))
        table.add_column(sa.Column("ground", sa.String(40), nullable=True))
        table.add_column(sa.Column("batch", sa.String(32), nullable=True))
        table.add_column(sa.Column("proposal", sa.Text(), nullable=True))
        table.add_column(sa.Column("refused_posts", sa.Text(), nullable=True))
        table.create_index(op.f("ix_application_owner_id"), ["owner_id"])
        _states(table, *BEFORE, "second")
        table.create_check_constraint(
            op.f("ck_application_proposal"), "(state = 'second') = (proposal IS NOT NULL)"
        )
        table.create_check_constraint(
            op.f("ck_application_two_reviewers"), "proposed_by <> decided_by"
        )
    _absences()
    _barred()


def _absences() -> None:
    op.create_table(
        "reviewer_absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("begins <= ends", name=op.f("ck_reviewer_absence_days")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_reviewer_absence_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewer_absence")),
    )
    op.create_index(op.f("ix_reviewer_absence_account_id"), "reviewer_absence", ["account_id"])


def _barred() -> None:
    regimes = ",".join(repr(name) for name in REGIMES)
    lifted = "(lifted_at IS NULL) = (lifted_why IS NULL)"
    op.create_table(
        "barred",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("id_blind", sa.String(64), nullable=False),
        sa.Column("id_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("regime", sa.String(20), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("approval", sa.String(32), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_why", sa.Text(), nullable=True),
        sa.CheckConstraint(f"regime IN ({regimes})", name=op.f("ck_barred_regime")),
        sa.CheckConstraint("source IN ('import','case')", name=op.f("ck_barred_source")),
        sa.CheckConstraint("ends IS NULL OR begins <= ends", name=op.f("ck_barred_days")),
        sa.CheckConstraint(lifted, name=op.f("ck_barred_lifted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_barred")),
        sa.UniqueConstraint("ref", name=op.f("uq_barred_ref")),
    )
    op.create_index(op.f("ix_barred_id_blind"), "barred", ["id_blind"])


def downgrade() -> None:
    op.drop_table("barred")
    op.drop_table("reviewer_absence")
    op.execute("UPDATE application SET state = 'submitted', proposal = NULL WHERE state = 'second'")
    with op.batch_alter_table("application") as table:
        table.drop_constraint(op.f("ck_application_proposal"), type_="check")
        table.drop_constraint(op.f("ck_application_two_reviewers"), type_="check")
        _states(table, *BEFORE)
        table.drop_index(op.f("ix_application_owner_id"))
        for name in ("review_due", "ground", "batch", "proposal", "refused_posts"):
            table.drop_column(name)
        for name in ACCOUNTS:
            table.drop_constraint(op.f(f"fk_application_{name}"), type_="foreignkey")
            table.drop_column(name)


def _states(table: object, *names: str) -> None:
    table.drop_constraint(op.f("ck_application_state"), type_="check")  # type: ignore[attr-defined]
    listed = ",".join(repr(name) for name in names)
    table.create_check_constraint(  # type: ignore[attr-defined]
        op.f("ck_application_state"), f"state IN ({listed})"
    )
