"""The last two of the six lists of an exam as notices, each passed by four hands; it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.service import create_account
from exam_system.accounts.sessions import actor_for
from exam_system.context import Actor
from exam_system.demo.cast import Cast
from exam_system.demo.duties import sign_in
from exam_system.instance import DEMONSTRATION_PASSWORD
from exam_system.notices.closing import close_exam
from exam_system.notices.lookup import notice_of
from exam_system.notices.publishing import show_notices
from exam_system.notices.service import draft_notice, pass_level, publish_notice, today
from exam_system.notices.writing import Content

LASTS = timedelta(days=365 * 30)
"""History is not read again every half year."""
LISTS = (
    (
        5,
        "体检考察情况公布",
        "体检、考察已按规定进行，各职位情况见公布名单；名单按职位代码和准考证号公布。",
    ),
    (6, "拟录用人员公示", "拟录用人员名单已按规定公示，公示期内受理的异议均已核查并答复。"),
)


def post_lists(cast: Cast, code: str) -> int:
    """Post what is left of an exam's numbered lists and close it; returns how many notices."""
    hands = _hands(cast)
    for place, title, body in LISTS:
        with cast.acting(Role.OFFICER) as ctx:
            content = Content(title, body, review_on=today(ctx) + LASTS)
            version = draft_notice(ctx, category="exam", content=content, exam=code, place=place)
            ref, digest = notice_of(ctx.session, version).ref, version.digest
        for actor in hands:
            with cast.acting(actor) as ctx:
                pass_level(ctx, ref=ref, digest=digest)
        with cast.acting(Role.OFFICER) as ctx:
            publish_notice(ctx, ref=ref)
    with cast.acting(Role.OFFICER) as ctx:
        close_exam(ctx, code=code)
        show_notices(ctx.session, cast.office.config)
    return len(LISTS)


def _hands(cast: Cast) -> Sequence[Actor]:
    """Head of the section, secrecy review, leader."""
    with cast.acting(Role.ADMIN) as ctx:
        leader = create_account(
            ctx,
            username="leader",
            name="分管副局长沈岳",
            role=Role.OFFICER,
            password=DEMONSTRATION_PASSWORD,
            office="局领导",
        )
        second = ctx.session.scalars(select(Account).where(Account.username == "officer2")).one()
        signed = sign_in(ctx, leader, DEMONSTRATION_PASSWORD)
        return actor_for(second), cast.staff[Role.INSPECTOR], signed
