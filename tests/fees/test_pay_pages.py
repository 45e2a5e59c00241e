"""The pages of all ways to pay, with both gateways as a process and our live server called back."""

from __future__ import annotations

import io
import re
import shutil
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.serving import make_server

from exam_system.access import Role
from exam_system.chance import SeededChance
from exam_system.context import PUBLIC
from exam_system.exams.lookup import exam_by_code
from exam_system.fees import refunds
from exam_system.fees.desk import days_bill
from exam_system.fees.ledger import totals
from exam_system.fees.models import Order, Payment, Refund
from exam_system.fees.reconciling import BEIJING, bill_lines, reconcile_day
from exam_system.fees.sandbox import make_alipay, make_merchant
from exam_system.fees.sandbox.alipay_forgeries import DISAGREEING, FORGERIES, FORMS, QUIET
from exam_system.fees.sandbox.alipay_wire import AlipayKeys
from exam_system.fees.sandbox.ledger import Order as GatewayOrder
from exam_system.fees.settling import settle_orders, settle_refunds
from exam_system.fees.way_models import PayWay
from exam_system.office import Office
from tests.fees.books import everything, payments
from tests.fees.test_ways import applicant, at, bank_csv, set_up
from tests.fees_gateway.fees_bench import free_port, http, start, stop, wait_for
from tests.registration.setting import CODE, FEE, add_candidate, add_exam, approved
from tests.registration.test_pages import log_in
from tests.world import World


@pytest.fixture
def database() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, int]]:
    folder, port, ours = tmp_path_factory.mktemp("both"), free_port(), free_port()
    base, told = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{ours}/payments"
    make_merchant(folder, gateway=base, notify_url=f"{told}/wechat/callback")
    make_alipay(folder, gateway=base, notify_url=f"{told}/alipay/callback")
    process = start(folder, port)
    yield folder, base, ours
    stop(process)


@pytest.fixture
def shop(world: World, sandbox: tuple[Path, str, int]) -> Iterator[tuple[Flask, str]]:
    """Our application serving where both gateways call it back; every way is set up."""
    folder, base, port = sandbox
    world.chance = SeededChance(world.folder.as_posix())
    for name in ("merchant.json", "alipay.json"):
        shutil.copy(folder / name, world.folder / name)
    set_up(world)
    for way in ("", "alipay/"):
        switches = {"drop": False, "retry_delays": [0.05], "refund_gap": 0, "forms": ["genuine"]}
        assert http(f"{base}/sandbox/{way}behaviour", "POST", switches)[0] == 200
    app = world.app()
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield app, base
    server.shutdown()
    server.server_close()


def order_of(world: World) -> Order:
    with world.context(PUBLIC).session as db:
        return db.scalars(select(Order).order_by(Order.id.desc())).first()  # type: ignore[return-value]


def candidate(world: World, ref_serial: int = 11) -> tuple[FlaskClient, str]:
    who = add_candidate(world, ref_serial)
    application = approved(world, who)
    return log_in(world, ref_serial), f"/applications/{application.ref}/payment"


def test_alipay_then_wechat_counts_once_and_the_second_goes_back(
    world: World, shop: tuple[Flask, str]
) -> None:
    _app, base = shop
    add_exam(world)
    client, page = candidate(world)
    text = client.get(page).text
    for way in ("wechat", "alipay", "nontax", "counter"):
        assert f'value="{way}"' in text
    answer = client.post(page, data={"way": "alipay"})
    assert answer.headers["Location"].endswith("way=alipay")
    assert f'href="{base}/pay/' in client.get(answer.headers["Location"]).text
    client.post(page, data={"way": "wechat"})
    order = order_of(world)
    with world.context(PUBLIC).session as db:
        [way] = db.scalars(select(PayWay)).all()
    assert way.driver == "alipay"
    assert way.link != order.pay_url

    twice = {"duplicates": 2}
    assert http(f"{base}/sandbox/alipay/pay/{order.trade_no}", "POST", twice)[0] == 200
    wait_for(lambda: payments(world))
    assert "/receipt.pdf" in client.get(page).text
    assert client.get(f"{page}/receipt.pdf").data.startswith(b"%PDF")
    # What WeChat took as well got lost on its way: asking brings it, and it is owed back.
    lost = {"drop": True}
    assert http(f"{base}/sandbox/pay/{order.trade_no}", "POST", lost)[0] == 200
    client.post(f"{page}/refresh")
    assert [kept for _, _, kept in payments(world)] == [True, False]
    told = f"{base}/sandbox/alipay/callbacks/{order.trade_no}"
    wait_for(lambda: http(told)[1].count(b'"status":200') == 3)
    with world.context(PUBLIC).session as db:
        assert db.scalars(select(Payment.driver).order_by(Payment.id)).all() == ["alipay", None]
        sums = totals(db, exam_by_code(db, CODE))
    assert (sums.received, sums.kept, sums.to_refund) == (2 * FEE, FEE, FEE)


