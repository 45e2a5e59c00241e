"""Verbs of the experts: who they are, what each holds of a case file, what their group decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.forensics.cases import open_violations
from exam_system.forensics.lookup import case_by, experts_of
from exam_system.forensics.models import CaseFile, Expert, ExpertOpinion
from exam_system.people import PREFECTURE, clean_area, reason_line, same_area

FEWEST = 3
FINDINGS = {"confirm": "Identical answers confirmed", "dismiss": "Not confirmed"}
LONGEST = 400


@verb
def appoint_expert(ctx: Context, *, code: str, username: str, unit: str, area_code: str) -> Expert:
    """Appoint a member of the exam's group of marking experts, who has a marker's account.

    The area must be another one than the exam's (the first four digits differ), as for
    interviewers. Nobody joins once a case file has an opinion.
    """
    exam = exam_by_code(ctx.session, code)
    account = ctx.session.scalar(select(Account).where(Account.username == username))
    if account is None or account.role != Role.MARKER or not account.active:
        raise Invalid("%(name)s has no marker's account", name=username)
    area_code = clean_area(area_code)
    if same_area(area_code, exam.area_code, PREFECTURE):
        raise Invalid("An expert comes from another area than the exam's")
    if any(one.account_id == account.id for one in experts_of(ctx.session, exam)):
        raise Conflict("%(name)s is in the group already", name=account.name)
    if _begun(ctx.session, exam):
        raise Conflict("The group has begun to decide: nobody joins it any more")
    row = Expert(
        exam_id=exam.id,
        account_id=account.id,
        unit=reason_line(unit, 120, "unit"),
        area_code=area_code,
        appointed_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.record(exam=code, subject=f"account:{account.ref}", unit=row.unit, area=area_code)
    return row


def _begun(session: Session, exam: Exam) -> bool:
    query = (
        select(ExpertOpinion.id)
        .join(Expert, Expert.id == ExpertOpinion.expert_id)
        .where(Expert.exam_id == exam.id)
    )
    return session.scalars(query.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Group:
    """A case file's experts and the opinions that are in, by expert id."""

    experts: Sequence[Expert]
    opinions: dict[int, ExpertOpinion]

    @property
    def complete(self) -> bool:
        """Whether there are enough experts and every one of them has given an opinion."""
        return len(self.experts) >= FEWEST and len(self.opinions) == len(self.experts)

    @property
    def confirms(self) -> bool:
        """Whether more than half of the group confirm."""
        for_it = sum(one.finding == "confirm" for one in self.opinions.values())
        return 2 * for_it > len(self.experts)

    def member(self, account_id: int | None) -> Expert | None:
        """The expert of an account."""
        return next((one for one in self.experts if one.account_id == account_id), None)


def group_of(session: Session, exam: Exam, case: CaseFile) -> Group:
    """The group and its opinions on one case file."""
    query = select(ExpertOpinion).where(ExpertOpinion.case_id == case.id)
    opinions = {one.expert_id: one for one in session.scalars(query)}
    return Group(experts_of(session, exam), opinions)


def require_member(ctx: Context, group: Group) -> Expert:
    """The acting expert; Forbidden for anybody else."""
    member = group.member(ctx.actor.account_id)
    if member is None:
        raise Forbidden("Only members of the group of experts do this")
    return member


@verb
def give_opinion(ctx: Context, *, ref: str, finding: str, reason: str) -> ExpertOpinion:
    """Say what one holds of a case file; once, for good, and unseen by the others until all did."""
    case, _screening, _paper, exam = case_by(ctx.session, ref)
    group = group_of(ctx.session, exam, case)
    member = require_member(ctx, group)
    if finding not in FINDINGS:
        raise Invalid("Say whether you hold the answers for identical")
    if len(group.experts) < FEWEST:
        raise Conflict(
            "The group has %(count)s members and needs %(least)s before it begins",
            count=len(group.experts),
            least=FEWEST,
        )
    if case.state != "open" or member.id in group.opinions:
        raise Conflict("Your opinion on this case file is in already")
    row = ExpertOpinion(
        case_id=case.id,
        expert_id=member.id,
        finding=finding,
        reason=reason_line(reason, LONGEST),
        given_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.record(exam=exam.code, subject=f"casefile:{ref}", finding=finding, why=row.reason)
    return row


@verb
def decide_case(ctx: Context, *, ref: str, reason: str) -> CaseFile:
    """Record what the group has decided, by majority, with its reasons; a member does it.

    Once confirmed, a violation case is opened for everybody in the file, and that has its own way
    to a decision: nothing here touches a score. Conflict before all opinions are in.
    """
    case, screening, paper, exam = case_by(ctx.session, ref)
    group = group_of(ctx.session, exam, case)
    require_member(ctx, group)
    if case.state != "open":
        raise Conflict("The group has decided on this case file")
    if not group.complete:
        raise Conflict(
            "%(count)s of %(all)s experts have given their opinion: all of them do so first",
            count=len(group.opinions),
            all=max(FEWEST, len(group.experts)),
        )
    case.state = "confirmed" if group.confirms else "dismissed"
    case.reason, case.decided_by = reason_line(reason, LONGEST), ctx.actor.account_id
    case.decided_at = ctx.clock.now()
    opened = open_violations(ctx, exam, paper, screening, case) if group.confirms else []
    votes = [group.opinions[one.id].finding for one in group.experts]
    ctx.record(
        exam=exam.code,
        subject=f"casefile:{ref}",
        decision=case.state,
        votes=votes,
        why=case.reason,
        cases=opened,
    )
    return case
