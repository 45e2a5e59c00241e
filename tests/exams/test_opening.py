"""The opening ratio: what it does at its boundary, choosing again, and money that is owed back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import SYSTEM, Actor
from exam_system.errors import Conflict, Invalid
from exam_system.examday import seats
from exam_system.exams import changes, opening
from exam_system.exams.announcement import posts_of
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, Post
from exam_system.exams.opening import vacancies_left
from exam_system.exams.service import close_registration
from exam_system.fees import ledger
from exam_system.fees.gateway import Payment
from exam_system.fees.service import accept_payment, create_order
from exam_system.registration import choosing, service
from exam_system.registration.models import Application
from exam_system.verify.run import verify
from tests.exams import samples
from tests.exams.test_changes import CODE, DAY, both, publish, rules, sqlite
from tests.oversight.test_board import red
from tests.registration import setting
from tests.world import World

POLICE, HEALTH, LAW = "10020101", "10030101", "10010101"  # 3, 1 and 2 vacancies


@pytest.mark.parametrize(
    ("vacancies", "paid", "rule", "left"),
    [
        (2, 6, "reduce", 2),  # exactly met
        (2, 5, "reduce", 1),  # one below: RULES 2.1
        (2, 3, "reduce", 1),
        (2, 2, "reduce", 0),
        (1, 2, "reduce", 0),
        (1, 0, "reduce", 0),
        (2, 6, "cancel", 2),
        (2, 5, "cancel", 0),
        (2, 0, "keep", 2),
    ],
)
def test_the_boundary(vacancies: int, paid: int, rule: str, left: int) -> None:
    assert vacancies_left(vacancies, paid, 3, rule) == left


def paying(world: World, serial: int, post: str) -> tuple[Actor, str]:
    """Somebody who applied, was approved and paid."""
    who = setting.add_candidate(world, serial)
    with world.acting(who) as ctx:
        ref = service.apply(
            ctx,
            exam_code=CODE,
            post_code=post,
            district_code=1,
            education="bachelor",
            major="临床医学 1002",
            school="测试大学",
            employer="",
        ).ref
        service.add_photo(ctx, ref=ref, data=setting.photo())
        service.submit_application(ctx, ref=ref)
    with world.acting(Role.REVIEWER) as ctx:
        service.decide_application(ctx, ref=ref, approve=True)
    with world.acting(who) as ctx:
        order = create_order(ctx, ref=ref)
        paid = Payment(
            out_trade_no=order.trade_no,
            transaction_id=f"4200{serial}",
            notification_id=f"n{serial}",
            fen=order.fen,
            paid_at=world.clock.now(),
            payer_total=order.fen,
        )
        accept_payment(ctx.as_actor(SYSTEM), paid)
    return who, ref


@pytest.fixture
def closed(world: World) -> tuple[World, dict[str, tuple[Actor, str]]]:
    """Registration is over: 8 paid for 3 police posts, 2 for the doctor's, none for law."""
    samples.announce(world)
    world.clock.set(rules(world).registration_opens)
    people = {
        f"{post}/{n}": paying(world, 2 * n + 101 + start, post)
        for post, count, start in ((POLICE, 8, 0), (HEALTH, 2, 40))
        for n in range(count)
    }
    world.clock.set(rules(world).payment_closes)
    with world.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=CODE)
    return world, people