def test_alipays_money_goes_back_through_alipay_and_its_bill_agrees(
    world: World, shop: tuple[Flask, str]
) -> None:
    _app, base = shop
    add_exam(world)
    client, page = candidate(world)
    client.post(page, data={"way": "alipay"})
    order = order_of(world)
    parts = Office(world.config, world.keys, world.engine, world.clock, world.chance)
    http(f"{base}/sandbox/alipay/pay/{order.trade_no}", "POST", {"drop": True})
    assert settle_orders(parts).news == 1  # the lost one is found; WeChat is not asked
    http(f"{base}/sandbox/alipay/pay-again/{order.trade_no}", "POST", {})
    wait_for(lambda: len(payments(world)) == 2)
    world.approved("fees.refund_payments", code=CODE)
    with world.acting(Role.OFFICER) as ctx:
        numbers = refunds.refund_payments(ctx, code=CODE)
    assert settle_refunds(parts, numbers).troubles == []

    def done() -> bool:
        settle_refunds(parts, numbers)
        with world.context(PUBLIC).session as db:
            return list(db.scalars(select(Refund.state))) == ["refunded"]

    wait_for(done)
    day = datetime.now(BEIJING).date()
    theirs = bill_lines(days_bill(world.config, day, "alipay"))
    ours = [line for line in theirs if line.trade_no == order.trade_no]
    with world.acting(Role.OFFICER) as ctx:
        found = reconcile_day(ctx, day=day, source="alipay", theirs=ours)
        other = reconcile_day(ctx, day=day, source="gateway", theirs=[])
    # The rehearsal's clock and the gateway's differ: what they name is compared, of any day.
    assert (found.matched, found.only_theirs, found.differs) == (3, 0, 0)
    assert (other.matched, other.only_ours) == (0, 0)


def test_no_forged_alipay_notification_changes_anything(
    world: World, shop: tuple[Flask, str], sandbox: tuple[Path, str, int]
) -> None:
    app, _base = shop
    add_exam(world)
    _who, order, _application = applicant(world)
    keys = AlipayKeys.load(sandbox[0] / "alipay-gateway.json")
    now = int(datetime.now(BEIJING).timestamp())
    paid = GatewayOrder(
        order.trade_no, "t", FEE, "x", "", "", 0, "SUCCESS", "2026102022001" + "7" * 15, "EV-1", now
    )
    client = app.test_client()

    def tell(form: str) -> tuple[int, str]:
        message = FORMS[form](keys, paid, int(datetime.now(BEIJING).timestamp()))
        answer = client.post(
            "/payments/alipay/callback", data=message.body, headers=message.headers
        )
        return answer.status_code, answer.text

    before = everything(world)
    for form in (*FORGERIES, *DISAGREEING):
        status, text = tell(form)
        assert 400 <= status < 500, form
        assert text == "failure", form
    for form in QUIET:  # genuine, and no news: no repeat is wanted
        assert tell(form) == (200, "success")
    assert everything(world) == before
    for _ in range(3):
        assert tell("genuine") == (200, "success")
    assert len(payments(world)) == 1


