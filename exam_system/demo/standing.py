"""On the morning of the exam an invigilator does not come, and a reserve does."""

from __future__ import annotations

from exam_system.access import Role
from exam_system.approvals.lookup import Wanted
from exam_system.context import Context
from exam_system.demo.cast import Cast
from exam_system.errors import Conflict
from exam_system.examday.absences import (
    record_invigilator_absence,
    replace_invigilator,
    wanted_replacement,
)
from exam_system.examday.duties import stands
from exam_system.exams.lookup import exam_by_code


def stand_in(cast: Cast, code: str) -> None:
    """The second invigilator of the first room has fallen ill; the next reserve takes the place.

    Where no reserve keeps the rules the roster says so, and the absence stays as it is.
    """
    with cast.acting(Role.OFFICER) as ctx:
        found = stands(ctx.session, exam_by_code(ctx.session, code))
        one = next(stand for stand in found if stand.room and stand.place > 1)
        session, label = one.session.subject, one.invigilator.label
        record_invigilator_absence(
            ctx, code=code, session=session, label=label, reason="突发疾病，已交医院证明"
        )

    def wanted(ctx: Context) -> Wanted:
        return wanted_replacement(ctx, code=code, session=session, label=label)

    try:
        cast.approve(wanted)
    except Conflict:
        return
    with cast.acting(Role.OFFICER) as ctx:
        replace_invigilator(ctx, code=code, session=session, label=label)
