"""Verbs of registration: apply, add the photo, submit, withdraw, decide, export."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, select

from exam_system.accounts.models import Person
from exam_system.chance import label, reference
from exam_system.context import Context, verb
from exam_system.database import database_now, put, reserved
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.age_day import age_day
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import District, Exam, Post
from exam_system.exams.rules import EDUCATION
from exam_system.printing.photo import take_in
from exam_system.registration.checks import Applicant, Conditions, area_words, run_checks
from exam_system.registration.integrity import bars_of
from exam_system.registration.listing import Listed, list_applicants
from exam_system.registration.lookup import (
    any_application,
    check_open,
    own,
    rules_from,
)
from exam_system.registration.models import Application
from exam_system.registration.photos import store_photo
from exam_system.registration.reviewing import (
    OTHER,
    Decision,
    assign,
    decide,
    require_may_apply,
    today,
)
from exam_system.registration.states import move, not_now
from exam_system.trust.canonical import jcs

LONGEST_NEED = 200
_MAJOR = "The major has 1 to %(longest)s characters"
_SCHOOL = "The school has 1 to %(longest)s characters"
_EMPLOYER = "The employer has at most %(longest)s characters"
_NEED = "Say in at most %(longest)s characters why you need an accessible room"


@dataclass(frozen=True, slots=True)
class _Target:
    """What an application is for, and the person's earlier one in the same exam.

    `key` is the key of a new row, where the database gives keys in advance.
    """

    exam: int
    state: str
    rules: str
    post: int
    district: int
    person: int
    earlier: int | None
    key: int | None


@verb
def apply(
    ctx: Context,
    *,
    exam_code: str,
    post_code: str,
    district_code: int,
    education: str,
    major: str,
    school: str,
    employer: str,
    need: str = "",
) -> Application:
    """Apply for a post while registration is open, or change an application not yet approved.

    One application an exam and person; it is a draft until it is submitted. `need` says why an
    accessible room is needed; it is empty where it is not.
    """
    target = _target(ctx, exam_code, post_code, district_code)
    check_open(ctx, target)
    application = _draft(ctx, target, post_code)
    application.post_id, application.district_id = target.post, target.district
    application.education = _education(education)
    application.major = _line(major, 80, _MAJOR)
    application.school = _line(school, 120, _SCHOOL)
    application.employer = _line(employer, 120, _EMPLOYER, blank=True)
    application.need = _line(need, LONGEST_NEED, _NEED, blank=True) or None
    # Two windows at once: the database lets one in.
    put(ctx.session, application, Conflict("You have applied in this exam already"))
    ctx.record(
        exam=exam_code,
        subject=f"application:{application.ref}",
        post=post_code,
        district=district_code,
        label=application.label,
    )
    return application


# Everything in one statement, for the evening before registration closes. Shared lock: candidates
# go on side by side, but registration cannot be closed in between.
_TARGET = (
    select(
        *(Exam.id, Exam.state, Exam.rules),
        Post.id.label("post"),
        District.id.label("district"),
        Person.id.label("person"),
        Application.id.label("earlier"),
        reserved(Application).label("key"),
        database_now().label("at"),
    )
    .outerjoin(
        Post,
        and_(Post.exam_id == Exam.id, Post.code == bindparam("post"), Post.cancelled.is_(None)),
    )
    .outerjoin(District, and_(District.exam_id == Exam.id, District.code == bindparam("district")))
    .outerjoin(Person, Person.account_id == bindparam("account"))
    .outerjoin(
        Application, and_(Application.exam_id == Exam.id, Application.person_id == Person.id)
    )
    .where(Exam.code == bindparam("exam"), Exam.state != "draft")
    .with_for_update(read=True, of=Exam)
)


def _target(ctx: Context, exam_code: str, post_code: str, district_code: int) -> _Target:
    given: dict[str, Any] = {"exam": exam_code, "post": post_code, "district": district_code}
    given["account"] = ctx.actor.account_id
    # Core, not ORM: these are columns only, and it is every registration's.
    row = ctx.session.connection().execute(_TARGET, given).one_or_none()
    if row is None:
        raise NotFound("There is no exam %(code)s", code=exam_code)
    ctx.took(row.at)
    if row.post is None:
        raise Invalid(
            "There is no post %(code)s in this exam: choose one of the list", code=post_code
        ).about("post")
    if row.district is None:
        raise Invalid("Choose the district in which you want to sit the exam").about("district")
    if row.person is None:
        raise NotFound("Your account has no personal data: register as a candidate")
    exam = (row.id, row.state, row.rules)
    return _Target(*exam, row.post, row.district, row.person, row.earlier, row.key)


def _draft(ctx: Context, target: _Target, post_code: str) -> Application:
    """A new draft, or the earlier application turned back into one."""
    if target.earlier is None:
        return Application(
            id=target.key,
            ref=reference(ctx.chance),
            label=label(ctx.chance, "k"),
            exam_id=target.exam,
            person_id=target.person,
            state="draft",
            checks="[]",
            reason="",
            created_at=ctx.clock.now(),
        )
    application = ctx.session.get_one(
        Application, target.earlier, populate_existing=True, with_for_update=True
    )
    if application.state == "withdrawn" and _was_approved(application):
        raise Conflict("After an approved application was withdrawn there is no other in this exam")
    require_may_apply(rules_from(target.rules), application, post_code)
    move(application, "draft")
    application.checks, application.submitted_at, application.decided_at = "[]", None, None
    return application


def _was_approved(application: Application) -> bool:
    return application.decided_at is not None and not application.reason


def _education(value: str) -> str:
    if value not in EDUCATION:
        raise Invalid("Choose your highest education").about("education")
    return value


def _line(text: str, longest: int, sentence: str, *, blank: bool = False) -> str:
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if not line and blank:
        return ""
    if not line or len(line) > longest:
        raise Invalid(sentence, longest=longest)
    # Marks nobody sees could make a text read otherwise than it is stored.
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in line):
        raise Invalid("“%(text)s” has characters that cannot be used", text=ascii(line)[1:-1])
    return line


@verb
def add_photo(ctx: Context, *, ref: str, data: bytes) -> Application:
    """Take in an identity photo (JPEG or PNG); it replaces an earlier one. Raises PhotoError."""
    application, exam, *_ = own(ctx, ref, lock=True)
    check_open(ctx, exam)
    if application.state not in ("draft", "refused"):
        raise not_now(application)
    application.photo = store_photo(ctx.config, take_in(data))
    ctx.record(exam=exam.code, subject=f"application:{ref}", photo=application.photo)
    return application


@verb
def submit_application(ctx: Context, *, ref: str) -> Application:
    """Submit for review; the automatic checks are run and stored with it."""
    application, exam, post, person, _ = own(ctx, ref, lock=True)
    check_open(ctx, exam)
    if application.photo is None:
        raise Conflict("Add your photo first")
    _require_own_turn(application)
    require_may_apply(rules_from(exam.rules), application, post.code)
    move(application, "submitted")
    checks = run_checks(*checked(ctx, application, exam, post, person))
    application.checks = jcs([check.document() for check in checks]).decode()
    application.submitted_at = ctx.clock.now()
    assign(ctx, application, exam)
    results = {check.rule: check.ok for check in checks}
    ctx.record(exam=exam.code, subject=f"application:{ref}", post=post.code, checks=results)
    return application


def _require_own_turn(application: Application) -> None:
    """Only the candidate's own: what is decided, or must choose again, goes back otherwise."""
    if application.state not in ("draft", "refused"):
        raise not_now(application)


