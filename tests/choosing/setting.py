"""A post of three vacancies whose proposed people choose: candidates 2, 0 and 6, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update

from exam_system.access import Role
from exam_system.appointing import places
from exam_system.choosing import closing, opening, service
from exam_system.choosing.closing import show_choices
from exam_system.choosing.models import ChoiceSession
from exam_system.exams.models import Post
from tests.results.play import INTERVIEWS, carry_out, exam_with_marks
from tests.results.setting import CODE, hold_interviews, number_of
from tests.world import World, approve_in

FIRST, SECOND, THIRD = (number_of(place) for place in (2, 0, 6))
PLACES = [
    {"post": "101", "code": "A", "name": "第一中学", "count": 1},
    {"post": "101", "code": "B", "name": "第二中学", "count": 2},
]


def finished(world: World, **rules: object) -> None:
    """The final list of an exam whose post 101 has places to choose among, taken over."""
    values = {"interview_pass": "", "choice_places": PLACES, **rules}
    exam = exam_with_marks(world, **values)
    with world.context(world.people[Role.OFFICER]).session as db:
        db.execute(update(Post).where(Post.code == "101").values(vacancies=3))
        db.commit()
    carry_out(world, "written")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    carry_out(world, "final")
    with world.acting(Role.OFFICER) as ctx:
        places.begin_stage(ctx, code=CODE)


def soon(world: World) -> datetime:
    """The next whole minute but one."""
    return world.clock.now().replace(second=0, microsecond=0) + timedelta(minutes=2)


def opened(world: World, post: str = "101", lots: Sequence[str] = ()) -> ChoiceSession:
    """A session that begins now; nobody has come yet."""
    about = {"code": CODE, "post": post, "starts_at": soon(world), "lots": lots}
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "choosing.open_session", **about)
        row = opening.open_session(ctx, **about)  # type: ignore[arg-type]
    world.clock.set(max(world.clock.now(), row.starts_at))
    return row


def come(world: World, ref: str, *numbers: str) -> None:
    """Roll call."""
    with world.acting(Role.OFFICER) as ctx:
        service.note_arrivals(ctx, ref=ref, numbers=numbers)


def call(world: World, ref: str) -> None:
    """The next is called."""
    with world.acting(Role.OFFICER) as ctx:
        service.call_next(ctx, ref=ref)


def choose(world: World, ref: str, place: str) -> None:
    """At the desk: the place is named, signed on paper, witnessed; half a minute later."""
    world.clock.advance(seconds=30)
    with world.acting(Role.OFFICER) as ctx:
        service.choose(ctx, ref=ref, place=place)
        service.sign_choice(ctx, ref=ref, place=place, signature="paper")
    with world.acting(Role.INSPECTOR) as ctx:
        service.witness_choice(ctx, ref=ref, place=place)


def close(world: World, ref: str) -> ChoiceSession:
    """Close the session as approved, and publish."""
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "choosing.close_session", ref=ref)
        row = closing.close_session(ctx, ref=ref)
    with world.acting(Role.OFFICER) as ctx:
        show_choices(ctx.session, world.config)
    return row
