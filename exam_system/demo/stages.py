"""One more exam in each stage, so that every page of the demonstration has something to show."""

from __future__ import annotations

from datetime import datetime, timedelta

from exam_system.access import Role
from exam_system.demo.hearing import enter_some, hear, prepare, sittings
from exam_system.demo.road import Road
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews.issuing import Issued
from exam_system.interviews.lookup import panel_of, queue_of

HEARD = 4
SCORED = 3


def published(road: Road) -> None:
    """Held from end to end; its results are public."""
    to_shortlist(road)
    road.at(road.cast.clock.now() + timedelta(days=3))
    prepare(road)
    hear(road)
    road.release("final")


def to_shortlist(road: Road) -> None:
    """From the first application to the shortlist."""
    before_the_draw(road)
    road.seat()
    road.mark()


def before_the_draw(road: Road) -> None:
    """Registration is closed, everybody has paid, the seats are to be drawn."""
    road.register()
    road.at(road.plan.closes)
    road.review()
    road.pay()
    road.close()


def reviewing(road: Road) -> None:
    """Registration has ended; a third is approved, some have paid, the rest waits."""
    road.register()
    road.at(road.plan.closes)
    count = len(road.applicants)
    road.review(refuse=1, leave=count * 2 // 3)
    road.pay(count // 6)


def registering(road: Road, now: datetime) -> None:
    """Registration is open now."""
    road.register(until=now)
    road.review(leave=len(road.applicants) // 2)


def interviewing(road: Road, now: datetime) -> list[Issued]:
    """Today is interview day: some are heard, one is in the room, four scores are missing."""
    road.at(now)
    issued = prepare(road)
    hear(road, until=HEARD)
    sitting = sittings(road)[0]
    with road.cast.acting(Role.OFFICER) as ctx:
        panel = panel_of(ctx.session, exam_by_code(ctx.session, road.code), sitting.code)
        turn, application = queue_of(ctx.session, panel)[HEARD]
        place, ref = turn.place or 0, application.ref
    enter_some(road, sitting, place, ref, SCORED)
    return issued
