"""An exam with two drawn invigilators, the head of the site, and seated candidates, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Person
from exam_system.attendance.models import SiteStaff
from exam_system.context import Actor
from exam_system.draws.models import Attempt, Draw
from exam_system.examday.models import Duty, Invigilator
from exam_system.exams.models import Exam, ExamSession, Room, Site
from exam_system.registration.models import Application
from exam_system.violations import cases, hearing, incidents, serving, signing
from exam_system.violations.deciding import decide_case, draft_decision
from exam_system.violations.models import Decision, Incident, ViolationCase
from tests.examday import hall
from tests.world import World, approve_in

CODE = hall.CODE
FACTS = "开考后20分钟，该考生从笔袋中取出手机查看，监考员当场制止并拍照。"
REASONS = "有考场情况记录、照片和两名监考员签名为证。"
TIERS = {
    "civil_service": ("GWY2021", "phone", "CANCEL_5Y", 3),
    "institution": ("SYDW35", "phone", "ALL_VOID_5Y", 4),
    "professional": ("ZJ31", "seat", "SUBJECT_VOID", 4),
}


@dataclass
class Hall:
    """The people and places of a small exam day."""

    exam: Exam
    room: int
    first: Actor
    second: Actor
    head: Actor
    numbers: list[str]
    refs: list[str]


def hall_of(
    world: World, exam_type: str = "civil_service", count: int = 4, **rules: object
) -> Hall:
    """One room with two invigilators and `count` candidates who have admission numbers."""
    exam = hall.add_exam(world, exam_type=exam_type, **rules)
    hall.add_places(world, exam, hall.PLACES[:1])
    hall.add_people(world, exam, 1, count)
    with world.acting(Role.ADMIN) as ctx:
        first = world.hire(ctx, Role.INVIGILATOR, "watch1", "市第三中学")
        second = world.hire(ctx, Role.INVIGILATOR, "watch2", "市第四中学")
        head = world.hire(ctx, Role.SITE, "head1", "市第一中学")
    with world.context(world.people[Role.OFFICER]).session as db:
        room = db.scalars(select(Room).order_by(Room.id)).first()
        session = db.scalars(select(ExamSession).order_by(ExamSession.id)).first()
        assert room is not None
        assert session is not None
        site = db.get_one(Site, room.site_id)
        draw = Draw(code=f"{CODE}-invigilators", exam_id=exam.id, kind="invigilators")
        db.add(draw)
        db.flush()
        attempt = Attempt(draw_id=draw.id, number=1, state="published")
        attempt.manifest, attempt.manifest_digest = "{}", "0" * 64
        attempt.frozen_at = world.clock.now()
        db.add(attempt)
        db.flush()
        for place, actor in enumerate((first, second), 1):
            one = Invigilator(exam_id=exam.id, label=f"j-{place}", staff_no=f"T{place:03}")
            one.name, one.sex, one.school = f"监考{place}", "male", "市第三中学"
            one.account_id = actor.account_id
            db.add(one)
            db.flush()
            duty = Duty(session_id=session.id, invigilator_id=one.id, site_id=site.id)
            duty.room_id, duty.place, duty.attempt_id = room.id, place, attempt.id
            db.add(duty)
        staff = SiteStaff(ref="staff1", exam_id=exam.id, site_id=site.id, staff_no="H001")
        staff.district_id, staff.name, staff.office = site.district_id, "考点主任", "市第一中学"
        staff.function, staff.account_id = "head", head.account_id
        db.add(staff)
        rows = list(db.scalars(select(Application).order_by(Application.id)))
        for at, row in enumerate(rows, 1):
            row.number = f"010101{at:04}"
        numbers, refs = [str(row.number) for row in rows], [row.ref for row in rows]
        db.commit()
        return Hall(exam, room.id, first, second, head, numbers, refs)


def recorded(world: World, at: Hall, *, kind: str = "phone", who: int = 0) -> Incident:
    """An incident of a candidate, recorded and signed by the first invigilator."""
    with world.acting(at.first) as ctx:
        return incidents.record_incident(
            ctx,
            code=CODE,
            subject="xc",
            room=at.room,
            kind=kind,
            facts=FACTS,
            handled="收缴手机，责令继续考试",
            number=at.numbers[who],
        )


def confirmed(world: World, at: Hall, *, kind: str = "phone", who: int = 0) -> Incident:
    """Signed by both, refused by the candidate before both, confirmed by the head of the site."""
    incident = recorded(world, at, kind=kind, who=who)
    with world.acting(at.second) as ctx:
        signing.sign_incident(ctx, ref=incident.ref)
        signing.note_refusal(ctx, ref=incident.ref)
    with world.acting(at.first) as ctx:
        signing.note_refusal(ctx, ref=incident.ref)
    with world.acting(at.head) as ctx:
        return signing.confirm_incident(ctx, ref=incident.ref, violation=True, opinion="情况属实")


def started(world: World, at: Hall, *, kind: str = "phone", who: int = 0) -> ViolationCase:
    """A case of a confirmed incident."""
    incident = confirmed(world, at, kind=kind, who=who)
    with world.acting(Role.OFFICER) as ctx:
        return cases.start_case(ctx, ref=incident.ref)


def told(world: World, case: ViolationCase, tier: str, item: int) -> None:
    """The notice of the intended decision."""
    with world.acting(Role.OFFICER) as ctx:
        hearing.notify_case(ctx, ref=case.ref, tier=tier, item=item, facts=FACTS, reasons=REASONS)


def rechecked(world: World, case: ViolationCase, tier: str, item: int, answer: str = "") -> None:
    """Told, answered (or the term over), checked."""
    told(world, case, tier, item)
    with world.acting(Role.OFFICER) as ctx:
        if answer:
            hearing.note_answer(ctx, ref=case.ref, text=answer)
        else:
            world.clock.advance(days=30)
            hearing.end_hearing(ctx, ref=case.ref)
        hearing.recheck_case(ctx, ref=case.ref, finding="所述与照片不符，事实成立")


def decided(world: World, case: ViolationCase, **sanction: object) -> Decision:
    """Drafted, approved by the inspector, decided."""
    with world.acting(Role.OFFICER) as ctx:
        draft_decision(ctx, ref=case.ref, facts=FACTS, reasons=REASONS, **sanction)  # type: ignore[arg-type]
        approve_in(ctx, "violations.decide_case", ref=case.ref)
        return decide_case(ctx, ref=case.ref)


def served(world: World, case: ViolationCase, way: str = "person") -> date:
    """Handed over today."""
    on = world.clock.now().astimezone(world.config.zone).date()
    with world.acting(Role.OFFICER) as ctx:
        serving.serve_decision(ctx, ref=case.ref, way=way, proof="送达回证已签收", on=on)
    return on


def person_of(world: World, ref: str) -> Person:
    """Whose application it is."""
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(Person).join(Application, Application.person_id == Person.id)
        return db.scalars(query.where(Application.ref == ref)).one()


def own_actor(world: World, ref: str) -> Actor:
    """Who can log in as the candidate of an application."""
    return hall.name_candidate(world, ref, "王小明")
