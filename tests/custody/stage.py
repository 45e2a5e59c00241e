"""An exam day: seats are drawn, two invigilators in each room, keepers, escorts and supervisors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from exam_system.access import Role
from exam_system.attendance.models import SiteStaff
from exam_system.context import Actor
from exam_system.custody.deeds import open_bag, pack_bag
from exam_system.custody.handing import Named, begin_hand_over, sign_hand_overs
from exam_system.custody.models import Bag
from exam_system.custody.register import generate_bags
from exam_system.custody.spares import allow_opening
from exam_system.examday.models import Duty, Invigilator, Seat
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from tests.examday import hall
from tests.world import World

CODE = hall.CODE
FIRST, SECOND = "xc", "sl"


@dataclass
class Day:
    """The people of an exam day, by what they are; `rooms` by id, each with its two."""

    world: World
    keepers: list[Actor] = field(default_factory=list)
    escorts: list[Actor] = field(default_factory=list)
    site: list[Actor] = field(default_factory=list)
    inspectors: list[Actor] = field(default_factory=list)
    rooms: dict[int, list[Actor]] = field(default_factory=dict)

    def session(self, subject: str) -> ExamSession:
        with self.world.context(self.world.people[Role.OFFICER]).session as db:
            return db.scalars(select(ExamSession).where(ExamSession.subject == subject)).one()

    def at(self, subject: str, minutes: int) -> None:
        """Move the clock to so many minutes after a session's beginning."""
        self.world.clock.set(self.session(subject).starts_at + timedelta(minutes=minutes))

    def bags(self, subject: str, kind: str = "paper", room: int | None = None) -> list[Bag]:
        with self.world.context(self.world.people[Role.OFFICER]).session as db:
            query = select(Bag).where(Bag.kind == kind).order_by(Bag.id)
            query = query.join(ExamSession, ExamSession.id == Bag.session_id)
            rows = db.scalars(query.where(ExamSession.subject == subject)).all()
            return [bag for bag in rows if room in (None, bag.room_id)]

    def bag(self, subject: str = FIRST, kind: str = "paper") -> Bag:
        """The bag of the first room."""
        return self.bags(subject, kind, None if kind == "duty" else min(self.rooms))[0]

    def parties(self, step: str, room: int | None = None) -> dict[str, Sequence[Actor]]:
        """Who gives and receives at a step."""
        pairs = {
            "escort": (self.keepers, self.escorts),
            "site": (self.escorts, self.site),
            "room": (self.site, self.rooms[room or min(self.rooms)]),
            "returned": (self.rooms[room or min(self.rooms)], self.site),
            "centre": (self.site, self.keepers),
        }
        giver, receiver = pairs[step]
        return {"giver": giver, "receiver": receiver, "supervisor": self.inspectors}

    def named(self, step: str, room: int | None = None) -> list[Named]:
        parties = self.parties(step, room)
        return [Named(party, actor.ref) for party, some in parties.items() for actor in some]

    def begin(self, step: str, barcodes: Sequence[str], room: int | None = None) -> str:
        with self.world.acting(Role.OFFICER) as ctx:
            people = self.named(step, room)
            over = begin_hand_over(ctx, code=CODE, step=step, barcodes=barcodes, people=people)
            return over.ref

    def hand(self, step: str, barcodes: Sequence[str], room: int | None = None) -> str:
        """A hand-over that everybody signs; its reference."""
        ref = self.begin(step, barcodes, room)
        for some in self.parties(step, room).values():
            for actor in some:
                with self.world.acting(actor) as ctx:
                    sign_hand_overs(ctx, refs=[ref])
        return ref

    def bring(self, subject: str, kind: str = "paper", *, upto: str = "room") -> Bag:
        """Take the first room's bag along the chain."""
        bag = self.bag(subject, kind)
        for step in ("escort", "site", "room"):
            self.hand(step, [bag.barcode], bag.room_id)
            if step == upto:
                break
        return self.bag(subject, kind)

    def open(self, bag: Bag, subject: str = FIRST, seal: str = "") -> list[bool]:
        """Both invigilators of the bag's room open it."""
        return [self.open_as(actor, bag, subject, seal) for actor in self.rooms[bag.room_id or 0]]

    def open_as(self, actor: Actor, bag: Bag, subject: str = FIRST, seal: str = "") -> bool:
        with self.world.acting(actor) as ctx:
            return open_bag(
                ctx, code=CODE, subject=subject, barcode=bag.barcode, seal=seal or bag.seal
            )

    def pack(self, bag: Bag, issued: int, blank: int, unused: int, seal: str = "T1") -> list[bool]:
        """Both count and pack."""
        done = []
        for actor in self.rooms[bag.room_id or 0]:
            with self.world.acting(actor) as ctx:
                counts = {"issued": issued, "blank": blank, "unused": unused}
                done.append(pack_bag(ctx, code=CODE, barcode=bag.barcode, seal=seal, **counts))
        return done

    def allow(self, bag: Bag, what: str, reason: str = "印刷不清") -> None:
        """The office gives leave with an inspector's approval."""
        about = {"code": CODE, "barcode": bag.barcode, "what": what, "reason": reason}
        self.world.approved("custody.allow_opening", **about)
        with self.world.acting(Role.OFFICER) as ctx:
            allow_opening(ctx, **about)


