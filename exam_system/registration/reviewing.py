"""How an application is decided: whose case it is, what a decision says, who must confirm it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Exists, bindparam, exists, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account, Person
from exam_system.context import Context
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.models import Exam, Post
from exam_system.exams.review_rules import Ground
from exam_system.exams.rules import RuleSet
from exam_system.people import clean_line
from exam_system.registration.checks import Bar
from exam_system.registration.integrity import bars_of, require_reason_for_barred
from exam_system.registration.lookup import Found, rules_from, shown
from exam_system.registration.models import Application, ReviewerAbsence
from exam_system.registration.states import move, not_now
from exam_system.trust.canonical import jcs
from exam_system.workdays import half_time, office_table, term

LONGEST_REASON = 300
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer says. `ground` is a code of the rule set's or OTHER, "" of an approval;
    `batch` names the act of many that it was part of."""

    approve: bool
    ground: str = ""
    reason: str = ""
    batch: str | None = None

    def text(self) -> str:
        """As an application keeps it until a second reviewer confirms it (JCS)."""
        return jcs(asdict(self)).decode()


def proposal_of(application: Application) -> Decision:
    """The first decision of an application in second review."""
    return Decision(**json.loads(application.proposal or "{}"))


def today(ctx: Context) -> date:
    """The bureau's day."""
    return ctx.clock.now().astimezone(ctx.config.zone).date()


def assign(ctx: Context, application: Application, exam: Exam) -> None:
    """Give a submitted application its owner, deputy and last day of review.

    The reviewers present take turns by the application's number: nobody chooses their cases.
    """
    present = list(ctx.session.scalars(_PRESENT, {"day": today(ctx)}))
    turn, count = application.id, len(present)
    application.owner_id = present[turn % count] if count else None
    application.deputy_id = present[(turn + 1) % count] if count > 1 else None
    days = rules_from(exam.rules).review_days
    application.review_due = term(today(ctx), days, office_table(ctx.session)).ends
    application.decided_at, application.reason, application.ground = None, "", None
    application.decided_by = application.proposed_by = application.batch = None


def _absent(account: Any, day: Any) -> Exists:
    return exists().where(
        ReviewerAbsence.account_id == account,
        ReviewerAbsence.begins <= day,
        ReviewerAbsence.ends >= day,
    )


# Built once: it is every submission's.
_PRESENT = (
    select(Account.id)
    .where(
        *(Account.role == "reviewer", Account.active),
        ~_absent(Account.id, bindparam("day", type_=Date())),
    )
    .order_by(Account.id)
)


def decide(ctx: Context, found: Found, decision: Decision) -> Decision:
    """Carry out a first decision: it settles the case, or goes to a second reviewer.

    Returns the decision with its reason made whole. Raises Conflict while it is another's case.
    """
    application, exam, post, person, _ = found
    require_reviewable(ctx, exam, application, person)
    if application.state != "submitted":
        raise not_now(application)
    require_turn(ctx, exam, application)
    rules = rules_from(exam.rules)
    bars = bars_of(ctx.session, person, rules.exam_type, today(ctx))
    decision = _weighed(rules, decision, bars)
    if decision.batch and decision.approve:
        _require_all_hold(application, bars)
    if needs_second(rules, decision, bars):
        move(application, "second")
        application.proposal, application.proposed_by = decision.text(), ctx.actor.account_id
    else:
        application.proposed_by = None
        settle(ctx, application, post, rules, decision)
    return decision


def require_reviewable(ctx: Context, exam: Exam, application: Application, person: Person) -> None:
    """Raise Forbidden for one's own application, Conflict once registration of it is over."""
    if person.account_id == ctx.actor.account_id:
        raise Forbidden("Nobody reviews their own application")
    if exam.state != ("closed" if application.chosen_at is not None else "announced"):
        raise Conflict("Registration of this exam is over")


def _weighed(rules: RuleSet, decision: Decision, bars: Sequence[Bar]) -> Decision:
    """The decision with a clean reason; Invalid without the reason it needs."""
    reason = clean_line(decision.reason, LONGEST_REASON)
    if decision.approve:
        require_reason_for_barred(bars, reason)
        return replace(decision, ground="", reason=reason)
    ground = ground_of(rules, decision.ground)
    if ground is None and decision.ground != OTHER:
        raise Invalid("Choose one of the grounds of refusal that the rules name").about("ground")
    bad = bool(decision.reason.strip()) and not reason
    if bad or (ground is None and not reason):
        raise Invalid(
            "A refusal needs a reason of 1 to %(longest)s characters", longest=LONGEST_REASON
        ).about("reason")
    return replace(decision, reason=reason or (ground.name if ground else ""))


