"""Accounts of the drawn interviewers."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.errors import Conflict
from exam_system.interviews import service
from exam_system.interviews.models import Interviewer
from exam_system.vault import password_holds
from tests.interviews import setting
from tests.interviews.setting import CODE
from tests.world import World


def test_accounts_can_log_in_and_new_passwords_end_old_ones(world: World) -> None:
    setting.ready(world)
    issued = []
    for _ in range(2):
        with world.acting(Role.OFFICER) as ctx:
            issued.append(service.issue_accounts(ctx, code=CODE, panel="01"))
    first, second = issued
    assert len(second) == 7
    assert [one.username for one in first] == [one.username for one in second]
    passwords = {one.password for one in first + second}
    assert len(passwords) == 14
    with world.acting(Role.OFFICER) as ctx:
        for old, new in zip(first, second, strict=True):
            query = select(Account).where(Account.username == new.username)
            account = ctx.session.scalars(query).one()
            assert account.role == "interviewer"
            assert password_holds(new.password, account.password_hash)
            assert not password_holds(old.password, account.password_hash)
        labels = set(ctx.session.scalars(select(Interviewer.label)))
    assert not labels & {one.username for one in second}


def test_accounts_need_drawn_interviewers(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7)
    with pytest.raises(Conflict, match="drawn first"), world.acting(Role.OFFICER) as ctx:
        service.issue_accounts(ctx, code=CODE)
