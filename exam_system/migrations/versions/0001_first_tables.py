"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


LOG_TABLES = ("act", "leaf", "head")


def _guards() -> list[str]:
    """UPDATE and DELETE on the log are refused by trigger (PostgreSQL: TRUNCATE as well)."""
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN "
            f"SELECT RAISE(ABORT, 'the log is append-only: {verb} on {table} is refused'); END"
            for table in LOG_TABLES
            for verb in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME; END $$"
    )
    return [function] + [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in LOG_TABLES
    ]


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('candidate','officer','reviewer','marker','interviewer','inspector','admin')",
            name=op.f("ck_account_role"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("ref", name=op.f("uq_account_ref")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("exam", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
    )
    with op.batch_alter_table("act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_act_actor"), ["actor"], unique=False)
        batch_op.create_index(batch_op.f("ix_act_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_act_exam"), ["exam"], unique=False)
        batch_op.create_index(batch_op.f("ix_act_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_act_subject"), ["subject"], unique=False)

    op.create_table(
        "exam",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=160), nullable=False),
        sa.Column("area_code", sa.String(length=6), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("rules_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft','announced','closed','seated','written','shortlisted','interviewing','final')",
            name=op.f("ck_exam_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam")),
        sa.UniqueConstraint("code", name=op.f("uq_exam_code")),
    )
    op.create_table(
        "login_failure",
        sa.Column("name_blind", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name_blind", name=op.f("pk_login_failure")),
    )
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("exam", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('checkpoint','draw','publication','root','interview')",
            name=op.f("ck_note_purpose"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        sa.UniqueConstraint("digest", name=op.f("uq_note_digest")),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_exam"), ["exam"], unique=False)

    op.create_table(
        "role_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role IN ('log','publisher','officer','inspector')", name=op.f("ck_role_key_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_key")),
        sa.UniqueConstraint("name", name=op.f("uq_role_key_name")),
    )
    op.create_table(
        "act_detail",
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name=op.f("fk_act_detail_act_id")),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_act_detail")),
    )
    op.create_table(
        "district",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_district_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_district")),
        sa.UniqueConstraint("exam_id", "code", name=op.f("uq_district_exam_id_code")),
    )
    with op.batch_alter_table("district", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_district_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "draw",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "kind IN ('seats','invigilators','interviewers','groups','order')",
            name=op.f("ck_draw_kind"),
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_draw_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
        sa.UniqueConstraint("code", name=op.f("uq_draw_code")),
        sa.UniqueConstraint("exam_id", "kind", name=op.f("uq_draw_exam_id_kind")),
    )
    with op.batch_alter_table("draw", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draw_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "exam_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_exam_session_times")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_exam_session_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_session")),
        sa.UniqueConstraint("exam_id", "subject", name=op.f("uq_exam_session_exam_id_subject")),
    )
    with op.batch_alter_table("exam_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_session_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "fee_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("fen", sa.Integer(), nullable=False),
        sa.Column("licence", sa.String(length=120), nullable=False),
        sa.Column("standard", sa.String(length=200), nullable=False),
        sa.Column("authority", sa.String(length=120), nullable=False),
        sa.Column("hotline", sa.String(length=40), nullable=False),
        sa.CheckConstraint(
            "licence <> '' AND standard <> '' AND authority <> ''", name=op.f("ck_fee_item_basis")
        ),
        sa.CheckConstraint("fen >= 0", name=op.f("ck_fee_item_fen")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_fee_item_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_item")),
        sa.UniqueConstraint("exam_id", "name", name=op.f("uq_fee_item_exam_id_name")),
    )
    with op.batch_alter_table("fee_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fee_item_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "head",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_head_note_id")),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_head")),
        sa.UniqueConstraint("note_id", name=op.f("uq_head_note_id")),
    )
    op.create_table(
        "interviewer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("certificate", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sex", sa.String(length=6), nullable=False),
        sa.Column("area_code", sa.String(length=6), nullable=False),
        sa.Column("employer", sa.String(length=120), nullable=False),
        sa.Column("chief", sa.Boolean(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("sex IN ('male','female')", name=op.f("ck_interviewer_sex")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_interviewer_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interviewer")),
        sa.UniqueConstraint("account_id", name=op.f("uq_interviewer_account_id")),
        sa.UniqueConstraint("certificate", name=op.f("uq_interviewer_certificate")),
        sa.UniqueConstraint("label", name=op.f("uq_interviewer_label")),
    )
    op.create_table(
        "invigilator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("staff_no", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sex", sa.String(length=6), nullable=False),
        sa.Column("school", sa.String(length=120), nullable=False),
        sa.CheckConstraint("sex IN ('male','female')", name=op.f("ck_invigilator_sex")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_invigilator_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invigilator")),
        sa.UniqueConstraint("exam_id", "staff_no", name=op.f("uq_invigilator_exam_id_staff_no")),
        sa.UniqueConstraint("label", name=op.f("uq_invigilator_label")),
    )
    with op.batch_alter_table("invigilator", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invigilator_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "leaf",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name=op.f("fk_leaf_act_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_leaf")),
        sa.UniqueConstraint("act_id", name=op.f("uq_leaf_act_id")),
    )
    op.create_table(
        "login_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_login_session_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_login_session_token_digest")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_login_session_account_id"), ["account_id"], unique=False
        )

    op.create_table(
        "note_signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("key_name", sa.String(length=160), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_note_signature_note_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_signature")),
        sa.UniqueConstraint("note_id", "key_name", name=op.f("uq_note_signature_note_id_key_name")),
    )
    with op.batch_alter_table("note_signature", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_signature_note_id"), ["note_id"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sex", sa.String(length=6), nullable=False),
        sa.Column("birth", sa.Date(), nullable=False),
        sa.Column("id_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_blind", sa.String(length=64), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("sex IN ('male','female')", name=op.f("ck_person_sex")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_person_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("account_id", name=op.f("uq_person_account_id")),
        sa.UniqueConstraint("id_blind", name=op.f("uq_person_id_blind")),
    )
    op.create_table(
        "post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("vacancies", sa.Integer(), nullable=False),
        sa.Column("age_min", sa.Integer(), nullable=True),
        sa.Column("age_max", sa.Integer(), nullable=True),
        sa.Column("education_min", sa.String(length=10), nullable=True),
        sa.Column("age", sa.Text(), nullable=False),
        sa.Column("education", sa.Text(), nullable=False),
        sa.Column("degree", sa.Text(), nullable=False),
        sa.Column("majors", sa.Text(), nullable=False),
        sa.Column("major_codes", sa.Text(), nullable=False),
        sa.Column("sex", sa.String(length=6), nullable=True),
        sa.Column("experience", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("medical", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("vacancies > 0", name=op.f("ck_post_vacancies")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_post_exam_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint("exam_id", "code", name=op.f("uq_post_exam_id_code")),
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_post_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("rules_digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("root_note_id", sa.Integer(), nullable=True),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('draft','published')", name=op.f("ck_release_state")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_release_exam_id")),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_release_note_id")),
        sa.ForeignKeyConstraint(
            ["root_note_id"], ["note.id"], name=op.f("fk_release_root_note_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint(
            "exam_id", "chain", "version", name=op.f("uq_release_exam_id_chain_version")
        ),
    )
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.create_index(
            "uq_release_draft",
            ["exam_id", "chain"],
            unique=True,
            sqlite_where=sa.text("state = 'draft'"),
            postgresql_where=sa.text("state = 'draft'"),
        )

    op.create_table(
        "application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("education", sa.String(length=10), nullable=False),
        sa.Column("major", sa.String(length=80), nullable=False),
        sa.Column("school", sa.String(length=120), nullable=False),
        sa.Column("employer", sa.String(length=120), nullable=False),
        sa.Column("photo", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("checks", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft','submitted','approved','refused','paid','withdrawn')",
            name=op.f("ck_application_state"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_application_district_id")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_application_exam_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_application_person_id")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_application_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("exam_id", "number", name=op.f("uq_application_exam_id_number")),
        sa.UniqueConstraint("exam_id", "person_id", name=op.f("uq_application_exam_id_person_id")),
        sa.UniqueConstraint("label", name=op.f("uq_application_label")),
        sa.UniqueConstraint("ref", name=op.f("uq_application_ref")),
    )
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.create_index("ix_application_exam_state", ["exam_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_post_id"), ["post_id"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draw_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("manifest_digest", sa.String(length=64), nullable=False),
        sa.Column("dice", sa.String(length=64), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("redraw_reason", sa.Text(), nullable=False),
        sa.Column("redraw_approved", sa.Boolean(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('frozen','committed','rolled','confirmed','revealed','finished','published','void')",
            name=op.f("ck_attempt_state"),
        ),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_attempt_draw_id")),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_attempt_note_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("draw_id", "number", name=op.f("uq_attempt_draw_id_number")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(
            "uq_attempt_open",
            ["draw_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'void'"),
            postgresql_where=sa.text("state <> 'void'"),
        )

    op.create_table(
        "release_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_release_file_release_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_file")),
        sa.UniqueConstraint("release_id", "name", name=op.f("uq_release_file_release_id_name")),
    )
    with op.batch_alter_table("release_file", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_release_file_release_id"), ["release_id"], unique=False
        )

    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("school", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("fk_site_district_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("district_id", "code", name=op.f("uq_site_district_id_code")),
    )
    with op.batch_alter_table("site", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_district_id"), ["district_id"], unique=False)

    op.create_table(
        "avoidance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("interviewer_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "relation IN ('kinship','employer','school','interest')",
            name=op.f("ck_avoidance_relation"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_avoidance_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["interviewer_id"], ["interviewer.id"], name=op.f("fk_avoidance_interviewer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avoidance")),
        sa.UniqueConstraint(
            "interviewer_id",
            "application_id",
            name=op.f("uq_avoidance_interviewer_id_application_id"),
        ),
    )
    with op.batch_alter_table("avoidance", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_avoidance_application_id"), ["application_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_avoidance_interviewer_id"), ["interviewer_id"], unique=False
        )

    op.create_table(
        "contribution",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('officer','inspector')", name=op.f("ck_contribution_role")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_contribution_attempt_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution")),
        sa.UniqueConstraint("attempt_id", "role", name=op.f("uq_contribution_attempt_id_role")),
        sa.UniqueConstraint("commitment", name=op.f("uq_contribution_commitment")),
    )
    op.create_table(
        "fee_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trade_no", sa.String(length=32), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("fee_item_id", sa.Integer(), nullable=False),
        sa.Column("fen", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("pay_url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('created','paying','paid','closed')", name=op.f("ck_fee_order_state")
        ),
        sa.CheckConstraint("fen >= 0", name=op.f("ck_fee_order_fen")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_fee_order_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["fee_item_id"], ["fee_item.id"], name=op.f("fk_fee_order_fee_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_order")),
        sa.UniqueConstraint("application_id", name=op.f("uq_fee_order_application_id")),
        sa.UniqueConstraint("trade_no", name=op.f("uq_fee_order_trade_no")),
    )
    op.create_table(
        "release_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_release_record_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_release_record_release_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_record")),
        sa.UniqueConstraint(
            "release_id", "application_id", name=op.f("uq_release_record_release_id_application_id")
        ),
        sa.UniqueConstraint(
            "release_id", "position", name=op.f("uq_release_record_release_id_position")
        ),
    )
    with op.batch_alter_table("release_record", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_release_record_application_id"), ["application_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_release_record_release_id"), ["release_id"], unique=False
        )

    op.create_table(
        "result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("written", sa.String(length=12), nullable=False),
        sa.Column("interview", sa.String(length=12), nullable=False),
        sa.Column("total", sa.String(length=12), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "stage IN ('written','shortlist','final')", name=op.f("ck_result_stage")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_result_application_id")
        ),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_result_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result")),
        sa.UniqueConstraint("application_id", "stage", name=op.f("uq_result_application_id_stage")),
    )
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_result_release_id"), ["release_id"], unique=False)

    op.create_table(
        "room",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("layout", sa.String(length=40), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("use", sa.String(length=10), nullable=False),
        sa.CheckConstraint("use IN ('written','interview')", name=op.f("ck_room_use")),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_room_capacity")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_room_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("site_id", "code", name=op.f("uq_room_site_id_code")),
    )
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_site_id"), ["site_id"], unique=False)

    op.create_table(
        "written_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("mark", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_written_mark_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_written_mark")),
        sa.UniqueConstraint(
            "application_id", "subject", name=op.f("uq_written_mark_application_id_subject")
        ),
    )
    op.create_table(
        "duty",
        sa.Column("invigilator_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("place > 0", name=op.f("ck_duty_place")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_duty_attempt_id")),
        sa.ForeignKeyConstraint(
            ["invigilator_id"], ["invigilator.id"], name=op.f("fk_duty_invigilator_id")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_duty_room_id")),
        sa.PrimaryKeyConstraint("invigilator_id", name=op.f("pk_duty")),
        sa.UniqueConstraint("room_id", "place", name=op.f("uq_duty_room_id_place")),
    )
    op.create_table(
        "panel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting','open','closed')", name=op.f("ck_panel_state")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_panel_exam_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_panel_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel")),
        sa.UniqueConstraint("exam_id", "code", name=op.f("uq_panel_exam_id_code")),
        sa.UniqueConstraint("exam_id", "room_id", name=op.f("uq_panel_exam_id_room_id")),
    )
    with op.batch_alter_table("panel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_panel_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("transaction", sa.String(length=64), nullable=False),
        sa.Column("notification", sa.String(length=64), nullable=False),
        sa.Column("fen", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("fen > 0", name=op.f("ck_payment_fen")),
        sa.ForeignKeyConstraint(["order_id"], ["fee_order.id"], name=op.f("fk_payment_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("transaction", name=op.f("uq_payment_transaction")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            "uq_payment_kept",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("kept"),
            postgresql_where=sa.text("kept"),
        )

    op.create_table(
        "seat",
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_seat_number")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_seat_application_id")
        ),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_seat_attempt_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_seat_room_id")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_seat")),
        sa.UniqueConstraint("room_id", "number", name=op.f("uq_seat_room_id_number")),
    )
    op.create_table(
        "interview_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("panel_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_interview_group_exam_id")),
        sa.ForeignKeyConstraint(
            ["panel_id"], ["panel.id"], name=op.f("fk_interview_group_panel_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview_group")),
        sa.UniqueConstraint("exam_id", "code", name=op.f("uq_interview_group_exam_id_code")),
    )
    with op.batch_alter_table("interview_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_interview_group_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "panel_seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("panel_id", sa.Integer(), nullable=False),
        sa.Column("interviewer_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_panel_seat_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["interviewer_id"], ["interviewer.id"], name=op.f("fk_panel_seat_interviewer_id")
        ),
        sa.ForeignKeyConstraint(["panel_id"], ["panel.id"], name=op.f("fk_panel_seat_panel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_seat")),
        sa.UniqueConstraint(
            "panel_id", "interviewer_id", name=op.f("uq_panel_seat_panel_id_interviewer_id")
        ),
        sa.UniqueConstraint("panel_id", "place", name=op.f("uq_panel_seat_panel_id_place")),
    )
    op.create_table(
        "interview",
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("dropped", sa.Text(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting','called','scored','absent')", name=op.f("ck_interview_state")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_interview_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["interview_group.id"], name=op.f("fk_interview_group_id")
        ),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_interview_note_id")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_interview")),
        sa.UniqueConstraint("group_id", "place", name=op.f("uq_interview_group_id_place")),
    )
    with op.batch_alter_table("interview", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_interview_group_id"), ["group_id"], unique=False)

    op.create_table(
        "interview_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("panel_seat_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.String(length=12), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["interview.application_id"],
            name=op.f("fk_interview_score_application_id"),
        ),
        sa.ForeignKeyConstraint(
            ["panel_seat_id"], ["panel_seat.id"], name=op.f("fk_interview_score_panel_seat_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview_score")),
        sa.UniqueConstraint(
            "application_id",
            "panel_seat_id",
            name=op.f("uq_interview_score_application_id_panel_seat_id"),
        ),
    )
    for statement in _guards():
        op.execute(sa.text(statement))


def downgrade() -> None:
    op.drop_table("interview_score")
    with op.batch_alter_table("interview", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_interview_group_id"))

    op.drop_table("interview")
    op.drop_table("panel_seat")
    with op.batch_alter_table("interview_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_interview_group_exam_id"))

    op.drop_table("interview_group")
    op.drop_table("seat")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_payment_kept", sqlite_where=sa.text("kept"), postgresql_where=sa.text("kept")
        )
        batch_op.drop_index(batch_op.f("ix_payment_order_id"))

    op.drop_table("payment")
    with op.batch_alter_table("panel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_panel_exam_id"))

    op.drop_table("panel")
    op.drop_table("duty")
    op.drop_table("written_mark")
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_site_id"))

    op.drop_table("room")
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_result_release_id"))

    op.drop_table("result")
    with op.batch_alter_table("release_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_release_record_release_id"))
        batch_op.drop_index(batch_op.f("ix_release_record_application_id"))

    op.drop_table("release_record")
    op.drop_table("fee_order")
    op.drop_table("contribution")
    with op.batch_alter_table("avoidance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_avoidance_interviewer_id"))
        batch_op.drop_index(batch_op.f("ix_avoidance_application_id"))

    op.drop_table("avoidance")
    with op.batch_alter_table("site", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_site_district_id"))

    op.drop_table("site")
    with op.batch_alter_table("release_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_release_file_release_id"))

    op.drop_table("release_file")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_attempt_open",
            sqlite_where=sa.text("state <> 'void'"),
            postgresql_where=sa.text("state <> 'void'"),
        )

    op.drop_table("attempt")
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_application_post_id"))
        batch_op.drop_index(batch_op.f("ix_application_person_id"))
        batch_op.drop_index("ix_application_exam_state")

    op.drop_table("application")
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_release_draft",
            sqlite_where=sa.text("state = 'draft'"),
            postgresql_where=sa.text("state = 'draft'"),
        )

    op.drop_table("release")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_post_exam_id"))

    op.drop_table("post")
    op.drop_table("person")
    with op.batch_alter_table("note_signature", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_signature_note_id"))

    op.drop_table("note_signature")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_account_id"))

    op.drop_table("login_session")
    op.drop_table("leaf")
    with op.batch_alter_table("invigilator", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invigilator_exam_id"))

    op.drop_table("invigilator")
    op.drop_table("interviewer")
    op.drop_table("head")
    with op.batch_alter_table("fee_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fee_item_exam_id"))

    op.drop_table("fee_item")
    with op.batch_alter_table("exam_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exam_session_exam_id"))

    op.drop_table("exam_session")
    with op.batch_alter_table("draw", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draw_exam_id"))

    op.drop_table("draw")
    with op.batch_alter_table("district", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_district_exam_id"))

    op.drop_table("district")
    op.drop_table("act_detail")
    op.drop_table("role_key")
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_exam"))

    op.drop_table("note")
    op.drop_table("login_failure")
    op.drop_table("exam")
    with op.batch_alter_table("act", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_act_subject"))
        batch_op.drop_index(batch_op.f("ix_act_kind"))
        batch_op.drop_index(batch_op.f("ix_act_exam"))
        batch_op.drop_index(batch_op.f("ix_act_at"))
        batch_op.drop_index(batch_op.f("ix_act_actor"))

    op.drop_table("act")
    op.drop_table("account")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
