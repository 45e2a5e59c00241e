"""Interviewers across bureaus: a neighbour's pool is taken in, the own one goes out; an absence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from exam_system.access import Role
from exam_system.context import Context
from exam_system.demo import people
from exam_system.demo.cast import Cast
from exam_system.demo.lot import Lot
from exam_system.demo.road import Road
from exam_system.errors import Conflict
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.interviews.exchange import export_pool, import_pool, register_bureau
from exam_system.interviews.lookup import members_of, panels_of
from exam_system.interviews.models import Panel, PanelAbsence
from exam_system.interviews.pool_file import Row, write_pool
from exam_system.interviews.substitutes import (
    Vacancy,
    next_reserve,
    record_interviewer_absence,
    replace_interviewer,
    wanted_replacement,
)
from exam_system.trust.keys import Signer

ORIGIN, BUREAU = "anqing.example/log", "安庆市人事考试院（演示）"
AREA = "340800"
GUESTS = 6
ACQUAINTED = ("KG20080001", "school")  # a guest and one of the own pool


def share_pools(cast: Cast, folder: Path, seed: str) -> Path:
    """Take the neighbour's signed pool in and write the own one; returns the file."""
    signer = Signer.from_seed("anqing.example/log/publisher", cast.chance.take(32))
    lot, made = Lot(f"{seed}:neighbours"), cast.clock.now()
    rows = [_guest(lot, number, cast) for number in range(1, GUESTS + 1)]
    theirs = write_pool(signer, origin=ORIGIN, bureau=BUREAU, made=made, rows=rows)
    path = folder / "pool-anshun.note"
    with cast.acting(Role.OFFICER) as ctx:
        register_bureau(ctx, title=BUREAU, vkey=signer.verifier.vkey)
        import_pool(ctx, name="pool-anqing.note", data=theirs)
        path.write_bytes(export_pool(ctx))
    return path


def _guest(lot: Lot, number: int, cast: Cast) -> Row:
    trained = (cast.clock.now() - timedelta(days=100 + lot.below(300))).date()
    values = {
        "certificate": f"AQ2008{number:04d}",
        "name": people.name(lot),
        "sex": "male" if lot.percent(50) else "female",
        "area_code": AREA,
        "employer": "安庆市人事局",
        "chief": number == 1,
        "trained_on": trained,
        "last_served": None,
    }
    return Row(values, (ACQUAINTED,) if number == 1 else ())


def fall_ill(road: Road) -> None:
    """One drawn interviewer cannot come: on record first, then the next reserve by two people.

    It is a member whom a reserve may replace; the story leaves out a panel without one.
    """
    with road.cast.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, road.code)
        panel = panels_of(ctx.session, exam)[0]
        found = _replaceable(ctx, exam, panel)
        if found is None:
            return
        place, certificate = found
        record_interviewer_absence(
            ctx, code=road.code, certificate=certificate, reason="突发急病，已电话请假"
        )
        where = panel.code
    road.cast.approve(lambda ctx: wanted_replacement(ctx, code=road.code, panel=where, place=place))
    with road.cast.acting(Role.OFFICER) as ctx:
        replace_interviewer(ctx, code=road.code, panel=where, place=place)


def _replaceable(ctx: Context, exam: Exam, panel: Panel) -> tuple[int, str] | None:
    """Place and certificate of the last member for whom a reserve keeps the rules."""
    for seat, person in reversed(members_of(ctx.session, panel)[1:]):
        try:
            next_reserve(ctx, Vacancy(exam, panel, seat, PanelAbsence(), person))
        except Conflict:
            continue
        return seat.place, person.certificate
    return None
