"""People of a post choose among its places, in order of score: one late, one by proxy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from exam_system.access import Role
from exam_system.appointing.models import Proposed
from exam_system.appointing.places import begin_stage
from exam_system.choosing import closing, opening, proxies, service
from exam_system.choosing.lookup import find
from exam_system.demo import people, sources
from exam_system.demo.cast import Cast
from exam_system.demo.road import Road
from exam_system.exams.models import Post
from exam_system.interviews.signing import PAPER
from exam_system.registration.models import Application

LETTER = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n"
PROXY = 9_900
"""The place among all people of the demonstration of who chooses for somebody else."""


def choose_places(road: Road) -> None:
    """The day after the final list: roll call, choices before a witness, the signed result.

    Of three people or more the second comes late and so chooses last, as the rule has it; the
    last of two or more has named beforehand who chooses instead.
    """
    cast, places = road.cast, sources.choice_places(road.plan)
    if not places:
        return
    with cast.acting(Role.OFFICER) as ctx:
        begin_stage(ctx, code=road.code)
    queue = _queue(road, places[0]["post"])
    late, proxy = queue[1:-1][:1], queue[1:][-1:]
    for number in proxy:
        _name_proxy(road, number)
    ref = _open(road, places[0]["post"], queue)
    _arrive(cast, ref, [one for one in queue if one not in (*late, *proxy)])
    if proxy:
        _arrive(cast, ref, proxy, by_proxy=True)
    cast.clock.advance(minutes=11)
    while (state := _state(cast, ref)).current is not None:
        who = state.current
        if who not in state.arrived and who not in state.deferred:
            _at_the_desk(cast, "note_absent", ref)
            continue
        if who not in state.arrived:
            _arrive(cast, ref, [who])
        _choose(cast, ref, next(code for code, left in state.places.items() if left))
    _close(cast, ref)


def _queue(road: Road, post: str) -> list[str]:
    """Admission numbers of the post's proposed people by rank."""
    query = (
        select(Application.number)
        .join(Proposed, Proposed.application_id == Application.id)
        .join(Post, Post.id == Proposed.post_id)
        .where(Post.code == post, Application.ref.in_([ref for _who, ref in road.applicants]))
        .order_by(Proposed.rank, Application.number)
    )
    with road.cast.acting(Role.OFFICER) as ctx:
        return [str(number) for number in ctx.session.scalars(query)]


def _name_proxy(road: Road, number: str) -> None:
    """Somebody has written that another one chooses for them."""
    seed, year = f"{road.plan.seed}:proxy", road.plan.opens.year
    (other,) = people.candidates(seed, 1, year=year, first=PROXY)
    with road.cast.acting(Role.OFFICER) as ctx:
        proxies.name_proxy(
            ctx,
            code=road.code,
            number=number,
            name=other.name,
            id_number=other.id_number,
            file="委托书.pdf",
            data=LETTER,
        )


def _open(road: Road, post: str, queue: Sequence[str]) -> str:
    """Open the session of tomorrow at nine, as approved; it is ten minutes before that then."""
    cast = road.cast
    zone = cast.office.config.zone
    tomorrow = cast.clock.now().astimezone(zone).date() + timedelta(days=1)
    starts_at = datetime.combine(tomorrow, time(9), zone)
    about: dict[str, Any] = {"code": road.code, "post": post, "starts_at": starts_at}
    about["lots"] = _tied(road, queue)
    cast.approve(lambda ctx: opening.wanted_opening(ctx, **about))
    with cast.acting(Role.OFFICER) as ctx:
        ref = opening.open_session(ctx, **about).ref
    cast.clock.set(starts_at - timedelta(minutes=10))
    return ref


def _tied(road: Road, queue: Sequence[str]) -> list[str]:
    """Who is of equal rank, in the order in which their lots came out."""
    query = select(Application.number, Proposed.rank).join(
        Proposed, Proposed.application_id == Application.id
    )
    with road.cast.acting(Role.OFFICER) as ctx:
        found = ctx.session.execute(query.where(Application.number.in_(queue))).all()
        ranks = {str(row.number): int(row.rank) for row in found}
    equals = Counter(ranks.values())
    return [number for number in queue if equals[ranks[number]] > 1]


def _state(cast: Cast, ref: str) -> Any:
    with cast.acting(Role.OFFICER) as ctx:
        return find(ctx.session, ref).state


def _arrive(cast: Cast, ref: str, numbers: Sequence[str], *, by_proxy: bool = False) -> None:
    with cast.acting(Role.OFFICER) as ctx:
        service.note_arrivals(ctx, ref=ref, numbers=numbers, by_proxy=by_proxy)


def _at_the_desk(cast: Cast, verb: str, ref: str, **more: str) -> None:
    cast.clock.advance(seconds=20)
    with cast.acting(Role.OFFICER) as ctx:
        getattr(service, verb)(ctx, ref=ref, **more)


def _choose(cast: Cast, ref: str, place: str) -> None:
    """Called, named after a minute, signed on paper, witnessed by the inspector."""
    _at_the_desk(cast, "call_next", ref)
    cast.clock.advance(minutes=1)
    _at_the_desk(cast, "choose", ref, place=place)
    _at_the_desk(cast, "sign_choice", ref, place=place, signature=PAPER)
    with cast.acting(Role.INSPECTOR) as ctx:
        service.witness_choice(ctx, ref=ref, place=place)


def _close(cast: Cast, ref: str) -> None:
    cast.approve(lambda ctx: closing.wanted_closing(ctx, ref=ref))
    with cast.acting(Role.OFFICER) as ctx:
        closing.close_session(ctx, ref=ref)
    with cast.acting(Role.OFFICER) as ctx:
        closing.show_choices(ctx.session, ctx.config)
