"""Finding approvals, for looking and for acting on; `use` is what an act with two people calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from exam_system import access
from exam_system.accounts.models import Account
from exam_system.approvals.models import Approval
from exam_system.approvals.states import move
from exam_system.context import Actor, Context
from exam_system.database import one_row
from exam_system.errors import Conflict, Fault, Forbidden, NotFound, Sentence

MOST_DECIDED = 20
OPEN = ("asked", "approved")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody would have approved: an act, on what, the digest of what it will do (hex)."""

    verb: str
    exam: str
    subject: str
    digest: str
    summary: tuple[Sentence, ...]


Listed = tuple[list[T], Wanted | None]
"""Rows of a list, and what the approval of it says; None when it is empty."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an approval is; `fits`: what was asked for is what would be done now."""

    approval: Approval | None
    fits: bool

    @property
    def state(self) -> str:
        """none, asked, approved or changed (the content is another one by now)."""
        if self.approval is None:
            return "none"
        return self.approval.state if self.fits else "changed"


def open_approval(session: Session, verb: str, subject: str) -> Approval | None:
    """The one that is asked for or given, and not used yet."""
    return session.scalar(
        select(Approval).where(
            Approval.verb == verb,
            Approval.subject == subject,
            Approval.state.in_(OPEN),
        )
    )


def standing(session: Session, wanted: Wanted) -> Standing:
    """How far the approval of exactly this is."""
    found = open_approval(session, wanted.verb, wanted.subject)
    return Standing(found, found is not None and found.digest == wanted.digest)


def list_to_approve(
    session: Session, verb: str, exam: str, make: Callable[[str | None], Listed[T]]
) -> Listed[T]:
    """The list of an exam that is asked for or approved and still holds, else the one of now.

    `make` gives the rows up to the last one that a subject names after its last colon (None: all)
    and what their approval says: what comes in after a list was handed to the approver waits for
    the next list.
    """
    query = (
        select(Approval.subject, Approval.digest)
        .where(Approval.verb == verb, Approval.exam == exam)
        .where(Approval.state.in_(OPEN))
        .order_by(Approval.id.desc())
    )
    for subject, digest in session.execute(query):
        rows, wanted = make(subject.rpartition(":")[2])
        if wanted and (wanted.subject, wanted.digest) == (subject, digest):
            return rows, wanted
    return make(None)


def find(session: Session, ref: str, *, lock: bool = False) -> Approval:
    """One approval; raises NotFound. With `lock` nobody else decides on it meanwhile."""
    query = select(Approval).where(Approval.ref == ref)
    return one_row(session, query, NotFound("There is no such approval"), lock=lock)


def use(ctx: Context, *, subject: str, digest: str) -> str:
    """Use up the approval of the running verb on `subject`; returns its reference.

    Raises Conflict while there is none, or when what was approved is not what stands now;
    Forbidden when the approver is the one who acts, or of the same office.
    """
    verb = ctx.verbs[-1]
    found = open_approval(ctx.session, verb, subject)
    if found is None or found.state != "approved":
        raise Conflict(
            "This needs the approval of somebody else first, of another office (%(who)s): ask for "
            "it on this page; they give it on their page “Approvals”, with their second factor",
            who=approver_names(verb),
        )
    found = find(ctx.session, found.ref, lock=True)
    if found.digest != digest:
        raise Conflict(
            "What was approved is not what stands now: nothing was done. Ask for approval again"
        )
    require_other_office(ctx.session, ctx.actor, found.decided_by)
    move(found, "used")
    found.used_by, found.used_at = ctx.actor.account_id, ctx.clock.now()
    ctx.session.flush()
    ctx.approved[verb] = found.ref
    return found.ref


def approver_names(verb: str) -> Sentence:
    """The roles that may approve a verb, as a sentence of its own."""
    roles = sorted(access.VERBS[verb].approvers)
    return Sentence(_WHO[tuple(roles)])


_WHO = {
    (access.Role.INSPECTOR,): "an inspector",
    (access.Role.INSPECTOR, access.Role.OFFICER): "an inspector or an exam officer",
}


def require_other_office(session: Session, actor: Actor, other: int | None) -> None:
    """Raise Forbidden when the other account is the actor's own, or of the actor's office."""
    if actor.account_id is None or other is None:
        raise Fault("an approval has two people with accounts")
    if actor.account_id == other:
        raise Forbidden("Nobody approves their own act")
    mine, theirs = (session.get_one(Account, who).office for who in (actor.account_id, other))
    if not mine or not theirs or mine == theirs:
        raise Forbidden(
            "Two people of two offices must act here: you and the other one are of the same office"
        )


def waiting(session: Session, actor: Actor) -> list[Approval]:
    """What this actor may decide on, oldest first: asked by another person of another office."""
    verbs = [name for name, verb in access.VERBS.items() if actor.role in verb.approvers]
    asker, own = aliased(Account), aliased(Account)
    query = (
        select(Approval)
        .join(asker, asker.id == Approval.asked_by)
        .join(own, own.id == actor.account_id)
        .where(
            Approval.state == "asked",
            Approval.verb.in_(verbs),
            asker.id != own.id,
            asker.office != own.office,
        )
        .order_by(Approval.id)
    )
    return list(session.scalars(query))


def asked_by(session: Session, actor: Actor) -> list[Approval]:
    """What this actor has asked for lately, newest first."""
    query = select(Approval).where(Approval.asked_by == actor.account_id)
    return list(session.scalars(query.order_by(Approval.id.desc()).limit(MOST_DECIDED)))


def decided_by(session: Session, actor: Actor) -> list[Approval]:
    """What this actor has decided lately, newest first."""
    query = select(Approval).where(Approval.decided_by == actor.account_id)
    return list(session.scalars(query.order_by(Approval.id.desc()).limit(MOST_DECIDED)))


def write_summary(sentences: tuple[Sentence, ...]) -> str:
    """Sentences as the table keeps them."""
    return json.dumps([[one.msgid, one.params] for one in sentences], ensure_ascii=False)


def summary_of(approval: Approval) -> list[Sentence]:
    """What will be done, in plain words for each reader's language."""
    return [Sentence(msgid, **params) for msgid, params in json.loads(approval.summary)]
