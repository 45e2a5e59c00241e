"""An absent interviewer is replaced by the next reserve who keeps the rules; nobody chooses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account, LoginSession
from exam_system.context import Actor
from exam_system.errors import Conflict, Forbidden, NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews import service
from exam_system.interviews.models import (
    Interviewer,
    InterviewScore,
    Panel,
    PanelAbsence,
    PanelSeat,
)
from exam_system.interviews.showing import desk_of
from exam_system.interviews.substitutes import next_reserve, vacancies, waiting
from exam_system.records.models import Act
from exam_system.registration.models import Application
from tests.interviews import setting
from tests.interviews.setting import CODE
from tests.world import World, approve_in, sign_pledges_in


def certificate(world: World, place: int, panel: str = "01") -> str:
    with world.acting(Role.OFFICER) as ctx:
        query = (
            select(Interviewer.certificate)
            .join(PanelSeat, PanelSeat.interviewer_id == Interviewer.id)
            .join(Panel, Panel.id == PanelSeat.panel_id)
            .where(Panel.code == panel, PanelSeat.place == place)
        )
        return ctx.session.scalars(query).one()


def line(world: World) -> list[tuple[str, str]]:
    """Certificates and roles of the reserves who can still be called."""
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        return [(one.certificate, role) for one, role in waiting(ctx.session, exam)]


def record(world: World, who: str, reason: str = "突发疾病") -> None:
    with world.acting(Role.OFFICER) as ctx:
        service.record_interviewer_absence(ctx, code=CODE, certificate=who, reason=reason)


def replace(world: World, place: int, panel: str = "01") -> str:
    arguments = {"code": CODE, "panel": panel, "place": place}
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "interviews.replace_interviewer", **arguments)
        return service.replace_interviewer(ctx, **arguments).certificate


def stage(world: World, panels: int = 1) -> None:
    """Everything drawn, one reserve of each role for each panel."""
    setting.add_exam(world, (3,) * panels, rooms=panels, panels_per_reserve=1)
    setting.fill_pool(world, 2 * panels, 7 * panels, local=2)
    with world.acting(Role.OFFICER) as ctx:
        service.create_panels(ctx, code=CODE, panels=panels)
    for kind in ("interviewers", "groups", "order"):
        setting.hold(world, kind)
    with world.acting(Role.OFFICER) as ctx:
        service.issue_accounts(ctx, code=CODE)
        sign_pledges_in(ctx)


def test_the_next_reserve_of_the_role_takes_the_seat(world: World) -> None:
    stage(world, 2)
    gone, members = certificate(world, 3), [who for who, role in line(world) if role == "member"]
    record(world, gone)
    assert replace(world, 3) == members[0] == certificate(world, 3)
    assert [who for who, role in line(world) if role == "member"] == members[1:]
    chief = certificate(world, 1, "02")
    record(world, chief)
    assert (replace(world, 1, "02"), "chief") not in line(world)
    with world.acting(Role.OFFICER) as ctx:
        kinds = [act.kind.split(".")[1] for act in ctx.session.scalars(select(Act))]
        assert ctx.session.scalars(select(PanelAbsence.reason)).all() == ["突发疾病"] * 2
    # each absence is on record before its substitute is named, asked for and approved
    steps = ["record_interviewer_absence", "ask_approval", "approve", "replace_interviewer"]
    assert [kind for kind in kinds if kind in steps][-8:] == steps * 2


def test_a_substitute_needs_an_inspector(world: World) -> None:
    stage(world)
    record(world, certificate(world, 2))
    with pytest.raises(Conflict, match="an inspector"), world.acting(Role.OFFICER) as ctx:
        service.replace_interviewer(ctx, code=CODE, panel="01", place=2)
    with pytest.raises(NotFound), world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "interviews.replace_interviewer", code=CODE, panel="01", place=3)


def test_a_reserve_who_cannot_come_is_passed_over_and_then_nobody_is_left(world: World) -> None:
    stage(world)
    record(world, certificate(world, 4))
    (reserve,) = [who for who, role in line(world) if role == "member"]
    record(world, reserve, "联系不上")
    with pytest.raises(Conflict, match="No reserve is left"):
        replace(world, 4)


def test_a_substitute_keeps_clear_of_the_candidates_of_the_panel(world: World) -> None:
    stage(world, 2)
    first, second = [who for who, role in line(world) if role == "member"]
    ref = setting.ref_of(world, 1, "01")
    declare(world, first, ref)
    record(world, certificate(world, 5))
    assert replace(world, 5) == second
    record(world, certificate(world, 5, "02"))  # the first has no relation to this panel's group
    assert replace(world, 5, "02") == first


def declare(world: World, who: str, ref: str) -> None:
    with world.acting(Role.OFFICER) as ctx:
        query = select(Application.number).where(Application.ref == ref)
        number = ctx.session.scalars(query).one()
        service.declare_avoidance(
            ctx, code=CODE, certificate=who, number=str(number), relation="kinship"
        )


def test_before_the_groups_are_drawn_a_dealing_must_be_left(world: World) -> None:
    """Both reserves are barred from one group each; a panel of two such people may hear none."""
    setting.add_exam(world, (3, 3), rooms=2, panels_per_reserve=1)
    setting.fill_pool(world, 4, 14)
    with world.acting(Role.OFFICER) as ctx:
        service.create_panels(ctx, code=CODE, panels=2)
    setting.hold(world, "interviewers")
    first, second = [who for who, role in line(world) if role == "member"]
    sitting = certificate(world, 2)
    for who, place in ((sitting, 0), (first, 4)):  # candidates of different posts and groups
        with world.acting(Role.OFFICER) as ctx:
            service.declare_avoidance(
                ctx,
                code=CODE,
                certificate=who,
                number=setting.number_of(place),
                relation="school",
            )
    record(world, certificate(world, 6))
    assert replace(world, 6) == second
    setting.hold(world, "groups")


def test_an_avoidance_after_the_draws_vacates_the_seat(world: World) -> None:
    stage(world, 2)
    who = certificate(world, 4)
    declare(world, who, setting.ref_of(world, 2, "01"))
    with world.acting(Role.OFFICER) as ctx:
        (vacancy,) = vacancies(ctx.session, exam_by_code(ctx.session, CODE))
        assert (vacancy.seat.place, vacancy.absence.cause) == (4, "avoidance")
        assert next_reserve(ctx, vacancy).certificate != who
    with pytest.raises(Conflict, match="place 4 is absent"), world.acting(Role.OFFICER) as ctx:
        service.open_panel(ctx, code=CODE, panel="01")
    replace(world, 4)
    with pytest.raises(Conflict, match="no account yet"), world.acting(Role.OFFICER) as ctx:
        service.open_panel(ctx, code=CODE, panel="01")
    with world.acting(Role.OFFICER) as ctx:
        issued = service.issue_accounts(ctx, code=CODE, panel="01", place=4)
        service.open_panel(ctx, code=CODE, panel="01")
    assert len(issued) == 1


def test_in_the_middle_scores_stay_and_who_left_enters_nothing(world: World) -> None:
    setting.begin(world)
    left = setting.interviewer(world, 3)
    setting.call(world, 1)
    for seat in (1, 2, 3):
        setting.enter(world, seat, 1, f"8{seat}.00")
    log_in(world, left)
    record(world, certificate(world, 3))
    with pytest.raises(Forbidden, match="on record"), world.acting(left) as ctx:
        service.enter_score(ctx, code=CODE, panel="01", place=1, score="80")
    world.clock.advance(minutes=1)
    replace(world, 3)
    assert ended(world, left)
    with pytest.raises(Forbidden, match="not an interviewer"), world.acting(left) as ctx:
        service.enter_score(ctx, code=CODE, panel="01", place=1, score="80")
    with world.acting(Role.OFFICER) as ctx:
        service.issue_accounts(ctx, code=CODE, panel="01", place=3)
        sign_pledges_in(ctx)
    for seat in (4, 5, 6, 7):
        row = setting.enter(world, seat, 1, f"8{seat}.00")
    assert row.result == "84.00"  # 82 to 86 after the ends are dropped: the score of place 3 counts
    setting.call(world, 2)
    setting.enter(world, 3, 2, "77.00")
    with world.acting(Role.OFFICER) as ctx:
        desk = desk_of(ctx.session, setting.interviewer(world, 3).account_id)
        assert desk is not None
        assert [one.score for one in desk.own] == ["77.00"]
        assert [box.place for box in desk.hall.boxes if box.substitute] == [3]
        assert desk_of(ctx.session, left.account_id) is None
        seats = ctx.session.scalars(select(InterviewScore.panel_seat_id)).all()
        assert max(seats.count(seat) for seat in seats) == 2  # both are scores of one seat


def log_in(world: World, actor: Actor) -> None:
    now = world.clock.now()
    with world.acting(Role.OFFICER) as ctx:
        ctx.session.add(
            LoginSession(
                account_id=actor.account_id,
                token_digest="0" * 64,
                created_at=now,
                ends_at=now + timedelta(hours=8),
            )
        )


def ended(world: World, actor: Actor) -> bool:
    """Whether the account is closed and nobody is logged in with it."""
    with world.acting(Role.OFFICER) as ctx:
        account = ctx.session.get_one(Account, actor.account_id)
        query = select(LoginSession).where(LoginSession.account_id == actor.account_id)
        return not account.active and all(row.ended_at for row in ctx.session.scalars(query))


@pytest.mark.parametrize(
    ("who", "refusal", "says"),
    [("KG9999", NotFound, "no interviewer"), ("KG0200", NotFound, "not drawn")],
)
def test_only_who_was_drawn_can_be_absent(
    world: World, who: str, refusal: type[Exception], says: str
) -> None:
    stage(world)
    with pytest.raises(refusal, match=says):
        record(world, who)
    gone = certificate(world, 2)
    record(world, gone)
    with pytest.raises(Conflict, match="on record already"):
        record(world, gone)