def apply_ratio(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        until = world.clock.now() + 3 * DAY
        opening.apply_opening_ratio(ctx, code=CODE, choose_until=until)
    publish(world)


def states(world: World) -> dict[str, str]:
    with world.acting(Role.OFFICER) as ctx:
        rows = ctx.session.execute(select(Application.ref, Application.state))
        return {row.ref: row.state for row in rows}


def settle(world: World) -> None:
    """What the draw of seats would begin with; it refuses while the ratio is not settled."""
    with world.acting(Role.OFFICER) as ctx:
        seats.build(ctx, ctx.session.scalars(select(Exam)).one())


@both
def test_from_the_ratio_to_the_refund(closed: Any) -> None:
    world, people = closed
    with pytest.raises(Conflict, match="below the opening ratio"):
        settle(world)
    apply_ratio(world)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        assert {post.code: post.vacancies for post in posts_of(ctx.session, exam)} == {POLICE: 2}
        gone = select(Post.code).where(Post.cancelled == 2).order_by(Post.code)
        assert ctx.session.scalars(gone).all() == [LAW, HEALTH]
        notice = changes.published_notices(ctx, exam)[0][1]
        assert [(i.kind, i.of, i.old, i.new, i.note) for i in notice.items] == [
            ("cancelled", LAW, "2", "0", "0"),
            ("post", POLICE, "3", "2", "8"),
            ("cancelled", HEALTH, "1", "0", "2"),
        ]
        assert opening.below(ctx.session, exam) == []
    (one, first), (other, second) = people[f"{HEALTH}/0"], people[f"{HEALTH}/1"]
    assert {ref for ref, state in states(world).items() if state == "choosing"} == {first, second}
    assert not verify([world.config.published / f"announcement-{CODE}-v2"]).refused
    with pytest.raises(Conflict, match="still choosing again"):
        settle(world)
    with world.acting(one) as ctx:
        choosing.choose_again(ctx, ref=first, post_code=POLICE)
    assert red(world).keys() & {"P5", "P6"} == set()
    with world.acting(Role.REVIEWER) as ctx:
        service.decide_application(ctx, ref=first, approve=True)
    with world.acting(other) as ctx:
        choosing.give_up_choice(ctx, ref=second)
    assert (states(world)[first], states(world)[second]) == ("paid", "withdrawn")
    settle(world)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        totals = ledger.totals(ctx.session, exam)
        assert (totals.received, totals.kept, totals.to_refund) == (100_000, 90_000, 10_000)
        (owed,) = ledger.entries(ctx.session, exam, owed=True)
        assert owed.application == second
    assert red(world).keys() & {"P5", "P6"} == set()


@sqlite
def test_choosing_again_ends_with_its_window(closed: Any) -> None:
    world, people = closed
    apply_ratio(world)
    (one, first), (other, second) = people[f"{HEALTH}/0"], people[f"{HEALTH}/1"]
    with world.acting(one) as ctx, pytest.raises(Invalid, match="no post"):
        choosing.choose_again(ctx, ref=first, post_code=HEALTH)
    with world.acting(people[f"{POLICE}/0"][0]) as ctx, pytest.raises(Conflict, match="state"):
        choosing.choose_again(ctx, ref=people[f"{POLICE}/0"][1], post_code=POLICE)
    with world.acting(one) as ctx:
        choosing.choose_again(ctx, ref=first, post_code=POLICE)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="not over"):
        opening.end_choice(ctx, code=CODE)
    world.clock.advance(days=3)
    with world.acting(other) as ctx, pytest.raises(Conflict, match="ended at"):
        choosing.choose_again(ctx, ref=second, post_code=POLICE)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="waits for its review"):
        opening.end_choice(ctx, code=CODE)
    with world.acting(Role.REVIEWER) as ctx:
        service.decide_application(ctx, ref=first, approve=False, reason="专业不符")
    assert states(world)[first] == "choosing"
    with world.acting(Role.OFFICER) as ctx:
        assert opening.end_choice(ctx, code=CODE) == 2
        assert ledger.totals(ctx.session, exam_by_code(ctx.session, CODE)).to_refund == 20_000
    settle(world)
    assert red(world).keys() & {"P5", "P6"} == set()


@sqlite
def test_what_is_refused(closed: Any) -> None:
    world, _people = closed
    with world.acting(Role.OFFICER) as ctx:
        for until in (world.clock.now(), samples.FIRST_SESSION):
            with pytest.raises(Invalid, match="before the first session"):
                opening.apply_opening_ratio(ctx, code=CODE, choose_until=until)
        ctx.session.rollback()
    apply_ratio(world)
    until = world.clock.now() + timedelta(days=1)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="enough paid"):
        opening.apply_opening_ratio(ctx, code=CODE, choose_until=until)


@sqlite
def test_the_pages_lead_through_it(closed: Any) -> None:
    world, people = closed
    app = world.app()
    officer = world.client(app, Role.OFFICER)
    page = f"/office/exams/{CODE}/opening"
    shown = officer.get(page, headers={"Accept-Language": "zh"}).text
    assert "核减为2人" in shown
    sent = officer.post(page, data={"until": "2026-03-30T17:00"})
    assert sent.location.endswith("/change")
    publish(world)
    public = world.client(app).get(f"/exams/{CODE}", headers={"Accept-Language": "en"}).text
    assert "Candidates of cancelled posts choose another one until" in public
    assert "2 have paid" in public
    candidate = app.test_client()
    login = {"login": setting.id_number(141), "password": setting.PASSWORD}
    assert candidate.post("/login", data=login).status_code == 302
    ref = people[f"{HEALTH}/0"][1]
    assert "改报其他职位" in candidate.get(f"/applications/{ref}").text
    choose = f"/applications/{ref}/choose"
    assert POLICE in candidate.get(choose).text
    assert candidate.post(choose, data={"post": POLICE}).status_code in (302, 303)
    assert states(world)[ref] == "submitted"
    assert ref in world.client(app, Role.REVIEWER).get("/review").text
