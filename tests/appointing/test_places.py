"""Medical, background, giving up, and who is next: strictly by rank."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.appointing import examining, leaving, places
from exam_system.appointing.models import GivingUp, Proposed
from exam_system.appointing.place_models import PlaceEvent, PlaceOffer
from exam_system.appointing.places import ranking, replay
from exam_system.errors import Conflict, NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Post
from tests.appointing import setting
from tests.results.setting import CODE, candidate, number_of
from tests.world import World

# Post 101: candidate 2, then 0. Post 102: candidate 7 or 1 first, then the others.
ONE, TWO = 2, 0


@pytest.fixture
def database() -> str:
    """The database's own part is in test_chain, on both."""
    return "sqlite"


def offer(world: World) -> PlaceOffer:
    with world.context(world.people[Role.OFFICER]).session as db:
        return db.scalars(select(PlaceOffer).order_by(PlaceOffer.id.desc())).first()  # type: ignore[return-value]


def test_a_failed_medical_has_one_re_check_within_seven_days(world: World) -> None:
    setting.begun(world)
    ref = setting.ref_of(world, ONE)
    setting.call(world, ref)
    setting.medical(world, ref, "肝功能")
    world.clock.advance(days=7)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="may be asked for until"):
        examining.settle_medical(ctx, ref=ref)
    with world.acting(candidate(world, ONE)) as ctx:
        again = examining.ask_medical_recheck(ctx, ref=f"ref{ONE:05d}")
        assert (again.round, again.first_verdict) == (2, "failed")
        with pytest.raises(Conflict, match="one re-check only"):
            examining.ask_medical_recheck(ctx, ref=f"ref{ONE:05d}")
    setting.call(world, ref)
    setting.medical(world, ref)
    with world.context(world.people[Role.OFFICER]).session as db:
        row = db.scalars(select(Proposed).where(Proposed.ref == ref)).one()
        assert row.standing == "holds"


def test_items_of_the_day_and_special_items(world: World) -> None:
    setting.begun(world, medical_final=["色觉（特殊标准）"])
    ref = setting.ref_of(world, ONE)
    setting.call(world, ref)
    setting.medical(world, ref, "血压", "肝功能")
    world.clock.advance(days=1)
    with world.acting(candidate(world, ONE)) as ctx, pytest.raises(Conflict, match="is over"):
        examining.ask_medical_recheck(ctx, ref=f"ref{ONE:05d}")
    with world.acting(Role.OFFICER) as ctx:
        examining.settle_medical(ctx, ref=ref)
    assert offer(world).application_id is not None
    other = next(row.ref for row in setting.holders(world).values())
    setting.call(world, other)
    setting.medical(world, other, "色觉（特殊标准）")
    assert setting.holders(world) == {}


def test_a_lost_place_goes_to_the_next_rank_and_to_nobody_else(world: World) -> None:
    setting.begun(world)
    ref = setting.ref_of(world, ONE)
    setting.background(world, ref, "档案材料造假")
    made = offer(world)
    with world.acting(candidate(world, 6)) as ctx, pytest.raises(NotFound):
        places.answer_offer(ctx, ref=made.ref, accept=True)
    with world.acting(candidate(world, TWO)) as ctx:
        places.answer_offer(ctx, ref=made.ref, accept=True)
        with pytest.raises(Conflict, match="answered already"):
            places.answer_offer(ctx, ref=made.ref, accept=False)
    assert number_of(TWO) in setting.holders(world)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        post = ctx.session.scalars(select(Post).where(Post.code == "101")).one()
        told = replay(ctx.session, exam, post, ranking(ctx.session, exam))
        assert told.outcome.holders == (number_of(TWO),)
        assert [event.kind for event in told.events] == ["lost", "accepted"]
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="no place any more"):
        examining.note_background(ctx, code=CODE, findings={ref: ""})


def test_an_offer_ends_on_its_last_working_day(world: World) -> None:
    setting.begun(world)
    setting.background(world, setting.ref_of(world, ONE), "政审不合格")
    made = offer(world)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(NotFound):
        places.expire_offers(ctx, code=CODE)
    world.clock.advance(days=(made.due - world.clock.now().date()).days + 1)
    with world.acting(candidate(world, TWO)) as ctx, pytest.raises(Conflict, match="until"):
        places.answer_offer(ctx, ref=made.ref, accept=True)
    with world.acting(Role.OFFICER) as ctx:
        assert places.expire_offers(ctx, code=CODE) == 1
        assert [row.kind for row in ctx.session.scalars(select(PlaceEvent))] == ["lost", "expired"]
        exam = exam_by_code(ctx.session, CODE)
        post = ctx.session.scalars(select(Post).where(Post.code == "101")).one()
        gap = replay(ctx.session, exam, post, ranking(ctx.session, exam)).outcome.unfilled
        assert [one.why for one in gap] == ["nobody"]


def test_the_policy_of_the_exam_decides_whether_anybody_is_offered(world: World) -> None:
    setting.begun(world, replacement_stages=["medical"])
    setting.background(world, setting.ref_of(world, ONE), "政审不合格")
    assert offer(world) is None


@pytest.mark.parametrize(("written", "ends"), [(True, date(2026, 9, 30)), (False, None)])
def test_giving_up_is_recorded_as_the_rules_say(
    world: World, written: bool, ends: date | None
) -> None:
    months = {"giving_up_months": {"medical": 6}, "giving_up_silent_months": {"background": 12}}
    setting.begun(world, **months)
    world.clock.advance(days=30)
    ref = setting.ref_of(world, ONE)
    if written:
        with world.acting(candidate(world, ONE)) as ctx:
            row = leaving.give_up(ctx, ref=f"ref{ONE:05d}", why="已在外地就业")
    else:
        with world.acting(Role.OFFICER) as ctx:
            row = leaving.note_giving_up(ctx, ref=ref, why="未到场", statement=False)
    today = world.clock.now().date()
    expected = leaving.months_from(today, 6) if written else None
    assert (row.stage, row.statement, row.ends) == ("medical", int(written), expected)
    with world.acting(Role.OFFICER) as ctx:
        found = leaving.given_up_among(ctx.session, [row.id_blind], today + timedelta(days=9))
        assert bool(found) is written
        assert ctx.session.scalars(select(GivingUp.basis)).one() != ""
    assert offer(world) is not None


def test_months_end_on_the_day_before() -> None:
    assert leaving.months_from(date(2026, 3, 31), 6) == date(2026, 9, 30)
    assert leaving.months_from(date(2026, 4, 1), 6) == date(2026, 9, 30)
    assert leaving.months_from(date(2025, 8, 31), 6) == date(2026, 2, 28)
    assert leaving.months_from(date(2026, 1, 15), 12) == date(2027, 1, 14)
