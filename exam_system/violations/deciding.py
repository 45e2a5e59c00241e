"""Verbs of deciding: a draft, the approval of another office, the signed decision.

Version 1 imposes what was told in the notice; a review makes the next version and overwrites none.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import Wanted, find, use
from exam_system.chance import reference
from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, NotFound, Sentence
from exam_system.exams.models import Exam
from exam_system.records.paper import anchor
from exam_system.trust import notes
from exam_system.trust.canonical import JSON, jcs, sha256_hex
from exam_system.trust.decision_note import DecisionNote, subject_of
from exam_system.violations import words
from exam_system.violations.cases import (
    exam_of,
    find_case,
    regime_of_case,
    require_apart,
)
from exam_system.violations.effects import begin_effects, end_effects, require_effect
from exam_system.violations.hearing import newest_notice
from exam_system.violations.incidents import facts_text
from exam_system.violations.models import Decision, DecisionReview, ViolationCase
from exam_system.violations.papers import addressed, decision_pdf, keep
from exam_system.violations.states import move_case, require_state

VERB = "violations.decide_case"


def decisions_of(session: Session, case: ViolationCase) -> list[Decision]:
    """The decided versions of a case, newest first."""
    query = select(Decision).where(Decision.case_id == case.id, Decision.state == "decided")
    return list(session.scalars(query.order_by(Decision.version.desc())))


def draft_of(session: Session, case: ViolationCase) -> Decision | None:
    """The draft that waits for its approval."""
    query = select(Decision).where(Decision.case_id == case.id, Decision.state == "draft")
    return session.scalar(query)


def settled_review(session: Session, case: ViolationCase) -> DecisionReview | None:
    """The review or lawsuit against the newest decision whose outcome is known."""
    newest = next(iter(decisions_of(session, case)), None)
    if newest is None:
        return None
    query = select(DecisionReview).where(
        DecisionReview.decision_id == newest.id, DecisionReview.outcome.is_not(None)
    )
    return session.scalar(query.order_by(DecisionReview.id.desc()).limit(1))


@verb
def draft_decision(
    ctx: Context, *, ref: str, facts: str, reasons: str, tier: str = "", item: int = 0
) -> Decision:
    """Write the decision down, to be approved; an earlier draft is replaced.

    Of a first decision the sanction is that of the notice. After a review: what it changed it to
    (`tier`, `item`), the same when it upheld it, none when it cancelled it.
    """
    case = find_case(ctx.session, ref, lock=True)
    require_apart(ctx.session, case, ctx.actor.account_id)
    require_state(case, "rechecked", "review")
    if ctx.actor.account_id is None:
        raise Forbidden("Only people take part in a case")
    outcome, to, place = _sanction(ctx.session, case, tier, item)
    if to is not None:
        sanction = regime_of_case(case).tier(to)
        sanction.item(place or 0)
        require_effect(case, sanction)
    old = draft_of(ctx.session, case)
    if old is not None:
        ctx.session.delete(old)
        ctx.session.flush()
    draft = Decision(
        ref=reference(ctx.chance),
        case_id=case.id,
        version=_versions(ctx.session, case) + 1,
        outcome=outcome,
        tier=to,
        item=place,
        facts=facts_text(facts),
        reasons=facts_text(reasons),
        state="draft",
        drafted_by=ctx.actor.account_id,
        drafted_at=ctx.clock.now(),
    )
    ctx.session.add(draft)
    ctx.session.flush()
    code, digest = exam_of(ctx.session, case).code, decision_digest(case, draft)
    ctx.record(exam=code, subject=f"case:{ref}", version=draft.version, digest=digest)
    return draft


def _sanction(
    session: Session, case: ViolationCase, tier: str, item: int
) -> tuple[str, str | None, int | None]:
    """Outcome, tier and item of the next version."""
    if case.state == "rechecked":
        notice = newest_notice(session, case)
        return "decided", notice.tier, notice.item
    review = settled_review(session, case)
    if review is None or review.outcome is None:
        raise Conflict("The outcome of the review is not known yet")
    before = decisions_of(session, case)[0]
    if review.outcome == "upheld":
        return "upheld", before.tier, before.item
    if review.outcome == "cancelled":
        return "cancelled", None, None
    return "changed", tier, item


def _versions(session: Session, case: ViolationCase) -> int:
    query = select(func.count()).where(Decision.case_id == case.id, Decision.state == "decided")
    return session.scalars(query).one()


def decision_digest(case: ViolationCase, draft: Decision) -> str:
    """SHA-256 (hex) of all that a decision says."""
    said: list[JSON] = [draft.outcome, draft.tier, draft.item, draft.facts, draft.reasons]
    whom: list[JSON] = [case.application_id, case.staff_no, case.subject]
    which: list[JSON] = [case.ref, case.regime, draft.ref, draft.version]
    return sha256_hex(jcs({"decision": which, "said": said, "whom": whom}))


def wanted_decision(ctx: Context, *, ref: str) -> Wanted:
    """What somebody of another office approves of a decision; raises NotFound without a draft."""
    case = find_case(ctx.session, ref)
    draft = draft_of(ctx.session, case)
    if draft is None:
        raise NotFound("No decision is written down yet")
    exam = exam_of(ctx.session, case)
    told = [
        Sentence("Case %(number)s against %(who)s", number=case.number, who=addressed(ctx, case)),
        Sentence("What happened: %(facts)s", facts=draft.facts),
    ]
    if draft.tier is None:
        told.append(Sentence("The earlier decision is cancelled"))
    else:
        tier = regime_of_case(case).tier(draft.tier)
        basis = f"《{regime_of_case(case).name}》{tier.article}"
        told.append(Sentence("%(sanction)s, by %(basis)s", sanction=tier.sanction, basis=basis))
    told.append(Sentence("Reason: %(reason)s", reason=draft.reasons))
    subject = f"case:{ref}:{draft.version}"
    return Wanted(VERB, exam.code, subject, decision_digest(case, draft), tuple(told))


@verb
def decide_case(ctx: Context, *, ref: str) -> Decision:
    """Decide as drafted and approved: the paper, the signed text, and all that it does.

    The act's subject is the digest of the signed text, so that whoever holds the decision can
    prove that it stands in the log.
    """
    case = find_case(ctx.session, ref, lock=True)
    draft = draft_of(ctx.session, case)
    if draft is None:
        raise NotFound("No decision is written down yet")
    require_apart(ctx.session, case, ctx.actor.account_id)
    subject, digest = f"case:{ref}:{draft.version}", decision_digest(case, draft)
    approval = use(ctx, subject=subject, digest=digest)
    require_apart(ctx.session, case, find(ctx.session, approval).decided_by)
    exam, before = exam_of(ctx.session, case), case.state
    move_case(case, "decided")
    text = _sign(ctx, exam, case, draft, approval)
    done = _effects(ctx, exam, case, draft) if before == "rechecked" else _review(ctx, case, draft)
    ctx.session.flush()
    ctx.record(
        exam=exam.code,
        subject=subject_of(text),
        case=ref,
        version=draft.version,
        digest=digest,
        **done,
    )
    return draft


def _sign(ctx: Context, exam: Exam, case: ViolationCase, draft: Decision, approval: str) -> str:
    """Make the paper and the signed text; the draft is a decision from here on."""
    now, review = ctx.clock.now(), settled_review(ctx.session, case)
    notice = newest_notice(ctx.session, case)
    digest = keep(ctx, draft.ref, decision_pdf(ctx, case, notice, draft, review, now))
    tie = anchor(ctx.session, ctx.config.origin, None)
    note = DecisionNote(
        origin=ctx.config.origin,
        exam=exam.code,
        case=case.number,
        version=draft.version,
        outcome=draft.outcome,
        regime=case.regime,
        tier=draft.tier or "",
        item=draft.item or 0,
        paper=digest,
        decided=rfc3339(now),
        size=tie.size,
        root=tie.root,
    )
    draft.note, draft.sha256 = notes.sign(note.text, ctx.keys.publisher), digest
    draft.approval = approval
    draft.state, draft.decided_by, draft.decided_at = "decided", ctx.actor.account_id, now
    return note.text


def _effects(ctx: Context, exam: Exam, case: ViolationCase, decision: Decision) -> dict[str, int]:
    day = ctx.clock.now().astimezone(ctx.config.zone).date()
    return begin_effects(ctx, exam, case, decision, day)


def _review(ctx: Context, case: ViolationCase, decision: Decision) -> dict[str, int]:
    """What a review upheld stands as it is; otherwise it ends, and what was changed begins."""
    if decision.outcome == "upheld":
        return {}
    ended = end_effects(ctx, case, words.OUTCOMES[decision.outcome])
    exam = exam_of(ctx.session, case)
    return {"ended": ended, **_effects(ctx, exam, case, decision)}
