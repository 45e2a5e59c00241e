"""Late changes of the seats: who gets which reserve seat, with whose approval, and the versions."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import threading
from itertools import combinations

import pytest
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.approvals.models import Approval
from exam_system.context import Context
from exam_system.draws.models import Attempt
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.examday import changes, papers, versions
from exam_system.examday.models import Seat, SeatChange
from exam_system.examday.tickets import own_ticket
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, Room
from exam_system.marking.service import seated_numbers
from exam_system.records.audit import faults
from exam_system.records.models import Act, ActDetail
from exam_system.registration.models import Application
from seating.layouts import positions
from tests.examday import hall
from tests.world import World, approve_in, give_approval

LATE, MOVED = "ref1-90000", "ref1-00003"
WHY = "报名系统故障，经复核补录"


def seated(world: World, **rules: int) -> Exam:
    """The standard exam, its seats published; LATE is approved and has no seat."""
    exam = hall.add_exam(world, **rules)
    hall.add_places(world, exam)
    for n in range(6):
        post = f"20{n}"
        hall.add_post(world, exam, post)
        hall.add_people(world, exam, 1, 8, start=10 * n, post_code=post)
        if n < 4:
            late = 90000 + n
            hall.add_people(world, exam, 1, 1, state="approved", start=late, post_code=post)
    hall.add_people(world, exam, 2, 7)
    hall.seat(world)
    return exam


def add(ctx: Context, ref: str = LATE) -> SeatChange:
    approve_in(ctx, changes.ADD, code=hall.CODE, ref=ref, reason=WHY)
    return changes.add_late_candidate(ctx, code=hall.CODE, ref=ref, reason=WHY)


def move(ctx: Context, ref: str = MOVED, number: str = "") -> SeatChange:
    given = {"code": hall.CODE, "ref": ref, "reason": "座椅损坏", "number": number}
    approve_in(ctx, changes.MOVE, **given)
    return changes.move_candidate(ctx, **given)


def application(ctx: Context, ref: str) -> Application:
    return ctx.session.scalars(select(Application).where(Application.ref == ref)).one()


def reserve(ctx: Context, ref: str) -> list[str]:
    """The admission numbers of the seats that somebody could have."""
    exam = exam_by_code(ctx.session, hall.CODE)
    return [number for number, _ in changes.reserve_of(ctx, exam, application(ctx, ref))]


def test_a_late_candidate_gets_the_seat_that_the_seed_picks(world: World) -> None:
    seated(world)
    with world.acting(Role.OFFICER) as ctx:
        seed = ctx.session.scalars(select(Attempt.seed)).one()
        free, label = reserve(ctx, LATE), application(ctx, LATE).label
        change = add(ctx)

    def ticket(number: str) -> str:
        name = f"{number[:2]}/{number[2:4]}-{number[4:6]}/{int(number[6:])}"
        return hashlib.sha256(f"{seed}:reserve:{label} {name}".encode()).hexdigest()

    with world.acting(Role.OFFICER) as ctx:
        who = application(ctx, LATE)
        seat = ctx.session.get_one(Seat, who.id)
        assert who.number == min(free, key=ticket)
        assert who.number == f"0{who.number[1:6]}{seat.number:02}"
        assert (seat.room_id, seat.number, seat.form) == (
            change.room_id,
            change.number,
            change.form,
        )
        drawn = ctx.session.scalars(select(Attempt.id)).one()
        assert (seat.attempt_id, change.version, change.reason) == (drawn, 2, WHY)
        assert who.state == "approved"
        assert who.number in seated_numbers(ctx.session, who.exam_id)
        act = ctx.session.scalars(select(Act).where(Act.kind == changes.ADD)).one()
        details = json.loads(ctx.session.get_one(ActDetail, act.id).details)
        assert act.subject == f"application:{LATE}"
        assert (details["version"], details["numbers"]) == (2, [None, who.number])
        assert details["approval"] == change.approval
        plan = versions.plan_at(ctx.session, exam_by_code(ctx.session, hall.CODE), 2)
        exam = exam_by_code(ctx.session, hall.CODE)
        assert details["plan"] == versions.digest_of(ctx.session, exam, 2, plan)
        with pytest.raises(Conflict, match="has a seat already"):
            changes.wanted_addition(ctx, code=hall.CODE, ref=LATE, reason=WHY)


def test_nobody_adds_or_moves_alone(world: World) -> None:
    seated(world)
    for act in (changes.add_late_candidate, changes.move_candidate):
        ref = LATE if act is changes.add_late_candidate else MOVED
        with (
            world.acting(Role.OFFICER) as ctx,
            pytest.raises(Conflict, match="approval of somebody else"),
        ):
            act(ctx, code=hall.CODE, ref=ref, reason=WHY)
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, changes.ADD, code=hall.CODE, ref=LATE, reason=WHY)
        with pytest.raises(Conflict, match="not what stands now"):
            changes.add_late_candidate(ctx, code=hall.CODE, ref=LATE, reason="另一个理由")
        assert ctx.session.scalars(select(SeatChange)).all() == []


def test_a_moved_candidate_leaves_a_seat_that_nobody_gets(world: World) -> None:
    seated(world)
    person = hall.name_candidate(world, MOVED, "林静")
    with world.acting(Role.OFFICER) as ctx:
        old = str(application(ctx, MOVED).number)
        before = ctx.session.get_one(Seat, application(ctx, MOVED).id)
        was = (before.room_id, before.number, before.form)
        wanted = reserve(ctx, MOVED)[-1]
        change = move(ctx, number=wanted)
        assert (change.from_room_id, change.from_number, change.from_form) == was
        assert application(ctx, MOVED).number == wanted
        assert old not in reserve(ctx, MOVED) + reserve(ctx, LATE)
        assert wanted not in reserve(ctx, LATE)
        for taken in (old, wanted, "01010101", "nonsense"):
            with pytest.raises(Conflict, match="is not free"):
                move(ctx, ref="ref1-00004", number=taken)
        again = move(ctx)
        assert again.version == 3
        assert wanted not in reserve(ctx, LATE)  # left as well: given once, ever
    with world.acting(person) as ctx:
        ticket = own_ticket(ctx, MOVED)
        assert ticket.admission == application(ctx, MOVED).number
        assert ticket.seat == again.number
        assert "第3版" in ticket.release


def test_every_late_seat_keeps_the_rules(world: World) -> None:
    """All that fit are added or moved, and nobody sits beside somebody of the same post."""
    seated(world, post_cap=5)
    with world.acting(Role.OFFICER) as ctx:
        for n in range(4):
            add(ctx, f"ref1-9000{n}")
        movers = [f"ref1-000{n:02}" for n in range(0, 60, 5) if n % 10 < 8]
        moved = [move(ctx, ref) for ref in movers if reserve(ctx, ref)]
        assert len(moved) > 2
        rows = ctx.session.execute(
            select(Room, Seat.number, Seat.form, Application.post_id, Application.district_id)
            .join(Seat, Seat.room_id == Room.id)
            .join(Application, Application.id == Seat.application_id)
        ).all()
    where: dict[int, list[tuple[tuple[int, int], int, int | None]]] = {}
    for room, seat, form, post, district in rows:
        assert 1 <= seat <= room.capacity
        place = positions(room.layout, room.capacity)[seat - 1]
        where.setdefault(room.id, []).append((place, post if district == 1 else -seat, form))
    assert sum(map(len, where.values())) == 59
    for people in where.values():
        posts = [post for _, post, _ in people]
        assert max(posts.count(post) for post in posts) <= 5
        for (a, post, form), (b, other, another) in combinations(people, 2):
            if max(abs(a[0] - b[0]), abs(a[1] - b[1])) == 1:
                assert post != other
                assert form != another or (a[0] != b[0] and a[1] != b[1])


def test_when_no_seat_keeps_the_rules_the_sentence_says_so(world: World) -> None:
    """A room of three with one seat free, where the cap of the post is reached."""
    exam = hall.add_exam(world, post_cap=1, paper_forms=1, opening_ratio=1)
    room = ((1, "1x3", 3, "written"),)
    hall.add_places(world, exam, ((1, 1, "市第一中学", room), (2, 1, "平坝第一中学", room)))
    for n in (1, 2):
        hall.add_post(world, exam, f"20{n}")
        hall.add_people(world, exam, 1, 1, start=10 * n, post_code=f"20{n}")
    hall.add_people(world, exam, 2, 2)
    hall.add_people(world, exam, 1, 1, state="approved", start=90000, post_code="201")
    hall.seat(world)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="No free seat"):
        changes.wanted_addition(ctx, code=hall.CODE, ref=LATE, reason=WHY)


@pytest.mark.parametrize(
    ("state", "said"), [("closed", "only between"), ("written", "only between")]
)
def test_seats_change_only_between_draw_and_scores(world: World, state: str, said: str) -> None:
    exam = seated(world)
    with world.context(world.people[Role.OFFICER]).session as db:
        db.get_one(Exam, exam.id).state = state
        db.commit()
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match=said):
        changes.wanted_move(ctx, code=hall.CODE, ref=MOVED, reason=WHY)


def test_who_cannot_be_changed(world: World) -> None:
    exam = seated(world)
    hall.add_people(world, exam, 1, 1, state="refused", start=95000)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="approved or paid"):
            changes.wanted_addition(ctx, code=hall.CODE, ref="ref1-95000", reason=WHY)
        with pytest.raises(Conflict, match="only be added"):
            changes.wanted_move(ctx, code=hall.CODE, ref=LATE, reason=WHY)
        with pytest.raises(NotFound):
            changes.wanted_move(ctx, code=hall.CODE, ref="nobody", reason=WHY)
        with pytest.raises(Invalid, match="Give the reason"):
            changes.wanted_move(ctx, code=hall.CODE, ref=MOVED, reason=" ")
    world.clock.advance(days=31)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="exam is over"):
        changes.wanted_move(ctx, code=hall.CODE, ref=MOVED, reason=WHY)


def test_versions_are_numbered_and_can_be_taken_back_to_the_draw(world: World) -> None:
    exam = seated(world)
    with world.acting(Role.OFFICER) as ctx:
        db = ctx.session
        assert [one.number for one in versions.versions(db, exam)] == [1]
        first = versions.plan_at(db, exam, 1)
        add(ctx)
        old = str(application(ctx, MOVED).number)
        move(ctx)
        assert versions.plan_at(db, exam, 1) == first
        listed = versions.versions(db, exam)
        assert [(one.number, one.what, one.people) for one in listed] == [
            (3, "moved", 56),
            (2, "added", 56),
            (1, "draw", 55),
        ]
        assert len({one.digest for one in listed}) == 3
        assert {one.by for one in listed[:2]} == {one.approved_by for one in listed[:2]}
        labels = {row.id: row.label for row in db.scalars(select(Application))}
        result = json.loads(db.scalars(select(Attempt.result)).one())
        drawn = {
            label: seat
            for group in result["groups"]
            for slot in group["slots"]
            for seat, label in enumerate(slot["labels"], 1)
        }
        assert {labels[who]: at.seat for who, at in first.items()} == drawn
        rooms = papers.export_changes(ctx, code=hall.CODE, first=1, second=3)
        left = [line for room in rooms for line in room.left]
        came = [line for room in rooms for line in room.came]
        assert [(one.number_before, one.name) for one in left] == [(old, "考生00003")]
        assert sorted(one.number_after for one in came) == sorted(
            str(application(ctx, ref).number) for ref in (LATE, MOVED)
        )
        back = versions.difference(db, exam, 3, 1)
        assert [one.label for room in back for one in room.left] == [one.label for one in came]
        assert versions.difference(db, exam, 2, 2) == []
        with pytest.raises(NotFound, match="no version 4"):
            versions.plan_at(db, exam, 4)
    world.seal()
    with world.context(world.people[Role.AUDITOR]).session as db:
        assert list(faults(db)) == []


def test_two_changes_to_one_seat_at_once(world: World, database: str) -> None:
    """Both are approved; one is carried out, the other finds the seat taken."""
    if database != "postgresql":
        pytest.skip("SQLite has one writer")
    seated(world)
    refs = (MOVED, "ref1-00004")
    with world.acting(Role.OFFICER) as ctx:
        both = set(reserve(ctx, refs[0])) & set(reserve(ctx, refs[1]))
        given = {"code": hall.CODE, "reason": "座椅损坏", "number": min(both)}
        for ref in refs:
            approve_in(ctx, changes.MOVE, ref=ref, **given)
    start, said = threading.Barrier(2), []

    def run(ref: str) -> None:
        ctx = world.context(world.people[Role.OFFICER])
        with ctx.session:
            start.wait()
            try:
                changes.move_candidate(ctx, ref=ref, **given)
                ctx.session.commit()
                said.append("done")
            except Conflict as error:
                said.append(error.msgid)

    threads = [threading.Thread(target=run, args=(ref,)) for ref in refs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said)[1] == "done"
    assert "is not free" in sorted(said)[0]
    with world.context(world.people[Role.OFFICER]).session as db:
        assert db.scalar(select(func.count()).select_from(SeatChange)) == 1


def test_the_pages_lead_through_a_change(world: World) -> None:
    seated(world)
    person = hall.name_candidate(world, MOVED, "林静")
    client = world.client(world.app(), Role.OFFICER)
    office = f"/office/exams/{hall.CODE}"
    assert "林静" in client.get(f"{office}/late?words=林静").text
    assert client.get(f"{office}/late").text.count("考生9000") == 4
    page = f"{office}/late/{MOVED}"
    assert client.post(page, data={"ask": "1", "reason": "", "number": ""}).status_code == 422
    answer = client.post(page, data={"ask": "1", "reason": "座椅损坏", "number": ""})
    assert answer.status_code == 302
    text = client.get(page).text
    assert "座椅损坏" in text
    assert "等待" in text
    assert client.post(page).status_code == 409
    with world.acting(Role.OFFICER) as ctx:
        ref = ctx.session.scalars(select(Approval.ref).where(Approval.state == "asked")).one()
    with world.acting(Role.OFFICER) as ctx:
        give_approval(ctx, ref)
    assert "林静" in client.get(f"{office}/late").text
    done = client.post(page, follow_redirects=True)
    assert "第2版" in done.text or ">2<" in done.text
    rows = list(
        csv.reader(
            io.StringIO(client.post(f"{office}/versions/1/2/export/csv").data.decode("utf-8-sig"))
        )
    )
    assert sorted(row[4:6] for row in rows[1:]) == [["离开", "林静"], ["进入", "林静"]]
    assert "林静" in client.get(f"{office}/versions/1/2").text
    assert client.get(f"{office}/versions/1/9").status_code == 404
    with world.acting(person) as ctx:
        number = str(application(ctx, MOVED).number)
    mine = world.app().test_client()
    mine.post("/login", data={"login": "candidate1-00003", "password": hall.PASSWORD})
    shown = mine.get(f"/applications/{MOVED}").text
    assert "您的座位已变更" in shown
    assert number in shown
