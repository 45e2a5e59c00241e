"""The bags of one session in the demonstration: from the secrecy room to the signed statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.attendance.models import SiteStaff
from exam_system.attendance.staff_list import import_site_staff, issue_staff_accounts
from exam_system.context import Actor
from exam_system.custody.deeds import open_bag, pack_bag
from exam_system.custody.devices import import_devices, note_device
from exam_system.custody.handing import Named, begin_hand_over, sign_hand_overs
from exam_system.custody.models import Bag
from exam_system.custody.register import generate_bags
from exam_system.custody.statements import publish_statement, show_statements
from exam_system.demo.duties import sign_issued
from exam_system.demo.road import Road
from exam_system.examday.duties import sessions_of, stands
from exam_system.exams.lookup import exam_by_code, places_of
from exam_system.exams.models import Room
from exam_system.sheets import write_csv

SECRECY, POLICE, SITE, WATCH = "国家保密局", "公安局", "考点办公室", "派驻纪检监察组考务监督"
PEOPLE = {
    SECRECY: ("custodian", "保密员田静", "保密员石磊"),
    POLICE: ("staff", "押运民警韩冬", "押运民警方正"),
    WATCH: ("supervisor", "监交员顾明", "监交员沈岚"),
}
KEEPERS = ("保管员金燕", "保管员秦川")
STAFF_HEAD = ("工号", "姓名", "单位", "职责", "考区", "考点")
DEVICE_HEAD = ("设备编号", "设备类别", "考区", "考点", "考场号")


@dataclass(frozen=True, slots=True)
class Crew:
    """Who handles the bags: by office those of the headquarters, by site, and by room."""

    of: dict[str, list[Actor]]
    sites: dict[int, list[Actor]]
    rooms: dict[int, list[Actor]]


def bring_bags(road: Road) -> None:
    """Everybody gets an account; the first session's bags are brought, opened by two each."""
    subject, starts, _ends = road.sessions[0]
    _register(road)
    crew = _crew(road, subject)
    road.at(starts - timedelta(minutes=90))
    bags = _bags(road, subject)
    _hand(road, crew, "escort", bags, crew.of[SECRECY], crew.of[POLICE])
    for site, some in _by_site(bags).items():
        _hand(road, crew, "site", some, crew.of[POLICE], crew.sites[site])
    road.at(starts - timedelta(minutes=25))
    for room, (site, some) in _by_room(bags).items():
        _hand(road, crew, "room", some, crew.sites[site], crew.rooms[room])
    _devices(road, crew, subject)
    road.at(starts - timedelta(minutes=8))
    for room, (_site, some) in _by_room(bags).items():
        for actor in crew.rooms[room]:
            with road.cast.acting(actor) as ctx:
                for bag in some:
                    about = {"code": road.code, "subject": subject, "barcode": bag.barcode}
                    open_bag(ctx, **about, seal=bag.seal)


def pack_bags(road: Road) -> None:
    """After the session two count and pack each bag, and all go back; the statement is signed."""
    subject, _starts, ends = road.sessions[0]
    crew, bags = _crew(road, subject), _bags(road, subject)
    road.at(ends + timedelta(minutes=5))
    for room, (site, some) in _by_room(bags).items():
        for actor in crew.rooms[room]:
            with road.cast.acting(actor) as ctx:
                for bag in some:
                    counts = {"issued": bag.papers - 2, "blank": 2, "unused": bag.spares}
                    seal = f"T{bag.seal[1:]}"
                    pack_bag(ctx, code=road.code, barcode=bag.barcode, seal=seal, **counts)
        _hand(road, crew, "returned", some, crew.rooms[room], crew.sites[site])
    with road.cast.acting(Role.OFFICER) as ctx:
        publish_statement(ctx, code=road.code, subject=subject)
    with road.cast.office.context(road.cast.staff[Role.OFFICER], write=False).session as db:
        show_statements(db, road.cast.office.config)


