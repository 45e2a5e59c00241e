"""Verbs of the hearing: tell what is intended, take the answer, check what was raised.

A decision may only be what was told; what the check finds beyond it needs another notice.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, NotFound
from exam_system.exams.lookup import rules_of
from exam_system.people import reason_line
from exam_system.violations.cases import (
    exam_of,
    find_case,
    person_of,
    regime_of_case,
    require_apart,
    require_subject,
)
from exam_system.violations.effects import require_effect
from exam_system.violations.incidents import LONGEST_LINE, facts_text
from exam_system.violations.models import CaseNotice, ViolationCase
from exam_system.violations.papers import keep, notice_pdf
from exam_system.violations.states import move_case, require_state
from exam_system.workdays import last_day, office_table


def newest_notice(session: Session, case: ViolationCase) -> CaseNotice:
    """The last notice of a case; raises NotFound while there is none."""
    query = select(CaseNotice).where(CaseNotice.case_id == case.id)
    found = session.scalar(query.order_by(CaseNotice.version.desc()).limit(1))
    if found is None:
        raise NotFound("Nothing has been told in this case yet")
    return found


@verb
def notify_case(
    ctx: Context, *, ref: str, tier: str, item: int, facts: str, reasons: str, subject: str = ""
) -> CaseNotice:
    """Tell whom it concerns what the office intends to decide, why, and by when to answer."""
    case = find_case(ctx.session, ref, lock=True)
    require_apart(ctx.session, case, ctx.actor.account_id)
    exam = exam_of(ctx.session, case)
    if subject:
        require_subject(exam, subject)
        case.subject = subject
    sanction = regime_of_case(case).tier(tier)
    sanction.item(item)
    require_effect(case, sanction)
    move_case(case, "noticed")
    now = ctx.clock.now()
    query = select(func.count()).where(CaseNotice.case_id == case.id)
    notice = CaseNotice(
        ref=reference(ctx.chance),
        case_id=case.id,
        version=ctx.session.scalars(query).one() + 1,
        tier=tier,
        item=item,
        facts=facts_text(facts),
        reasons=facts_text(reasons),
        told_by=_account(ctx),
        told_at=now,
        due=_answer_until(ctx, rules_of(exam).hearing_days),
    )
    notice.sha256 = keep(ctx, notice.ref, notice_pdf(ctx, case, notice))
    ctx.session.add(notice)
    ctx.session.flush()
    about = {"tier": tier, "item": item, "sha256": notice.sha256}
    ctx.record(exam=exam.code, subject=f"case:{ref}", due=notice.due.isoformat(), **about)
    return notice


def _answer_until(ctx: Context, working_days: int) -> date:
    day = ctx.clock.now().astimezone(ctx.config.zone).date()
    return last_day(day, working_days, office_table(ctx.session))


def _account(ctx: Context) -> int:
    if ctx.actor.account_id is None:
        raise Forbidden("Only people take part in a case")
    return ctx.actor.account_id


def own_case(ctx: Context, ref: str, *, lock: bool = False) -> ViolationCase:
    """A case of the actor's own application; NotFound for anybody else's as for none, and while
    nothing has been told."""
    case = find_case(ctx.session, ref, lock=lock)
    person = person_of(ctx.session, case)
    told = select(CaseNotice.id).where(CaseNotice.case_id == case.id)
    own = person is not None and person.account_id == ctx.actor.account_id
    if not own or ctx.session.scalar(told.limit(1)) is None:
        raise NotFound("There is no such case")
    return case


@verb
def answer_notice(ctx: Context, *, ref: str, text: str) -> CaseNotice:
    """The candidate states and defends; once for each notice and within its term."""
    case = own_case(ctx, ref, lock=True)
    require_state(case, "noticed")
    notice = newest_notice(ctx.session, case)
    if ctx.due().astimezone(ctx.config.zone).date() > notice.due:
        raise Conflict("The time to answer ended on %(day)s", day=notice.due.isoformat())
    return _answered(ctx, case, notice, text)


@verb
def note_answer(ctx: Context, *, ref: str, text: str) -> CaseNotice:
    """Enter what came in writing from whom the case concerns; the office does it."""
    case = find_case(ctx.session, ref, lock=True)
    require_apart(ctx.session, case, ctx.actor.account_id)
    require_state(case, "noticed")
    return _answered(ctx, case, newest_notice(ctx.session, case), text)


def _answered(ctx: Context, case: ViolationCase, notice: CaseNotice, text: str) -> CaseNotice:
    notice.answer, notice.answered_at = facts_text(text), ctx.clock.now()
    move_case(case, "heard")
    ctx.session.flush()
    code = exam_of(ctx.session, case).code
    ctx.record(exam=code, subject=f"case:{case.ref}", version=notice.version, answer=notice.answer)
    return notice


@verb
def end_hearing(ctx: Context, *, ref: str) -> ViolationCase:
    """Go on after the term to answer has ended without an answer."""
    case = find_case(ctx.session, ref, lock=True)
    require_apart(ctx.session, case, ctx.actor.account_id)
    require_state(case, "noticed")
    notice = newest_notice(ctx.session, case)
    if ctx.due().astimezone(ctx.config.zone).date() <= notice.due:
        day = notice.due.isoformat()
        raise Conflict("They may answer until %(day)s: nothing goes on before", day=day)
    move_case(case, "heard")
    ctx.session.flush()
    code = exam_of(ctx.session, case).code
    ctx.record(exam=code, subject=f"case:{ref}", version=notice.version)
    return case


@verb
def recheck_case(ctx: Context, *, ref: str, finding: str) -> CaseNotice:
    """Write down what checking what was raised has found."""
    case = find_case(ctx.session, ref, lock=True)
    require_apart(ctx.session, case, ctx.actor.account_id)
    move_case(case, "rechecked")
    notice = newest_notice(ctx.session, case)
    notice.finding = reason_line(finding, LONGEST_LINE, "finding")
    notice.checked_by, notice.checked_at = _account(ctx), ctx.clock.now()
    ctx.session.flush()
    code = exam_of(ctx.session, case).code
    ctx.record(exam=code, subject=f"case:{ref}", version=notice.version, finding=notice.finding)
    return notice
