"""What every verb is given, and the decorator that makes a function a verb."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from exam_system import access
from exam_system.chance import Chance
from exam_system.clock import Clock
from exam_system.config import Config
from exam_system.errors import Fault
from exam_system.keys import Keys
from exam_system.records import log
from exam_system.timekeeping import TransactionClock

P = ParamSpec("P")
R = TypeVar("R")
VERBS: dict[str, Callable[..., Any]] = {}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account, or one of the system's own actors (gateway, installer, public).

    `pledged`: the integrity pledge in force is signed; the roles of staff are active only then.
    """

    ref: str
    role: access.Role
    account_id: int | None = None
    name: str = ""
    pledged: bool = False


PUBLIC = Actor("public", access.Role.PUBLIC)
SYSTEM = Actor("system", access.Role.SYSTEM)


@dataclass(slots=True)
class Context:
    """One piece of work: a session, who acts and why, and the world as arguments.

    The caller opens and commits the session; verbs only write and record.
    """

    session: Session
    actor: Actor
    clock: Clock
    chance: Chance
    config: Config
    keys: Keys
    reason: str = ""
    recorded: int = 0
    verbs: list[str] = field(default_factory=list)
    approved: dict[str, str] = field(default_factory=dict)
    """Reference of the approval that a running verb has used, by the verb's name."""
    proved: tuple[str, str] | None = None
    """What a fresh second factor has just confirmed, and which kind of factor it was."""

    def due(self) -> datetime:
        """The time by which a deadline is judged; raises UntrustedTime while no clock is right."""
        return self.clock.due() if isinstance(self.clock, TransactionClock) else self.clock.now()

    def took(self, at: datetime | None) -> None:
        """Take the time that a query of the verb brought along (`database_now()`)."""
        if isinstance(self.clock, TransactionClock):
            self.clock.take(at)

    def record(self, *, exam: str, subject: str, **details: Any) -> None:
        """Log the running verb as an act on `subject`.

        `details` are JSON without floats; they stay in the database behind a salted digest.
        """
        if not self.verbs:
            raise Fault("record() is for verbs only")
        if self.reason:
            details = {**details, "reason": self.reason}
        if self.verbs[-1] in self.approved:
            details = {**details, "approval": self.approved[self.verbs[-1]]}
        self.recorded += 1
        log.write(
            self.session,
            kind=self.verbs[-1],
            exam=exam,
            at=self.clock.now(),
            actor=self.actor.ref,
            subject=subject,
            details=details,
            salt=self.chance.take(32),
            rows_salt=self.chance.take(32),
        )

    def as_actor(self, actor: Actor, reason: str = "") -> Context:
        """The same work carried on by somebody else (commands and demonstrations)."""
        return Context(self.session, actor, self.clock, self.chance, self.config, self.keys, reason)


def verb(function: Callable[Concatenate[Context, P], R]) -> Callable[Concatenate[Context, P], R]:
    """Make a function `feature.service.name` the verb `feature.name`.

    A verb checks the actor's role, runs, and must have left at least one act; its name is the
    kind of the act. One that needs an approval must have used it up (approvals.lookup.use).
    """
    name = f"{function.__module__.split('.')[1]}.{function.__name__}"

    @functools.wraps(function)
    def run(ctx: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        access.require(ctx.actor.role, name, pledged=ctx.actor.pledged)
        before = ctx.recorded
        ctx.approved.pop(name, None)
        ctx.verbs.append(name)
        try:
            result = function(ctx, *args, **kwargs)
        finally:
            ctx.verbs.pop()
        if ctx.recorded == before:
            raise Fault(f"{name} left no act in the log")
        if access.VERBS[name].approvers and name not in ctx.approved:
            raise Fault(f"{name} was carried out without anybody's approval")
        return result

    VERBS[name] = run
    return run
