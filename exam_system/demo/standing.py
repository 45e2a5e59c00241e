"""On the morning of the exam an invigilator does not come, and a reserve does."""

from __future__ import annotations

from contextlib import suppress

from exam_system.access import Role
from exam_system.approvals.lookup import Wanted
from exam_system.context import Context
from exam_system.demo.cast import Cast
from exam_system.errors import Conflict
from exam_system.examday.absences import (
    record_invigilator_absence,
    replace_invigilator,
    wanted_replacement,
    who_would_come,
)
from exam_system.examday.duties import Stand, stands
from exam_system.exams.lookup import exam_by_code


def stand_in(cast: Cast, code: str) -> None:
    """A second invigilator has fallen ill, and the next reserve takes the place.

    It is the first of whom a reserve keeps the rules; where the draw left none, everybody comes.
    """
    with cast.acting(Role.OFFICER) as ctx:
        one = _replaceable(ctx, code)
        if one is None:
            return
        session, label = one.session.subject, one.invigilator.label
        record_invigilator_absence(
            ctx, code=code, session=session, label=label, reason="突发疾病，已交医院证明"
        )

    def wanted(ctx: Context) -> Wanted:
        return wanted_replacement(ctx, code=code, session=session, label=label)

    cast.approve(wanted)
    with cast.acting(Role.OFFICER) as ctx:
        replace_invigilator(ctx, code=code, session=session, label=label)


def _replaceable(ctx: Context, code: str) -> Stand | None:
    exam = exam_by_code(ctx.session, code)
    for one in stands(ctx.session, exam):
        if one.room and one.place > 1:
            with suppress(Conflict):
                who_would_come(ctx.session, exam, one)
                return one
    return None
