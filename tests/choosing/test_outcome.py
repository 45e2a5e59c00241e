"""What a choice leads to: appointment to the chosen place, and a corrected list that follows."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from exam_system.access import Role
from exam_system.appointing import following, leaving
from exam_system.appointing.models import Proposed
from exam_system.appointing.service import ready
from exam_system.choosing import service
from exam_system.choosing.lookup import find
from exam_system.choosing.models import ChoicePick, ChoicePlace
from exam_system.errors import Conflict
from exam_system.exams.lookup import exam_by_code
from exam_system.verify.run import verify
from tests.appointing import setting as after
from tests.choosing import setting
from tests.choosing.setting import FIRST, SECOND, THIRD
from tests.results.play import MARKS, carry_out
from tests.results.setting import CODE, candidate, set_marks
from tests.world import World, approve_in


@pytest.fixture
def database() -> str:
    """The database's own part is in test_race, on PostgreSQL."""
    return "sqlite"


def chosen(world: World, *codes: str) -> None:
    """A whole session in which these places are chosen, one after the other."""
    ref = setting.opened(world).ref
    with world.acting(Role.OFFICER) as ctx:
        numbers = list(find(ctx.session, ref).numbers.values())
        service.note_arrivals(ctx, ref=ref, numbers=numbers)
    for code in codes:
        setting.call(world, ref)
        setting.choose(world, ref, code)
    setting.close(world, ref)


def corrected(world: World) -> None:
    """Candidate 0 was marked too low: by the corrected lists they come before candidate 2."""
    set_marks(world, {**MARKS, 0: ("100", "100")})
    for stage in ("written", "shortlist", "final"):
        carry_out(world, stage, reason="登分更正")


def places_of(world: World, standing: str) -> list[str]:
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(ChoicePlace.code).join(ChoicePick, ChoicePick.place_id == ChoicePlace.id)
        return list(
            db.scalars(query.where(ChoicePick.standing == standing).order_by(ChoicePick.id))
        )


def test_only_who_has_chosen_is_appointed_and_to_that_place(world: World) -> None:
    setting.finished(world)
    after.close(world, after.noticed(world))
    with world.acting(Role.OFFICER) as ctx:
        found = ready(ctx.session, exam_by_code(ctx.session, CODE))
        assert [one.post.code for one in found] == ["102"]  # post 102 is not chosen
    chosen(world, "B", "A", "B")
    rows = after.appointed(world)
    assert [row.choice_id is None for row in rows] == [False, False, False, True]
    with world.engine.connect() as connection:
        for change in (
            "UPDATE choice_pick SET standing = 'void'",
            "UPDATE appointment SET choice_id = 999 WHERE choice_id IS NOT NULL",
            "UPDATE appointment SET choice_id = (SELECT min(id) FROM choice_pick),"
            " choice_standing = 'closed' WHERE choice_id IS NULL",
            "UPDATE appointment SET choice_standing = 'made' WHERE choice_id IS NOT NULL",
            "UPDATE choice_pick SET place_id = (SELECT max(place_id) FROM choice_pick), free = 9",
            "UPDATE choice_pick SET slot = 3",
        ):
            with pytest.raises(IntegrityError):
                connection.execute(text(change))
            connection.rollback()


def test_who_gave_up_leaves_the_place_to_a_later_session(world: World) -> None:
    setting.finished(world)
    ref = setting.opened(world).ref
    setting.come(world, ref, FIRST, SECOND, THIRD)
    setting.call(world, ref)
    setting.choose(world, ref, "A")
    for _turn in range(2):
        setting.call(world, ref)
        with world.acting(Role.OFFICER) as ctx:
            service.give_up_choice(ctx, ref=ref)
    setting.close(world, ref)
    with world.acting(candidate(world, 2)) as ctx:
        leaving.give_up(ctx, ref="ref00002", why="已在外地就业")
    chosen(world, "A", "B")  # the place given back is free again
    world.seal()
    told = verify([world.config.published / f"choice-{CODE}-v2"])
    assert not told.refused
    assert "2 of 2 chose)" in "".join(told.lines)


def test_a_corrected_list_is_followed_by_two_people(world: World) -> None:
    more = {"post": "102", "code": "C", "name": "第三中学", "count": 1}
    setting.finished(world, choice_places=[*setting.PLACES, more])
    chosen(world, "A", "B", "B")
    running = setting.opened(world, "102").ref
    corrected(world)
    with world.acting(candidate(world, 2)) as ctx, pytest.raises(Conflict, match="corrected since"):
        leaving.give_up(ctx, ref="ref00002", why="已在外地就业")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="corrected since"):
        service.call_next(ctx, ref=running)
    about = {"code": CODE, "why": "登分更正后名次变化"}
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="approval"):
        following.follow_correction(ctx, **about)
    with world.acting(Role.OFFICER) as ctx:
        lines = [one.text() for one in following.wanted_following(ctx, **about).summary]
        assert f"{FIRST} chooses a place anew" in lines
        approve_in(ctx, "appointing.follow_correction", **about)
        following.follow_correction(ctx, **about)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="closed"):
        service.call_next(ctx, ref=running)
    with world.context(world.people[Role.OFFICER]).session as db:
        ranks = {row.application_id: row.rank for row in db.scalars(select(Proposed))}
        assert sorted(ranks.values()) == [1, 1, 2, 3]
    assert places_of(world, "void") == ["A", "B", "B"]
    chosen(world, "A", "B", "B")
    world.seal()
    told = verify([world.config.published])
    assert not told.refused, told.lines
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="nothing to follow"):
        following.follow_correction(ctx, **about)
