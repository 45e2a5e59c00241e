"""Paying over HTTP: a real gateway process calls a live server back."""

from __future__ import annotations

import json
import time
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from exam_system.access import Role
from exam_system.fees.models import Order
from exam_system.fees.sandbox.forgeries import DISAGREEING, FORGERIES, FORMS
from exam_system.fees.sandbox.ledger import Order as GatewayOrder
from exam_system.fees.sandbox.messages import Message
from exam_system.sheets import Column, read_table
from tests.fees.books import acts, everything, order_now, ordered, paid, payments, taken_in
from tests.fees.conftest import CALLBACK, Market
from tests.fees_gateway.fees_bench import http, wait_for
from tests.registration.setting import CODE, FEE, add_candidate, add_exam, approved, fresh
from tests.registration.test_pages import log_in, queries
from tests.world import World


def send(world: World, market: Market, message: Message) -> int:
    """One callback to the live server, byte for byte."""
    url = market.driver._merchant.notify_url
    request = Request(url, message.body, dict(message.headers), method="POST")
    request.add_header("Content-Type", "application/json")
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def told(order: Order, transaction: str = "4200000001202611210000000001") -> GatewayOrder:
    """The gateway's own view of one of our orders, paid just now."""
    return GatewayOrder(
        out_trade_no=order.trade_no,
        token="token",
        fen=order.fen,
        description="笔试考务费",
        notify_url="http://127.0.0.1/",
        attach="",
        expires=0,
        state="SUCCESS",
        transaction_id=transaction,
        notification_id=f"EV-{transaction}",
        paid_at=int(time.time()),
    )


def test_a_candidate_pays_and_the_callback_confirms(world: World, market: Market) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    client, path = log_in(world), f"/applications/{application.ref}/payment"
    page = client.get(path).text
    for basis in (
        "黔价费〔2026〕1号",
        "每人每科50元",
        "省发展和改革委员会",
        "0851-12345678",
        "¥100.00",
    ):
        assert basis in page
    assert "data:image/svg+xml" not in page
    page = client.post(path, follow_redirects=True).text
    assert "data:image/svg+xml" in page
    assert f'href="{market.base}/pay/' in page
    assert client.get(f"{path}/status.json").json == {
        "application": "approved",
        "order": "paying",
        "paid": False,
    }
    link = page.split(f'href="{market.base}/pay/')[1].split('"')[0]
    status, pay_page = http(f"{market.base}/pay/{link}")
    assert status == 200
    assert f"/applications/{application.ref}".encode() in pay_page
    assert http(f"{market.base}/pay/{link}", "POST", {})[0] == 200
    wait_for(lambda: client.get(f"{path}/status.json").json["paid"])
    assert payments(world)[0][1:] == (FEE, True)
    assert "报名确认完成" in client.get(path).text


def test_asking_for_a_new_code_keeps_the_order(world: World, market: Market) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    client, path = log_in(world), f"/applications/{application.ref}/payment"
    client.post(path)
    client.post(path)
    assert len(acts(world, "fees.create_order")) == 1


def test_a_gateway_that_is_away_leaves_an_order_that_can_be_tried_again(
    world: World, market: Market
) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    client, path = log_in(world), f"/applications/{application.ref}/payment"
    merchant = world.folder / "merchant.json"
    good = merchant.read_text()
    merchant.write_text(good.replace(market.base, "http://127.0.0.1:9"))
    page = client.post(path, follow_redirects=True).text
    assert "未发生扣款" in page
    assert client.get(f"{path}/status.json").json["order"] == "created"
    merchant.unlink()
    assert "尚未开通支付" in client.post(path, follow_redirects=True).text
    merchant.write_text(good)
    assert "data:image/svg+xml" in client.post(path, follow_redirects=True).text


def test_duplicate_callbacks_count_once(world: World, market: Market) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    log_in(world).post(f"/applications/{application.ref}/payment")
    trade_no = order_of(world)
    market.behave(duplicates=3)
    market.pay(trade_no)
    wait_for(lambda: len(_statuses(market, trade_no)) == 4)
    assert set(_statuses(market, trade_no)) == {200}
    assert len(payments(world)) == len(acts(world)) == 1


def order_of(world: World) -> str:
    """The only order's number."""
    return str(everything(world)[1][0][0])  # type: ignore[index]


