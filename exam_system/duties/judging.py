"""Verbs after a finding: an inspector judges it, the office takes a measure, which is approved.

Nobody decides about themselves. A measure is also taken for a letter that was answered late.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.approvals.lookup import Wanted, use
from exam_system.cases.engine import Step
from exam_system.cases.models import Letter
from exam_system.chance import reference
from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.duties.lines import document_of
from exam_system.duties.models import Accountability, RedLineCase
from exam_system.errors import Conflict, Forbidden, Gathered, Invalid, NotFound, Sentence
from exam_system.people import reason_line
from exam_system.records.models import Act, ActDetail
from exam_system.trust.canonical import jcs, sha256_hex

LONGEST = 300
MEASURES = {
    "education": Sentence("Criticism and education"),
    "talk": Sentence("Admonitory talk"),
    "criticism": Sentence("Circulated criticism"),
    "suspension": Sentence("Suspension from exam work"),
    "transfer": Sentence("Removal from the post"),
    "discipline": Sentence("Handed over to discipline inspection"),
}
"""From the mildest to the hardest."""
LONGEST_LEAVE = timedelta(days=31)


def case_of(session: Session, ref: str, *, lock: bool = False) -> RedLineCase:
    """A case by its reference; raises NotFound."""
    query = select(RedLineCase).where(RedLineCase.ref == ref)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("There is no such case")
    return found


def concerned(session: Session, case: RedLineCase) -> set[str]:
    """Who did the acts that prove a finding, by reference."""
    acts: Sequence[int] = json.loads(case.acts)
    return set(session.scalars(select(Act.actor).where(Act.id.in_(acts[:500]))))


@verb
def judge_finding(ctx: Context, *, ref: str, confirmed: bool, reason: str) -> RedLineCase:
    """Say whether a red line was crossed, and why; for good. Raises Forbidden for whoever did one
    of the acts, Conflict when it was judged already."""
    case = case_of(ctx.session, ref, lock=True)
    why = reason_line(reason, LONGEST)
    if case.state != "open":
        raise Conflict("This finding is judged already")
    if ctx.actor.account_id is None or ctx.actor.ref in concerned(ctx.session, case):
        raise Forbidden("Nobody judges what they had part in: another inspector does")
    case.state, case.reason = ("confirmed" if confirmed else "unfounded"), why
    case.decided_by, case.decided_at = ctx.actor.account_id, ctx.clock.now()
    ctx.session.flush()
    ctx.record(exam=case.exam, subject=f"line:{ref}", state=case.state, why=why)
    return case


def overdue_letters(session: Session) -> list[tuple[Letter, datetime]]:
    """Letters that ran past their last day, answered since or not, and when that was noted: the
    log tells, since a letter's last day is another one after its answer."""
    query = (
        select(Letter, Act.at, ActDetail.details)
        .join(Act, Act.subject == "letter:" + Letter.ref)
        .join(ActDetail, ActDetail.act_id == Act.id)
        .where(Act.kind == "cases.carry_out")
        .order_by(Act.id)
    )
    found: dict[int, tuple[Letter, datetime]] = {}
    for letter, at, details in session.execute(query):
        if json.loads(details).get("step") == Step.OVERDUE:
            found.setdefault(letter.id, (letter, at))
    return list(found.values())


def _owner(session: Session, number: str) -> int:
    for letter, _at in overdue_letters(session):
        if letter.number == number and letter.owner_id is not None:
            return letter.owner_id
    raise NotFound("No letter of this number was overdue")


def wanted_measure(ctx: Context, *, source: str, about: str, measure: str, why: str) -> Wanted:
    """What an inspector of another office approves: this measure against this person."""
    account, exam = _whom(ctx, source, about)
    wrong = Gathered()
    with wrong.about():
        why = reason_line(why, LONGEST)
    if measure not in MEASURES:
        wrong.errors.append(Invalid("Choose a measure").about("measure"))
    wrong.tell()
    lines = (
        Sentence("Measure against %(name)s", name=account.name),
        MEASURES[measure],
        Sentence("Reason: %(reason)s", reason=why),
    )
    digest = sha256_hex(jcs([source, about, account.ref, measure, why]))
    return Wanted("duties.hold_accountable", exam, f"measure:{source}:{about}", digest, lines)


def _whom(ctx: Context, source: str, about: str) -> tuple[Account, str]:
    if source == "line":
        case = case_of(ctx.session, about)
        if case.state != "confirmed" or case.account_id is None:
            raise Conflict("Measures follow a finding that is confirmed")
        return ctx.session.get_one(Account, case.account_id), case.exam
    if source != "letter":
        raise NotFound("There is no such case")
    return ctx.session.get_one(Account, _owner(ctx.session, about)), ""


@verb
def hold_accountable(
    ctx: Context, *, source: str, about: str, measure: str, why: str
) -> Accountability:
    """Enter a measure in the register; an inspector of another office has approved exactly it.

    `source`: "line" with a case's reference, or "letter" with its number. Raises Forbidden for
    whoever it concerns, Conflict when a measure is entered already.
    """
    wanted = wanted_measure(ctx, source=source, about=about, measure=measure, why=why)
    account, exam = _whom(ctx, source, about)
    if ctx.actor.account_id is None or ctx.actor.account_id == account.id:
        raise Forbidden("Nobody decides about themselves")
    known = Accountability.source == source, Accountability.about == about
    if ctx.session.scalar(select(Accountability.id).where(*known)):
        raise Conflict("A measure is entered already")
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    row = Accountability(
        ref=reference(ctx.chance),
        source=source,
        about=about,
        account_id=account.id,
        measure=measure,
        why=reason_line(why, LONGEST),
        decided_by=ctx.actor.account_id,
        decided_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    whom = f"account:{account.ref}"
    ctx.record(exam=exam, subject=wanted.subject, whom=whom, measure=measure, digest=wanted.digest)
    return row


@verb
def allow_export(
    ctx: Context, *, username: str, what: str, exam: str, until: date, reason: str
) -> Account:
    """Give one person leave to take one list out, of one exam or ("") of all, until a day's end.

    `what` is a kind of act that the red line watches. The act itself is the leave.
    """
    account = ctx.session.scalar(
        select(Account).where(Account.username == username.strip(), Account.active)
    )
    if account is None:
        raise NotFound("There is no open account of this name")
    if account.id == ctx.actor.account_id:
        raise Forbidden("Nobody decides about themselves")
    if what not in document_of(ctx.session)[1]["export"]["acts"]:
        raise Invalid("Choose the list that may be taken out").about("what")
    ends = datetime.combine(until + timedelta(days=1), time(), ctx.config.zone)
    if not ctx.clock.now() < ends <= ctx.clock.now() + LONGEST_LEAVE:
        raise Invalid("A leave is for today or for up to a month").about("until")
    why = reason_line(reason, LONGEST)
    told = {"account": account.ref, "what": what, "until": rfc3339(ends)}
    ctx.record(exam=exam, subject=f"account:{account.ref}", why=why, **told)
    return account
