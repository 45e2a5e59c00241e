"""Two incidents of the exam day: one goes its way to a served decision, one is still open."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account, Person
from exam_system.accounts.sessions import actor_for
from exam_system.attendance.lookup import present
from exam_system.attendance.models import SiteStaff
from exam_system.attendance.staff_list import NAMES, import_site_staff, issue_staff_accounts
from exam_system.context import Actor, Context
from exam_system.demo.duties import sign_issued
from exam_system.demo.people import table
from exam_system.demo.road import Road
from exam_system.errors import Fault
from exam_system.examday.duties import stands
from exam_system.examday.models import Seat
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import District, Exam, Room, Site
from exam_system.registration.models import Application
from exam_system.violations import cases, hearing, incidents, serving, signing
from exam_system.violations.deciding import decide_case, draft_decision, wanted_decision
from exam_system.violations.kinds import kind_of
from exam_system.violations.models import Incident

FACTS = "开考约30分钟后，该考生擅自离开座位走到后排，经监考员两次提醒仍不返回。"
REASONS = "有考场情况记录、两名监考员签名和考生本人签名为证。"
OTHER = "考生反映右前方座位下有一张写有字迹的纸条，已拍照并封存，来源待查。"


@dataclass(frozen=True, slots=True)
class _Scene:
    """A room with both its invigilators, the head of its site, and two who sit there."""

    room: int
    watchers: tuple[Actor, Actor]
    head: Actor
    people: tuple[tuple[Application, Person], tuple[Application, Person]]


def punish(road: Road) -> None:
    """Somebody would not stay in the seat: recorded, heard, decided and served the same day."""
    subject = road.sessions[0][0]
    with road.cast.acting(Role.OFFICER) as ctx:
        scene = _scene(ctx, road.code, subject)
        (one, person), (other, _) = scene.people
        end = ctx.keys.vault.open(person.id_sealed)[-4:]
    first, second = scene.watchers
    with road.cast.acting(first) as ctx:
        incident = _record(ctx, road.code, subject, scene.room, "seat", FACTS, one)
        _record(ctx, road.code, subject, scene.room, "item", OTHER, other)
        signing.take_candidate_signature(ctx, ref=incident.ref, name=person.name, id_end=end)
    with road.cast.acting(second) as ctx:
        signing.sign_incident(ctx, ref=incident.ref)
    with road.cast.acting(scene.head) as ctx:
        signing.confirm_incident(ctx, ref=incident.ref, violation=True, opinion="情况属实")
    own = next(actor for actor, ref in road.applicants if ref == one.ref)
    _decide(road, incident.ref, own)


def _record(
    ctx: Context, code: str, subject: str, room: int, kind: str, facts: str, whom: Application
) -> Incident:
    return incidents.record_incident(
        ctx,
        code=code,
        subject=subject,
        room=room,
        kind=kind,
        facts=facts,
        number=whom.number or "",
    )


def _decide(road: Road, incident: str, own: Actor) -> None:
    with road.cast.acting(Role.OFFICER) as ctx:
        case = cases.start_case(ctx, ref=incident)
        tier, item = kind_of(case.kind).suggestion(case.regime) or ("", 0)
        ref = case.ref
        hearing.notify_case(ctx, ref=ref, tier=tier, item=item, facts=FACTS, reasons=REASONS)
    with road.cast.acting(own) as ctx:
        hearing.answer_notice(ctx, ref=ref, text="当时身体不适，想离开考场。")
    with road.cast.acting(Role.OFFICER) as ctx:
        hearing.recheck_case(ctx, ref=ref, finding="考生未向监考员说明身体不适，事实成立")
        draft_decision(ctx, ref=ref, facts=FACTS, reasons=REASONS)
    road.cast.approve(lambda ctx: wanted_decision(ctx, ref=ref))
    with road.cast.acting(Role.OFFICER) as ctx:
        decide_case(ctx, ref=ref)
    with road.cast.acting(own) as ctx:
        serving.receive_decision(ctx, ref=ref)


def _scene(ctx: Context, code: str, subject: str) -> _Scene:
    exam = exam_by_code(ctx.session, code)
    there: dict[int, list[int | None]] = {}
    rooms: dict[int, Room] = {}
    for one in stands(ctx.session, exam):
        if one.room and one.absence is None and one.session.subject == subject:
            there.setdefault(one.room.id, []).append(one.invigilator.account_id)
            rooms[one.room.id] = one.room
    for room, accounts in sorted(there.items()):
        people = _people(ctx, exam, subject, room)
        if None not in accounts and len(accounts) > 1 and len(people) > 1:
            first, second = (_actor(ctx, account) for account in accounts[:2])
            head = _head(ctx, exam, rooms[room].site_id)
            return _Scene(room, (first, second), head, (people[-1], people[-2]))
    raise Fault("no room of the demonstration has two invigilators with accounts")


def _head(ctx: Context, exam: Exam, site_id: int) -> Actor:
    """The head of a site; brought in with an account where it has none yet."""
    query = select(SiteStaff).where(SiteStaff.site_id == site_id, SiteStaff.function == "head")
    head = ctx.session.scalar(query)
    if head is None:
        site = ctx.session.get_one(Site, site_id)
        district = ctx.session.get_one(District, site.district_id)
        row: list[object] = ["Z900", "方启明", site.school, "负责人", district.name, site.name]
        import_site_staff(ctx, code=exam.code, name="staff.csv", data=table(list(NAMES), [row]))
        head = ctx.session.scalars(query).one()
    if head.account_id is None:
        sign_issued(ctx, issue_staff_accounts(ctx, code=exam.code, site=site_id))
    return _actor(ctx, head.account_id)


def _actor(ctx: Context, account: int | None) -> Actor:
    return actor_for(ctx.session.get_one(Account, account))


def _people(ctx: Context, exam: Exam, subject: str, room: int) -> list[tuple[Application, Person]]:
    came = present(ctx.session, exam, subject)
    query = (
        select(Application, Person)
        .join(Person, Person.id == Application.person_id)
        .join(Seat, Seat.application_id == Application.id)
        .where(Seat.room_id == room)
        .order_by(Application.number)
    )
    rows = ctx.session.execute(query)
    return [(row[0], row[1]) for row in rows if row[0].id in came and row[0].number]
