"""At the end an inspector looks the log through for crossed red lines and judges what is found."""

from __future__ import annotations

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.approvals.lookup import Wanted
from exam_system.context import SYSTEM, Actor, Context
from exam_system.demo.cast import Cast
from exam_system.duties.judging import hold_accountable, judge_finding, wanted_measure
from exam_system.duties.watching import check_lines
from exam_system.errors import Forbidden

UNFOUNDED = "经核查，该操作属当日工作安排，有书面记录，未发现利用职务便利的情形。"
CONFIRMED = "经核查，未事先取得监督岗许可，情况属实。"
WHY = "导出数据前未办理许可手续，情节轻微，已当面指出并限期整改。"


def judge_lines(cast: Cast) -> str:
    """Judge the findings but the newest, which waits on the desk; what was taken out without leave
    is confirmed, and a measure is taken. Says in numbers what came of it."""
    cast.office.seal()
    with cast.acting(SYSTEM) as ctx:
        found = [(case.ref, case.line, case.account_id) for case in check_lines(ctx).opened]
    judged = [one for one in found[:-1] if _judge(cast, *one[:2])]
    guilty = [(ref, who) for ref, line, who in judged if line == "export" and who is not None]
    for ref, who in guilty[:1]:
        _measure(cast, ref, who)
    return f"{len(found)} red lines crossed, {len(judged)} judged, {len(guilty)} confirmed"


def _judge(cast: Cast, ref: str, line: str) -> bool:
    """Whether the inspector may judge it: nobody does what they had part in."""
    confirmed = line == "export"
    try:
        with cast.acting(Role.INSPECTOR) as ctx:
            why = CONFIRMED if confirmed else UNFOUNDED
            judge_finding(ctx, ref=ref, confirmed=confirmed, reason=why)
    except Forbidden:
        return False
    return True


def _measure(cast: Cast, ref: str, whom: int) -> None:
    """Another officer than the one it is about proposes criticism, the inspector approves it."""
    officer = _officer(cast, whom)
    said = {"source": "line", "about": ref, "measure": "education", "why": WHY}

    def wanted(ctx: Context) -> Wanted:
        return wanted_measure(ctx, **said)

    cast.approve(wanted, officer)
    with cast.acting(officer) as ctx:
        hold_accountable(ctx, **said)


def _officer(cast: Cast, whom: int) -> Actor:
    """An officer who is somebody else."""
    query = select(Account).where(Account.role == Role.OFFICER.value, Account.id != whom)
    with cast.office.context(SYSTEM, write=False).session as db:
        return actor_for(db.scalars(query.order_by(Account.id).limit(1)).one())
