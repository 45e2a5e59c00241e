"""Verb of accounts for the drawn interviewers: login names and passwords, told once."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from sqlalchemy import select, update

from exam_system.access import Role
from exam_system.accounts.models import Account, LoginSession
from exam_system.accounts.service import create_account
from exam_system.chance import Chance
from exam_system.context import SYSTEM, Context, verb
from exam_system.errors import Conflict
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.interviews.lookup import begun
from exam_system.interviews.models import Interviewer, Panel, PanelSeat
from exam_system.interviews.sealed import require_open
from exam_system.vault import hash_password


@dataclass(frozen=True, slots=True)
class Issued:
    """What is handed to one interviewer; the password is kept nowhere."""

    panel: str
    name: str
    username: str
    password: str


@verb
def issue_accounts(
    ctx: Context, *, code: str, panel: str = "", place: int | None = None
) -> list[Issued]:
    """Give every drawn interviewer (of one panel or place, if named) an account and a new password.

    Done again, earlier passwords and open sessions of these interviewers end.
    """
    exam = open_exam(ctx.session, code, "shortlisted", "interviewing")
    require_open(ctx, exam)
    if not begun(ctx.session, exam, "interviewers", applied=True):
        raise Conflict("The interviewers must be drawn first")
    drawn = _drawn(ctx, exam, panel, place)
    if not drawn:
        raise Conflict("There is nobody to issue an account to")
    issued = [_issue(ctx, where, person) for where, person in drawn]
    ctx.record(
        exam=code,
        subject=f"exam:{code}",
        interviewers=[person.label for _, person in drawn],
    )
    return issued


def _drawn(
    ctx: Context, exam: Exam, panel: str, place: int | None
) -> list[tuple[str, Interviewer]]:
    query = (
        select(Panel.code, Interviewer)
        .join(PanelSeat, PanelSeat.panel_id == Panel.id)
        .join(Interviewer, Interviewer.id == PanelSeat.interviewer_id)
        .where(Panel.exam_id == exam.id, Panel.state != "closed")
        .order_by(Panel.code, PanelSeat.place)
    )
    if panel:
        query = query.where(Panel.code == panel)
    if place is not None:
        query = query.where(PanelSeat.place == place)
    return [(row[0], row[1]) for row in ctx.session.execute(query)]


def _issue(ctx: Context, panel: str, person: Interviewer) -> Issued:
    password = "-".join(_letters(ctx.chance, 4) for _ in range(3))
    if person.account_id is None:
        # Not the label: that is public, and whoever knows a login name can slow its owner down.
        username = f"k{_letters(ctx.chance, 8)}"
        account = create_account(
            ctx.as_actor(SYSTEM),
            username=username,
            name=person.name,
            role=Role.INTERVIEWER,
            password=password,
            office=None,
        )
        person.account_id = account.id
    else:
        account = ctx.session.get_one(Account, person.account_id)
        _renew(ctx, account, password)
    ctx.session.flush()
    return Issued(panel, person.name, account.username, password)


def _letters(chance: Chance, count: int) -> str:
    # Base32 has no 0, 1, 8 and 9, which are misread on paper; 5 bits a letter.
    return base64.b32encode(chance.take(10)).decode().lower()[:count]


def _renew(ctx: Context, account: Account, password: str) -> None:
    account.active = True
    account.password_hash = hash_password(password, ctx.config.password_cost, ctx.chance.take(16))
    ctx.session.execute(
        update(LoginSession)
        .where(LoginSession.account_id == account.id, LoginSession.ended_at.is_(None))
        .values(ended_at=ctx.clock.now())
    )
