"""Changes of an announced exam in the demonstration: a longer window, the opening ratio."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from exam_system.access import Role
from exam_system.context import Actor
from exam_system.demo import sources
from exam_system.demo.reviewers import owners
from exam_system.demo.road import Road
from exam_system.exams.changes import prepare_change, publish_change, wanted_change
from exam_system.exams.differences import Change
from exam_system.exams.opening import apply_opening_ratio
from exam_system.registration.choosing import choose_again, give_up_choice
from exam_system.registration.service import decide_application

REDUCED, CANCELLED = sources.post_code(1), sources.post_code(2)
FEW = {REDUCED: 5, CANCELLED: 2}
"""How many pay: at 3 : 1 two vacancies become one, and one becomes none (RULES 2.1)."""
Applicant = tuple[Actor, str]


def extend(road: Road) -> None:
    """Registration and payment are open one day longer."""
    closes = road.plan.closes + timedelta(days=1)
    reason = "报名系统发生故障，部分考生未能及时报名，报名时间顺延一天"
    with road.cast.acting(Role.OFFICER) as ctx:
        change = Change(times={"registration_closes": closes})
        prepare_change(ctx, code=road.code, change=change, reason=reason)
    _publish(road)


def pay_too_few(road: Road) -> list[Applicant]:
    """Everybody pays but for two posts that stay below the ratio; who paid for the second."""
    paid: dict[str, list[Applicant]] = {}
    posts = sources.choices(road.plan, road.plan.applicants)
    for applicant, post in zip(road.applicants, posts, strict=False):
        some = paid.setdefault(post, [])
        if len(some) < FEW.get(post, len(posts)):
            some.append(applicant)
    payers = [applicant for some in paid.values() for applicant in some]
    others = [applicant for applicant in road.applicants if applicant not in payers]
    road.applicants[:] = payers + others
    road.pay(len(payers))
    return paid[CANCELLED]


def apply_ratio(road: Road, freed: list[Applicant], until: datetime) -> None:
    """One post is reduced, one cancelled; of its two candidates one chooses again."""
    with road.cast.acting(Role.OFFICER) as ctx:
        apply_opening_ratio(ctx, code=road.code, choose_until=until)
    _publish(road)
    (one, ref), (other, gone) = freed
    with road.cast.acting(one) as ctx:
        choose_again(ctx, ref=ref, post_code=REDUCED)
    with road.cast.acting(Role.REVIEWER) as ctx:
        owner = owners(ctx, [ref])[ref]
        decide_application(ctx.as_actor(owner), ref=ref, approve=True)
    with road.cast.acting(other) as ctx:
        give_up_choice(ctx, ref=gone)


def _publish(road: Road) -> None:
    road.cast.approve(partial(wanted_change, code=road.code))
    road.cast.cosign()
    with road.cast.acting(Role.OFFICER) as ctx:
        publish_change(ctx, code=road.code)