def _register(road: Road) -> None:
    with road.cast.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, road.code)
        places = list(places_of(ctx.session, exam))
        sites = {site.id: (district.name, site.name) for district, site, _room in places}
        rows = [
            (f"D{number:02}{n}", name, office, function, "", "")
            for number, (office, (function, *names)) in enumerate(PEOPLE.items())
            for n, name in enumerate(names)
        ]
        rows += [
            (f"K{number:03}{n}", name, SITE, "custodian", *where)
            for number, where in enumerate(sites.values())
            for n, name in enumerate(KEEPERS)
        ]
        data = write_csv(STAFF_HEAD, rows)
        import_site_staff(ctx, code=road.code, name="staff.csv", data=data)
        sign_issued(ctx, issue_staff_accounts(ctx, code=road.code))
        generate_bags(ctx, code=road.code)
        devices = [
            (f"T{room.id:04}", "手机探测器", district.name, site.name, f"{room.code:02}")
            for district, site, room in places
            if room.use == "written"
        ]
        data = write_csv(DEVICE_HEAD, devices)
        import_devices(ctx, code=road.code, name="devices.csv", data=data)


def _crew(road: Road, subject: str) -> Crew:
    """Everybody with their account, as the lists and the draw of invigilators say."""
    crew = Crew({}, {}, {})
    with road.cast.office.context(road.cast.staff[Role.OFFICER], write=False).session as db:
        exam = exam_by_code(db, road.code)
        staff = select(SiteStaff).where(SiteStaff.exam_id == exam.id).order_by(SiteStaff.id)
        for one in db.scalars(staff):
            actor = actor_for(db.get_one(Account, one.account_id))
            if one.office == SITE and one.site_id is not None:
                crew.sites.setdefault(one.site_id, []).append(actor)
            elif one.office in PEOPLE:
                crew.of.setdefault(one.office, []).append(actor)
        for stand in stands(db, exam):
            if (
                stand.room is not None
                and stand.absence is None
                and stand.session.subject == subject
            ):
                account = db.get_one(Account, stand.invigilator.account_id)
                crew.rooms.setdefault(stand.room.id, []).append(actor_for(account))
    return crew


@dataclass(frozen=True, slots=True)
class Carried:
    """What is written on a bag, and where it belongs; `room` 0 for a duty paper."""

    barcode: str
    seal: str
    papers: int
    spares: int
    site: int
    room: int


def _bags(road: Road, subject: str) -> list[Carried]:
    with road.cast.office.context(road.cast.staff[Role.OFFICER], write=False).session as db:
        exam = exam_by_code(db, road.code)
        own = next(one.id for one in sessions_of(db, exam) if one.subject == subject)
        # A duty paper lies at the first site of its district.
        sites = {district.id: site.id for district, site, _room in reversed(places_of(db, exam))}
        query = select(Bag, Room.site_id).outerjoin(Room, Room.id == Bag.room_id)
        rows = db.execute(query.where(Bag.session_id == own).order_by(Bag.id))
        return [
            Carried(
                *(bag.barcode, bag.seal, bag.papers, bag.spares),
                site or sites[bag.district_id],
                bag.room_id or 0,
            )
            for bag, site in rows
        ]


def _by_site(bags: Iterable[Carried]) -> dict[int, list[Carried]]:
    found: dict[int, list[Carried]] = {}
    for bag in bags:
        found.setdefault(bag.site, []).append(bag)
    return found


def _by_room(bags: Iterable[Carried]) -> dict[int, tuple[int, list[Carried]]]:
    found: dict[int, tuple[int, list[Carried]]] = {}
    for bag in bags:
        if bag.room:
            found.setdefault(bag.room, (bag.site, []))[1].append(bag)
    return found


def _hand(
    road: Road,
    crew: Crew,
    step: str,
    bags: Sequence[Carried],
    givers: Sequence[Actor],
    receivers: Sequence[Actor],
) -> None:
    """One hand-over that all six sign."""
    parties = {"giver": givers, "receiver": receivers, "supervisor": crew.of[WATCH]}
    people = [Named(party, actor.ref) for party, some in parties.items() for actor in some]
    with road.cast.acting(Role.OFFICER) as ctx:
        codes = [bag.barcode for bag in bags]
        over = begin_hand_over(ctx, code=road.code, step=step, barcodes=codes, people=people)
        for some in parties.values():
            for actor in some:
                sign_hand_overs(ctx.as_actor(actor), refs=[over.ref])


def _devices(road: Road, crew: Crew, subject: str) -> None:
    """Every detector is tested and switched on."""
    for room, actors in crew.rooms.items():
        with road.cast.acting(actors[0]) as ctx:
            for what in ("works", "on"):
                about = {"code": road.code, "serial": f"T{room:04}", "subject": subject}
                note_device(ctx, what=what, **about)
