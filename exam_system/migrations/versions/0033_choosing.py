"""Choosing places in order of score, corrected final lists that are followed, public objections."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_OFFER = "answer IN ('accepted','declined','expired'{})"
_CHOICE = ["choice_id", "application_id", "choice_standing"]
_PICK = ["id", "application_id", "standing"]
_OLD_EVENTS = """DELETE FROM place_event WHERE EXISTS (SELECT 1 FROM place_follow
WHERE place_follow.exam_id = place_event.exam_id
AND place_follow.id > COALESCE(place_event.follow_id, 0))"""


def upgrade() -> None:
    _place_follow()
    _choice_session()
    _choice_place()
    _choice_turn()
    _choice_proxy()
    _choice_event()
    _choice_pick()
    with op.batch_alter_table("place_event") as table:
        table.add_column(sa.Column("follow_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_place_event_follow_id"), "place_follow", ["follow_id"], ["id"]
        )
    _answers(_OFFER.format(",'withdrawn'"))
    with op.batch_alter_table("objection") as table:
        table.add_column(sa.Column("letter_id", sa.Integer(), nullable=True))
        table.alter_column("taken_by", existing_type=sa.Integer(), nullable=True)
        table.create_foreign_key(op.f("fk_objection_letter_id"), "letter", ["letter_id"], ["id"])
        table.create_index(op.f("ix_objection_letter_id"), ["letter_id"])
        table.create_check_constraint(
            op.f("ck_objection_taken"), "taken_by IS NOT NULL OR letter_id IS NOT NULL"
        )
    with op.batch_alter_table("appointment") as table:
        table.add_column(sa.Column("choice_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("choice_standing", sa.String(6), nullable=True))
        table.create_foreign_key("fk_appointment_choice", "choice_pick", _CHOICE, _PICK)
        table.create_check_constraint(
            op.f("ck_appointment_chosen"), "(choice_id IS NULL) = (choice_standing IS NULL)"
        )
        table.create_check_constraint(op.f("ck_appointment_choice"), "choice_standing = 'closed'")


def downgrade() -> None:
    with op.batch_alter_table("appointment") as table:
        table.drop_constraint(op.f("ck_appointment_choice"), type_="check")
        table.drop_constraint(op.f("ck_appointment_chosen"), type_="check")
        table.drop_constraint("fk_appointment_choice", type_="foreignkey")
        table.drop_column("choice_standing")
        table.drop_column("choice_id")
    # Before this revision somebody of the office takes in every objection.
    op.execute("DELETE FROM objection WHERE taken_by IS NULL")
    with op.batch_alter_table("objection") as table:
        table.drop_constraint(op.f("ck_objection_taken"), type_="check")
        table.drop_index(op.f("ix_objection_letter_id"))
        table.drop_constraint(op.f("fk_objection_letter_id"), type_="foreignkey")
        table.alter_column("taken_by", existing_type=sa.Integer(), nullable=False)
        table.drop_column("letter_id")
    op.execute("UPDATE place_offer SET answer = 'expired' WHERE answer = 'withdrawn'")
    _answers(_OFFER.format(""))
    op.execute(_OLD_EVENTS)
    with op.batch_alter_table("place_event") as table:
        table.drop_constraint(op.f("fk_place_event_follow_id"), type_="foreignkey")
        table.drop_column("follow_id")
    for name in ("pick", "event", "proxy", "turn", "place", "session"):
        op.drop_table(f"choice_{name}")
    op.drop_table("place_follow")


def _answers(condition: str) -> None:
    with op.batch_alter_table("place_offer") as table:
        table.drop_constraint(op.f("ck_place_offer_answer"), type_="check")
        table.create_check_constraint(op.f("ck_place_offer_answer"), condition)


def _place_follow() -> None:
    op.create_table(
        "place_follow",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("release_stage", sa.String(20), nullable=False),
        sa.Column("release_state", sa.String(10), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "release_stage = 'final' AND release_state = 'published'",
            name=op.f("ck_place_follow_published"),
        ),
        sa.ForeignKeyConstraint(["by"], ["account.id"], name=op.f("fk_place_follow_by")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_place_follow_exam_id")),
        sa.ForeignKeyConstraint(
            ["release_id", "exam_id", "release_stage", "release_state"],
            ["release.id", "release.exam_id", "release.stage", "release.state"],
            name="fk_place_follow_list",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_follow")),
        sa.UniqueConstraint("release_id", name=op.f("uq_place_follow_release_id")),
    )


def _choice_session() -> None:
    op.create_table(
        "choice_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("release_stage", sa.String(20), nullable=False),
        sa.Column("release_state", sa.String(10), nullable=False),
        sa.Column("state", sa.String(6), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("late_seconds", sa.Integer(), nullable=False),
        sa.Column("missed", sa.String(8), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL) AND (state = 'closed') = (note IS NOT NULL) AND (state = 'closed') = (document IS NOT NULL) AND (state = 'closed') = (version IS NOT NULL)",
            name=op.f("ck_choice_session_closed"),
        ),
        sa.CheckConstraint("missed IN ('gives_up','last')", name=op.f("ck_choice_session_missed")),
        sa.CheckConstraint(
            "release_stage = 'final' AND release_state = 'published'",
            name=op.f("ck_choice_session_published"),
        ),
        sa.CheckConstraint(
            "state IN ('open','closed','void')", name=op.f("ck_choice_session_state")
        ),
        sa.CheckConstraint(
            "seconds > 0 AND late_seconds >= 0", name=op.f("ck_choice_session_times")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_choice_session_exam_id")),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["account.id"], name=op.f("fk_choice_session_opened_by")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_choice_session_post_id")),
        sa.ForeignKeyConstraint(
            ["release_id", "exam_id", "release_stage", "release_state"],
            ["release.id", "release.exam_id", "release.stage", "release.state"],
            name="fk_choice_session_list",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice_session")),
        sa.UniqueConstraint("exam_id", "version", name=op.f("uq_choice_session_exam_id_version")),
        sa.UniqueConstraint("ref", name=op.f("uq_choice_session_ref")),
    )
    op.create_index(
        "uq_choice_session_open",
        "choice_session",
        ["post_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _choice_place() -> None:
    op.create_table(
        "choice_place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("announced", sa.Integer(), nullable=False),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.CheckConstraint("free BETWEEN 0 AND announced", name=op.f("ck_choice_place_free")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["choice_session.id"], name=op.f("fk_choice_place_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice_place")),
        sa.UniqueConstraint(
            "id", "session_id", "free", name=op.f("uq_choice_place_id_session_id_free")
        ),
        sa.UniqueConstraint("session_id", "code", name=op.f("uq_choice_place_session_id_code")),
    )


def _choice_turn() -> None:
    op.create_table(
        "choice_turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("proposed_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("lot", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["proposed_id", "application_id"],
            ["proposed.id", "proposed.application_id"],
            name="fk_choice_turn_proposed",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["choice_session.id"], name=op.f("fk_choice_turn_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice_turn")),
        sa.UniqueConstraint(
            "id",
            "session_id",
            "application_id",
            name=op.f("uq_choice_turn_id_session_id_application_id"),
        ),
        sa.UniqueConstraint(
            "session_id", "application_id", name=op.f("uq_choice_turn_session_id_application_id")
        ),
        sa.UniqueConstraint(
            "session_id", "position", name=op.f("uq_choice_turn_session_id_position")
        ),
    )
    op.create_index(
        op.f("ix_choice_turn_application_id"), "choice_turn", ["application_id"], unique=False
    )


def _choice_proxy() -> None:
    op.create_table(
        "choice_proxy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(3), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("noted_by", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('pdf','jpg')", name=op.f("ck_choice_proxy_kind")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_choice_proxy_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["noted_by"], ["account.id"], name=op.f("fk_choice_proxy_noted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice_proxy")),
        sa.UniqueConstraint("ref", name=op.f("uq_choice_proxy_ref")),
    )
    op.create_index(
        "uq_choice_proxy_valid",
        "choice_proxy",
        ["application_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _choice_event() -> None:
    op.create_table(
        "choice_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=True),
        sa.Column("proxy_id", sa.Integer(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("present", sa.Integer(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'choose') = (place_id IS NOT NULL)", name=op.f("ck_choice_event_place")
        ),
        sa.CheckConstraint(
            "(kind = 'reopen') = (why IS NOT NULL) AND (kind = 'reopen') = (position IS NOT NULL)",
            name=op.f("ck_choice_event_why"),
        ),
        sa.CheckConstraint(
            "(kind = 'sign') = (signature IS NOT NULL)", name=op.f("ck_choice_event_signature")
        ),
        sa.CheckConstraint(
            "kind IN ('arrive','call','choose','withdraw','sign','confirm','absent','give_up','overtime','reopen')",
            name=op.f("ck_choice_event_kind"),
        ),
        sa.ForeignKeyConstraint(["by"], ["account.id"], name=op.f("fk_choice_event_by")),
        sa.ForeignKeyConstraint(
            ["place_id"], ["choice_place.id"], name=op.f("fk_choice_event_place_id")
        ),
        sa.ForeignKeyConstraint(
            ["proxy_id"], ["choice_proxy.id"], name=op.f("fk_choice_event_proxy_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["choice_session.id"], name=op.f("fk_choice_event_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["choice_turn.id"], name=op.f("fk_choice_event_turn_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice_event")),
        sa.UniqueConstraint("session_id", "seq", name=op.f("uq_choice_event_session_id_seq")),
    )


def _choice_pick() -> None:
    op.create_table(
        "choice_pick",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("turn_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("standing", sa.String(6), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "standing IN ('made','closed','void')", name=op.f("ck_choice_pick_standing")
        ),
        sa.CheckConstraint("slot BETWEEN 1 AND free", name=op.f("ck_choice_pick_slot")),
        sa.ForeignKeyConstraint(
            ["place_id", "session_id", "free"],
            ["choice_place.id", "choice_place.session_id", "choice_place.free"],
            name="fk_choice_pick_place",
        ),
        sa.ForeignKeyConstraint(
            ["turn_id", "session_id", "application_id"],
            ["choice_turn.id", "choice_turn.session_id", "choice_turn.application_id"],
            name="fk_choice_pick_turn",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice_pick")),
        sa.UniqueConstraint(
            "id",
            "application_id",
            "standing",
            name=op.f("uq_choice_pick_id_application_id_standing"),
        ),
    )
    op.create_index(
        "uq_choice_pick_person",
        "choice_pick",
        ["application_id"],
        unique=True,
        sqlite_where=sa.text("standing <> 'void'"),
        postgresql_where=sa.text("standing <> 'void'"),
    )
    op.create_index(
        "uq_choice_pick_slot",
        "choice_pick",
        ["place_id", "slot"],
        unique=True,
        sqlite_where=sa.text("standing <> 'void'"),
        postgresql_where=sa.text("standing <> 'void'"),
    )
