"""The interviews of one exam: draws, panels, scores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.context import Actor, Context
from exam_system.demo import sources
from exam_system.demo.ceremony import run_draw
from exam_system.demo.duties import sign_issued
from exam_system.demo.envelopes import pick_envelopes
from exam_system.demo.neighbours import fall_ill
from exam_system.demo.people import data
from exam_system.demo.road import Road
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews.issuing import Issued, issue_accounts
from exam_system.interviews.lookup import queue_of
from exam_system.interviews.models import Interviewer, Panel, PanelSeat
from exam_system.interviews.panels import create_panels
from exam_system.interviews.pool import declare_avoidance
from exam_system.interviews.scores import (
    call_candidate,
    close_panel,
    enter_score,
    mark_absent,
    open_panel,
)
from exam_system.registration.models import Application

RELATIONS = ("kinship", "employer", "school")


@dataclass(frozen=True, slots=True)
class Sitting:
    """One panel with its interviewers by place."""

    code: str
    members: list[Actor]


def prepare(road: Road, *, ill: bool = False) -> list[Issued]:
    """Panels, declared avoidances, the three draws, accounts for the drawn interviewers.

    `ill`: one of them falls ill meanwhile.
    """
    with road.cast.acting(Role.OFFICER) as ctx:
        create_panels(ctx, code=road.code)
        _avoid(road, ctx)
    run_draw(road.cast, road.code, "interviewers")
    run_draw(road.cast, road.code, "groups")
    order(road)
    if ill:
        fall_ill(road)
    with road.cast.acting(Role.OFFICER) as ctx:
        issued = issue_accounts(ctx, code=road.code)
        sign_issued(ctx, issued)
        return issued


def order(road: Road) -> None:
    """Who is heard when: as the rule set of the exam has it made."""
    how = road.plan.rules.get("interview_order", "draw")
    if how == "lots":
        pick_envelopes(road)
        return
    for kind in ("turns", "order") if how == "double" else ("order",):
        run_draw(road.cast, road.code, kind)


def _avoid(road: Road, ctx: Context) -> None:
    """A few interviewers declare that they know a candidate."""
    lot = road.plan.lot("avoidance")
    numbers = list(
        ctx.session.scalars(
            select(Application.number)
            .where(Application.ref.in_([ref for _, ref in road.applicants[:400]]))
            .where(Application.number.is_not(None))
            .order_by(Application.number)
        )
    )
    pool = ctx.session.scalars(select(Interviewer.certificate).order_by(Interviewer.id)).all()
    for place, relation in enumerate(RELATIONS):
        declare_avoidance(
            ctx,
            code=road.code,
            number=str(numbers[(place * 31 + lot.below(20)) % len(numbers)]),
            relation=relation,
            certificate=pool[place * 7 + lot.below(5)],
        )


def sittings(road: Road) -> list[Sitting]:
    """The panels as drawn."""
    with road.cast.acting(Role.OFFICER) as ctx:
        rows = ctx.session.execute(
            select(Panel.code, Account)
            .join(PanelSeat, PanelSeat.panel_id == Panel.id)
            .join(Interviewer, Interviewer.id == PanelSeat.interviewer_id)
            .join(Account, Account.id == Interviewer.account_id)
            .where(Panel.exam_id == exam_by_code(ctx.session, road.code).id)
            .order_by(Panel.code, PanelSeat.place)
        ).all()
    codes = sorted({code for code, _ in rows})
    return [Sitting(c, [actor_for(account) for code, account in rows if code == c]) for c in codes]


def hear(road: Road, *, until: int | None = None) -> None:
    """Hear everybody in the drawn order; with `until`, stop there and leave the panels open."""
    lot = road.plan.lot("scores")
    for sitting in sittings(road):
        with road.cast.acting(Role.OFFICER) as ctx:
            panel = open_panel(ctx, code=road.code, panel=sitting.code)
            turns = [
                (turn.place, application.ref) for turn, application in queue_of(ctx.session, panel)
            ]
            for place, ref in turns[:until]:
                gift = lot.around(0, 250)
                away = until is None and lot.percent(int(data()["absent_interview"]))
                _turn(road, ctx, sitting, place or 0, ref, None if away else gift)
            if until is None:
                close_panel(ctx.as_actor(sitting.members[0]), code=road.code, panel=sitting.code)
        road.tick(len(turns))


def _turn(
    road: Road, ctx: Context, sitting: Sitting, place: int, ref: str, gift: int | None
) -> None:
    """One candidate: called and scored by all, or absent (`gift` None)."""
    road.at(road.cast.clock.now() + timedelta(minutes=3))
    if gift is None:
        mark_absent(ctx, code=road.code, ref=ref)
        return
    call_candidate(ctx, code=road.code, ref=ref)
    lot, elements = road.plan.lot(f"score {ref}"), sources.elements(road.plan)
    for member in sitting.members:
        enter_score(
            ctx.as_actor(member),
            code=road.code,
            panel=sitting.code,
            place=place,
            score="" if elements else sources.score(lot, gift),
            marks=sources.sheet(lot, gift, elements),
        )


def enter_some(road: Road, sitting: Sitting, place: int, ref: str, count: int) -> None:
    """Call one candidate and let only the first `count` interviewers score."""
    lot = road.plan.lot(f"score {ref}")
    with road.cast.acting(Role.OFFICER) as ctx:
        call_candidate(ctx, code=road.code, ref=ref)
        for member in sitting.members[:count]:
            score = sources.score(lot, 100)
            enter_score(
                ctx.as_actor(member), code=road.code, panel=sitting.code, place=place, score=score
            )
