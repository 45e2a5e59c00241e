"""One more exam in each stage, so that every page of the demonstration has something to show."""

from __future__ import annotations

from datetime import datetime, timedelta

from exam_system.access import Role
from exam_system.demo import marking, scripts
from exam_system.demo.changing import apply_ratio, extend, pay_too_few
from exam_system.demo.choice import choose_places
from exam_system.demo.custody import bring_bags, pack_bags
from exam_system.demo.examday import sign_in
from exam_system.demo.forensics import screen_answers
from exam_system.demo.hearing import enter_some, hear, prepare, sittings
from exam_system.demo.reviewers import bar, be_absent
from exam_system.demo.road import Road
from exam_system.demo.violations import punish
from exam_system.examday import changes
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews.issuing import Issued
from exam_system.interviews.lookup import panel_of, queue_of

HEARD = 4
SCORED = 3


def published(road: Road) -> None:
    """Held from end to end; its results are public."""
    before_the_draw(road)
    scripts.before_the_exam(road)
    road.seat()
    change_seats(road)
    bring_bags(road)
    sign_in(road)
    pack_bags(road)
    punish(road)
    road.at(road.plan.written_on + timedelta(days=2))
    scripts.before_marking(road)
    blind = "marking_questions" in road.plan.rules
    if blind:
        marking.mark_blind(road)
    else:
        road.take_marks()
    scripts.after_marking(road)
    if blind:
        marking.show_marks(road)
    screen_answers(road)
    road.release_written()
    road.at(road.cast.clock.now() + timedelta(days=3))
    prepare(road)
    hear(road)
    road.release("final")
    choose_places(road)


def to_shortlist(road: Road) -> None:
    """From the first application to the shortlist."""
    before_the_draw(road)
    road.seat()
    change_seats(road)
    sign_in(road)
    road.mark()


def before_the_draw(road: Road) -> None:
    """Registration is closed, all but one have paid, the seats are to be drawn."""
    road.register(extra=1)
    road.at(road.plan.closes)
    road.review()
    road.pay()
    road.close()


def with_the_ratio(road: Road) -> None:
    """As before the draw, but two posts have too few candidates: one is cut, one cancelled."""
    road.register()
    road.at(road.plan.closes)
    road.review()
    freed = pay_too_few(road)
    road.close()
    apply_ratio(road, freed, road.plan.payment_closes + timedelta(days=2))


def change_seats(road: Road) -> None:
    """The one who could not pay in time is added after all, and one candidate is moved."""
    code, cast = road.code, road.cast
    late = {
        "code": code,
        "ref": road.applicants[-1][1],
        "reason": "支付系统故障未能缴费，经复核补录",
    }
    cast.approve(lambda ctx: changes.wanted_addition(ctx, **late))
    with cast.acting(Role.OFFICER) as ctx:
        changes.add_late_candidate(ctx, **late)
    moved = {"code": code, "ref": road.applicants[1][1], "reason": "考前骨折，需靠近考场出口就座"}
    cast.approve(lambda ctx: changes.wanted_move(ctx, **moved))
    with cast.acting(Role.OFFICER) as ctx:
        changes.move_candidate(ctx, **moved)


def reviewing(road: Road) -> None:
    """Registration has ended; a third is approved, some have paid, the rest waits."""
    road.register()
    road.at(road.plan.closes)
    count = len(road.applicants)
    road.review(refuse=1, leave=count * 2 // 3)
    road.pay(count // 6)


def registering(road: Road, now: datetime) -> None:
    """Registration is open now; the last who came is barred, one reviewer is away."""
    bar(road.cast, road.everybody(road.plan.applicants)[-1], road.announced.date())
    road.register(until=now)
    be_absent(road.cast, now.date())
    road.review(leave=len(road.applicants) // 2)
    extend(road)


def interviewing(road: Road, now: datetime) -> list[Issued]:
    """Today is interview day: some are heard, one is in the room, four scores are missing."""
    road.at(now)
    issued = prepare(road, ill=True)
    hear(road, until=HEARD)
    sitting = sittings(road)[0]
    with road.cast.acting(Role.OFFICER) as ctx:
        panel = panel_of(ctx.session, exam_by_code(ctx.session, road.code), sitting.code)
        turn, application = queue_of(ctx.session, panel)[HEARD]
        place, ref = turn.place or 0, application.ref
    enter_some(road, sitting, place, ref, SCORED)
    return issued
