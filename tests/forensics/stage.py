"""A sitting of 120 candidates in four rooms of two sites, two paper forms, with planted copiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from sqlalchemy import select

from exam_system.access import Role
from exam_system.attendance.models import Attendance
from exam_system.context import Actor
from exam_system.draws.models import Attempt, Draw
from exam_system.examday.models import Seat
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.forensics.answers import import_answers
from exam_system.forensics.experts import appoint_expert
from exam_system.forensics.models import Screening
from exam_system.forensics.paper import LETTERS
from exam_system.forensics.paper_table import set_paper
from exam_system.forensics.parameters import Parameters
from exam_system.forensics.running import run_screening
from exam_system.forensics.screening import freeze_screening
from exam_system.office import Office
from exam_system.registration.models import Application
from exam_system.sheets import write_csv
from tests.results.setting import CODE, add_candidates, add_exam, number_of
from tests.world import World

ITEMS, PEOPLE, ROOM = 60, 120, 30
SUBJECT = "xc"
COPIERS = {1: 0, 35: 36, 100: 50}
"""Copier and source: neighbours of one room twice, once of two sites."""
HEAD = ("准考证号", "卷型", "答案")
BASIS = "省级考试机构试行规程（测试）"


@dataclass(frozen=True)
class Stage:
    """The exam and its answers in the master's options, -1 for omits; (people, items)."""

    exam: Exam
    key: np.ndarray
    answers: np.ndarray
    orders: np.ndarray
    """(items, options) the master's option of each option that form B prints."""
    places: np.ndarray
    """(items,) by printed place of form B, the master's item."""