def _statuses(market: Market, trade_no: str) -> list[int]:
    answer = json.loads(http(f"{market.base}/sandbox/callbacks/{trade_no}")[1])
    return [attempt["status"] for attempt in answer["attempts"]]


def test_paid_but_shown_unpaid_is_cured_by_asking(world: World, market: Market) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    client, path = log_in(world), f"/applications/{application.ref}/payment"
    assert "尚无订单" in client.post(f"{path}/refresh", follow_redirects=True).text
    client.post(path)
    assert "暂无缴费记录" in client.post(f"{path}/refresh", follow_redirects=True).text
    market.behave(drop=True)
    market.pay(order_of(world))
    assert fresh(world, application).state == "approved"
    assert "报名确认完成" in client.post(f"{path}/refresh", follow_redirects=True).text
    assert payments(world)[0][1:] == (FEE, True)
    assert [act["paid"] for act in acts(world, "fees.query_order")] == [False, True]
    market.behave()
    market.notify(order_of(world))  # the lost callback comes after all
    wait_for(lambda: _statuses(market, order_of(world)))
    assert len(payments(world)) == 1


def test_no_forgery_and_no_disagreement_changes_anything(world: World, market: Market) -> None:
    add_exam(world)
    who = add_candidate(world)
    order = ordered(world, who, approved(world, who))
    before = everything(world)
    now = int(time.time())
    for name, forge in {**FORGERIES, **DISAGREEING}.items():
        status = send(world, market, forge(market.keys, told(order), now))
        assert 400 <= status < 500, name
        assert everything(world) == before, name
    assert send(world, market, FORMS["genuine"](market.keys, told(order), now)) == 200
    assert order_now(world, order).state == "paid"


def test_a_second_transaction_over_the_wire_is_to_be_refunded(world: World, market: Market) -> None:
    add_exam(world)
    who = add_candidate(world)
    order = ordered(world, who, approved(world, who))
    for transaction in ("4200000001", "4200000002", "4200000001"):
        message = FORMS["genuine"](market.keys, told(order, transaction), int(time.time()))
        assert send(world, market, message) == 200
    assert payments(world) == [("4200000001", FEE, True), ("4200000002", FEE, False)]
    client = world.client(world.app(), Role.OFFICER)
    client.set_cookie("language", "zh")
    text = client.get(f"/exams/{CODE}/ledger").text
    for amount in ("<b>¥100.00</b>应缴", "<b>¥200.00</b>实收", "<b>¥100.00</b>应退"):
        assert amount in text
    owed = client.get(f"/exams/{CODE}/ledger?show=owed").text
    assert "4200000002" in owed
    assert "4200000001" not in owed
    for format in ("csv", "xlsx"):
        answer = client.post(f"/exams/{CODE}/ledger/export", data={"format": format})
        columns = (
            Column("id", ("交易号",)),
            Column("fen", ("实收（元）",)),
            Column("k", ("入账情况",)),
        )
        rows = read_table(f"ledger.{format}", answer.data, columns).rows
        assert [(row["id"], row["fen"], row["k"]) for row in rows] == [
            ("4200000001", "100.00", "入账"),
            ("4200000002", "100.00", "应退"),
        ]


def test_the_callback_needs_no_csrf_token_but_a_merchant(world: World) -> None:
    add_exam(world)
    app = world.app()
    app.config["WTF_CSRF_ENABLED"] = True
    before = everything(world)
    answer = app.test_client().post(CALLBACK, data=b"{}")
    assert (answer.status_code, answer.json["code"]) == (409, "FAIL")
    assert everything(world) == before


def test_the_ledger_takes_as_many_queries_for_30_rows_as_for_one(world: World) -> None:
    add_exam(world)
    app = world.app()
    client, engine = world.client(app, Role.OFFICER), app.extensions["office"].engine
    seen: list[int] = []
    for serials in (range(1, 2), range(2, 31)):
        for serial in serials:
            who = add_candidate(world, serial)
            order = ordered(world, who, approved(world, who))
            taken_in(world, paid(world, order, f"t{serial}"))
        seen.append(queries(engine, client, f"/exams/{CODE}/ledger"))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.MARKER, Role.INSPECTOR, Role.ADMIN])
def test_the_ledger_is_the_offices(world: World, role: Role) -> None:
    add_exam(world)
    assert world.client(world.app(), role).get(f"/exams/{CODE}/ledger").status_code == 403
