"""Marks of a sign-in: what counts, by whose clock, how the marks of two phones come together."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from exam_system.access import Role
from exam_system.attendance import lookup
from exam_system.attendance.closing import statement_now
from exam_system.attendance.merging import Merged, Said, merge
from exam_system.attendance.models import Attendance, Mark, Statement
from exam_system.attendance.rooms import hall_of
from exam_system.attendance.service import settle_marks, sign_statement, take_marks, take_step
from exam_system.attendance.signing import read_marks
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.examday.models import Absence, Duty, Invigilator
from exam_system.exams.models import Exam
from exam_system.exams.rules import defaults
from exam_system.records.models import Act
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.violations.models import Incident
from tests.attendance.day import (
    CODE,
    NEXT,
    OTHER,
    ROOM,
    SUBJECT,
    begins,
    member,
    noted,
    numbers,
    send,
    watcher,
)
from tests.world import World

A, B, C, D = (f"{n}" * 36 for n in "abcd")


def said(id: int, client: str, kind: str, *replaces: str, outcome: str = "counts") -> Said:
    return Said(id, client, kind, outcome, replaces, settles=False)


def test_marks_come_to_the_same_in_whatever_way_they_are_numbered() -> None:
    assert merge([]) is None
    assert merge([said(1, A, "elsewhere")]) is None
    assert merge([said(1, A, "absent", outcome="early")]) is None
    assert merge([said(1, A, "present"), said(2, B, "present")]) == Merged("present", False)
    assert merge([said(1, A, "present"), said(2, B, "absent")]) == Merged("present", True)
    late = said(2, B, "present", outcome="late")
    assert merge([said(1, A, "absent"), late]) == Merged("late", False)
    # a correction arrives before or after what it corrects, or two phones correct the same mark
    for first, second, third in itertools.permutations((1, 2, 3)):
        marks = [
            said(first, A, "present"),
            said(second, B, "absent", A),
            said(third, C, "present", B),
        ]
        assert merge(sorted(marks, key=lambda one: one.id)) == Merged("present", False)
        marks[2] = said(third, C, "present", A)
        assert merge(sorted(marks, key=lambda one: one.id)) == Merged("present", True)


def test_a_settlement_stands_until_somebody_says_something_else() -> None:
    firm = Said(3, C, "absent", "counts", (), settles=True)
    before = [said(1, A, "present"), said(2, B, "absent"), firm]
    assert merge(before) == Merged("absent", False)
    assert merge([*before, said(4, D, "present", C)]) == Merged("present", True)
    assert merge([*before, said(4, D, "absent", C)]) == Merged("absent", False)


BOTH = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)


def counted(world: World, state: str = "present") -> int:
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(func.count()).where(Attendance.state == state)
        return db.scalar(query) or 0


@BOTH
def test_two_phones_of_a_room_merge_without_loss_or_doubles(world: World, exam: Exam) -> None:
    first, second = watcher(world, ROOM, 1), watcher(world, ROOM, 2)
    people = numbers(world, ROOM)
    held = [noted(number, age=600) for number in people[:10]]
    mine = [noted(number) for number in people[5:15]]
    send(world, first, ROOM, *mine)
    # sent twice, as when the answer was lost, and once more in another order
    for batch in (held, held, held[::-1]):
        taken = send(world, second, ROOM, *batch)
        assert {one.outcome for one in taken} == {"counts"}
    assert counted(world) == 15
    with world.context(first).session as db:
        assert db.scalar(select(func.count()).select_from(Mark)) == 20
        assert db.scalar(select(func.count()).where(Mark.offline)) == 10
        acts = db.scalars(select(Act.kind)).all()
        assert acts.count("attendance.take_marks") == 4
        assert len(lookup.present(db, exam, SUBJECT)) == 15
        assert lookup.present(db, exam, "sl") == frozenset()
        assert lookup.figures(db, exam) == {SUBJECT: {"present": 15, "absent": 0, "late": 0}}


@BOTH
def test_marks_that_differ_wait_for_the_head_of_the_site(world: World, exam: Exam) -> None:
    world.clock.set(begins(world) + timedelta(minutes=31))
    number = numbers(world, ROOM)[0]
    seen = noted(number, age=40 * 60)
    send(world, watcher(world, ROOM, 1), ROOM, noted(number, "absent"))
    send(world, watcher(world, ROOM, 2), ROOM, seen)
    settle: dict[str, Any] = {"code": CODE, "subject": SUBJECT, "codes": ROOM, "number": number}
    with world.context(watcher(world, ROOM)).session as db:
        row = db.scalars(select(Attendance)).one()
        assert (row.state, row.disputed) == ("present", True)
    for who in (watcher(world, ROOM), member(world, "S2"), member(world, "D1")):
        with pytest.raises(Forbidden), world.acting(who) as ctx:
            settle_marks(ctx, **settle, state="absent", reason="看过座位")
    with pytest.raises(Invalid), world.acting(member(world, "S1")) as ctx:
        settle_marks(ctx, **settle, state="absent", reason=" ")
    with world.acting(member(world, "S1")) as ctx:
        settle_marks(ctx, **settle, state="absent", reason="到座位查看，无人")
    assert (counted(world, "absent"), counted(world)) == (1, 0)
    # the room cannot undo it by itself: a new mark is a new dispute
    again = noted(number, age=40 * 60, replaces=seen.client)
    send(world, watcher(world, ROOM, 2), ROOM, again)
    with world.context(watcher(world, ROOM)).session as db:
        assert db.scalars(select(Attendance.disputed)).one() is True
        assert db.scalar(select(func.count()).select_from(Mark)) == 4


def test_entry_ends_by_the_servers_clock_and_the_time_of_the_scan(world: World, exam: Exam) -> None:
    who, people = watcher(world, ROOM), numbers(world, ROOM)
    world.clock.set(begins(world) + timedelta(minutes=29, seconds=59))
    early = noted(people[0], "absent")
    assert send(world, who, ROOM, early)[0].outcome == "early"
    world.clock.set(begins(world) + timedelta(minutes=40))
    answers = send(
        world,
        who,
        ROOM,
        noted(people[1]),
        noted(people[2], age=599),
        noted(people[3], age=601),
        noted(people[4], "absent"),
    )
    assert [one.outcome for one in answers] == ["late", "late", "counts", "counts"]
    assert (counted(world), counted(world, "late"), counted(world, "absent")) == (1, 2, 1)


def test_a_professional_exam_lets_in_for_five_minutes(world: World, exam: Exam) -> None:
    minutes = {
        kind: defaults(kind)["entry_minutes"]["value"]
        for kind in ("civil_service", "institution", "professional")
    }
    assert minutes == {"civil_service": 30, "institution": 30, "professional": 5}
    with world.acting(Role.OFFICER) as ctx:
        row = ctx.session.get_one(Exam, exam.id)
        row.rules = row.rules.replace('civil_service"', 'professional"')
        text = row.rules
        at = text.index('"entry_minutes"')
        row.rules = text[:at] + text[at:].replace('"value":30', '"value":5', 1)
    world.clock.set(begins(world) + timedelta(minutes=6))
    who, people = watcher(world, ROOM), numbers(world, ROOM)
    assert send(world, who, ROOM, noted(people[0]))[0].outcome == "late"


def test_a_wrong_room_says_where_somebody_belongs(world: World, exam: Exam) -> None:
    who = watcher(world, ROOM)
    stray, far = numbers(world, NEXT)[0], numbers(world, OTHER)[0]
    told = send(
        world,
        who,
        ROOM,
        noted(stray, "elsewhere", found="told"),
        noted(far, "elsewhere", found="found"),
        noted(far),
        noted(numbers(world, ROOM)[5], "elsewhere", found="found"),
        noted("99999999"),
    )
    assert "市第一中学考点 · 02" in told[0].belongs
    assert "市第二中学考点 · 01" in told[1].belongs
    assert [one.outcome for one in told[2:]] == ["counts", "counts", "unknown"]
    assert counted(world) == 1  # nobody is present in a room that is not theirs
    with world.context(who).session as db:
        assert sorted(map(str, db.scalars(select(Mark.found)))) == ["None", "found", "told", "told"]
        assert db.scalars(select(Incident.kind)).all() == ["room_found"]


def test_a_doubt_of_identity_is_an_incident_and_lets_in(world: World, exam: Exam) -> None:
    number = numbers(world, ROOM)[0]
    send(world, watcher(world, ROOM), ROOM, noted(number, doubt="与照片不像，待核"))
    assert counted(world) == 1
    with world.context(watcher(world, ROOM)).session as db:
        assert db.scalars(select(Incident.facts)).all() == ["与照片不像，待核"]


def test_a_room_is_its_invigilators_own(world: World, exam: Exam) -> None:
    number = numbers(world, NEXT)[0]
    for who in (watcher(world, ROOM), watcher(world, OTHER), member(world, "S2")):
        with pytest.raises(Forbidden):
            send(world, who, NEXT, noted(number))
    for name in ("S1", "D1", "H1"):
        send(world, member(world, name), NEXT, noted(number))
    absent = watcher(world, ROOM)
    coming = watcher(world, OTHER)
    with world.acting(Role.OFFICER) as ctx:
        query = select(Duty).join(Invigilator)
        duty = ctx.session.scalars(query.where(Invigilator.account_id == absent.account_id)).first()
        second = ctx.session.scalars(
            query.where(Invigilator.account_id == coming.account_id)
        ).first()
        assert duty is not None
        assert second is not None
        now = ctx.clock.now()
        gone = Absence(duty_id=duty.id, reason="病", recorded_at=now)
        gone.substitute_id, gone.replaced_at = second.id, now
        ctx.session.add(gone)
    with pytest.raises(Forbidden):
        send(world, absent, ROOM, noted(numbers(world, ROOM)[0]))
    send(world, coming, ROOM, noted(numbers(world, ROOM)[0]))
    world.clock.set(begins(world) - timedelta(minutes=10))


def test_steps_come_in_their_order_and_both_sign_the_same(world: World, exam: Exam) -> None:
    first, second = watcher(world, ROOM, 1), watcher(world, ROOM, 2)
    here: dict[str, Any] = {"code": CODE, "subject": SUBJECT, "codes": ROOM}

    def step(name: str, papers: int | None = None) -> None:
        with world.acting(first) as ctx:
            take_step(ctx, **here, step=name, papers=papers)

    def sign(who: object = first) -> Statement:
        with world.acting(who) as ctx:  # type: ignore[arg-type]
            hall = hall_of(ctx.session, CODE, SUBJECT, ROOM)
            digest = sha256_hex(jcs(statement_now(ctx, hall)))
            return sign_statement(ctx, **here, digest=digest)

    for name, papers in (("opened", None), ("packed", 30), ("nothing", None)):
        with pytest.raises(Conflict):
            step(name, papers)
    with pytest.raises(Invalid):
        step("received", -1)
    step("received", 31)
    with pytest.raises(Conflict, match="opened from"):
        step("opened")
    world.clock.set(begins(world) - timedelta(minutes=10))
    step("opened")
    people = numbers(world, ROOM)
    send(world, first, ROOM, *(noted(number) for number in people[1:]))
    world.clock.set(begins(world) + timedelta(minutes=90))
    with pytest.raises(Conflict, match="when the session is over"):
        step("packed", 29)
    world.clock.set(begins(world) + timedelta(minutes=120))
    step("packed", 29)
    with pytest.raises(Conflict, match="neither present nor absent"):
        sign()
    send(world, second, ROOM, noted(people[0], "absent"))
    with pytest.raises(Forbidden), world.acting(member(world, "S1")) as ctx:
        sign_statement(ctx, **here, digest="0" * 64)
    sign()
    with pytest.raises(Conflict, match="signed this already"):
        sign()
    # what the first one signed has changed: the second one's signature is a first one again
    send(world, second, ROOM, noted(people[0], "absent"))
    assert sign(second).second_id is None
    assert sign(first).second_id is not None
    late = send(world, second, ROOM, noted(people[1], "absent"))
    assert late[0].outcome == "after"
    assert (counted(world), counted(world, "absent")) == (len(people) - 1, 1)
    with pytest.raises(Conflict, match="closed"), world.acting(member(world, "S1")) as ctx:
        settle_marks(ctx, **here, number=people[1], state="absent", reason="看过座位")
    with world.context(first).session as db:
        assert lookup.closed_rooms(db, exam, SUBJECT) == 1


def test_a_batch_costs_the_same_however_long_it_is(world: World, exam: Exam) -> None:
    who, people = watcher(world, ROOM), numbers(world, ROOM)
    statements: list[str] = []
    event.listen(
        world.engine, "before_cursor_execute", lambda *args: statements.append(str(args[2]))
    )
    costs = []
    for batch in (people[:1], people[1:3], people[3:]):
        statements.clear()
        send(world, who, ROOM, *(noted(number) for number in batch))
        costs.append(len(statements))
    assert len(set(costs)) == 1, costs
    assert costs[0] < 40


def test_what_is_no_list_of_marks_is_refused() -> None:
    good = {"client": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "number": "1", "kind": "present"}
    assert read_marks({"sent_at": 5000, "marks": [good | {"at": 2000}]})[0].age == 3
    # a phone whose clock was set back in between is not in the future
    assert read_marks({"sent_at": 0, "marks": [good | {"at": 2000}]})[0].age == 0
    bad: Any
    for bad in (
        None,
        [],
        {"sent_at": 1},
        {"sent_at": "x", "marks": []},
        {"sent_at": 1, "marks": [good]},
        {"sent_at": 1, "marks": [good | {"at": 1, "kind": "gone"}]},
        {"sent_at": 1, "marks": [good | {"at": 1, "found": "told"}]},
        {"sent_at": 1, "marks": [good | {"at": 1, "client": "1"}]},
        {"sent_at": 1, "marks": [good | {"at": 1}] * 401},
    ):
        with pytest.raises(Invalid):
            read_marks(bad)


def test_nothing_is_taken_hours_before_and_for_no_such_room(world: World, exam: Exam) -> None:
    who, number = watcher(world, ROOM), numbers(world, ROOM)[0]
    with pytest.raises(NotFound), world.acting(who) as ctx:
        take_marks(ctx, code=CODE, subject="zz", codes=ROOM, marks=[noted(number)])
