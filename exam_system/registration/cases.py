"""Verbs of reviewers beside the first decision: confirm, return, take over, reopen, be absent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams.models import Exam
from exam_system.fees.models import Order
from exam_system.people import reason_line
from exam_system.registration.lookup import Found, any_application, rules_from
from exam_system.registration.models import Application, ReviewerAbsence
from exam_system.registration.reviewing import (
    OTHER,
    deputy_may,
    is_away,
    is_overdue,
    proposal_of,
    require_reviewable,
    settle,
    today,
)
from exam_system.registration.service import decide_application
from exam_system.registration.states import move, not_now
from exam_system.workdays import office_table, term

LONGEST = 200
MOST = 50  # applications in one go: one page of the queue
LONGEST_ABSENCE = 366
FIELDS = ("id_number", "phone")


def decide_together(
    ctx: Context, *, refs: Sequence[str], approve: bool, ground: str = OTHER, reason: str = ""
) -> str:
    """Decide many applications alike, each by an act of its own; returns what they have in common.

    All or none: raises Conflict naming the first of which it cannot be said.
    """
    chosen = sorted(set(refs))
    if not 1 <= len(chosen) <= MOST:
        raise Invalid("Choose 1 to %(most)s applications of the list", most=MOST).about("ref")
    batch = reference(ctx.chance)
    for ref in chosen:
        try:
            decide_application(
                ctx, ref=ref, approve=approve, ground=ground, reason=reason, batch=batch
            )
        except (Conflict, Forbidden) as error:
            name = any_application(ctx.session, ref).Person.name
            raise Conflict("Nothing was decided. %(name)s: %(why)s", name=name, why=error) from None
    return batch


def _in_second(ctx: Context, ref: str) -> Found:
    """An application in second review that another reviewer has decided first."""
    found = any_application(ctx.session, ref, lock=True)
    application, exam, _, person, _ = found
    if application.state != "second":
        raise not_now(application)
    require_reviewable(ctx, exam, application, person)
    if application.proposed_by == ctx.actor.account_id:
        raise Forbidden("The second reviewer is somebody else than the first")
    return found


@verb
def confirm_decision(ctx: Context, *, ref: str) -> Application:
    """Confirm another reviewer's decision: it stands from now on."""
    application, exam, post, _, _ = _in_second(ctx, ref)
    decision = proposal_of(application)
    settle(ctx, application, post, rules_from(exam.rules), decision)
    ctx.record(
        exam=exam.code,
        subject=f"application:{ref}",
        decision=application.state,
        ground=decision.ground,
        why=decision.reason,
    )
    return application


@verb
def return_decision(ctx: Context, *, ref: str, reason: str) -> Application:
    """Give a decision back to whoever made it; it is to be decided anew within the same term."""
    application, exam, *_ = _in_second(ctx, ref)
    why = reason_line(reason, LONGEST)
    move(application, "submitted")
    application.proposal = application.proposed_by = None
    ctx.record(exam=exam.code, subject=f"application:{ref}", why=why)
    return application


@verb
def take_over(ctx: Context, *, ref: str, reason: str) -> Application:
    """Make another reviewer's case one's own: the deputy when it is their turn, everybody once
    it is overdue or both are away."""
    application, exam, *_ = any_application(ctx.session, ref, lock=True)
    why = reason_line(reason, LONGEST)
    if application.state != "submitted" or application.owner_id == ctx.actor.account_id:
        raise not_now(application)
    if not may_take_over(ctx, exam, application):
        raise Conflict(
            "Not yet: the deputy takes a case over when its owner is absent or after half of the "
            "time, others when it is overdue"
        )
    former = application.owner_id
    application.owner_id = ctx.actor.account_id
    application.deputy_id = former
    ctx.record(exam=exam.code, subject=f"application:{ref}", why=why)
    return application


def may_take_over(ctx: Context, exam: Exam, application: Application) -> bool:
    """Whether the actor may take the case over now."""
    if is_overdue(ctx, application) or application.owner_id is None:
        return True
    if application.deputy_id == ctx.actor.account_id:
        return deputy_may(ctx, exam, application)
    day, both = today(ctx), (application.owner_id, application.deputy_id)
    return all(is_away(ctx.session, who, day) for who in both)


@verb
def reopen_review(ctx: Context, *, ref: str, reason: str) -> Application:
    """Take a decision back while registration is reviewed; a new term of review begins.

    Conflict once it is paid for, or while the candidate is paying.
    """
    application, exam, post, person, _ = any_application(ctx.session, ref, lock=True)
    require_reviewable(ctx, exam, application, person)
    if application.state not in ("approved", "refused"):
        raise not_now(application)
    _require_not_paying(ctx, application)
    why = reason_line(reason, LONGEST)
    before, was = application.state, application.reason
    move(application, "submitted")
    days = rules_from(exam.rules).review_days
    application.review_due = term(today(ctx), days, office_table(ctx.session)).ends
    application.decided_at, application.reason, application.ground = None, "", None
    application.decided_by = application.proposed_by = application.batch = None
    refused = [code for code in (application.refused_posts or "").split() if code != post.code]
    application.refused_posts = " ".join(refused) or None
    ctx.record(exam=exam.code, subject=f"application:{ref}", before=before, was=was, why=why)
    return application


def _require_not_paying(ctx: Context, application: Application) -> None:
    query = select(Order.id).where(
        Order.application_id == application.id, Order.state.in_(("created", "paying"))
    )
    if ctx.session.scalar(query.limit(1)) is not None:
        raise Conflict("The candidate is paying: reopen the review when the order is closed")


@verb
def declare_absence(
    ctx: Context, *, begins: date, ends: date, username: str = ""
) -> ReviewerAbsence:
    """Say on which days a reviewer is away, both included; officers name whom, reviewers are it
    themselves."""
    if not begins <= ends or (ends - begins).days > LONGEST_ABSENCE or ends < today(ctx):
        sentence = "Give the first and the last day; the absence is at most a year"
        raise Invalid(sentence).about("ends")
    account = _reviewer(ctx, username)
    row = ReviewerAbsence(
        account_id=account.id, begins=begins, ends=ends, declared_at=ctx.clock.now()
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(exam="", subject=f"account:{account.ref}", begins=str(begins), ends=str(ends))
    return row


def _reviewer(ctx: Context, username: str) -> Account:
    query = select(Account).where(Account.role == "reviewer", Account.active)
    if ctx.actor.role is Role.REVIEWER:
        query = query.where(Account.id == ctx.actor.account_id)
    else:
        query = query.where(Account.username == username)
    account = ctx.session.scalar(query)
    if account is None:
        raise NotFound("There is no reviewer of this name")
    return account


@verb
def unmask(ctx: Context, *, ref: str, field: str, reason: str) -> str:
    """The full ID number or phone of a candidate; who looked, and why, stays in the log."""
    _, exam, _, person, _ = any_application(ctx.session, ref)
    if field not in FIELDS:
        raise Invalid("Choose what you need to see").about("field")
    why = reason_line(reason, LONGEST)
    ctx.record(exam=exam.code, subject=f"application:{ref}", field=field, why=why)
    return ctx.keys.vault.open(person.id_sealed if field == "id_number" else person.phone_sealed)
