"""Re-checks, medical, replacement, public notice and appointment."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "uq_release_as_published", "release", ["id", "exam_id", "stage", "state"], unique=True
    )
    op.create_index("uq_post_vacancies", "post", ["id", "vacancies"], unique=True)
    op.create_index("uq_approval_as_used", "approval", ["ref", "verb", "state"], unique=True)
    _holiday_day()
    _holiday_year()
    _public_notice()
    _notice_move()
    _place_event()
    _place_offer()
    _recheck()
    _proposed()
    _background()
    _giving_up()
    _medical()
    _notice_person()
    _appointment()
    _objection()


def downgrade() -> None:
    op.drop_table("objection")
    op.drop_table("appointment")
    op.drop_table("notice_person")
    op.drop_table("medical")
    op.drop_table("giving_up")
    op.drop_table("background")
    op.drop_table("proposed")
    op.drop_table("recheck")
    op.drop_table("place_offer")
    op.drop_table("place_event")
    op.drop_table("notice_move")
    op.drop_table("public_notice")
    op.drop_table("holiday_year")
    op.drop_table("holiday_day")
    op.drop_index("uq_approval_as_used", "approval")
    op.drop_index("uq_post_vacancies", "post")
    op.drop_index("uq_release_as_published", "release")


def _holiday_day() -> None:
    op.create_table(
        "holiday_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(4), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.CheckConstraint("kind IN ('off','work')", name=op.f("ck_holiday_day_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_day")),
        sa.UniqueConstraint("day", name=op.f("uq_holiday_day_day")),
    )


def _holiday_year() -> None:
    op.create_table(
        "holiday_year",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["account.id"], name=op.f("fk_holiday_year_entered_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_year")),
        sa.UniqueConstraint("year", name=op.f("uq_holiday_year_year")),
    )


def _public_notice() -> None:
    op.create_table(
        "public_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("release_stage", sa.String(20), nullable=False),
        sa.Column("release_state", sa.String(10), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_on IS NOT NULL)", name=op.f("ck_public_notice_closed")
        ),
        sa.CheckConstraint(
            "release_stage = 'appointment' AND release_state = 'published'",
            name=op.f("ck_public_notice_published"),
        ),
        sa.CheckConstraint("state IN ('running','closed')", name=op.f("ck_public_notice_state")),
        sa.CheckConstraint(
            "closed_on IS NULL OR (ends IS NOT NULL AND closed_on > ends)",
            name=op.f("ck_public_notice_over"),
        ),
        sa.CheckConstraint("days > 0", name=op.f("ck_public_notice_days")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_public_notice_exam_id")),
        sa.ForeignKeyConstraint(
            ["release_id", "exam_id", "release_stage", "release_state"],
            ["release.id", "release.exam_id", "release.stage", "release.state"],
            name="fk_public_notice_list",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_notice")),
        sa.UniqueConstraint("id", "release_id", name=op.f("uq_public_notice_id_release_id")),
        sa.UniqueConstraint("id", "state", name=op.f("uq_public_notice_id_state")),
        sa.UniqueConstraint("ref", name=op.f("uq_public_notice_ref")),
        sa.UniqueConstraint("release_id", name=op.f("uq_public_notice_release_id")),
    )
    op.create_index(op.f("ix_public_notice_exam_id"), "public_notice", ["exam_id"], unique=False)


def _notice_move() -> None:
    op.create_table(
        "notice_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.Date(), nullable=True),
        sa.Column("after", sa.Date(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notice.id"], name=op.f("fk_notice_move_notice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_move")),
    )
    op.create_index(op.f("ix_notice_move_notice_id"), "notice_move", ["notice_id"], unique=False)


def _place_event() -> None:
    op.create_table(
        "place_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('lost','accepted','declined','expired')", name=op.f("ck_place_event_kind")
        ),
        sa.CheckConstraint(
            "stage IN ('','medical','background','giving_up','notice','appointment')",
            name=op.f("ck_place_event_stage"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_place_event_application_id")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_place_event_exam_id")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_place_event_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_event")),
    )
    op.create_index(op.f("ix_place_event_post_id"), "place_event", ["post_id"], unique=False)


def _place_offer() -> None:
    op.create_table(
        "place_offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("instead_of", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(10), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "answer IN ('accepted','declined','expired')", name=op.f("ck_place_offer_answer")
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_place_offer_answered")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_place_offer_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["instead_of"], ["application.id"], name=op.f("fk_place_offer_instead_of")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_place_offer_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_offer")),
        sa.UniqueConstraint("application_id", name=op.f("uq_place_offer_application_id")),
        sa.UniqueConstraint(
            "id", "application_id", "answer", name=op.f("uq_place_offer_id_application_id_answer")
        ),
        sa.UniqueConstraint("ref", name=op.f("uq_place_offer_ref")),
    )
    op.create_index(op.f("ix_place_offer_post_id"), "place_offer", ["post_id"], unique=False)


def _recheck() -> None:
    op.create_table(
        "recheck",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.String(12), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("after", sa.String(12), nullable=True),
        sa.Column("outcome", sa.String(4), nullable=True),
        sa.Column("found", sa.Text(), nullable=True),
        sa.Column("looked_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("outcome IN ('same','up','down')", name=op.f("ck_recheck_outcome")),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (looked_by IS NULL)", name=op.f("ck_recheck_looked")
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (outcome IS NULL)", name=op.f("ck_recheck_answered")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_recheck_application_id")
        ),
        sa.ForeignKeyConstraint(["looked_by"], ["account.id"], name=op.f("fk_recheck_looked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recheck")),
        sa.UniqueConstraint("application_id", "what", name=op.f("uq_recheck_application_id_what")),
        sa.UniqueConstraint("ref", name=op.f("uq_recheck_ref")),
    )


def _proposed() -> None:
    op.create_table(
        "proposed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("release_stage", sa.String(20), nullable=False),
        sa.Column("release_state", sa.String(10), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.Column("offer_answer", sa.String(10), nullable=True),
        sa.Column("standing", sa.String(5), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("offer_answer = 'accepted'", name=op.f("ck_proposed_accepted")),
        sa.CheckConstraint(
            "release_stage = 'final' AND release_state = 'published'",
            name=op.f("ck_proposed_published"),
        ),
        sa.CheckConstraint("standing IN ('holds','lost')", name=op.f("ck_proposed_standing")),
        sa.CheckConstraint(
            "(offer_id IS NULL) = (offer_answer IS NULL)", name=op.f("ck_proposed_offered")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_proposed_application_id")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_proposed_exam_id")),
        sa.ForeignKeyConstraint(
            ["offer_id", "application_id", "offer_answer"],
            ["place_offer.id", "place_offer.application_id", "place_offer.answer"],
            name=op.f("fk_proposed_offer_id_application_id_offer_answer"),
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_proposed_post_id")),
        sa.ForeignKeyConstraint(
            ["release_id", "application_id"],
            ["release_record.release_id", "release_record.application_id"],
            name=op.f("fk_proposed_release_id_application_id"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id", "exam_id", "release_stage", "release_state"],
            ["release.id", "release.exam_id", "release.stage", "release.state"],
            name="fk_proposed_final",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposed")),
        sa.UniqueConstraint("application_id", name=op.f("uq_proposed_application_id")),
        sa.UniqueConstraint(
            "id",
            "application_id",
            "post_id",
            "exam_id",
            "standing",
            name=op.f("uq_proposed_id_application_id_post_id_exam_id_standing"),
        ),
        sa.UniqueConstraint("id", "application_id", name=op.f("uq_proposed_id_application_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_proposed_ref")),
    )
    op.create_index(op.f("ix_proposed_exam_id"), "proposed", ["exam_id"], unique=False)
    op.create_index(op.f("ix_proposed_post_id"), "proposed", ["post_id"], unique=False)


def _background() -> None:
    op.create_table(
        "background",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("proposed_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(6), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict = 'passed' OR why <> ''", name=op.f("ck_background_why")),
        sa.CheckConstraint("verdict IN ('passed','failed')", name=op.f("ck_background_verdict")),
        sa.ForeignKeyConstraint(["noted_by"], ["account.id"], name=op.f("fk_background_noted_by")),
        sa.ForeignKeyConstraint(
            ["proposed_id"], ["proposed.id"], name=op.f("fk_background_proposed_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_background")),
        sa.UniqueConstraint(
            "id", "proposed_id", "verdict", name=op.f("uq_background_id_proposed_id_verdict")
        ),
        sa.UniqueConstraint("proposed_id", name=op.f("uq_background_proposed_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_background_ref")),
    )


def _giving_up() -> None:
    op.create_table(
        "giving_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("proposed_id", sa.Integer(), nullable=False),
        sa.Column("id_blind", sa.String(64), nullable=False),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("statement", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "stage IN ('medical','background','notice','appointment')",
            name=op.f("ck_giving_up_stage"),
        ),
        sa.CheckConstraint("ends IS NULL OR begins <= ends", name=op.f("ck_giving_up_days")),
        sa.CheckConstraint("statement IN (0,1)", name=op.f("ck_giving_up_statement")),
        sa.ForeignKeyConstraint(
            ["proposed_id"], ["proposed.id"], name=op.f("fk_giving_up_proposed_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_giving_up")),
        sa.UniqueConstraint("proposed_id", name=op.f("uq_giving_up_proposed_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_giving_up_ref")),
    )
    op.create_index(op.f("ix_giving_up_id_blind"), "giving_up", ["id_blind"], unique=False)


def _medical() -> None:
    op.create_table(
        "medical",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("proposed_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=True),
        sa.Column("first_verdict", sa.String(6), nullable=True),
        sa.Column("called_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", sa.String(120), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(6), nullable=True),
        sa.Column("items_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("noted_by", sa.Integer(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recheck_until", sa.Date(), nullable=True),
        sa.CheckConstraint("first_verdict = 'failed'", name=op.f("ck_medical_first_failed")),
        sa.CheckConstraint("verdict IN ('passed','failed')", name=op.f("ck_medical_verdict")),
        sa.CheckConstraint(
            "(first_id IS NULL) = (first_verdict IS NULL)", name=op.f("ck_medical_first_known")
        ),
        sa.CheckConstraint("(round = 2) = (first_id IS NOT NULL)", name=op.f("ck_medical_first")),
        sa.CheckConstraint("(verdict IS NULL) = (noted_at IS NULL)", name=op.f("ck_medical_noted")),
        sa.CheckConstraint("round IN (1,2)", name=op.f("ck_medical_round")),
        sa.ForeignKeyConstraint(
            ["first_id", "proposed_id", "first_verdict"],
            ["medical.id", "medical.proposed_id", "medical.verdict"],
            name=op.f("fk_medical_first_id_proposed_id_first_verdict"),
        ),
        sa.ForeignKeyConstraint(["noted_by"], ["account.id"], name=op.f("fk_medical_noted_by")),
        sa.ForeignKeyConstraint(
            ["proposed_id"], ["proposed.id"], name=op.f("fk_medical_proposed_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medical")),
        sa.UniqueConstraint(
            "id", "proposed_id", "verdict", name=op.f("uq_medical_id_proposed_id_verdict")
        ),
        sa.UniqueConstraint("proposed_id", "round", name=op.f("uq_medical_proposed_id_round")),
        sa.UniqueConstraint("ref", name=op.f("uq_medical_ref")),
    )


def _notice_person() -> None:
    op.create_table(
        "notice_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("proposed_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("standing", sa.String(7), nullable=False),
        sa.CheckConstraint(
            "standing IN ('clear','open','removed')", name=op.f("ck_notice_person_standing")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id", "release_id"],
            ["public_notice.id", "public_notice.release_id"],
            name=op.f("fk_notice_person_notice_id_release_id"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_id", "application_id"],
            ["proposed.id", "proposed.application_id"],
            name=op.f("fk_notice_person_proposed_id_application_id"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id", "application_id"],
            ["release_record.release_id", "release_record.application_id"],
            name=op.f("fk_notice_person_release_id_application_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_person")),
        sa.UniqueConstraint(
            "id",
            "notice_id",
            "proposed_id",
            "standing",
            name=op.f("uq_notice_person_id_notice_id_proposed_id_standing"),
        ),
        sa.UniqueConstraint("id", "standing", name=op.f("uq_notice_person_id_standing")),
        sa.UniqueConstraint("proposed_id", name=op.f("uq_notice_person_proposed_id")),
    )


def _appointment() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("vacancies", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("proposed_id", sa.Integer(), nullable=False),
        sa.Column("proposed_standing", sa.String(5), nullable=False),
        sa.Column("written_id", sa.Integer(), nullable=False),
        sa.Column("written_stage", sa.String(20), nullable=False),
        sa.Column("shortlist_id", sa.Integer(), nullable=False),
        sa.Column("shortlist_stage", sa.String(20), nullable=False),
        sa.Column("release_state", sa.String(10), nullable=False),
        sa.Column("medical_id", sa.Integer(), nullable=False),
        sa.Column("background_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(6), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("notice_state", sa.String(8), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_standing", sa.String(7), nullable=False),
        sa.Column("approval", sa.String(32), nullable=False),
        sa.Column("approval_verb", sa.String(80), nullable=False),
        sa.Column("approval_state", sa.String(10), nullable=False),
        sa.Column("appointed_by", sa.Integer(), nullable=False),
        sa.Column("appointed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "approval_verb = 'appointing.appoint' AND approval_state = 'used'",
            name=op.f("ck_appointment_approval"),
        ),
        sa.CheckConstraint("notice_state = 'closed'", name=op.f("ck_appointment_notice")),
        sa.CheckConstraint("person_standing = 'clear'", name=op.f("ck_appointment_person")),
        sa.CheckConstraint("proposed_standing = 'holds'", name=op.f("ck_appointment_proposed")),
        sa.CheckConstraint("release_state = 'published'", name=op.f("ck_appointment_published")),
        sa.CheckConstraint("shortlist_stage = 'shortlist'", name=op.f("ck_appointment_shortlist")),
        sa.CheckConstraint("verdict = 'passed'", name=op.f("ck_appointment_verdict")),
        sa.CheckConstraint("written_stage = 'written'", name=op.f("ck_appointment_written")),
        sa.CheckConstraint("place BETWEEN 1 AND vacancies", name=op.f("ck_appointment_place")),
        sa.ForeignKeyConstraint(
            ["appointed_by"], ["account.id"], name=op.f("fk_appointment_appointed_by")
        ),
        sa.ForeignKeyConstraint(
            ["approval", "approval_verb", "approval_state"],
            ["approval.ref", "approval.verb", "approval.state"],
            name="fk_appointment_approval",
        ),
        sa.ForeignKeyConstraint(
            ["background_id", "proposed_id", "verdict"],
            ["background.id", "background.proposed_id", "background.verdict"],
            name="fk_appointment_background",
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_appointment_exam_id")),
        sa.ForeignKeyConstraint(
            ["medical_id", "proposed_id", "verdict"],
            ["medical.id", "medical.proposed_id", "medical.verdict"],
            name="fk_appointment_medical",
        ),
        sa.ForeignKeyConstraint(
            ["notice_id", "notice_state"],
            ["public_notice.id", "public_notice.state"],
            name="fk_appointment_notice",
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "notice_id", "proposed_id", "person_standing"],
            [
                "notice_person.id",
                "notice_person.notice_id",
                "notice_person.proposed_id",
                "notice_person.standing",
            ],
            name="fk_appointment_person",
        ),
        sa.ForeignKeyConstraint(
            ["post_id", "vacancies"],
            ["post.id", "post.vacancies"],
            name=op.f("fk_appointment_post_id_vacancies"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_id", "application_id", "post_id", "exam_id", "proposed_standing"],
            [
                "proposed.id",
                "proposed.application_id",
                "proposed.post_id",
                "proposed.exam_id",
                "proposed.standing",
            ],
            name="fk_appointment_proposed",
        ),
        sa.ForeignKeyConstraint(
            ["shortlist_id", "application_id"],
            ["release_record.release_id", "release_record.application_id"],
            name="fk_appointment_shortlist_record",
        ),
        sa.ForeignKeyConstraint(
            ["shortlist_id", "exam_id", "shortlist_stage", "release_state"],
            ["release.id", "release.exam_id", "release.stage", "release.state"],
            name="fk_appointment_shortlist",
        ),
        sa.ForeignKeyConstraint(
            ["written_id", "application_id"],
            ["release_record.release_id", "release_record.application_id"],
            name="fk_appointment_written_record",
        ),
        sa.ForeignKeyConstraint(
            ["written_id", "exam_id", "written_stage", "release_state"],
            ["release.id", "release.exam_id", "release.stage", "release.state"],
            name="fk_appointment_written",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("application_id", name=op.f("uq_appointment_application_id")),
        sa.UniqueConstraint("post_id", "place", name=op.f("uq_appointment_post_id_place")),
        sa.UniqueConstraint("ref", name=op.f("uq_appointment_ref")),
    )
    op.create_index(op.f("ix_appointment_exam_id"), "appointment", ["exam_id"], unique=False)


def _objection() -> None:
    op.create_table(
        "objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("holds", sa.String(7), nullable=True),
        sa.Column("who_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(8), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("holds = 'open'", name=op.f("ck_objection_holds")),
        sa.CheckConstraint("outcome IN ('upheld','rejected')", name=op.f("ck_objection_outcome")),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (holds IS NOT NULL)", name=op.f("ck_objection_unanswered")
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (outcome IS NULL)", name=op.f("ck_objection_answered")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["account.id"], name=op.f("fk_objection_answered_by")
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "holds"],
            ["notice_person.id", "notice_person.standing"],
            name=op.f("fk_objection_person_id_holds"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["notice_person.id"], name="fk_objection_notice_person"
        ),
        sa.ForeignKeyConstraint(["taken_by"], ["account.id"], name=op.f("fk_objection_taken_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("ref", name=op.f("uq_objection_ref")),
    )
    op.create_index(op.f("ix_objection_person_id"), "objection", ["person_id"], unique=False)