def ground_of(rules: RuleSet, code: str | None) -> Ground | None:
    """The ground of this code; None for OTHER and for none."""
    return next((ground for ground in rules.refusal_grounds if ground.code == code), None)


def _require_all_hold(application: Application, bars: Sequence[Bar]) -> None:
    checks = json.loads(application.checks)
    if bars or not checks or not all(check["ok"] is True for check in checks):
        raise Conflict(
            "Only applications of which every automatic check holds are approved together: look at "
            "this one by itself"
        )


def needs_second(rules: RuleSet, decision: Decision, bars: Sequence[Bar]) -> bool:
    """Whether the rules ask for a second reviewer of this decision."""
    wanted = rules.second_review
    about_bar = bool(bars) or decision.ground == "barred"
    return (
        wanted == "all"
        or (wanted in ("bans", "refusals") and about_bar)
        or (wanted == "refusals" and not decision.approve)
    )


def settle(
    ctx: Context, application: Application, post: Post, rules: RuleSet, decision: Decision
) -> None:
    """Make a decision the one that stands.

    Who had to choose again has paid already: approved is confirmed, refused may choose once more.
    """
    chosen = application.chosen_at is not None
    move(application, "approved" if decision.approve else "choosing" if chosen else "refused")
    if decision.approve and chosen:
        move(application, "paid")
    application.proposal = None
    application.decided_at, application.decided_by = ctx.clock.now(), ctx.actor.account_id
    application.reason = "" if decision.approve else decision.reason
    application.ground = decision.ground or None
    application.batch = decision.batch
    if not decision.approve:
        _remember_refusal(application, post, ground_of(rules, decision.ground))


def _remember_refusal(application: Application, post: Post, ground: Ground | None) -> None:
    if ground is not None and not ground.again:
        refused = {*(application.refused_posts or "").split(), post.code}
        application.refused_posts = " ".join(sorted(refused))


def require_may_apply(rules: RuleSet, application: Application, post_code: str) -> None:
    """Raise Conflict when a refused candidate may not apply, or not for this post (RULES 2.1)."""
    if rules.reapply == "never" and application.state == "refused":
        raise Conflict("Whoever was refused may not apply again in this exam")
    if rules.reapply == "other" and post_code in (application.refused_posts or "").split():
        raise Conflict(
            "Your application for the post %(code)s was refused, and not because something was "
            "missing: choose another post",
            code=post_code,
        )


def require_turn(ctx: Context, exam: Exam, application: Application) -> None:
    """Raise Conflict unless the actor is the owner, or the deputy when it is the deputy's turn."""
    mine = ctx.actor.account_id
    if application.owner_id in (None, mine):
        return
    if application.deputy_id == mine and deputy_may(ctx, exam, application):
        return
    owner = ctx.session.get_one(Account, application.owner_id)
    half = half_of(ctx, exam, application)
    raise Conflict(
        "This is the case of %(name)s. The deputy may act when %(name)s is absent, or after "
        "%(at)s; anybody else takes an overdue case over first",
        name=owner.name,
        at=shown(half, ctx.config),
    )


def half_of(ctx: Context, exam: Exam, application: Application) -> datetime:
    """When half of the application's term is over."""
    days = rules_from(exam.rules).review_days
    at = application.submitted_at or application.created_at
    return half_time(at, application.review_due, days, ctx.config.zone)


def deputy_may(ctx: Context, exam: Exam, application: Application) -> bool:
    """Whether the deputy may act now: the owner is away, or half of the term is over."""
    if ctx.clock.now() >= half_of(ctx, exam, application):
        return True
    return is_away(ctx.session, application.owner_id, today(ctx))


def is_away(session: Session, account_id: int | None, day: date) -> bool:
    """Whether a reviewer is absent on a day or has no open account any more."""
    if account_id is None:
        return True
    query = select(Account.active, _absent(account_id, day)).where(Account.id == account_id)
    active, absent = session.execute(query).one()
    return absent or not active


def is_overdue(ctx: Context, application: Application) -> bool:
    """Whether the last day of the review is over."""
    return application.review_due is not None and today(ctx) > application.review_due
