"""The interview itself: nothing can be scored early, late, twice or by the wrong person."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import Actor
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews import service
from exam_system.interviews.models import (
    Interview,
    Interviewer,
    InterviewScore,
    Panel,
)
from exam_system.records.models import Act
from exam_system.records.notes import note_bytes
from exam_system.registration.models import Application
from exam_system.trust.interview_note import parse
from exam_system.trust.notes import open_note
from tests.interviews import setting
from tests.interviews.setting import CODE, call, enter, hear
from tests.world import World

SEVEN = ("85.00", "86.00", "84.50", "90.00", "70.00", "85.50", "84.00")


def state_of(world: World) -> tuple[str, str]:
    """State of the exam and of panel 01."""
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        panel = ctx.session.scalars(select(Panel).where(Panel.code == "01")).one()
        return exam.state, panel.state


def scores(world: World) -> int:
    with world.acting(Role.OFFICER) as ctx:
        return len(ctx.session.scalars(select(InterviewScore.id)).all())


def close(world: World, seat: int = 1) -> None:
    with world.acting(setting.interviewer(world, seat)) as ctx:
        service.close_panel(ctx, code=CODE, panel="01")


def absent(world: World, place: int) -> None:
    ref = setting.ref_of(world, place)
    with world.acting(Role.OFFICER) as ctx:
        service.mark_absent(ctx, code=CODE, ref=ref)


# ------------------------------------------------------------------ the good way


def test_a_whole_panel_from_open_to_closed(world: World) -> None:
    setting.ready(world)
    assert state_of(world) == ("shortlisted", "waiting")
    with world.acting(Role.OFFICER) as ctx:
        service.open_panel(ctx, code=CODE, panel="01")
    assert state_of(world) == ("interviewing", "open")
    row = hear(world, 1, SEVEN)
    # (85 + 86 + 84.5 + 85.5 + 84) / 5, without 90 (place 4) and 70 (place 5)
    assert (row.state, row.result, row.dropped) == ("scored", "85.00", "4 5")
    assert row.shown_at == world.clock.now()
    absent(world, 2)
    hear(world, 3, ("60",) * 7)
    close(world)
    assert state_of(world) == ("interviewing", "closed")


def test_the_note_is_signed_by_the_publisher_and_says_how_it_came_about(world: World) -> None:
    setting.begin(world)
    row = hear(world, 1, SEVEN)
    with world.acting(Role.OFFICER) as ctx:
        assert row.note_id is not None
        data = note_bytes(ctx.session, row.note_id)
        exam = exam_by_code(ctx.session, CODE)
        application = ctx.session.get_one(Application, row.application_id)
    note = parse(open_note(data, [world.keys.publisher.verifier]).text)
    assert note.scores == SEVEN
    assert (note.dropped, note.result) == ((4, 5), "85.00")
    assert (note.exam, note.number, note.panel) == (CODE, application.number, "01")
    assert (note.origin, note.rules) == (world.config.origin, exam.rules_digest)


def test_every_step_is_in_the_log_and_no_score_or_name_is(world: World) -> None:
    setting.begin(world)
    hear(world, 1, SEVEN)
    with world.acting(Role.OFFICER) as ctx:
        query = select(Act).where(Act.kind.startswith("interviews.")).order_by(Act.id)
        acts = ctx.session.scalars(query).all()
        kinds = [act.kind.removeprefix("interviews.") for act in acts]
    assert kinds == [
        "import_interviewers",
        "create_panels",
        "issue_accounts",
        "open_panel",
        "call_candidate",
        *["enter_score"] * 7,
    ]
    entries = b"".join(act.entry for act in acts).decode()
    assert not [score for score in SEVEN if score in entries]
    assert setting.FAMILY not in entries


@pytest.mark.parametrize(("rule", "result"), [("half_up", "84.17"), ("truncate", "84.16")])
def test_rounding_comes_from_the_rules(world: World, rule: str, result: str) -> None:
    setting.begin(world, rounding=rule, interviewers=5, drop_high=1, drop_low=1)
    row = hear(world, 1, ("84.00", "84.25", "84.25", "99.00", "10.00"))  # 252.50 / 3 = 84.1666…
    assert (row.result, row.dropped) == (result, "4 5")


def test_of_tied_scores_only_one_is_dropped(world: World) -> None:
    setting.begin(world, interviewers=5)
    row = hear(world, 1, ("90.00", "90.00", "80.00", "70.00", "70.00"))
    assert (row.result, row.dropped) == ("80.00", "1 4")  # (90 + 80 + 70) / 3


def test_nothing_is_dropped_where_the_rules_say_so(world: World) -> None:
    setting.begin(world, interviewers=5, drop_high=0, drop_low=0, decimals=3)
    row = hear(world, 1, ("90.00", "80.00", "80.00", "80.00", "80.01"))
    assert (row.result, row.dropped) == ("82.002", "")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("0", "0.00"), ("100", "100.00"), (" 85.5 ", "85.50"), ("８５．５", "85.50")],
)
def test_how_a_score_may_be_typed(world: World, typed: str, kept: str) -> None:
    assert service.read_score(typed) == kept


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    "typed",
    ["100.001", "100.01", "85.001", "-1", "1e2", "", "八十五", "85,5", "NaN", "085", "8 5", "٨٥x"],
)
def test_what_is_no_score(world: World, typed: str) -> None:
    setting.begin(world)
    call(world, 1)
    with pytest.raises(Invalid, match="0 to 100"):
        enter(world, 1, 1, typed)
    assert scores(world) == 0


def test_67_9_no_score_exists_before_the_session_is_opened(world: World) -> None:
    """2012: a sheet had interview scores before any interview (67.9 x 0.4 + 70 x 0.6 = 69.16)."""
    setting.ready(world)
    with pytest.raises(Conflict, match="not open yet"):
        enter(world, 1, 1, "70.00")
    with pytest.raises(Conflict, match="not open yet"):
        call(world, 1)
    assert scores(world) == 0


def test_shangqiu_a_score_goes_to_the_candidate_on_the_screen_or_nowhere(world: World) -> None:
    """2021: candidate 03's 85 was entered as candidate 04's 81: the number is part of the act."""
    setting.begin(world)
    hear(world, 1, SEVEN)
    call(world, 2)
    for place in (1, 3, 99):
        with pytest.raises(Conflict, match="not in the room"):
            enter(world, 1, place, "85.00")
    assert scores(world) == 7


def test_no_score_before_the_candidate_is_called(world: World) -> None:
    setting.begin(world)
    with pytest.raises(Conflict, match="not in the room"):
        enter(world, 1, 1, "85.00")
    assert scores(world) == 0


def test_an_interviewer_of_another_panel_cannot_score(world: World) -> None:
    setting.begin(world, (2, 2), panels=2)
    call(world, 1)
    stranger = setting.interviewer(world, 1, "02")
    with pytest.raises(Forbidden, match="not an interviewer of this panel"):
        score_as(world, stranger)
    assert scores(world) == 0


def score_as(world: World, actor: Actor | Role) -> None:
    with world.acting(actor) as ctx:
        service.enter_score(ctx, code=CODE, panel="01", place=1, score="85.00")


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("role", [r for r in Role if r not in (Role.PUBLIC, Role.CANDIDATE)])
def test_nobody_else_can_score_not_even_the_office(world: World, role: Role) -> None:
    setting.begin(world)
    call(world, 1)
    actor = world.people.get(role, Actor("system", Role.SYSTEM))
    with pytest.raises(Forbidden):
        score_as(world, actor)
    assert scores(world) == 0


def test_a_score_is_never_changed(world: World) -> None:
    setting.begin(world)
    call(world, 1)
    enter(world, 1, 1, "85.00")
    with pytest.raises(Conflict, match="never changed"):
        enter(world, 1, 1, "95.00")
    with pytest.raises(Conflict, match="not in the room"):
        hear_rest_and_enter_again(world)


def hear_rest_and_enter_again(world: World) -> None:
    for seat in range(2, 8):
        enter(world, seat, 1, "80.00")
    enter(world, 1, 1, "95.00")


def test_no_result_before_the_last_score(world: World) -> None:
    setting.begin(world)
    call(world, 1)
    for seat in range(1, 7):
        row = enter(world, seat, 1, "80.00")
        assert (row.state, row.result, row.note_id) == ("called", "", None)
    assert enter(world, 7, 1, "80.00").state == "scored"


def test_candidates_are_called_in_the_drawn_order(world: World) -> None:
    setting.begin(world)
    for place in (2, 3):
        with pytest.raises(Conflict, match="turn of number 1"):
            call(world, place)
        with pytest.raises(Conflict, match="turn of number 1"):
            absent(world, place)
    call(world, 1)
    with pytest.raises(Conflict, match="in the room"):
        call(world, 2)
    with pytest.raises(Conflict, match="turn of number 1"):
        absent(world, 2)


def test_who_was_called_and_is_not_there_is_absent_until_a_score_is_in(world: World) -> None:
    setting.begin(world)
    call(world, 1)
    absent(world, 1)
    call(world, 2)
    enter(world, 4, 2, "80.00")
    with pytest.raises(Conflict, match="has been held"):
        absent(world, 2)
    with pytest.raises(Conflict):
        absent(world, 1)


def test_the_panel_closes_when_everybody_is_heard_and_by_the_chief_only(world: World) -> None:
    setting.begin(world, (2,))
    hear(world, 1, SEVEN)
    with pytest.raises(Conflict, match="1 candidate is not heard yet"):
        close(world)
    call(world, 2)
    with pytest.raises(Conflict, match="1 candidate is not heard yet"):
        close(world)
    for seat in range(1, 8):
        enter(world, seat, 2, "77.70")
    with pytest.raises(Forbidden, match="chief"):
        close(world, seat=2)
    with pytest.raises(Forbidden), world.acting(Role.OFFICER) as ctx:
        service.close_panel(ctx, code=CODE, panel="01")
    close(world)
    with pytest.raises(Conflict, match="closed"):
        close(world)
    with pytest.raises(Conflict, match="closed"):
        enter(world, 1, 2, "80.00")


def test_nobody_is_left_to_call(world: World) -> None:
    setting.begin(world, (1,))
    hear(world, 1, SEVEN)
    with pytest.raises(Conflict, match="Everybody"):
        call(world, 1)


def open_first(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        service.open_panel(ctx, code=CODE, panel="01")


@pytest.mark.parametrize("held", [(), ("interviewers",), ("interviewers", "groups")])
def test_a_panel_opens_only_after_all_draws(world: World, held: Sequence[str]) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7)
    with world.acting(Role.OFFICER) as ctx:
        service.create_panels(ctx, code=CODE)
    for kind in held:
        setting.hold(world, kind)
    with pytest.raises(Conflict, match="must be drawn before"):
        open_first(world)


def test_a_panel_opens_only_with_accounts_and_once(world: World) -> None:
    setting.ready(world)
    with world.acting(Role.OFFICER) as ctx:
        query = select(Interviewer).where(Interviewer.account_id.is_not(None)).limit(1)
        taken = ctx.session.scalars(query).one()
        account, taken.account_id = taken.account_id, None
    with pytest.raises(Conflict, match="1 interviewer of this panel has no account"):
        open_first(world)
    with world.acting(Role.OFFICER) as ctx:
        ctx.session.get_one(Interviewer, taken.id).account_id = account
    open_first(world)
    with pytest.raises(Conflict, match="open already"):
        open_first(world)


@pytest.mark.parametrize("role", [Role.INTERVIEWER, Role.INSPECTOR, Role.ADMIN])
def test_the_office_runs_the_session(world: World, role: Role) -> None:
    setting.ready(world)
    ref = setting.ref_of(world, 1)
    with world.acting(role) as ctx:
        with pytest.raises(Forbidden):
            service.open_panel(ctx, code=CODE, panel="01")
        with pytest.raises(Forbidden):
            service.call_candidate(ctx, code=CODE, ref=ref)
        with pytest.raises(Forbidden):
            service.mark_absent(ctx, code=CODE, ref=ref)
        with pytest.raises(Forbidden):
            service.issue_accounts(ctx, code=CODE)


def test_what_does_not_exist(world: World) -> None:
    setting.begin(world)
    actor = setting.interviewer(world, 1)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(NotFound):
            service.open_panel(ctx, code=CODE, panel="07")
        with pytest.raises(NotFound):
            service.call_candidate(ctx, code=CODE, ref="nobody")
    with pytest.raises(NotFound), world.acting(actor) as ctx:
        service.enter_score(ctx, code=CODE, panel="07", place=1, score="80")


# ------------------------------------------------------------------ at the same time


def test_seven_scores_at_once_settle_exactly_once(world: World) -> None:
    setting.begin(world)
    call(world, 1)
    actors = [setting.interviewer(world, seat) for seat in range(1, 8)]
    refused: list[Refused] = []
    start = threading.Barrier(14)

    def work(actor: Actor, score: str) -> None:
        start.wait()
        try:
            with world.acting(actor) as ctx:
                service.enter_score(ctx, code=CODE, panel="01", place=1, score=score)
        except Refused as error:
            refused.append(error)

    threads = [
        threading.Thread(target=work, args=(actor, score))
        for actor in actors
        for score in ("80.00", "80.00")  # everybody presses twice
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scores(world) == 7
    assert len(refused) == 7
    with world.acting(Role.OFFICER) as ctx:
        row = ctx.session.scalars(select(Interview).where(Interview.place == 1)).one()
        assert (row.state, row.result) == ("scored", "80.00")
