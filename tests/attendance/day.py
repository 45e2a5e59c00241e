"""An exam day: seats of two sites are drawn, every room has two invigilators with accounts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.attendance.models import SiteStaff
from exam_system.attendance.rooms import Codes
from exam_system.attendance.service import issue_staff_accounts, take_marks
from exam_system.attendance.signing import Noted, Taken
from exam_system.attendance.staff_list import import_site_staff
from exam_system.chance import label
from exam_system.context import Actor
from exam_system.draws.models import Attempt
from exam_system.examday.models import Duty, Invigilator, Seat
from exam_system.exams.lookup import exam_by_code, places_of
from exam_system.exams.models import Exam, ExamSession
from exam_system.registration.models import Application
from tests.examday import hall
from tests.world import World, sign_pledges_in

CODE, SUBJECT = hall.CODE, "xc"
ROOM, NEXT, OTHER = Codes(1, 1, 1), Codes(1, 1, 2), Codes(1, 2, 1)
NAMES = "甲乙丙丁戊己庚辛壬癸"
STAFF = """工号,姓名,单位,职责,考区,考点
H1,指挥甲,市考试中心,负责人,,
D1,考区乙,考区办,工作人员,考区1,
S1,考点丙,市第一中学,负责人,考区1,市第一中学考点
S2,考点丁,市第二中学,负责人,01,2
"""


def set_up(world: World) -> Exam:
    """The exam with drawn seats and accounts of everybody on duty; nobody is signed in."""
    exam = hall.standard(world)
    hall.seat(world)
    add_watchers(world, exam)
    with world.acting(Role.OFFICER) as ctx:
        import_site_staff(ctx, code=CODE, name="staff.csv", data=STAFF.encode())
        issue_staff_accounts(ctx, code=CODE)
        sign_pledges_in(ctx)
    return exam


def add_watchers(world: World, exam: Exam) -> None:
    """Two invigilators for every room and all sessions, put in by hand."""
    with world.acting(Role.OFFICER) as ctx:
        attempt = ctx.session.scalars(select(Attempt)).one().id
        sessions = ctx.session.scalars(select(ExamSession).order_by(ExamSession.starts_at)).all()
        number = 0
        for _district, site, room in places_of(ctx.session, exam):
            if room.use != "written":
                continue
            for place in (1, 2):
                number += 1
                one = Invigilator(
                    exam_id=exam.id,
                    label=label(ctx.chance, "i"),
                    staff_no=f"T{number:03}",
                    name="监考" + NAMES[number % 10] + NAMES[number // 10],
                    sex="female" if number % 2 else "male",
                    school="某中学",
                )
                ctx.session.add(one)
                ctx.session.flush()
                for session in sessions:
                    ctx.session.add(
                        Duty(
                            session_id=session.id,
                            invigilator_id=one.id,
                            site_id=site.id,
                            room_id=room.id,
                            place=place,
                            attempt_id=attempt,
                        )
                    )


def watcher(world: World, codes: Codes, place: int = 1) -> Actor:
    """The invigilator at a place of a room."""
    with world.context(world.people[Role.OFFICER]).session as db:
        exam = exam_by_code(db, CODE)
        rows = places_of(db, exam)
        room = next(
            room.id
            for district, site, room in rows
            if (district.code, site.code, room.code) == (codes.district, codes.site, codes.room)
        )
        query = select(Account).join(Invigilator, Invigilator.account_id == Account.id).join(Duty)
        found = db.scalars(query.where(Duty.room_id == room, Duty.place == place)).first()
        assert found is not None
        return actor_for(found)


def member(world: World, staff_no: str) -> Actor:
    """Somebody of the staff outside the rooms."""
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(Account).join(SiteStaff, SiteStaff.account_id == Account.id)
        return actor_for(db.scalars(query.where(SiteStaff.staff_no == staff_no)).one())


def numbers(world: World, codes: Codes) -> list[str]:
    """The admission numbers of a room by seat."""
    prefix = f"{codes.district:02}{codes.site:02}{codes.room:02}"
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(Application.number).join(Seat).order_by(Seat.number)
        return [str(n) for n in db.scalars(query.where(Application.number.startswith(prefix)))]


def begins(world: World) -> datetime:
    """When the first session begins."""
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(ExamSession.starts_at).where(ExamSession.subject == SUBJECT)
        return db.scalars(query).one()


def noted(number: str, kind: str = "present", age: float = 0, **further: Any) -> Noted:
    """A mark as a phone makes it."""
    return Noted(str(uuid.uuid4()), number, kind, age, **further)


def send(world: World, who: Actor, codes: Codes, *marks: Noted) -> list[Taken]:
    """A phone sends marks."""
    with world.acting(who) as ctx:
        return take_marks(ctx, code=CODE, subject=SUBJECT, codes=codes, marks=marks)
