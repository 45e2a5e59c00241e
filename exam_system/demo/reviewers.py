"""Reviewers of the demonstration: each decides their own cases; one is away; one is barred."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.context import Actor, Context
from exam_system.demo.cast import Cast
from exam_system.demo.people import Made
from exam_system.registration.cases import declare_absence
from exam_system.registration.integrity import bar_people, wanted_bars
from exam_system.registration.models import Application


def owners(ctx: Context, refs: Iterable[str]) -> dict[str, Actor]:
    """The reviewer of each application."""
    query = (
        select(Application.ref, Account)
        .join(Account, Account.id == Application.owner_id)
        .where(Application.ref.in_(list(refs)))
    )
    return {ref: actor_for(account) for ref, account in ctx.session.execute(query)}


def bar(cast: Cast, person: Made, begins: date) -> None:
    """Put somebody on the register of barred people, by a table that the inspector approves."""
    text = (
        "姓名,身份证号,适用考试,依据文书,情形,起始日期,截止日期\n"
        f"{person.name},{person.id_number},全部,黔人社处〔2007〕15号（演示）,"
        f"考试中抄袭他人答案,{begins},{begins + timedelta(days=5 * 365)}\n"
    )
    name, data = "barred.csv", text.encode()
    cast.approve(partial(wanted_bars, name=name, data=data))
    with cast.acting(Role.OFFICER) as ctx:
        bar_people(ctx, name=name, data=data)


def be_absent(cast: Cast, first: date) -> None:
    """The second reviewer is away for two days."""
    with cast.acting(Role.OFFICER) as ctx:
        last = first + timedelta(days=1)
        declare_absence(ctx, username="reviewer2", begins=first, ends=last)
