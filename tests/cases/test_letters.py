"""A case from the letter to the follow-up, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.appointing.noticing import set_holidays
from exam_system.cases import extension, questions, service, tasks
from exam_system.cases.lookup import answers_of, find_letter, letters_of, pick_up
from exam_system.cases.models import Letter, LetterAnswer
from exam_system.cases.personal import findings
from exam_system.cases.search import find_questions
from exam_system.cases.states import MOVES
from exam_system.cases.terms import is_sure
from exam_system.cases.ticking import tick
from exam_system.context import PUBLIC, SYSTEM
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.messages.models import Message
from exam_system.messages.service import collect
from exam_system.oversight.overdue import find_overdue
from exam_system.records.models import Act
from exam_system.violations.serving import review_until
from exam_system.workdays import last_day as hearing_day
from exam_system.workdays import office_table, term
from tests.world import World

TEXT = "请问报名时照片多大？"
LETTER = {"kind": "letter", "topic": "registration", "title": "照片尺寸", "text": TEXT}
WHO = {"name": "王小明", "phone": "13800138000"}
BEFORE_HOLIDAY = datetime(2026, 9, 29, 2, 0, tzinfo=UTC)  # Tuesday; the holiday begins on Thursday


def write(world: World, **other: str) -> service.Taken:
    with world.acting(PUBLIC) as ctx:
        return service.register_case(ctx, **{**LETTER, **WHO, **other})  # type: ignore[arg-type]


def second_officer(world: World) -> None:
    with world.acting(Role.ADMIN) as ctx:
        world.hire(ctx, Role.OFFICER, "officer2")


def assign(world: World, ref: str, owner: str = "officer", deputy: str = "officer2") -> None:
    with world.acting(Role.OFFICER) as ctx:
        service.assign_case(ctx, ref=ref, owner=owner, deputy=deputy)


def answer(world: World, ref: str, text: str = "照片为295×413像素。") -> None:
    assign(world, ref)
    with world.acting(Role.OFFICER) as ctx:
        service.handle_case(ctx, ref=ref, finding="已核对公告。")
        service.reply_case(ctx, ref=ref, text=text)


def now(world: World, ref: str) -> Letter:
    with world.context(PUBLIC).session as db:
        return find_letter(db, ref)


def run(world: World) -> int:
    with world.acting(SYSTEM) as ctx:
        return tick(ctx)


def test_a_letter_gets_its_number_owner_deputy_and_a_day_that_skips_the_holiday(
    world: World,
) -> None:
    second_officer(world)
    world.clock.set(BEFORE_HOLIDAY)
    taken = write(world)
    letter = taken.letter
    assert letter.number == f"FW2026{letter.id:06d}"
    assert {letter.owner_id, letter.deputy_id} == {
        world.people[Role.OFFICER].account_id,
        letter.owner_id
        if letter.owner_id != world.people[Role.OFFICER].account_id
        else letter.deputy_id,
    }
    assert letter.deputy_id is not None
    # The National Day holiday is 1 to 7 October 2026: 30 September, 8 and 9 October.
    assert letter.due == date(2026, 10, 9)
    assert TEXT.encode() not in letter.sealed
    assert "王小明".encode() not in letter.sealed


def test_number_and_code_open_a_letter_and_nothing_else_does(world: World) -> None:
    taken = write(world)
    with world.acting(PUBLIC) as ctx:
        found = pick_up(ctx, f" {taken.letter.number.lower()} ", taken.code)
        assert found is not None
        assert found.id == taken.letter.id
        assert pick_up(ctx, taken.letter.number, "1" * 16) is None
        assert pick_up(ctx, "FW2026999999", taken.code) is None


def test_a_second_answer_stands_beside_the_first(world: World) -> None:
    second_officer(world)
    ref = write(world).letter.ref
    answer(world, ref)
    with world.acting(Role.OFFICER) as ctx:
        first = ctx.session.scalars(select(LetterAnswer.sealed)).one()
        service.reply_case(ctx, ref=ref, text="更正：照片为358×441像素。")
        versions = answers_of(ctx.session, find_letter(ctx.session, ref))
        assert [one.version for one in versions] == [2, 1]
        assert versions[1].sealed == first
        assert "295" in ctx.keys.vault.open(versions[1].sealed)


def test_every_move_that_the_table_does_not_list_raises(world: World) -> None:
    second_officer(world)
    taken = write(world)
    ref = taken.letter.ref
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict):
            service.handle_case(ctx, ref=ref, finding="x")
        with pytest.raises(Conflict):
            service.reply_case(ctx, ref=ref, text="x")
    with world.acting(PUBLIC) as ctx, pytest.raises(Conflict):
        service.follow_up(ctx, ref=ref, code=taken.code, grade=5)
    answer(world, ref)
    with world.acting(PUBLIC) as ctx:
        service.follow_up(ctx, ref=ref, code=taken.code, grade=5)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict):
        service.reply_case(ctx, ref=ref, text="x")
    assert MOVES["closed"] == frozenset()


def test_who_is_not_content_gets_it_worked_on_once_more(world: World) -> None:
    second_officer(world)
    taken = write(world)
    ref = taken.letter.ref
    answer(world, ref)
    world.clock.advance(days=7)
    with world.acting(PUBLIC) as ctx:
        with pytest.raises(Forbidden):
            service.follow_up(ctx, ref=ref, code="2" * 16, grade=1)
        service.follow_up(ctx, ref=ref, code=taken.code, grade=2, remark="没有说底色", again=True)
    letter = now(world, ref)
    assert (letter.state, letter.satisfaction) == ("assigned", 2)
    assert letter.due == date(2026, 3, 12)  # three working days from 9 March on
    with world.acting(Role.OFFICER) as ctx:
        service.handle_case(ctx, ref=ref, finding="已补充。")
        assert service.reply_case(ctx, ref=ref, text="白底。").version == 2


def test_the_clock_reminds_marks_hands_on_and_closes_each_once(world: World) -> None:
    second_officer(world)
    world.clock.set(BEFORE_HOLIDAY)
    taken = write(world)
    ref = taken.letter.ref
    assert run(world) == 0
    world.clock.set(datetime(2026, 10, 7, 2, 0, tzinfo=UTC))  # in the holiday: nothing is due
    assert run(world) == 0
    world.clock.set(datetime(2026, 10, 8, 2, 0, tzinfo=UTC))
    assert run(world) == 1  # one working day is left
    assert run(world) == 0
    world.clock.set(datetime(2026, 10, 9, 15, 0, tzinfo=UTC))  # 23:00 in Shanghai
    assert run(world) == 0
    assert overdue(world) == []
    world.clock.advance(hours=2)
    assert run(world) == 2
    assert overdue(world) == [f"letter:{ref}"]
    assert [one.ref for one in seen(world, Role.INSPECTOR)] == [ref]
    with world.acting(SYSTEM) as ctx:
        collect(ctx)
        told = [one.kind for one in ctx.session.scalars(select(Message).order_by(Message.id))]
    assert told == []  # not sequenced yet
    world.seal()
    with world.acting(SYSTEM) as ctx:
        collect(ctx)
        rows = ctx.session.scalars(select(Message).where(Message.kind.like("letter%"))).all()
        inspector = world.people[Role.INSPECTOR].account_id
        assert sorted(one.kind for one in rows) == [
            "letter_escalate",
            "letter_overdue",
            "letter_remind",
        ]
        assert {one.account_id for one in rows if one.kind == "letter_escalate"} == {inspector}
        assert all(taken.letter.number in one.params for one in rows)
    answer(world, ref)
    assert overdue(world) == []
    world.clock.advance(days=16)
    assert run(world) == 1
    assert now(world, ref).state == "closed"


def overdue(world: World) -> list[str]:
    with world.context(PUBLIC).session as db:
        found = find_overdue(db, world.clock.now(), world.config.zone)
        return [one.subject for one in found if one.kind == "letter"]


def seen(world: World, role: Role) -> list[Letter]:
    with world.context(PUBLIC).session as db:
        return letters_of(db, role)


def test_an_absent_owner_hands_over_to_the_deputy(world: World) -> None:
    second_officer(world)
    ref = write(world).letter.ref
    assign(world, ref)
    with world.acting(Role.OFFICER) as ctx:
        day = date(2026, 3, 3)
        service.note_away(ctx, begins=day, ends=day + timedelta(days=4), username="officer")
    assert run(world) == 0
    world.clock.advance(days=1)
    assert run(world) == 1
    letter = now(world, ref)
    assert letter.deputy_id == world.people[Role.OFFICER].account_id
    assert run(world) == 0  # the deputy is there, nothing goes back


def test_only_owner_and_deputy_work_on_a_letter(world: World) -> None:
    second_officer(world)
    with world.acting(Role.ADMIN) as ctx:
        world.hire(ctx, Role.OFFICER, "officer3")
    ref = write(world).letter.ref
    assign(world, ref, "officer2", "officer3")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict):
        service.handle_case(ctx, ref=ref, finding="x")


def test_an_extension_needs_the_law_a_reason_and_a_second_person(world: World) -> None:
    second_officer(world)
    letter, petition = write(world).letter.ref, write(world, kind="petition").letter.ref
    assign(world, letter)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="no extension"):
        extension.propose_extension(ctx, ref=letter, reason="情况复杂")
    assert now(world, petition).due == date(2026, 3, 17)  # 15 days to say whether it is taken up
    assign(world, petition)
    assert now(world, petition).due == date(2026, 5, 1)
    with world.acting(Role.OFFICER) as ctx:
        extension.propose_extension(ctx, ref=petition, reason="需向外省核实学历")
        with pytest.raises(Conflict):
            extension.extend_case(ctx, ref=petition)
    world.approved("cases.extend_case", ref=petition)
    with world.acting(Role.OFFICER) as ctx:
        extension.extend_case(ctx, ref=petition)
        with pytest.raises(Conflict):
            extension.propose_extension(ctx, ref=petition, reason="再延一次")
    assert now(world, petition).due == date(2026, 5, 31)


def test_a_report_under_ones_name_lies_on_the_inspectors_desk_alone(world: World) -> None:
    ref = write(world, kind="tip").letter.ref
    assert [one.ref for one in seen(world, Role.INSPECTOR)] == [ref]
    assert seen(world, Role.OFFICER) == []
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Forbidden):
        service.assign_case(ctx, ref=ref, owner="officer", deputy="inspector")


def test_only_the_office_enters_what_another_body_passes_on(world: World) -> None:
    with pytest.raises(Invalid):
        write(world, kind="proposal")
    with pytest.raises(Invalid):
        write(world, channel="phone")
    with world.acting(Role.OFFICER) as ctx:
        given = {**LETTER, **WHO, "kind": "proposal", "channel": "passed"}
        taken = service.register_case(ctx, **given)  # type: ignore[arg-type]
        assert taken.letter.kind == "proposal"


@pytest.mark.parametrize(
    "text",
    [
        "我的身份证号11010519491231002X",
        "身份证：１１０１０５１９４９１２３１００２Ｘ",
        "110105 19491231 002x",
        "电话138-0013-8000",
        "电话 1 3 8 0 0 1 3 8 0 0 0",
        "座机0851-33281234",
        "邮箱 wang@example.com",
        "王 小 明同志",
    ],
)
def test_what_tells_of_the_person_is_found(text: str) -> None:
    assert findings(text, ["王小明"], ["FW2026000001"])


@pytest.mark.parametrize(
    "text",
    ["报名时间为2026-03-02至2026-03-08。", "职位代码20080102，照片295×413像素。", "小明发热"],
)
def test_what_does_not_is_left_alone(text: str) -> None:
    assert findings(text, ["王小明"], ["FW2026000001"]) == []


def test_a_public_answer_is_checked_found_and_withdrawn(world: World) -> None:
    second_officer(world)
    ref = write(world).letter.ref
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict):
        questions.publish_question(ctx, ref=ref, asked=TEXT, answer="白底。")
    answer(world, ref)
    with world.acting(Role.OFFICER) as ctx:
        for bad in ("王小明：白底。", "请拨打13800138000。", "身份证11010519491231002X"):
            with pytest.raises(Invalid, match="must not be public"):
                questions.publish_question(ctx, ref=ref, asked=TEXT, answer=bad)
        question = questions.publish_question(ctx, ref=ref, asked=TEXT, answer="白底，JPEG格式。")
    assert found(world, "照片") == [question.ref]
    assert found(world, "jpeg 报名") == [question.ref]
    assert found(world, "片报") == []  # neighbours only
    assert found(world, "白") == [question.ref]
    assert found(world, "“'&|!*\\") == []
    assert found(world, "NEAR(照片) OR x") == []
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict):
            questions.publish_question(ctx, ref=ref, asked=TEXT, answer="白底。")
        questions.withdraw_question(ctx, ref=question.ref, reason="内容已过时")
    assert found(world, "照片") == []
    with world.context(PUBLIC).session as db, pytest.raises(NotFound):
        questions.find_question(db, question.ref)


def found(world: World, query: str) -> list[str]:
    with world.context(PUBLIC).session as db:
        return [one.ref for one in find_questions(db, query)]


def test_every_step_is_an_act_without_the_text(world: World) -> None:
    second_officer(world)
    ref = write(world).letter.ref
    answer(world, ref)
    with world.context(PUBLIC).session as db:
        query = select(func.count()).where(Act.subject == f"letter:{ref}")
        assert db.scalars(query).one() == 4


def test_one_window_takes_a_letter_in_and_many_do_their_parts(world: World) -> None:
    second_officer(world)
    ref = write(world).letter.ref
    with world.context(PUBLIC).session as db:
        other = actor_for(db.scalars(select(Account).where(Account.username == "officer2")).one())
    want: dict[str, Any] = {"ref": ref, "username": "officer2", "text": "请核对照片标准。"}
    due = now(world, ref).due
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match=r"owner|taken up"):
        tasks.ask_part(ctx, **want, due=due)
    assign(world, ref)
    due = now(world, ref).due
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Invalid, match="day from today"):
            tasks.ask_part(ctx, **want, due=due + timedelta(days=1))
        with pytest.raises(Invalid, match="colleague"):
            tasks.ask_part(ctx, **{**want, "username": "officer"}, due=due)
        first, second = (tasks.ask_part(ctx, **want, due=due).ref for _ in range(2))
        service.handle_case(ctx, ref=ref, finding="已核对公告。")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="2 parts"):
        service.reply_case(ctx, ref=ref, text="白底。")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Forbidden, match="Somebody else"):
        tasks.answer_part(ctx, ref=ref, task=first, text="白底。")
    with world.acting(other) as ctx:
        row = tasks.answer_part(ctx, ref=ref, task=first, text="白底。")
        assert "白底".encode() not in (row.done or b"")
    with world.acting(other) as ctx, pytest.raises(Conflict, match="already"):
        tasks.answer_part(ctx, ref=ref, task=first, text="蓝底。")
    with world.acting(Role.OFFICER) as ctx:
        assert [part.done for part in tasks.parts(ctx, find_letter(ctx.session, ref))] == [
            "白底。",
            "",
        ]
        tasks.drop_part(ctx, ref=ref, task=second, reason="重复交办")
        service.reply_case(ctx, ref=ref, text="白底。")
    world.seal()
    with world.acting(SYSTEM) as ctx:
        collect(ctx)
    with world.context(PUBLIC).session as db:
        kinds = [
            row.kind for row in db.scalars(select(Message)) if row.account_id == other.account_id
        ]
    assert kinds.count("letter_part") == 2


def test_the_offices_own_holidays_hold_for_letters_and_reviews_too(world: World) -> None:
    """One table for all: what the office enters moves a letter's day, and tells it from a guess."""
    second_officer(world)
    world.clock.set(datetime(2031, 3, 3, 2, 0, tzinfo=UTC))  # Monday of a year nobody knows yet
    ref = write(world).letter.ref
    letter = now(world, ref)
    assert letter.due == date(2031, 3, 6)
    with world.context(PUBLIC).session as db:
        assert not is_sure(db, letter)
    with world.acting(Role.OFFICER) as ctx:
        lines = "2031-03-05 休 临时放假\n2031-03-08 班 调休"
        set_holidays(ctx, year=2031, lines=lines, basis="市政府通告第3号")
    assert run(world) >= 1  # counted anew
    assert now(world, ref).due == date(2031, 3, 7)
    with world.context(PUBLIC).session as db:
        assert is_sure(db, now(world, ref))
        table = office_table(db)
    assert term(date(2031, 3, 4), 3, table).ends == date(2031, 3, 8)  # a Saturday that is worked
    assert hearing_day(date(2031, 3, 4), 3, table) == date(2031, 3, 8)
    assert review_until(date(2031, 1, 4), table) == date(2031, 3, 6)  # its 60th day is the holiday