def stage(world: World) -> Day:
    """The exam with its seats drawn, its people and its generated bags."""
    exam = hall.add_exam(world)
    hall.add_places(world, exam)
    hall.add_people(world, exam, 1, 40)
    hall.seat(world)
    day = Day(world)
    with world.acting(Role.ADMIN) as ctx:
        hire = lambda role, name, office: world.hire(ctx, role, name, office)  # noqa: E731
        day.keepers = [hire(Role.SITE, f"keeper{n}", "市国家保密局") for n in range(2)]
        day.escorts = [hire(Role.SITE, f"escort{n}", "市公安局") for n in range(2)]
        day.site = [hire(Role.SITE, f"site{n}", "市第一中学") for n in range(2)]
        second = hire(Role.INSPECTOR, "inspector2", "派驻纪检监察组")
        day.inspectors = [world.people[Role.INSPECTOR], second]
    _duties(day, exam)
    with world.acting(Role.OFFICER) as ctx:
        generate_bags(ctx, code=CODE)
    return day


def _duties(day: Day, exam: Exam) -> None:
    world = day.world
    ctx = world.context(world.people[Role.OFFICER])
    with ctx.session as db:
        query = select(Room, Site, District).join(Site, Site.id == Room.site_id).join(District)
        used = set(db.scalars(select(Seat.room_id).distinct()))
        places = [row for row in db.execute(query.order_by(Room.id)) if row[0].id in used]
        attempt = db.scalars(select(Seat.attempt_id).limit(1)).one()
        sessions = db.scalars(select(ExamSession).where(ExamSession.exam_id == exam.id)).all()
        first = places[0][1]
        for n, actor in enumerate((*day.keepers, *day.escorts, *day.site)):
            site = first if actor in day.site else None
            row = SiteStaff(ref=f"staff{n}", exam_id=exam.id, staff_no=f"S{n}", name=actor.name)
            row.site_id, row.district_id = (site.id, site.district_id) if site else (None, None)
            row.office, row.function, row.account_id = "单位", "custodian", actor.account_id
            db.add(row)
        for room, site, _district in places:
            day.rooms[room.id] = []
            for place in (1, 2):
                _watch(day, ctx, exam, room, site, place, attempt, sessions)
        db.commit()


def _watch(day, ctx, exam, room, site, place, attempt, sessions) -> None:  # type: ignore[no-untyped-def]
    name = f"watch{room.id}x{place}"
    actor = day.world.hire(
        ctx.as_actor(day.world.people[Role.ADMIN]), Role.INVIGILATOR, name, "市第三中学"
    )
    one = Invigilator(exam_id=exam.id, label=name, staff_no=name, name=actor.name, sex="female")
    one.school, one.account_id = f"市第三中学{name}", actor.account_id
    ctx.session.add(one)
    ctx.session.flush()
    for row in sessions:
        duty = Duty(session_id=row.id, invigilator_id=one.id, site_id=site.id, room_id=room.id)
        duty.place, duty.attempt_id = place, attempt
        ctx.session.add(duty)
    day.rooms[room.id].append(actor)
