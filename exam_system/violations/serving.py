"""Verbs after a decision: serve it, note a review or lawsuit and its outcome, make it final."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.people import reason_line
from exam_system.violations.cases import (
    exam_of,
    find_case,
    require_apart,
)
from exam_system.violations.deciding import decisions_of
from exam_system.violations.hearing import own_case
from exam_system.violations.incidents import LONGEST_LINE
from exam_system.violations.models import (
    Decision,
    DecisionReview,
    DecisionService,
    ViolationCase,
)
from exam_system.violations.regimes import procedure
from exam_system.violations.states import move_case, require_state
from exam_system.workdays import Table, office_table, term

WAYS = {
    "person": "Handed over",
    "post": "By post",
    "page": "On the candidate's page",
    "notice": "By public notice",
}
REVIEWS = {"review": "Administrative review", "lawsuit": "Lawsuit"}
REVIEW_OUTCOMES = {"upheld": "Upheld", "changed": "Changed", "cancelled": "Cancelled"}
_LONGEST_BODY = 120


def review_until(served: date, table: Table) -> date:
    """The last day of asking for a review: so many days, counted from the day after service."""
    return _working(served + timedelta(days=procedure().review_days), table)


def lawsuit_until(served: date, table: Table) -> date:
    """The last day of a lawsuit: so many months later, on the same day or the month's last."""
    months = served.month - 1 + procedure().lawsuit_months
    year, month = served.year + months // 12, months % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return _working(date(year, month, min(served.day, last)), table)


def _working(day: date, table: Table) -> date:
    """A term whose last day is no working day ends on the next one (Civil Code, article 203); the
    day itself while the holidays of its year are not announced."""
    return term(day - timedelta(days=1), 1, table).ends or day


def service_of(session: Session, decision: Decision) -> DecisionService | None:
    """How a decision was served; None while it was not."""
    query = select(DecisionService).where(DecisionService.decision_id == decision.id)
    return session.scalar(query)


def reviews_of(session: Session, decision: Decision) -> list[DecisionReview]:
    """Reviews and lawsuits against a decision, in order."""
    query = select(DecisionReview).where(DecisionReview.decision_id == decision.id)
    return list(session.scalars(query.order_by(DecisionReview.id)))


@verb
def serve_decision(ctx: Context, *, ref: str, way: str, proof: str, on: date) -> DecisionService:
    """Note how the newest decision was handed over, on which day, and what proves it.

    A public notice counts as served so many days after `on`, when it was published.
    """
    if way not in WAYS or way == "page":
        raise Invalid("Choose how the decision was handed over").about("way")
    case = find_case(ctx.session, ref, lock=True)
    today = ctx.clock.now().astimezone(ctx.config.zone).date()
    decided = decisions_of(ctx.session, case)
    made = decided[0].decided_at if decided else None
    if made is not None and not made.astimezone(ctx.config.zone).date() <= on <= today:
        raise Invalid("The day lies before the decision or in the future").about("on")
    later = timedelta(days=procedure().notice_days if way == "notice" else 0)
    return _serve(ctx, case, way, reason_line(proof, LONGEST_LINE, "proof"), on + later)


@verb
def receive_decision(ctx: Context, *, ref: str) -> DecisionService:
    """The candidate confirms on the own page that the decision was received."""
    case = own_case(ctx, ref, lock=True)
    today = ctx.due().astimezone(ctx.config.zone).date()
    return _serve(ctx, case, "page", ctx.actor.ref, today)


def _serve(ctx: Context, case: ViolationCase, way: str, proof: str, on: date) -> DecisionService:
    move_case(case, "served")
    if ctx.actor.account_id is None:
        raise Forbidden("Only people take part in a case")
    decision, table = decisions_of(ctx.session, case)[0], office_table(ctx.session)
    row = DecisionService(
        decision_id=decision.id,
        way=way,
        proof=proof,
        served_on=on,
        review_until=review_until(on, table),
        lawsuit_until=lawsuit_until(on, table),
        served_by=ctx.actor.account_id,
        served_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    code = exam_of(ctx.session, case).code
    ctx.record(
        exam=code,
        subject=f"case:{case.ref}",
        version=decision.version,
        way=way,
        proof=proof,
        on=on.isoformat(),
    )
    return row


@verb
def file_review(ctx: Context, *, ref: str, kind: str, body: str, on: date) -> DecisionReview:
    """Note that a review was asked for, or a lawsuit filed, within its term; `body` hears it."""
    if kind not in REVIEWS:
        raise Invalid("Choose a review or a lawsuit").about("kind")
    case = find_case(ctx.session, ref, lock=True)
    move_case(case, "review")
    decision = decisions_of(ctx.session, case)[0]
    service = service_of(ctx.session, decision)
    if service is None or ctx.actor.account_id is None:
        raise Conflict("The decision was not served")
    until = service.review_until if kind == "review" else service.lawsuit_until
    if not service.served_on <= on <= until:
        raise Conflict(
            "The term runs from %(begins)s until %(day)s",
            begins=service.served_on.isoformat(),
            day=until.isoformat(),
        )
    row = DecisionReview(
        decision_id=decision.id,
        kind=kind,
        body=reason_line(body, _LONGEST_BODY, "body"),
        filed_on=on,
        noted_by=ctx.actor.account_id,
        noted_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    code = exam_of(ctx.session, case).code
    ctx.record(exam=code, subject=f"case:{ref}", review=kind, body=row.body, on=on.isoformat())
    return row


@verb
def note_outcome(ctx: Context, *, ref: str, outcome: str, document: str) -> DecisionReview:
    """Note what the review or lawsuit came to; the next version of the decision follows from it."""
    if outcome not in REVIEW_OUTCOMES:
        raise Invalid("Choose what the review came to").about("outcome")
    case = find_case(ctx.session, ref, lock=True)
    require_apart(ctx.session, case, ctx.actor.account_id)
    require_state(case, "review")
    row = reviews_of(ctx.session, decisions_of(ctx.session, case)[0])[-1]
    if row.outcome is not None:
        raise Conflict("The outcome is noted already")
    row.outcome, row.told_at = outcome, ctx.clock.now()
    row.document = reason_line(document, _LONGEST_BODY, "document")
    ctx.session.flush()
    code = exam_of(ctx.session, case).code
    ctx.record(exam=code, subject=f"case:{ref}", outcome=outcome, document=row.document)
    return row


@verb
def finish_case(ctx: Context, *, ref: str) -> ViolationCase:
    """Make a case final once the terms of review and lawsuit have passed unused."""
    case = find_case(ctx.session, ref, lock=True)
    require_state(case, "served")
    service = service_of(ctx.session, decisions_of(ctx.session, case)[0])
    today = ctx.due().astimezone(ctx.config.zone).date()
    if service is None or today <= max(service.review_until, service.lawsuit_until):
        raise Conflict("The terms of review and lawsuit have not passed yet")
    move_case(case, "final")
    ctx.session.flush()
    ctx.record(exam=exam_of(ctx.session, case).code, subject=f"case:{ref}")
    return case
