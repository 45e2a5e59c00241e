"""Refunds: ordered by two people, asked for once, confirmed by the gateway alone."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, replace
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from exam_system.access import Role
from exam_system.approvals.models import Approval
from exam_system.context import PUBLIC, SYSTEM
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.fees import gateway, ledger, refunds
from exam_system.fees.models import Refund
from exam_system.fees.sandbox.forgeries import REFUND_DISAGREEING, REFUND_FORGERIES, REFUND_FORMS
from exam_system.fees.sandbox.ledger import Order as GatewayOrder
from exam_system.fees.sandbox.ledger import Return
from exam_system.fees.settling import settle_refunds
from exam_system.fees.states import REFUND_MOVES, REFUND_STATES, move_refund
from exam_system.office import Office
from exam_system.oversight.books import faults_of_books, money
from tests.fees.books import acts, ordered, paid, taken_in
from tests.fees.conftest import Market
from tests.fees_gateway.fees_bench import http, wait_for
from tests.registration.setting import CODE, FEE, add_candidate, add_exam, approved
from tests.registration.test_pages import log_in
from tests.world import World, give_approval


def office(world: World) -> Office:
    return Office(world.config, world.keys, world.engine, world.clock, world.chance)


def owe(world: World, serial: int = 11, twice: int = 1) -> list[str]:
    """A candidate pays an order `twice` times too often; the transactions that are owed back."""
    who = add_candidate(world, serial)
    order = ordered(world, who, approved(world, who))
    names = [f"42{serial:03}{n:05}" for n in range(twice + 1)]
    for name in names:
        taken_in(world, paid(world, order, name))
    return names[1:]


def order_refunds(world: World) -> list[str]:
    """Two people order the refunds of everything owed back; their numbers."""
    world.approved("fees.refund_payments", code=CODE)
    with world.acting(Role.OFFICER) as ctx:
        return refunds.refund_payments(ctx, code=CODE)


def told(world: World, number: str, status: gateway.RefundStatus = "SUCCESS") -> gateway.Refund:
    """What the gateway would say of a refund."""
    with world.context(PUBLIC).session as db:
        [known] = [one for one in refunds.refunds_of(db, exam_by_code(db, CODE))
                   if one.refund.number == number]  # fmt: skip
    now = world.clock.now()
    return gateway.Refund(
        number, known.order.trade_no, known.payment.transaction, f"50{number[1:9]}", status,
        known.refund.fen, now, now if status == "SUCCESS" else None,
    )  # fmt: skip


def accept(world: World, refund: gateway.Refund) -> str:
    with world.acting(SYSTEM) as ctx:
        return refunds.accept_refund(ctx, refund).state


def states(world: World) -> list[str]:
    with world.context(PUBLIC).session as db:
        return list(db.scalars(select(Refund.state).order_by(Refund.id)))


def balanced(world: World) -> ledger.Totals:
    """The sums of the exam, after everything that must hold at every step was found to hold."""
    with world.context(PUBLIC).session as db:
        totals = ledger.totals(db, exam_by_code(db, CODE))
        books = money(db)
        assert list(faults_of_books(db)) == []
    assert totals.received == totals.kept + totals.to_refund + totals.refunded
    assert books.balances
    assert (books.received, books.kept, books.owed, books.refunded) == (
        totals.received, totals.kept, totals.to_refund, totals.refunded,
    )  # fmt: skip
    return totals


@pytest.mark.parametrize("to", sorted(REFUND_STATES))
@pytest.mark.parametrize("state", sorted(REFUND_STATES))
def test_only_the_listed_moves_are_possible(state: str, to: str) -> None:
    refund = Refund(state=state)
    if to in REFUND_MOVES[state]:
        move_refund(refund, to)
    else:
        with pytest.raises(Conflict):
            move_refund(refund, to)
    assert refund.state == (to if to in REFUND_MOVES[state] else state)


def test_money_goes_back_step_by_step_and_the_books_agree_at_each(world: World) -> None:
    add_exam(world)
    owe(world)
    assert balanced(world).to_refund == FEE
    with pytest.raises(Conflict, match="approval"), world.acting(Role.OFFICER) as ctx:
        refunds.refund_payments(ctx, code=CODE)
    [number] = order_refunds(world)
    assert balanced(world).to_refund == FEE
    assert accept(world, told(world, number, "PROCESSING")) == "asked"
    assert balanced(world).to_refund == FEE
    for _ in range(2):
        assert accept(world, told(world, number)) == "refunded"
    assert accept(world, told(world, number, "PROCESSING")) == "refunded"  # an old message
    assert balanced(world).refunded == FEE
    assert [act["status"] for act in acts(world, "fees.confirm_refund")] == [
        "PROCESSING", "SUCCESS",
    ]  # fmt: skip
    with pytest.raises(Conflict, match="Nothing is owed"), world.acting(Role.OFFICER) as ctx:
        refunds.wanted_refunds(ctx, code=CODE)
    with pytest.raises(Conflict), world.acting(SYSTEM) as ctx:
        refunds.accept_refund(ctx, told(world, number, "CLOSED"))


def test_what_the_gateway_gave_up_is_ordered_anew_and_what_it_holds_is_not(world: World) -> None:
    add_exam(world)
    owe(world, twice=2)
    given_up, held = order_refunds(world)
    assert accept(world, told(world, given_up, "CLOSED")) == "failed"
    assert accept(world, told(world, held, "ABNORMAL")) == "failed"
    assert balanced(world).to_refund == 2 * FEE
    [again] = order_refunds(world)
    assert again not in (given_up, held)
    for number in (again, held):  # the merchant platform cured what was held
        assert accept(world, told(world, number)) == "refunded"
    assert balanced(world).refunded == 2 * FEE
    with pytest.raises(Conflict, match="Another"):
        accept(world, told(world, given_up))


def test_an_approval_covers_exactly_its_list(world: World) -> None:
    add_exam(world)
    first = owe(world)
    world.approved("fees.refund_payments", code=CODE)
    owe(world, 21)  # comes later: waits for the next list
    with world.acting(Role.OFFICER) as ctx:
        [number] = refunds.refund_payments(ctx, code=CODE)
    assert number == refunds.refund_number(first[0], 1)
    with pytest.raises(Conflict, match="approval"), world.acting(Role.OFFICER) as ctx:
        refunds.refund_payments(ctx, code=CODE)
    assert len(order_refunds(world)) == 1


def test_the_books_notice_a_refund_that_nobody_ordered_or_confirmed(world: World) -> None:
    add_exam(world)
    owe(world)
    [number] = order_refunds(world)
    with world.context(PUBLIC).session as db:
        db.execute(
            update(Refund).values(
                state="refunded",
                gateway_no="x",
                asked_at=world.clock.now(),
                done_at=world.clock.now(),
            )
        )
        db.commit()
        assert [line for line in faults_of_books(db) if number in line]
        assert not money(db).balances


@pytest.mark.parametrize(
    "values",
    [
        {"state": "lost"},
        {"state": "refunded"},
        {"state": "failed"},
        {"state": "asked"},
        {"why": "CLOSED"},
        {"fen": 0},
    ],
)
def test_a_state_that_cannot_be_is_refused_by_the_database(
    world: World, values: dict[str, object]
) -> None:
    add_exam(world)
    owe(world)
    order_refunds(world)
    with world.context(PUBLIC).session as db, pytest.raises(IntegrityError):
        db.execute(update(Refund).values(**values))


def test_what_does_not_agree_is_not_believed(world: World) -> None:
    add_exam(world)
    owe(world)
    [number] = order_refunds(world)
    good = told(world, number)
    for lie, error in (
        (replace(good, fen=FEE - 1), Invalid),
        (replace(good, transaction_id="42"), Invalid),
        (replace(good, out_trade_no="OTHER-1"), Invalid),
        (replace(good, out_refund_no="R-NOBODYS"), NotFound),
    ):
        with pytest.raises(error):
            accept(world, lie)
    assert states(world) == ["open"]
    for role in sorted(set(Role) - {Role.SYSTEM, Role.PUBLIC, Role.CANDIDATE}):
        with pytest.raises(Forbidden), world.acting(role) as ctx:
            refunds.accept_refund(ctx, good)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_parallel_orders_and_parallel_words_make_one_refund(world: World) -> None:
    add_exam(world)
    owe(world)
    world.approved("fees.refund_payments", code=CODE)

    def order() -> None:
        with world.acting(Role.OFFICER) as ctx:
            refunds.refund_payments(ctx, code=CODE)

    refused = _at_once(8, order)
    assert (states(world), len(refused)) == (["open"], 7)
    [listed] = acts(world, "fees.refund_payments")
    good = told(world, listed["refunds"][0][0])  # type: ignore[index]
    assert _at_once(8, lambda: accept(world, good)) == []
    assert states(world) == ["refunded"]
    assert len(acts(world, "fees.confirm_refund")) == 1
    assert balanced(world).refunded == FEE


def _at_once(count: int, act: object) -> list[Sentence]:
    gate, refused = threading.Barrier(count), []

    def run() -> None:
        gate.wait()
        try:
            act()  # type: ignore[operator]
        except Sentence as error:
            refused.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


@dataclass
class Double:
    """An order paid twice at the gateway, as the office and the gateway know it."""

    path: str
    trade_no: str
    transaction: str


def pay_twice(world: World, market: Market) -> Double:
    application = approved(world, add_candidate(world))
    client, path = log_in(world), f"/applications/{application.ref}/payment"
    client.post(path)
    trade_no = re.findall(r"订单号 (\w+)", client.get(path).text)[0]
    market.pay(trade_no)
    wait_for(lambda: client.get(f"{path}/status.json").json["paid"])
    assert http(f"{market.base}/sandbox/pay-again/{trade_no}", "POST", {})[0] == 200
    wait_for(lambda: len(acts(world)) == 2)
    [name] = [str(act["transaction"]) for act in acts(world) if act["why"] == "second"]
    return Double(path, trade_no, name)


def back_at_gateway(market: Market, number: str) -> gateway.Refund | None:
    return market.driver.query_refund(out_refund_no=number)


def test_from_the_page_to_the_gateway_and_back(world: World, market: Market) -> None:
    add_exam(world)
    double = pay_twice(world, market)
    market.behave(duplicates=2)
    officer, candidate = world.client(world.app(), Role.OFFICER), log_in(world)
    for client in (officer, candidate):
        client.set_cookie("language", "zh")
    page = f"/exams/{CODE}/refunds"
    assert double.transaction in officer.get(page).text
    assert "由两名工作人员共同办理" in candidate.get(double.path).text
    officer.post(page)  # nobody has approved it
    assert acts(world, "fees.refund_payments") == []
    assert officer.post(page, data={"ask": "1"}).status_code == 303
    with world.acting(Role.INSPECTOR) as ctx:
        give_approval(ctx, acts_ref(world))
    shown = officer.post(page, follow_redirects=True).text
    assert "支付平台已反馈1笔退款" in shown
    wait_for(lambda: states(world) == ["refunded"])
    number = refunds.refund_number(double.transaction, 1)
    wait_for(lambda: len(_attempts(market, number)) == 3)
    assert number in officer.get(page).text
    assert "已退款" in candidate.get(double.path).text
    assert balanced(world).refunded == FEE
    assert "已退款" in officer.get(f"/exams/{CODE}/ledger").text


def acts_ref(world: World) -> str:
    with world.context(PUBLIC).session as db:
        return db.scalars(select(Approval.ref).where(Approval.state == "asked")).one()


def _attempts(market: Market, number: str) -> list[object]:
    return list(json.loads(http(f"{market.base}/sandbox/callbacks/{number}")[1])["attempts"])


def test_a_crash_between_asking_and_storing_refunds_once(world: World, market: Market) -> None:
    add_exam(world)
    double = pay_twice(world, market)
    market.behave(drop=True)
    [number] = order_refunds(world)
    market.driver.refund(  # asked, and then nothing of the answer was stored
        transaction_id=double.transaction, out_trade_no=double.trade_no, out_refund_no=number,
        fen=FEE, total_fen=FEE, reason="x", notify_url=market.driver._merchant.notify_url,
    )  # fmt: skip
    first = back_at_gateway(market, number)
    assert states(world) == ["open"]
    assert settle_refunds(office(world)).news == 1
    assert settle_refunds(office(world)).news == 1  # the query finds it done: nobody told us
    assert states(world) == ["refunded"]
    assert back_at_gateway(market, number) == first
    assert settle_refunds(office(world)).asked == 0
    assert balanced(world).refunded == FEE


def test_a_gateway_that_is_away_leaves_the_refund_open(world: World, market: Market) -> None:
    add_exam(world)
    pay_twice(world, market)
    order_refunds(world)
    merchant = world.folder / "merchant.json"
    good = merchant.read_text()
    merchant.write_text(good.replace(market.base, "http://127.0.0.1:9"))
    assert len(settle_refunds(office(world)).troubles) == 1
    assert states(world) == ["open"]
    merchant.write_text(good)
    settle_refunds(office(world))
    wait_for(lambda: states(world) == ["refunded"])


def test_no_forged_notification_changes_anything(world: World, market: Market) -> None:
    add_exam(world)
    double = pay_twice(world, market)
    [number] = order_refunds(world)
    order = GatewayOrder(
        double.trade_no, "token", FEE, "x", "http://127.0.0.1/", "", 0, "REFUND",
        double.transaction, "EV-1", int(time.time()),
    )  # fmt: skip
    back = Return(
        number, double.trade_no, double.transaction, "50000001", FEE, int(time.time()), "",
        "SUCCESS",
    )  # fmt: skip
    before = acts(world, "fees.confirm_refund")
    for name, forge in {**REFUND_FORGERIES, **REFUND_DISAGREEING}.items():
        message = forge(market.keys, (order, back), int(time.time()))
        status = _send(market, message.headers, message.body)
        assert 400 <= status < 500, name
    assert acts(world, "fees.confirm_refund") == before
    assert states(world) == ["open"]
    message = REFUND_FORMS["genuine"](market.keys, (order, back), int(time.time()))
    assert _send(market, message.headers, message.body) == 200
    assert states(world) == ["refunded"]


def _send(market: Market, headers: dict[str, str], body: bytes) -> int:
    request = Request(market.driver._merchant.notify_url, body, dict(headers), method="POST")
    request.add_header("Content-Type", "application/json")
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