def test_a_code_and_the_counter_on_their_pages(world: World, shop: tuple[Flask, str]) -> None:
    app, _base = shop
    add_exam(world)
    client, page = candidate(world)
    other, other_page = candidate(world, 13)
    shown = client.post(page, data={"way": "nontax"}, follow_redirects=True).text
    [code] = re.findall(r"<code>((?:\d{4} ){4}\d{4})</code>", shown)
    assert "各代收银行网点" in shown
    assert "测试市财政局" in shown
    other.post(other_page, data={"way": "counter"})
    order = order_of(world)
    counter_page = other.get(f"{other_page}?way=counter").text
    assert order.trade_no in counter_page
    assert "政务服务中心" in counter_page

    officer = world.client(app, Role.OFFICER)
    bad = bank_csv(("1234", "1", "x", "soon"))
    day = f"{world.clock.now() - timedelta(days=1):%Y-%m-%d}"
    form = {"day": day, "file": (io.BytesIO(bad), "b.csv")}
    refused = officer.post("/fees/bank-files", data=form)
    assert refused.status_code == 422
    assert re.findall("第2行([A-Z]) ", refused.text) == ["A", "C", "D"]
    good = bank_csv((code, "1", "100.00", at(world)), (code, "2", "100.00", at(world)))
    form = {"day": day, "file": (io.BytesIO(good), "b.csv")}
    read = officer.post("/fees/bank-files", data=form)
    place = read.headers["Location"]
    assert "退款：订单已缴费" in officer.get(place).text
    officer.post(place)  # without approval
    assert payments(world) == []
    world.approved("fees.take_bank_file", ref=place.rpartition("/")[2])
    assert "已于" in officer.post(place, follow_redirects=True).text
    assert [kept for _, _, kept in payments(world)] == [True, False]
    assert "/nontax/1" in officer.get("/fees/statements").text

    till = f"/exams/{CODE}/counter"
    taken = {"trade_no": order.trade_no, "means": "card", "slip": "P7"}
    receipt = officer.post(till, data=taken, follow_redirects=True).text
    assert f"收据{CODE}-00001" in receipt
    assert f"{CODE}-00001" in other.get(other_page).text
    officer.post(f"{till}/count", data={"ask": "1", "cash": "100", "card": ""})
    assert "清点金额与收据合计不符" in officer.get(till).text
    world.approved("fees.count_takings", code=CODE, cash=0, card=FEE)
    assert "款项已清点并入账" in officer.post(f"{till}/count", follow_redirects=True).text
    assert "/receipt.pdf" in other.get(other_page).text
    links = re.findall(r'href="([^"]+\.zip)"', officer.get(till).text)
    assert [officer.get(link).data[:2] for link in links] == [b"PK"]

    world.approved("fees.refund_payments", code=CODE)
    officer.post(f"/exams/{CODE}/refunds")
    table = officer.post(f"/exams/{CODE}/refunds/list", data={"format": "csv"}).text
    [number] = re.findall(r"R[0-9a-f]{31}", table)
    answer = io.BytesIO(table.replace(",,", ",成功,B77", 1).encode())
    told = officer.post(
        f"/exams/{CODE}/refunds/confirmation",
        data={"file": (answer, "a.csv")},
        follow_redirects=True,
    )
    assert "银行已退回1笔" in told.text
    assert number in told.text
    with world.context(PUBLIC).session as db:
        sums = totals(db, exam_by_code(db, CODE))
    assert (sums.received, sums.kept, sums.refunded) == (3 * FEE, 2 * FEE, FEE)


def test_an_unknown_way_is_the_first_one_and_strangers_find_nothing(
    world: World, shop: tuple[Flask, str]
) -> None:
    app, _base = shop
    add_exam(world)
    client, page = candidate(world)
    stranger, _ = candidate(world, 13)
    assert stranger.post(page, data={"way": "nontax"}).status_code == 404
    client.post(page, data={"way": "gold"})
    assert order_of(world).pay_url
    for role in (Role.REVIEWER, Role.INSPECTOR, Role.CANDIDATE):
        reader = client if role is Role.CANDIDATE else world.client(app, role)
        for path in ("/fees/bank-files", f"/exams/{CODE}/counter"):
            assert reader.get(path).status_code == 403, (role, path)
