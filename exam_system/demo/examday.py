"""The exam day: staff come in, the first session is signed in, one room is closed by both."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.attendance.closing import digest_of, sign_statement, statement_now, take_step
from exam_system.attendance.rooms import Codes, hall_of, sitting_in
from exam_system.attendance.signing import Noted, take_marks
from exam_system.attendance.staff_list import (
    NAMES,
    import_site_staff,
    issue_staff_accounts,
    staff_rows,
)
from exam_system.context import Actor, Context
from exam_system.demo import sources
from exam_system.demo.duties import sign_issued
from exam_system.demo.people import table
from exam_system.demo.road import Road
from exam_system.errors import Fault
from exam_system.examday.duties import stands
from exam_system.examday.models import Seat
from exam_system.exams.lookup import exam_by_code, places_of
from exam_system.exams.models import District, Room, Site

Used = list[tuple[District, Site, Room]]


def sign_in(road: Road) -> None:
    """Sign the first session in, as the table of marks will say who was there.

    One room is watched by its invigilators with phones, who close it; the papers of the others
    are typed in by the office. Where custody has brought its staff in, that is the staff.
    """
    subject, starts, ends = road.sessions[0]
    road.at(starts - timedelta(minutes=20))
    with road.cast.acting(Role.OFFICER) as ctx:
        used = _used(ctx, road.code)
        if not staff_rows(ctx.session, exam_by_code(ctx.session, road.code)):
            import_site_staff(ctx, code=road.code, name="staff.csv", data=_table(used))
            sign_issued(ctx, issue_staff_accounts(ctx, code=road.code, site=used[0][1].id))
        room, watchers = _watched(ctx, road.code, subject, used)
        away = _away(road, ctx)
    _step(road, watchers[0], subject, room, "received")
    road.at(starts - timedelta(minutes=10))
    _step(road, watchers[0], subject, room, "opened")
    road.at(starts + timedelta(minutes=40))
    for codes in map(_codes, used):
        actor = watchers[0] if codes == room else road.cast.staff[Role.OFFICER]
        _mark(road, actor, subject, codes, away)
    road.at(ends)
    _step(road, watchers[0], subject, room, "packed")
    for actor in watchers:
        _sign(road, actor, subject, room)


def _used(ctx: Context, code: str) -> Used:
    """The rooms in which somebody sits."""
    taken = set(ctx.session.scalars(select(Seat.room_id).distinct()))
    rows = places_of(ctx.session, exam_by_code(ctx.session, code))
    return [(row[0], row[1], row[2]) for row in rows if row[2].id in taken]


def _codes(row: tuple[District, Site, Room]) -> Codes:
    return Codes(row[0].code, row[1].code, row[2].code)


def _table(used: Used) -> bytes:
    rows: list[list[object]] = [["Z001", "韩毅", "市人事考试中心", "负责人", "", ""]]
    for district, site in dict.fromkeys((row[0], row[1]) for row in used):
        number, at = f"{district.code:02}{site.code:02}", (district.name, site.name)
        rows += [
            [f"K{number}1", "方启明", site.school, "负责人", *at],
            [f"K{number}2", "卢静", "市保密局", "监交员", *at],
            [f"K{number}3", "石磊", site.school, "保管员", *at],
            [f"K{number}4", "包蓉", site.school, "保管员", *at],
        ]
    return table(list(NAMES), rows)


def _watched(ctx: Context, code: str, subject: str, used: Used) -> tuple[Codes, list[Actor]]:
    """The first room whose invigilators have accounts (a substitute may be of another site)."""
    there: dict[int, list[Actor | None]] = {}
    for one in stands(ctx.session, exam_by_code(ctx.session, code)):
        if one.room and one.absence is None and one.session.subject == subject:
            known = one.invigilator.account_id
            account = ctx.session.get_one(Account, known) if known else None
            there.setdefault(one.room.id, []).append(actor_for(account) if account else None)
    for row in used:
        found = there.get(row[2].id, [])
        actors = [one for one in found if one is not None]
        if len(actors) == len(found) > 1:
            return _codes(row), actors
    raise Fault("no room of the demonstration has two invigilators with accounts")


def _away(road: Road, ctx: Context) -> set[str]:
    """The admission numbers of those whom the table of marks will call absent."""
    data = sources.marks(road.plan, road.numbers(ctx))
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    return {row[0] for row in rows if "缺考" in row}


def _step(road: Road, actor: Actor, subject: str, codes: Codes, step: str) -> None:
    with road.cast.acting(actor) as ctx:
        people = len(sitting_in(ctx.session, hall_of(ctx.session, road.code, subject, codes)))
        papers = None if step == "opened" else people + 1
        take_step(ctx, code=road.code, subject=subject, codes=codes, step=step, papers=papers)


def _mark(road: Road, actor: Actor, subject: str, codes: Codes, away: set[str]) -> None:
    with road.cast.acting(actor) as ctx:
        people = sitting_in(ctx.session, hall_of(ctx.session, road.code, subject, codes))
        marks = _noted(ctx, [one.number for one in people], away)
        take_marks(ctx, code=road.code, subject=subject, codes=codes, marks=marks)


def _noted(ctx: Context, numbers: Sequence[str], away: set[str]) -> list[Noted]:
    """They came from half an hour before the session on; the marks are sent an hour later."""
    return [
        Noted(
            client=str(uuid.UUID(bytes=ctx.chance.take(16), version=4)),
            number=number,
            kind="absent" if number in away else "present",
            age=0 if number in away else 4200 - 20 * place,
        )
        for place, number in enumerate(numbers)
    ]


def _sign(road: Road, actor: Actor, subject: str, codes: Codes) -> None:
    with road.cast.acting(actor) as ctx:
        document = statement_now(ctx, hall_of(ctx.session, road.code, subject, codes))
        digest = digest_of(document)
        sign_statement(ctx, code=road.code, subject=subject, codes=codes, digest=digest)
