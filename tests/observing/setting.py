"""Observers of an exam: put up, approved, with accounts whose pledge is signed."""

from __future__ import annotations

from datetime import date, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.context import Actor
from exam_system.observing.inviting import (
    Issued,
    invite_observers,
    issue_observer_accounts,
    propose_observers,
)
from tests.world import World, approve_in, sign_pledges_in


def day(world: World, later: int = 0) -> date:
    """The bureau's day, or one so many days later."""
    return world.clock.now().astimezone(world.config.zone).date() + timedelta(days=later)


def invited(world: World, code: str, *lines: str, days: int = 60) -> list[Issued]:
    """Invite observers by the whole road; their login names and passwords."""
    with world.acting(Role.OFFICER) as ctx:
        refs = propose_observers(ctx, code=code, lines="\n".join(lines), until=day(world, days))
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "observing.invite_observers", code=code)
        invite_observers(ctx, code=code)
    with world.acting(Role.OFFICER) as ctx:
        issued = [one for ref in refs for one in issue_observer_accounts(ctx, code=code, ref=ref)]
        sign_pledges_in(ctx)
    return issued


def actor_of(world: World, issued: Issued) -> Actor:
    """Who acts with an issued account."""
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(Account).where(Account.username == issued.username)
        return actor_for(db.scalars(query).one())


def browser(world: World, app: object, issued: Issued) -> FlaskClient:
    """The browser of an observer who has logged in."""
    client: FlaskClient = app.test_client()  # type: ignore[attr-defined]
    data = {"login": issued.username, "password": issued.password}
    assert client.post("/login", data=data).status_code == 302
    return client
