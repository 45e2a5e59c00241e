"""A verb of the tests' own that needs an inspector's approval, and ways to ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exam_system import access, context
from exam_system.access import Role
from exam_system.approvals import service
from exam_system.approvals.lookup import Wanted, find, use
from exam_system.approvals.models import Approval
from exam_system.context import Actor, Context
from exam_system.errors import Sentence
from tests.world import World

EXAM, SUBJECT = "gy-2026", "probe:1"
A, B = "a" * 64, "b" * 64
VERB = "approvals.probe"


def probe(ctx: Context, *, digest: str, ask: bool = True) -> None:
    """Do what the digest says; with `ask` false the approval is forgotten."""
    ctx.record(exam=EXAM, subject=SUBJECT, digest=digest)
    if ask:
        use(ctx, subject=SUBJECT, digest=digest)
    ctx.record(exam=EXAM, subject=SUBJECT, digest=digest)


@contextmanager
def probing(
    monkeypatch: pytest.MonkeyPatch, approvers: frozenset[Role] = access.CEREMONY
) -> Iterator[None]:
    """Make the probe a verb of officers for one test; no application may be made meanwhile."""
    probe.__module__ = "exam_system.approvals.probe"
    rule = access.Verb(access.OFFICE, "A probe", approvers)
    monkeypatch.setitem(access.VERBS, VERB, rule)
    context.verb(probe)
    yield
    del context.VERBS[VERB]


def run(ctx: Context, digest: str = A, *, ask: bool = True) -> None:
    """Use the verb."""
    context.VERBS[VERB](ctx, digest=digest, ask=ask)


def wanted(digest: str = A, verb: str = VERB, subject: str = SUBJECT) -> Wanted:
    """What the officer asks for."""
    return Wanted(verb, EXAM, subject, digest, (Sentence("Attempt %(number)s", number=1),))


def ask(world: World, digest: str = A, who: Actor | Role = Role.OFFICER, **more: str) -> str:
    """Ask in a transaction of its own; returns the reference."""
    with world.acting(who) as ctx:
        return service.ask_approval(ctx, wanted=wanted(digest, **more)).ref


def hire(world: World, username: str, role: Role = Role.OFFICER, office: str = "") -> Actor:
    """One more member of staff."""
    with world.acting(Role.ADMIN) as ctx:
        return world.hire(ctx, role, username, office)


def state(world: World, ref: str) -> str:
    """The approval's state in the database."""
    with world.context(world.people[Role.OFFICER]).session as db:
        return find(db, ref).state


def rows(world: World) -> list[Approval]:
    """Every approval."""
    with world.context(world.people[Role.OFFICER]).session as db:
        return list(db.query(Approval).order_by(Approval.id))
