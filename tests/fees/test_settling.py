"""Rounds to the gateway: lost callbacks, and registration that closes on what the gateway knows."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from exam_system.access import Role
from exam_system.cli import exam as command
from exam_system.clock import rfc3339
from exam_system.context import PUBLIC
from exam_system.errors import Conflict
from exam_system.exams.models import Exam
from exam_system.exams.rules import parse_rules
from exam_system.exams.service import close_registration
from exam_system.fees.gateway import PayLink
from exam_system.fees.models import Order
from exam_system.fees.service import open_payment
from exam_system.fees.settling import settle_orders
from exam_system.registration.service import withdraw_application
from exam_system.trust.canonical import jcs
from tests.fees.books import acts, order_now, ordered, paid, payments, taken_in
from tests.fees.conftest import Market
from tests.fees.test_refunds import balanced, office
from tests.registration.setting import CODE, FEE, add_candidate, add_exam, approved, fresh
from tests.registration.test_pages import log_in
from tests.world import World


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_registration_closes_on_what_the_gateway_knows(world: World, market: Market) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    candidate, path = log_in(world), f"/applications/{application.ref}/payment"
    candidate.post(path)
    trade_no = re.findall(r"订单号 (\w+)", candidate.get(path).text)[0]
    other = add_candidate(world, 21)
    unpaid = ordered(world, other, second := approved(world, other))
    with world.acting(other) as ctx:
        open_payment(ctx, ref=second.ref, link=PayLink("http://127.0.0.1/pay"))
    market.behave(drop=True)
    market.pay(trade_no)  # nobody tells us
    in_time = market.driver.query(out_trade_no=trade_no)
    world.clock.set(in_time.paid_at - timedelta(days=11))  # type: ignore[union-attr]
    _payable_until_after(world, in_time.paid_at)  # type: ignore[union-attr]
    world.clock.set(in_time.paid_at + timedelta(days=2))  # type: ignore[union-attr]
    with pytest.raises(Conflict, match="2 orders"), world.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=CODE)
    officer = world.client(world.app(), Role.OFFICER)
    officer.set_cookie("language", "zh")
    merchant = world.folder / "merchant.json"
    good = merchant.read_text()
    merchant.write_text(good.replace(market.base, "http://127.0.0.1:9"))
    assert (
        "尚未截止：还有2个待缴费订单"
        in officer.post(f"/office/exams/{CODE}/close", follow_redirects=True).text
    )
    merchant.write_text(good)
    officer.post(f"/office/exams/{CODE}/close")
    assert fresh(world, application).state == "paid"
    assert [fen for _, fen, kept in payments(world) if kept] == [FEE]
    assert order_now(world, unpaid).state == "paying"
    [asked] = acts(world, "fees.query_waiting")
    assert (asked["orders"], asked["paid"]) == (2, 1)
    assert len(acts(world, "exams.close_registration")) == 1
    # Money that comes after all is owed back, and the candidate is told so.
    taken_in(world, paid(world, unpaid, "late-1"))
    client = log_in(world, 21)
    assert "将原路退还" in client.get(f"/applications/{second.ref}/payment").text
    assert balanced(world).to_refund == FEE


def _payable_until_after(world: World, moment: datetime) -> None:
    """Move the exam's own times: the gateway lives in real time."""
    with world.context(PUBLIC).session as db:
        exam = db.scalars(select(Exam)).one()
        document = json.loads(exam.rules)
        document["payment_closes"]["value"] = rfc3339(moment + timedelta(days=1))
        exam.rules = jcs(parse_rules(document).document()).decode()
        db.commit()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_orders_of_some_age_are_asked_about_and_each_once_in_that_time(
    world: World, market: Market
) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    log_in(world).post(f"/applications/{application.ref}/payment")
    minutes = timedelta(minutes=10)
    assert settle_orders(office(world), older=minutes).asked == 0
    world.clock.advance(minutes=10)
    assert settle_orders(office(world), older=minutes).asked == 1
    assert settle_orders(office(world), older=minutes).asked == 0
    assert settle_orders(office(world), code="other-exam").asked == 0
    assert settle_orders(office(world), code=CODE).asked == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_lost_callback_of_a_withdrawn_application_is_told_to_its_candidate(
    world: World, market: Market
) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    client, path = log_in(world), f"/applications/{application.ref}/payment"
    client.post(path)
    trade_no = re.findall(r"订单号 (\w+)", client.get(path).text)[0]
    market.behave(drop=True)
    market.pay(trade_no)
    with world.acting(who) as ctx:
        withdraw_application(ctx, ref=application.ref)
    page = client.post(f"{path}/refresh", follow_redirects=True).text
    assert "您的款项已到账，但不能入账，将原路退还" in page
    assert "报名申请已撤回。" in page
    assert balanced(world).to_refund == FEE
    for _ in range(2):  # asking again changes nothing
        client.post(f"{path}/refresh")
    assert len(payments(world)) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_commands_for_a_timer(world: World, market: Market) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    log_in(world).post(f"/applications/{application.ref}/payment")
    with world.context(PUBLIC).session as db:
        order = db.scalars(select(Order)).one()
        market.behave(drop=True)
        market.pay(order.trade_no)
        db.execute(update(Order).values(created_at=world.clock.now() - timedelta(days=3)))
        db.commit()
    world.seal()

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(command, ["--instance", str(world.folder), "fees", *words])
        return done.exit_code, done.output

    assert run("query") == (0, "1 orders asked about, 1 had been paid\n")
    assert run("query") == (0, "0 orders asked about, 0 had been paid\n")
    assert run("refunds") == (0, "0 refunds asked about, 0 moved on\n")
    paid_at = market.driver.query(out_trade_no=order.trade_no).paid_at  # type: ignore[union-attr]
    day = paid_at.date().isoformat()
    code, said = run("reconcile", day)
    assert "1 match, 0 only ours" in said
    assert code == (0 if "0 only theirs" in said else 1)  # other tests' orders are on the bill
    bank = world.folder / "bank.csv"
    name = payments(world)[0][0]
    bank.write_text(f"交易号,金额\n{name},{FEE / 100:.2f}\n")
    assert run("reconcile", day, "--bank", str(bank)) == (
        0,
        f"{day} bank version 1: 1 match, 0 only ours, 0 only theirs, 0 differ\n",
    )