def simulate(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Key and honest answers; then every copier takes seven of ten answers from the source.

    The budgets allow a false pair in one of seven seeds; this one has none.
    """
    dice = np.random.default_rng(seed)
    key = dice.integers(0, 4, ITEMS)
    pull = dice.normal(0, 0.6, (ITEMS, 4))
    hard, ability = dice.normal(0.3, 0.8, ITEMS), dice.normal(0, 1, PEOPLE)
    right = dice.random((PEOPLE, ITEMS)) < 1 / (1 + np.exp(-(ability[:, None] - hard)))
    pull[np.arange(ITEMS), key] = -np.inf
    odds = np.exp(pull)
    ladder = (odds / odds.sum(axis=1, keepdims=True)).cumsum(axis=1)
    wrong = (dice.random((PEOPLE, ITEMS, 1)) > ladder).sum(axis=2).clip(0, 3)
    answers = np.where(right, key, wrong)
    answers[dice.random((PEOPLE, ITEMS)) < 0.02] = -1
    answers[5, 50:] = -1  # did not get further in form A
    for copier, source in COPIERS.items():
        taken = dice.random(ITEMS) < 0.7
        answers[copier, taken] = answers[source, taken]
    return key, answers


def set_stage(world: World) -> Stage:
    """Rooms, seats and the session, straight into the tables."""
    exam = add_exam(world)
    people = add_candidates(world, exam, PEOPLE)
    now = world.clock.now()
    with world.context(world.people[Role.OFFICER]).session as db:
        district = db.scalars(select(District)).one()
        draw = Draw(code=f"{CODE}-seats", exam_id=exam.id, kind="seats")
        db.add(draw)
        db.flush()
        attempt = Attempt(
            draw_id=draw.id,
            number=1,
            state="published",
            manifest="{}",
            manifest_digest="0" * 64,
            frozen_at=now,
        )
        db.add(attempt)
        rooms = [room for code in (1, 2) for room in _site(db, district, code)]
        db.flush()
        for place, one in enumerate(people):
            room, number = rooms[place // ROOM], place % ROOM + 1
            form = 1 + place % 2
            seat = Seat(application_id=one.id, room_id=room.id, number=number, form=form)
            seat.attempt_id = attempt.id
            db.add(seat)
        for subject, day in (("xc", 0), ("sl", 1)):
            begins = now - timedelta(days=3 - day)
            ends = begins + timedelta(hours=2)
            db.add(ExamSession(exam_id=exam.id, subject=subject, starts_at=begins, ends_at=ends))
        db.commit()
    key, answers = simulate()
    dice = np.random.default_rng(3)
    orders = np.array([dice.permutation(4) for _ in range(ITEMS)])
    return Stage(exam, key, answers, orders, dice.permutation(ITEMS))


def _site(db, district: District, code: int) -> list[Room]:  # type: ignore[no-untyped-def]
    site = Site(
        district_id=district.id, code=code, name=f"第{code}中学", address="测试路", school=""
    )
    db.add(site)
    db.flush()
    rooms = [
        Room(
            site_id=site.id,
            code=number,
            name=f"{number}号考场",
            layout="5x6",
            capacity=ROOM,
            use="written",
        )
        for number in (1, 2)
    ]
    db.add_all(rooms)
    return rooms


def paper_table(stage: Stage) -> bytes:
    """The table of items with form B."""
    printed = np.argsort(stage.places)
    rows = [
        (
            item + 1,
            4,
            LETTERS[stage.key[item]],
            int(printed[item]) + 1,
            _letters(stage.orders[item]),
        )
        for item in range(ITEMS)
    ]
    return write_csv(("题号", "选项数", "答案", "B卷题号", "B卷选项"), rows)


def _letters(order: np.ndarray) -> str:
    return "".join(LETTERS[one] for one in order)


def printed(stage: Stage, place: int) -> str:
    """The sheet of candidate `place` as its form prints the items."""
    sheet = stage.answers[place]
    if place % 2:  # form B: at each place, which printed option is the master's
        sheet = [
            -1 if sheet[item] < 0 else int(np.flatnonzero(stage.orders[item] == sheet[item])[0])
            for item in stage.places
        ]
    return "".join("-" if one < 0 else LETTERS[one] for one in sheet)


def answer_table(stage: Stage, places: Sequence[int] = range(PEOPLE)) -> bytes:
    """The scanner's table."""
    return write_csv(HEAD, [(number_of(n), "AB"[n % 2], printed(stage, n)) for n in places])


def sign_in(world: World, stage: Stage, absent: Sequence[int] = ()) -> None:
    """Everybody but `absent` was there."""
    with world.context(world.people[Role.OFFICER]).session as db:
        session = db.scalars(select(ExamSession).where(ExamSession.subject == SUBJECT)).one()
        who = {one.number: one.id for one in db.scalars(select(Application))}
        gone = {number_of(place) for place in absent}
        seats = {seat.application_id: seat.room_id for seat in db.scalars(select(Seat))}
        db.add_all(
            Attendance(
                session_id=session.id,
                application_id=one,
                room_id=seats[one],
                state="absent" if number in gone else "present",
                disputed=False,
            )
            for number, one in who.items()
        )
        db.commit()


def take_in(world: World, stage: Stage) -> None:
    """Items and all answers come in."""
    with world.acting(Role.OFFICER) as ctx:
        set_paper(ctx, code=CODE, subject=SUBJECT, name="items.csv", data=paper_table(stage))
        data = answer_table(stage)
        import_answers(ctx, code=CODE, subject=SUBJECT, name="scan.csv", data=data)


def freeze(world: World) -> str:
    """The reference of a frozen screening."""
    with world.acting(Role.OFFICER) as ctx:
        given = Parameters(basis=BASIS)
        return freeze_screening(ctx, code=CODE, subject=SUBJECT, parameters=given).ref


def office(world: World) -> Office:
    """The office of a world."""
    return Office(world.config, world.keys, world.engine, world.clock, world.chance)


def screened(world: World) -> tuple[Stage, Screening]:
    """The whole way to a finished screening."""
    stage = set_stage(world)
    take_in(world, stage)
    sign_in(world, stage)
    return stage, run_screening(office(world), freeze(world))


def appoint(world: World, count: int = 3) -> list[Actor]:
    """Experts from another area."""
    with world.acting(Role.ADMIN) as ctx:
        actors = [world.hire(ctx, Role.MARKER, f"expert{n}", "外地考试院") for n in range(count)]
    with world.acting(Role.OFFICER) as ctx:
        for n in range(count):
            appoint_expert(
                ctx, code=CODE, username=f"expert{n}", unit="外地考试院", area_code="530100"
            )
    return actors