def checked(
    ctx: Context, application: Application, exam: Exam, post: Post, person: Person
) -> tuple[Applicant, Conditions]:
    """What the automatic checks compare: the person, and the conditions of a post."""
    rules = rules_from(exam.rules)
    applicant = Applicant(
        person.birth,
        person.sex,
        application.education,
        application.major,
        ctx.keys.vault.open(person.id_sealed)[:6] if rules.area_codes else "",
        tuple(bars_of(ctx.session, person, rules.exam_type, today(ctx))),
    )
    return applicant, Conditions(
        age_day=age_day(ctx.session, exam, rules, ctx.config.zone),
        age_min=rules.age_min,
        age_max=rules.age_max,
        age_text=post.age,
        post_age_min=post.age_min,
        post_age_max=post.age_max,
        education_min=rules.education_min,
        education_text=post.education,
        post_education_min=post.education_min,
        sex=post.sex,
        majors=post.majors,
        major_codes=frozenset(post.major_codes.split()),
        areas=rules.area_codes,
        area_words=area_words(post.other, post.note),
    )


@verb
def withdraw_application(ctx: Context, *, ref: str) -> Application:
    """Withdraw an application that is not paid; an approved one cannot be replaced afterwards."""
    application, exam, *_ = own(ctx, ref, lock=True)
    if exam.state != "announced":
        raise Conflict("Registration of this exam is over")
    if application.state == "choosing":  # `choosing` sees to the money
        raise not_now(application)
    move(application, "withdrawn")
    application.proposal = None
    ctx.record(exam=exam.code, subject=f"application:{ref}")
    return application


@verb
def decide_application(
    ctx: Context,
    *,
    ref: str,
    approve: bool,
    reason: str = "",
    ground: str = OTHER,
    batch: str | None = None,
) -> Application:
    """Approve, or refuse on a ground of the rule set with a reason that the candidate is told.

    Never one's own, and only one's own case (`reviewing.require_turn`); where the rules ask for a
    second reviewer it stands only when one has confirmed it. `batch`: see `cases.decide_together`.
    """
    found = any_application(ctx.session, ref, lock=True)
    application, exam, *_ = found
    decision = decide(ctx, found, Decision(approve, ground, reason, batch))
    ctx.record(
        exam=exam.code,
        subject=f"application:{ref}",
        decision=application.state,
        approve=approve,
        ground=decision.ground,
        why=decision.reason,
        batch=batch,
        owner=application.owner_id == ctx.actor.account_id,
    )
    return application


@verb
def export_applicants(ctx: Context, *, code: str) -> Sequence[Listed]:
    """Everybody who applied in the exam, ID numbers masked, in order of post and ref."""
    exam = exam_by_code(ctx.session, code)
    rows = list_applicants(ctx, exam)
    ctx.record(exam=code, subject=f"exam:{code}", rows=len(rows))
    return rows
