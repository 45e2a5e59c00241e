"""Verbs of observers: a look at a view, and a remark that becomes a case.

A look is an act, and opens a view for a quarter of an hour: in that time the page keeps itself up
to date; afterwards it shows nothing until the observer looks again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from exam_system.cases.service import Taken, register_case
from exam_system.context import Context, verb
from exam_system.errors import Invalid
from exam_system.observing.kinds import kinds, require_section
from exam_system.observing.lookup import last_look, require_invited
from exam_system.observing.models import ObserverInvitation, ObserverLook, ObserverRemark

LASTS = timedelta(minutes=15)
TOPIC = "other"


@verb
def look(ctx: Context, *, code: str, section: str) -> None:
    """Look at a view of an exam; raises NotFound for whoever is not invited, and for a view that
    this kind of observer does not have."""
    invitation, observer, _exam = require_invited(ctx, code)
    require_section(observer.kind, section)
    at = ctx.clock.now()
    ctx.session.add(ObserverLook(invitation_id=invitation.id, section=section, at=at))
    ctx.session.flush()
    ctx.record(exam=code, subject=f"invitation:{invitation.ref}", view=section)


def open_until(ctx: Context, invitation: ObserverInvitation, section: str) -> datetime | None:
    """Until when the newest look at a view lasts; None when it is over, or there was none."""
    at = last_look(ctx.session, invitation, section)
    return at + LASTS if at is not None and ctx.clock.now() < at + LASTS else None


@verb
def leave_remark(ctx: Context, *, code: str, kind: str, title: str, text: str) -> Taken:
    """Take an observer's remark in as a case about the exam, under their name.

    It has the service number, owner, clock and answer of any other; the code is shown once.
    """
    invitation, observer, _exam = require_invited(ctx, code)
    if kind not in kinds()[observer.kind].remarks:
        raise Invalid("Choose from the list what your letter is").about("kind")
    taken = register_case(
        ctx, kind=kind, topic=TOPIC, title=title, text=text, name=observer.name, exam=code
    )
    remark = ObserverRemark(invitation_id=invitation.id, letter_id=taken.letter.id)
    remark.at = ctx.clock.now()
    ctx.session.add(remark)
    ctx.session.flush()
    subject = f"invitation:{invitation.ref}"
    ctx.record(exam=code, subject=subject, number=taken.letter.number)
    return taken
