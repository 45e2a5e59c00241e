"""Verbs of invitations: the office puts observers up, the inspection office approves the list.

The office alone neither chooses who watches nor sends anybody away: an invitation that is in force
is withdrawn by the inspection office only (THREATS: supervisors that the supervised may pick).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.handing import hand_over
from exam_system.accounts.models import LoginSession
from exam_system.accounts.service import end_sessions
from exam_system.appointing.lookup import account
from exam_system.approvals.lookup import Listed, Wanted, list_to_approve, use
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Gathered, Invalid, Sentence
from exam_system.exams.lookup import exam_by_code, open_exam
from exam_system.exams.models import Exam
from exam_system.exams.states import STATES
from exam_system.observing.kinds import kind_named, kinds
from exam_system.observing.lookup import Row, by_ref, proposed, today
from exam_system.observing.models import Observer, ObserverInvitation
from exam_system.people import clean_line, clean_name, reason_line
from exam_system.trust.canonical import JSON, jcs, sha256_hex

VERB = "observing.invite_observers"
MOST = 100  # people in one list
LONGEST_BODY = 60
LONGEST_REASON = 200
LONGEST = timedelta(days=730)
_BETWEEN = re.compile(r"\s*[,，、;；\t]\s*")


@dataclass(frozen=True, slots=True)
class Issued:
    """What is handed to one observer; the password is kept nowhere."""

    kind: str
    name: str
    body: str
    username: str
    password: str


@verb
def propose_observers(ctx: Context, *, code: str, lines: str, until: date) -> list[str]:
    """Put people up for an invitation until the end of a day, one a line: kind, name, body.

    Raises Invalid naming the line; Conflict for somebody who is invited or put up already.
    Returns the references of the invitations.
    """
    exam = open_exam(ctx.session, code, *STATES)
    wrong = Gathered()
    if not today(ctx) <= until <= today(ctx) + LONGEST:
        sentence = "An invitation ends today at the earliest and in two years at the latest"
        wrong.errors.append(Invalid(sentence).about("until"))
    with wrong.about("lines"):
        found = _read(lines)
    wrong.tell()
    made = [_propose(ctx, exam, who, until) for who in found]
    ctx.session.flush()
    listed = [[one.ref, kind] for one, (kind, _name, _body) in zip(made, found, strict=True)]
    ctx.record(exam=code, subject=f"exam:{code}", invitations=listed, until=until.isoformat())
    return [one.ref for one in made]


def _read(lines: str) -> list[tuple[str, str, str]]:
    found = [_line(line) for line in lines.splitlines() if line.strip()]
    if not 0 < len(found) <= MOST or len(set(found)) < len(found):
        raise Invalid("Write one to %(most)s people, each once, one a line", most=MOST).about(
            "lines"
        )
    return found


def _line(line: str) -> tuple[str, str, str]:
    parts = _BETWEEN.split(line.strip(), maxsplit=2)
    body = clean_line(parts[2], LONGEST_BODY) if len(parts) == 3 else ""
    if not body:
        raise Invalid(
            "Write each observer as kind, name, body: 人大代表，张三，市人大常委会 (not %(line)s)",
            line=line.strip()[:80],
        ).about("lines")
    return kind_named(parts[0]).code, clean_name(parts[1]), body


def _propose(
    ctx: Context, exam: Exam, who: tuple[str, str, str], until: date
) -> ObserverInvitation:
    observer = _observer(ctx, *who)
    _end_old(ctx, observer, exam)
    row = ObserverInvitation(
        ref=reference(ctx.chance),
        observer_id=observer.id,
        exam_id=exam.id,
        until=until,
        state="proposed",
        proposed_by=account(ctx),
        proposed_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    return row


def _observer(ctx: Context, kind: str, name: str, body: str) -> Observer:
    query = select(Observer).where(
        Observer.kind == kind, Observer.name == name, Observer.body == body
    )
    found = ctx.session.scalar(query)
    if found is None:
        found = Observer(ref=reference(ctx.chance), kind=kind, name=name, body=body)
        ctx.session.add(found)
        ctx.session.flush()
    return found


def _end_old(ctx: Context, observer: Observer, exam: Exam) -> None:
    """An invitation whose day is over makes room for the next; another one is in the way."""
    query = select(ObserverInvitation).where(
        ObserverInvitation.observer_id == observer.id,
        ObserverInvitation.exam_id == exam.id,
        ObserverInvitation.state.in_(("proposed", "open")),
    )
    old = ctx.session.scalar(query)
    if old is None:
        return
    if old.state == "proposed" or old.until >= today(ctx):
        raise Conflict("%(name)s is invited or put up for this exam already", name=observer.name)
    old.state = "ended"
    ctx.session.flush()


@verb
def drop_observer(ctx: Context, *, ref: str) -> None:
    """Strike somebody off the list before it is approved."""
    row = by_ref(ctx.session, ref)
    if row.state != "proposed":
        raise Conflict("Only the inspection office ends an invitation that was approved")
    row.state = "dropped"
    ctx.session.flush()
    _record(ctx, row)


def list_of(ctx: Context, exam: Exam) -> Listed[Row]:
    """Who would be invited now, and what the approval of that says; None when nobody."""

    def upto(last: str | None) -> Listed[Row]:
        rows = proposed(ctx.session, exam, int(last) if last else None)
        return rows, _wanted(exam, rows)

    return list_to_approve(ctx.session, VERB, exam.code, upto)


def _wanted(exam: Exam, rows: Sequence[Row]) -> Wanted | None:
    if not rows:
        return None
    listed: JSON = [
        [one.ref, who.kind, who.name, who.body, one.until.isoformat()] for one, who, _exam in rows
    ]
    digest = sha256_hex(jcs({"exam": exam.code, "observers": listed}))
    people = (_told(one, who) for one, who, _exam in rows)
    counted = Sentence("%(count)s observers may watch this exam, read-only", count=len(rows))
    return Wanted(VERB, exam.code, f"observers:{exam.code}:{rows[-1][0].id}", digest,
                  (counted, *people))  # fmt: skip


def _told(one: ObserverInvitation, who: Observer) -> Sentence:
    return Sentence(
        "%(kind)s %(name)s, %(body)s, until %(until)s",
        kind=kinds()[who.kind].zh,
        name=who.name,
        body=who.body,
        until=one.until.isoformat(),
    )


def wanted_invitations(ctx: Context, *, code: str) -> Wanted:
    """The approval that the office asks for; raises Conflict when nobody is put up."""
    wanted = list_of(ctx, exam_by_code(ctx.session, code))[1]
    if wanted is None:
        raise Conflict("Nobody is put up for an invitation")
    return wanted


@verb
def invite_observers(ctx: Context, *, code: str) -> int:
    """Invite everybody of the approved list; returns how many they are."""
    exam = open_exam(ctx.session, code, *STATES)
    rows, wanted = list_of(ctx, exam)
    if wanted is None:
        raise Conflict("Nobody is put up for an invitation")
    approval = use(ctx, subject=wanted.subject, digest=wanted.digest)
    for one, _who, _exam in rows:
        one.state, one.approval = "open", approval
    ctx.session.flush()
    listed = [[one.ref, who.kind, one.until.isoformat()] for one, who, _exam in rows]
    ctx.record(exam=code, subject=wanted.subject, digest=wanted.digest, invitations=listed)
    return len(rows)


@verb
def issue_observer_accounts(ctx: Context, *, code: str, ref: str = "") -> list[Issued]:
    """Give everybody who may watch the exam today (or the one of this invitation) a login name
    and a new password. Done again, earlier passwords and open sessions end."""
    exam = open_exam(ctx.session, code, *STATES)
    rows = list(_in_force(ctx, exam, ref))
    if not rows:
        raise Conflict("There is nobody to issue an account to")
    issued = [_issue(ctx, who) for _one, who in rows]
    ctx.record(exam=code, subject=f"exam:{code}", invitations=[one.ref for one, _who in rows])
    return issued


def _in_force(ctx: Context, exam: Exam, ref: str) -> Iterable[tuple[ObserverInvitation, Observer]]:
    query = (
        select(ObserverInvitation, Observer)
        .join(Observer, Observer.id == ObserverInvitation.observer_id)
        .where(
            ObserverInvitation.exam_id == exam.id,
            ObserverInvitation.state == "open",
            ObserverInvitation.until >= today(ctx),
        )
        .order_by(ObserverInvitation.id)
    )
    if ref:
        query = query.where(ObserverInvitation.ref == ref)
    return [(one, who) for one, who in ctx.session.execute(query)]


def _issue(ctx: Context, who: Observer) -> Issued:
    made, password = hand_over(
        ctx, who.account_id, prefix="g", name=who.name, role=Role.OBSERVER, office=who.body
    )
    who.account_id = made.id
    ctx.session.flush()
    return Issued(who.kind, who.name, who.body, made.username, password)


@verb
def withdraw_observer(ctx: Context, *, ref: str, reason: str) -> None:
    """The inspection office ends an invitation at once; the reason stays on record."""
    row = by_ref(ctx.session, ref)
    why = reason_line(reason, LONGEST_REASON)
    if row.state != "open":
        raise Conflict("This invitation is not in force")
    row.state, row.why, row.withdrawn_at = "withdrawn", why, ctx.clock.now()
    who = ctx.session.get_one(Observer, row.observer_id)
    if who.account_id is not None:
        end_sessions(ctx, LoginSession.account_id == who.account_id)
    ctx.session.flush()
    _record(ctx, row, why=why)


def _record(ctx: Context, row: ObserverInvitation, **details: str) -> None:
    code = ctx.session.get_one(Exam, row.exam_id).code
    ctx.record(exam=code, subject=f"invitation:{row.ref}", **details)
