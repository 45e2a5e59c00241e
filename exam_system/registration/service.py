"""Verbs of registration: apply, add the photo, submit, withdraw, decide, export."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, bindparam, select
from sqlalchemy.exc import IntegrityError

from exam_system.accounts.models import Person
from exam_system.chance import label, reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import District, Exam, Post
from exam_system.exams.rules import EDUCATION
from exam_system.printing.photo import take_in
from exam_system.registration.checks import Applicant, Conditions, run_checks
from exam_system.registration.listing import Listed, list_applicants
from exam_system.registration.lookup import (
    any_application,
    check_open,
    own,
    rules_from,
)
from exam_system.registration.models import Application
from exam_system.registration.photos import store_photo
from exam_system.registration.states import move, not_now
from exam_system.trust.canonical import jcs

LONGEST_REASON = 300
LONGEST_NEED = 200
_MAJOR = "The major has 1 to %(longest)s characters"
_SCHOOL = "The school has 1 to %(longest)s characters"
_EMPLOYER = "The employer has at most %(longest)s characters"
_NEED = "Say in at most %(longest)s characters why you need an accessible room"
_REASON = "A refusal needs a reason of 1 to %(longest)s characters"


@dataclass(frozen=True, slots=True)
class _Target:
    """What an application is for, and the person's earlier one in the same exam."""

    exam: Exam
    post: Post
    district: District
    person: Person
    earlier: Application | None


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
    check_open(target.exam, ctx.clock, ctx.config)
    application = _draft(ctx, target)
    application.post_id, application.district_id = target.post.id, target.district.id
    application.education = _education(education)
    application.major = _line(major, 80, _MAJOR)
    application.school = _line(school, 120, _SCHOOL)
    application.employer = _line(employer, 120, _EMPLOYER, blank=True)
    application.need = _line(need, LONGEST_NEED, _NEED, blank=True) or None
    _insert(ctx, application)
    ctx.record(
        exam=exam_code,
        subject=f"application:{application.ref}",
        post=post_code,
        district=target.district.code,
        label=application.label,
    )
    return application


_TARGET = (
    select(Exam, Post, District, Person, Application)
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
)


def _target(ctx: Context, exam_code: str, post_code: str, district_code: int) -> _Target:
    given = {"exam": exam_code, "post": post_code, "district": district_code}
    row = ctx.session.execute(_TARGET, {**given, "account": ctx.actor.account_id}).one_or_none()
    if row is None:
        raise NotFound("There is no exam %(code)s", code=exam_code)
    if row.Post is None:
        raise Invalid(
            "There is no post %(code)s in this exam: choose one of the list", code=post_code
        )
    if row.District is None:
        raise Invalid("Choose the district in which you want to sit the exam")
    if row.Person is None:
        raise NotFound("Your account has no personal data: register as a candidate")
    return _Target(*row)


def _draft(ctx: Context, target: _Target) -> Application:
    """A new draft, or the earlier application turned back into one."""
    if target.earlier is None:
        return Application(
            ref=reference(ctx.chance),
            label=label(ctx.chance, "k"),
            exam_id=target.exam.id,
            person_id=target.person.id,
            state="draft",
            checks="[]",
            reason="",
            created_at=ctx.clock.now(),
        )
    application = target.earlier
    ctx.session.refresh(application, with_for_update=True)
    if application.state == "withdrawn" and _was_approved(application):
        raise Conflict("After an approved application was withdrawn there is no other in this exam")
    move(application, "draft")
    application.checks, application.submitted_at, application.decided_at = "[]", None, None
    return application


def _was_approved(application: Application) -> bool:
    return application.decided_at is not None and not application.reason


def _education(value: str) -> str:
    if value not in EDUCATION:
        raise Invalid("Choose your highest education")
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


def _insert(ctx: Context, application: Application) -> None:
    ctx.session.add(application)
    try:
        ctx.session.flush()
    except IntegrityError:  # two windows at once: the database lets one in
        raise Conflict("You have applied in this exam already") from None


