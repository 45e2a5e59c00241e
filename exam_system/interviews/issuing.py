"""Verb of accounts for the drawn interviewers: login names and passwords, told once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.handing import hand_over
from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.interviews.lookup import begun
from exam_system.interviews.models import Interviewer, Panel, PanelSeat
from exam_system.interviews.sealed import require_open


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
    account, password = hand_over(
        ctx,
        person.account_id,
        prefix="k",
        name=person.name,
        role=Role.INTERVIEWER,
        office=None,
    )
    person.account_id = account.id
    ctx.session.flush()
    return Issued(panel, person.name, account.username, password)
