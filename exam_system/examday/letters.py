"""Letters to the invigilators: when and where each of them serves, put together from rows."""

from __future__ import annotations

from exam_system.context import Context
from exam_system.errors import Conflict
from exam_system.examday import words
from exam_system.examday.duties import Stand, stands
from exam_system.examday.plan import newest_attempt
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.printing.fonts import register
from exam_system.printing.letter import DutyLine, Letter
from exam_system.printing.letter import letters_pdf as make
from exam_system.records.paper import anchor


def letters_pdf(ctx: Context, exam: Exam) -> bytes:
    """One PDF with a page for everybody who is to come, as the roster stands now.

    By district, site, room and place of the first duty. Raises Conflict while the draw is not
    published, PrintError where a name cannot be printed.
    """
    newest = newest_attempt(ctx.session, exam, "invigilators")
    if newest is None or newest[1].state != "published":
        raise Conflict("Letters can be printed once the draw of the invigilators is published")
    draw, attempt = newest
    duties: dict[int, list[Stand]] = {}
    for one in stands(ctx.session, exam):
        if one.absence is None:
            duties.setdefault(one.invigilator.id, []).append(one)
    tie = anchor(ctx.session, ctx.config.origin, None)
    release = words.DUTY_RELEASE.format(draw=draw.code, attempt=attempt.number)
    at = ctx.clock.now().astimezone(ctx.config.zone)
    found = [
        Letter(
            bureau=ctx.config.bureau,
            exam=exam.name,
            name=some[0].invigilator.name,
            staff_no=some[0].invigilator.staff_no,
            school=some[0].invigilator.school,
            duties=tuple(_line(ctx, exam, one) for one in some),
            rules=words.DUTY_RULES,
            release=release,
            anchor=tie,
            at=at,
        )
        for some in duties.values()
    ]
    return make(found, register(ctx.config.fonts_folder))


def _line(ctx: Context, exam: Exam, one: Stand) -> DutyLine:
    starts, ends = (
        at.astimezone(ctx.config.zone) for at in (one.session.starts_at, one.session.ends_at)
    )
    room = words.STANDBY
    if one.room is not None:
        room = words.ROOM.format(room=one.room.code, name=one.room.name)
    role = words.STANDBY_ROLE
    if one.room is not None:
        role = words.LEAD if one.place == 1 else words.SECOND
    subject = rules_of(exam).subject(one.session.subject).name
    return DutyLine(subject, starts, ends, f"{one.site.name}（{one.site.address}）", room, role)