@verb
def add_photo(ctx: Context, *, ref: str, data: bytes) -> Application:
    """Take in an identity photo (JPEG or PNG); it replaces an earlier one. Raises PhotoError."""
    application, exam, *_ = own(ctx, ref, lock=True)
    check_open(exam, ctx.clock, ctx.config)
    if application.state not in ("draft", "refused"):
        raise not_now(application)
    application.photo = store_photo(ctx.config, take_in(data))
    ctx.record(exam=exam.code, subject=f"application:{ref}", photo=application.photo)
    return application


@verb
def submit_application(ctx: Context, *, ref: str) -> Application:
    """Submit for review; the automatic checks are run and stored with it."""
    application, exam, post, person, _ = own(ctx, ref, lock=True)
    check_open(exam, ctx.clock, ctx.config)
    if application.photo is None:
        raise Conflict("Add your photo first")
    _require_unpaid(application)
    move(application, "submitted")
    checks = run_checks(*checked(ctx, application, exam, post, person))
    application.checks = jcs([check.document() for check in checks]).decode()
    application.submitted_at, application.decided_at = ctx.clock.now(), None
    application.reason = ""
    results = {check.rule: check.ok for check in checks}
    ctx.record(exam=exam.code, subject=f"application:{ref}", post=post.code, checks=results)
    return application


def _require_unpaid(application: Application) -> None:
    """Whoever has paid and must choose again does so by `choosing`, which sees to the money."""
    if application.state == "choosing":
        raise not_now(application)


def checked(
    ctx: Context, application: Application, exam: Exam, post: Post, person: Person
) -> tuple[Applicant, Conditions]:
    """What the automatic checks compare: the person, and the conditions of a post."""
    rules = rules_from(exam.rules)
    applicant = Applicant(person.birth, person.sex, application.education, application.major)
    return applicant, Conditions(
        age_day=_age_day(ctx, exam),
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
    )


def _age_day(ctx: Context, exam: Exam) -> date:
    """The day on which registration closes by the rules, in the bureau's zone."""
    return rules_from(exam.rules).registration_closes.astimezone(ctx.config.zone).date()


@verb
def withdraw_application(ctx: Context, *, ref: str) -> Application:
    """Withdraw an application that is not paid; an approved one cannot be replaced afterwards."""
    application, exam, *_ = own(ctx, ref, lock=True)
    if exam.state != "announced":
        raise Conflict("Registration of this exam is over")
    _require_unpaid(application)
    move(application, "withdrawn")
    ctx.record(exam=exam.code, subject=f"application:{ref}")
    return application


@verb
def decide_application(ctx: Context, *, ref: str, approve: bool, reason: str = "") -> Application:
    """Approve, or refuse with a reason that the candidate is told; never one's own.

    Who had to choose again has paid already: approved is confirmed, refused may choose once more.
    """
    application, exam, _, person, _ = any_application(ctx.session, ref, lock=True)
    if person.account_id == ctx.actor.account_id:
        raise Forbidden("Nobody reviews their own application")
    chosen = application.chosen_at is not None
    if exam.state != ("closed" if chosen else "announced"):
        raise Conflict("Registration of this exam is over")
    reason = "" if approve else _line(reason, LONGEST_REASON, _REASON)
    move(application, "approved" if approve else "choosing" if chosen else "refused")
    if approve and chosen:
        move(application, "paid")
    application.reason, application.decided_at = reason, ctx.clock.now()
    ctx.record(exam=exam.code, subject=f"application:{ref}", decision=application.state, why=reason)
    return application


@verb
def export_applicants(ctx: Context, *, code: str) -> Sequence[Listed]:
    """Everybody who applied in the exam, ID numbers masked, in order of post and ref."""
    exam = exam_by_code(ctx.session, code)
    rows = list_applicants(ctx, exam)
    ctx.record(exam=code, subject=f"exam:{code}", rows=len(rows))
    return rows
