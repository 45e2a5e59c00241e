"""Observers of all kinds are invited to an exam of today, look at it, and leave a remark."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.demo.cast import Cast
from exam_system.demo.duties import sign_issued
from exam_system.observing.inviting import (
    Issued,
    invite_observers,
    issue_observer_accounts,
    propose_observers,
    wanted_invitations,
)
from exam_system.observing.kinds import kinds
from exam_system.observing.lookup import today
from exam_system.observing.planning import plan_dates
from exam_system.observing.watching import leave_remark, look

PEOPLE = """人大代表，罗国强，市人大常委会
政协委员，吴秀英，市政协
新闻媒体，陈立新，安顺日报社
群众代表，杨桂芳，西秀区南街社区
效能办，周建华，市效能办"""
LASTS = timedelta(days=60)


def let_watch(cast: Cast, code: str) -> list[Issued]:
    """Invite five observers by two offices; each looks at every view, the first writes."""
    with cast.acting(Role.OFFICER) as ctx:
        propose_observers(ctx, code=code, lines=PEOPLE, until=today(ctx) + LASTS)
    cast.approve(lambda ctx: wanted_invitations(ctx, code=code))
    with cast.acting(Role.OFFICER) as ctx:
        invite_observers(ctx, code=code)
        issued = issue_observer_accounts(ctx, code=code)
        sign_issued(ctx, issued)
    for one in issued:
        _watch(cast, code, one)
    return issued


def _watch(cast: Cast, code: str, one: Issued) -> None:
    with cast.acting(Role.OFFICER) as ctx:
        query = select(Account).where(Account.username == one.username)
        mine = actor_for(ctx.session.scalars(query).one())
        for section in kinds()[one.kind].sections:
            look(ctx.as_actor(mine), code=code, section=section)
        if one.kind == "congress":
            text = "建议在考点入口增设指示牌，方便考生查找考场。"
            told = {"kind": "proposal", "title": "增设考场指示牌", "text": text}
            leave_remark(ctx.as_actor(mine), code=code, **told)


def open_stages(cast: Cast) -> str:
    """Observers of today's interviews and the hours of the next draw; a line that says so."""
    plan_ahead(cast, "demo-seats")
    first, *others = let_watch(cast, "demo-interview")
    count = 1 + len(others)
    return f"{count} observers of demo-interview, one of them: {first.username} {first.password}"


def plan_ahead(cast: Cast, code: str) -> None:
    """Announce when the seats are drawn and tickets can be printed."""
    hour = cast.clock.now().replace(hour=1, minute=0, second=0, microsecond=0)
    draw, tickets = hour + timedelta(days=1), hour + timedelta(days=2)
    with cast.acting(Role.OFFICER) as ctx:
        hours = {"seats": (draw, None), "tickets": (tickets, tickets + timedelta(days=4))}
        plan_dates(ctx, code=code, hours=hours)
