"""Letters and other cases with their clocks."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE VIRTUAL TABLE question_words USING fts5("
    "grams, content='question', content_rowid='id', tokenize='unicode61')",
    "CREATE TRIGGER question_words_in AFTER INSERT ON question BEGIN "
    "INSERT INTO question_words(rowid, grams) VALUES (new.id, new.grams); END",
    "CREATE TRIGGER question_words_out AFTER DELETE ON question BEGIN "
    "INSERT INTO question_words(question_words, rowid, grams) "
    "VALUES ('delete', old.id, old.grams); END",
    "CREATE TRIGGER question_words_new AFTER UPDATE OF grams ON question BEGIN "
    "INSERT INTO question_words(question_words, rowid, grams) "
    "VALUES ('delete', old.id, old.grams); "
    "INSERT INTO question_words(rowid, grams) VALUES (new.id, new.grams); END",
)
POSTGRESQL = (
    "CREATE INDEX question_words ON question "
    "USING gin (array_to_tsvector(string_to_array(grams, ' ')))",
)


def upgrade() -> None:
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("code_blind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("deputy_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.Column("extension_why", sa.Text(), nullable=True),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finding", sa.LargeBinary(), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("remark", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "state IN ('registered','assigned','handled','replied','closed')",
            name=op.f("ck_letter_state"),
        ),
        sa.CheckConstraint(
            "channel IN ('web','counter','phone','post','passed')", name=op.f("ck_letter_channel")
        ),
        sa.CheckConstraint("satisfaction BETWEEN 1 AND 5", name=op.f("ck_letter_satisfaction")),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_letter_closed")
        ),
        sa.CheckConstraint("due >= day", name=op.f("ck_letter_due")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_letter_exam_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_letter_account_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("fk_letter_owner_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["account.id"], name=op.f("fk_letter_deputy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("ref", name=op.f("uq_letter_ref")),
        sa.UniqueConstraint("number", name=op.f("uq_letter_number")),
    )
    op.create_index(op.f("ix_letter_account_id"), "letter", ["account_id"], unique=False)
    op.create_index(op.f("ix_letter_state"), "letter", ["state"], unique=False)
    op.create_table(
        "letter_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_letter_answer_letter_id")
        ),
        sa.ForeignKeyConstraint(["by"], ["account.id"], name=op.f("fk_letter_answer_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_answer")),
        sa.UniqueConstraint(
            "letter_id", "version", name=op.f("uq_letter_answer_letter_id_version")
        ),
    )
    op.create_table(
        "letter_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_letter_document_letter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_document")),
        sa.UniqueConstraint("ref", name=op.f("uq_letter_document_ref")),
    )
    op.create_index(
        op.f("ix_letter_document_letter_id"), "letter_document", ["letter_id"], unique=False
    )
    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=16), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("grams", sa.Text(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (why IS NULL)", name=op.f("ck_question_withdrawn")
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_question_letter_id")),
        sa.ForeignKeyConstraint(["by"], ["account.id"], name=op.f("fk_question_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_question_letter_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_question_ref")),
    )
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if on_sqlite else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE question_words")
    op.drop_table("question")
    op.drop_index(op.f("ix_letter_document_letter_id"), table_name="letter_document")
    op.drop_table("letter_document")
    op.drop_table("letter_answer")
    op.drop_index(op.f("ix_letter_state"), table_name="letter")
    op.drop_index(op.f("ix_letter_account_id"), table_name="letter")
    op.drop_table("letter")
