"""Verbs of approvals: ask, approve, refuse, withdraw. Nobody approves their own act."""

from __future__ import annotations

from sqlalchemy import select

from exam_system import access
from exam_system.accounts import factors
from exam_system.approvals.lookup import (
    Wanted,
    find,
    open_approval,
    require_other_office,
    write_summary,
)
from exam_system.approvals.models import Approval
from exam_system.approvals.states import move
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Fault, Forbidden
from exam_system.exams.models import Exam
from exam_system.people import reason_line

LONGEST = 200


def _line(text: str) -> str:
    return reason_line(text, LONGEST) if text.strip() else ""


@verb
def ask_approval(ctx: Context, *, wanted: Wanted, reason: str = "") -> Approval:
    """Ask for the approval of an act that the asker's own role may do.

    A request for the same act on the same subject with another content takes the place of the
    earlier one, also of one that was approved; with the same content raises Conflict.
    """
    access.require(ctx.actor.role, wanted.verb)
    if not access.VERBS[wanted.verb].approvers:
        raise Fault(f"{wanted.verb} needs nobody's approval")
    # Two officers at once: the second waits here and then finds the first one's request.
    ctx.session.execute(select(Exam.id).where(Exam.code == wanted.exam).with_for_update())
    replaced = _replace(ctx, wanted)
    approval = Approval(
        ref=reference(ctx.chance),
        verb=wanted.verb,
        exam=wanted.exam,
        subject=wanted.subject,
        digest=wanted.digest,
        summary=write_summary(wanted.summary),
        reason=_line(reason),
        nonce=ctx.chance.take(32).hex(),
        state="asked",
        asked_by=_account(ctx),
        asked_at=ctx.clock.now(),
    )
    ctx.session.add(approval)
    ctx.session.flush()
    _record(ctx, approval, digest=approval.digest, summary=approval.summary, **replaced)
    return approval


def _replace(ctx: Context, wanted: Wanted) -> dict[str, str]:
    earlier = open_approval(ctx.session, wanted.verb, wanted.subject)
    if earlier is None:
        return {}
    earlier = find(ctx.session, earlier.ref, lock=True)
    if earlier.digest == wanted.digest:
        raise Conflict("The approval of exactly this is asked for already")
    move(earlier, "withdrawn")
    ctx.session.flush()
    return {"replaces": earlier.ref}


def _account(ctx: Context) -> int:
    if ctx.actor.account_id is None:
        raise Forbidden("Only people ask for approval and give it")
    return ctx.actor.account_id


def _record(ctx: Context, approval: Approval, **details: str) -> None:
    subject = f"approval:{approval.ref}"
    about = {"verb": approval.verb, "about": approval.subject}
    ctx.record(exam=approval.exam, subject=subject, **about, **details)


def about(approval: Approval) -> factors.Occasion:
    """What a fresh second factor confirms: exactly this approval."""
    return factors.Occasion(f"approval:{approval.ref}", approval.digest, approval.nonce)


@verb
def approve(ctx: Context, *, ref: str) -> Approval:
    """Approve what somebody of another office asked for.

    `factors.prove` must have held for this approval in the same transaction.
    """
    approval = find(ctx.session, ref, lock=True)
    factor = factors.take(ctx, about(approval).about)
    _decide(ctx, approval, "approved")
    approval.factor = factor
    _record(ctx, approval, digest=approval.digest, factor=factor)
    return approval


@verb
def refuse(ctx: Context, *, ref: str, reason: str) -> Approval:
    """Refuse what somebody of another office asked for, and say why."""
    approval, answer = find(ctx.session, ref, lock=True), reason_line(reason, LONGEST)
    _decide(ctx, approval, "refused")
    approval.answer = answer
    _record(ctx, approval, digest=approval.digest, reason=approval.answer)
    return approval


def _decide(ctx: Context, approval: Approval, to: str) -> None:
    if ctx.actor.role not in access.VERBS[approval.verb].approvers:
        raise Forbidden("Your role does not approve this kind of act")
    require_other_office(ctx.session, ctx.actor, approval.asked_by)
    move(approval, to)
    approval.decided_by, approval.decided_at = ctx.actor.account_id, ctx.clock.now()


@verb
def withdraw_approval(ctx: Context, *, ref: str) -> Approval:
    """Take one's own request back, also when it is approved and not used yet."""
    approval = find(ctx.session, ref, lock=True)
    if approval.asked_by != ctx.actor.account_id:
        raise Forbidden("Only whoever asked takes the request back")
    move(approval, "withdrawn")
    ctx.session.flush()
    _record(ctx, approval, digest=approval.digest)
    return approval
