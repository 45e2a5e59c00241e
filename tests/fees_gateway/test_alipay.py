"""Alipay over the wire: our driver around the SDK against a sandbox that shares no code with it."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fees_bench import free_port, http, start, stop, wait_for

from exam_system.fees import alipay_bill
from exam_system.fees.alipay import AlipayMerchant, AlipayPrecreate, answer_ok, answer_refused
from exam_system.fees.gateway import (
    CallbackRefused,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    Payment,
    Refund,
    Refusal,
)
from exam_system.fees.sandbox import make_alipay, make_merchant
from exam_system.fees.sandbox.alipay_forgeries import (
    DISAGREEING,
    FORGERIES,
    FORMS,
    QUIET,
    REFUND_FORGERIES,
)
from exam_system.fees.sandbox.alipay_wire import BEIJING, AlipayKeys
from exam_system.fees.sandbox.ledger import Order
from exam_system.fees.wechat import Merchant, WechatNative

NUMBERS = count(int(time.time()))
EXPECTED = {
    "no-signature": Refusal.MISSING_HEADER,
    "no-signature-type": Refusal.MISSING_HEADER,
    "other-signature-type": Refusal.SIGNATURE_TYPE,
    "signature-of-a-stranger": Refusal.SIGNATURE,
    "signature-not-base64": Refusal.SIGNATURE,
    "signature-with-junk": Refusal.SIGNATURE,
    "signature-not-ascii": Refusal.SIGNATURE,
    "amount-changed": Refusal.SIGNATURE,
    "order-changed": Refusal.SIGNATURE,
    "field-added": Refusal.SIGNATURE,
    "field-twice": Refusal.FORM,
    "body-of-nothing": Refusal.MISSING_HEADER,
    "body-not-utf8": Refusal.FORM,
    "body-json": Refusal.FORM,
    "day-old": Refusal.STALE,
    "six-minutes-old": Refusal.STALE,
    "six-minutes-ahead": Refusal.STALE,
    "time-words": Refusal.TIMESTAMP,
    "other-application": Refusal.MERCHANT,
    "other-seller": Refusal.MERCHANT,
    "no-seller": Refusal.MERCHANT,
    "other-type": Refusal.EVENT,
    "other-charset": Refusal.FORM,
    "unknown-state": Refusal.STATE,
    "dollars": Refusal.CURRENCY,
    "no-amount": Refusal.FIELDS,
    "amount-words": Refusal.FIELDS,
    "amount-negative": Refusal.FIELDS,
    "amount-exponent": Refusal.FIELDS,
    "amount-three-decimals": Refusal.FIELDS,
    "no-order-number": Refusal.FIELDS,
    "order-number-path": Refusal.FIELDS,
    "no-transaction": Refusal.FIELDS,
    "no-notification-id": Refusal.FIELDS,
    "payment-time-words": Refusal.FIELDS,
    **dict.fromkeys(QUIET, Refusal.NO_NEWS),
}
OF_REFUNDS = {
    "signature-of-a-stranger": Refusal.SIGNATURE,
    "refund-changed": Refusal.SIGNATURE,
    "day-old": Refusal.STALE,
    "other-seller": Refusal.MERCHANT,
    "refund-words": Refusal.FIELDS,
    "refund-time-words": Refusal.FIELDS,
    "no-refund-number": Refusal.FIELDS,
}


class Ours:
    """Takes notifications over HTTP and lets the driver judge them, as our system does."""

    def __init__(self) -> None:
        self.driver: AlipayPrecreate | None = None
        self.got: list[Payment | Refund | CallbackRefused] = []

    def judge(self, body: bytes) -> tuple[int, str]:
        assert self.driver is not None
        try:
            self.got.append(self.driver.read_callback({}, body, time.time()))
        except CallbackRefused as refused:
            self.got.append(refused)
            return answer_ok() if refused.reason is Refusal.NO_NEWS else answer_refused()
        return answer_ok()


class Shop:
    """The sandbox as a process, our driver, and the address that is told."""

    def __init__(self, driver: AlipayPrecreate, base: str, ours: Ours, url: str) -> None:
        self.driver, self.base, self.ours, self.url = driver, base, ours, url

    def control(self, path: str, data: object = None) -> Any:
        status, body = http(f"{self.base}/sandbox/alipay/{path}", "POST", data or {})
        assert status == 200, body
        return json.loads(body)

    def order(self, fen: int = 5000, number: str = "") -> str:
        number = number or f"EXAM{next(NUMBERS)}"
        self.link = self.driver.create(
            out_trade_no=number,
            fen=fen,
            description="笔试缴费（2 科）{x}",
            notify_url=self.url,
            expires=datetime.now(UTC) + timedelta(minutes=30),
        )
        return number

    def told(self, number: str) -> list[dict[str, Any]]:
        answer = http(f"{self.base}/sandbox/alipay/callbacks/{number}")[1]
        return list(json.loads(answer)["attempts"])


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    ours = Ours()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, text = ours.judge(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder, port = tmp_path_factory.mktemp("alipay"), free_port()
    url, base = f"http://127.0.0.1:{server.server_port}/told", f"http://127.0.0.1:{port}"
    make_merchant(folder, gateway=base, notify_url=url)
    path = make_alipay(folder, gateway=base, notify_url=url)
    ours.driver = AlipayPrecreate(AlipayMerchant.load(path))
    process = start(folder, port)
    shop = Shop(ours.driver, base, ours, url)
    shop.folder = folder  # type: ignore[attr-defined]
    yield shop
    stop(process)
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(opened: Shop) -> Shop:
    honest = {"duplicates": 0, "drop": False, "delay": 0, "hold": 0, "forms": ["genuine"]}
    honest |= {"retry_delays": [0.05], "refund_takes": 0, "refund_forms": ["genuine"]}
    opened.control("behaviour", honest)
    opened.ours.got.clear()
    return opened


def test_an_order_is_paid_told_queried_refunded_and_billed(shop: Shop) -> None:
    number = shop.order(fen=12_34)
    assert shop.link.url.startswith(f"{shop.base}/pay/")
    assert shop.driver.query(out_trade_no=number) is None
    assert shop.order(fen=12_34, number=number) == number  # asking again is asking for the same
    transaction = shop.control(f"pay/{number}")["transaction_id"]
    [told] = wait_for(lambda: shop.ours.got)
    found = shop.driver.query(out_trade_no=number)
    assert isinstance(told, Payment)
    assert found is not None
    assert (told.out_trade_no, told.transaction_id, told.fen) == (number, transaction, 1234)
    assert replace(told, notification_id=None) == found
    assert found.driver == "alipay"
    assert abs(found.paid_at - datetime.now(UTC)) < timedelta(minutes=1)
    wait_for(lambda: shop.told(number) == [{"form": "genuine", "status": 200}])

    with pytest.raises(GatewayRefused, match="ORDERPAID"):
        shop.driver.close(out_trade_no=number)
    with pytest.raises(GatewayRefused) as refused:
        shop.order(fen=12_34, number=number)
    assert refused.value.code == "ORDERPAID"

    named = {"transaction_id": transaction, "out_refund_no": f"R{number}"}
    assert shop.driver.query_refund(**named) is None
    for _ in range(2):  # the second time it is the same refund
        accepted = shop.driver.refund(
            **named, out_trade_no=number, fen=1234, total_fen=1234, reason="岗位取消", notify_url=""
        )
        assert accepted.status == "PROCESSING"
    done = shop.driver.query_refund(**named)
    assert done is not None
    assert (done.status, done.fen) == ("SUCCESS", 1234)
    back = wait_for(lambda: [one for one in shop.ours.got if isinstance(one, Refund)])[0]
    assert (back.out_refund_no, back.status, back.fen) == (f"R{number}", "SUCCESS", 1234)
    assert shop.driver.query(out_trade_no=number) is not None  # it was paid, also when refunded

    bill = shop.driver.bill(day=datetime.now(BEIJING).date())
    lines = [(line.refund_no, line.fen) for line in bill if line.out_trade_no == number]
    assert sorted(lines) == [("", 1234), (f"R{number}", 1234)]
    with pytest.raises(GatewayRefused) as empty:
        shop.driver.bill(day=datetime(2020, 1, 1).date())
    assert empty.value.code == "NO_STATEMENT_EXIST"


def test_closing_is_no_error_when_nobody_scanned_and_ends_the_order(shop: Shop) -> None:
    shop.driver.close(out_trade_no="NOBODY_KNOWS_ME")
    number = shop.order()
    shop.driver.close(out_trade_no=number)
    shop.driver.close(out_trade_no=number)
    assert shop.driver.query(out_trade_no=number) is None
    with pytest.raises(GatewayRefused):
        shop.order(number=number)


@pytest.mark.parametrize("form", sorted(EXPECTED))
def test_a_forged_or_idle_notification_is_refused_with_its_reason(opened: Shop, form: str) -> None:
    """Signed with the sandbox's real keys; no network is touched (see below)."""
    body = _forged(opened, form)
    with pytest.raises(CallbackRefused) as refused:
        opened.driver.read_callback({}, body, time.time())
    assert refused.value.reason is EXPECTED[form]


def _forged(shop: Shop, form: str) -> bytes:
    folder: Path = shop.folder  # type: ignore[attr-defined]
    keys = AlipayKeys.load(folder / "alipay-gateway.json")
    order = Order("EXAM1234567", "t", 5000, "笔试", shop.url, "", 0)
    now = int(time.time())
    paid = replace(
        order, state="SUCCESS", transaction_id="2026102022001" + "1" * 15,
        notification_id="EV-1", paid_at=now,
    )  # fmt: skip
    return FORMS[form](keys, paid, now).body


def test_every_form_has_an_expected_outcome(opened: Shop) -> None:
    assert EXPECTED.keys() == FORGERIES.keys() | QUIET.keys()
    assert OF_REFUNDS.keys() == REFUND_FORGERIES.keys()
    assert len(FORGERIES) >= 20
    genuine = opened.driver.read_callback({}, _forged(opened, "genuine"), time.time())
    assert isinstance(genuine, Payment)
    assert genuine.fen == 5000
    for form in DISAGREEING:  # only the books can tell
        assert opened.driver.read_callback({}, _forged(opened, form), time.time()) != genuine


def test_no_notification_makes_the_driver_use_the_network(
    opened: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = [_forged(opened, form) for form in sorted(EXPECTED)]

    def no_network(*_args: object, **_named: object) -> None:
        raise AssertionError("a notification opened a connection")

    monkeypatch.setattr(socket, "create_connection", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    for body in bodies:
        with pytest.raises(CallbackRefused):
            opened.driver.read_callback({}, body, time.time())


def test_what_is_refused_is_told_failure_and_not_repeated_into_belief(shop: Shop) -> None:
    shop.control("behaviour", {"refund_forms": sorted(REFUND_FORGERIES)})
    number = shop.order()
    transaction = shop.control(f"pay/{number}", {"forms": ["amount-changed", "waits"]})
    wait_for(lambda: len(shop.told(number)) == 2)
    assert {one["form"]: one["status"] for one in shop.told(number)} == {
        "amount-changed": 400,
        "waits": 200,
    }
    shop.ours.got.clear()
    shop.driver.refund(
        transaction_id=transaction["transaction_id"], out_trade_no=number,
        out_refund_no=f"R{number}", fen=5000, total_fen=5000, reason="x", notify_url="",
    )  # fmt: skip
    wait_for(lambda: len(shop.told(f"R{number}")) == len(OF_REFUNDS))
    reasons = {one.reason for one in shop.ours.got if isinstance(one, CallbackRefused)}
    assert reasons == set(OF_REFUNDS.values())
    assert len(shop.ours.got) == len(OF_REFUNDS)


def test_the_sandbox_duplicates_drops_and_reorders_on_either_wire(shop: Shop) -> None:
    twice, lost, one, two = (shop.order() for _ in range(4))
    shop.control(f"pay/{twice}", {"duplicates": 2})
    wait_for(lambda: len(shop.told(twice)) == 3)
    shop.control(f"pay/{lost}", {"drop": True})
    shop.ours.got.clear()
    shop.control(f"pay/{one}", {"hold": 2})
    time.sleep(0.1)
    assert shop.told(one) == [] == shop.told(lost)
    shop.control(f"pay/{two}", {"hold": 2})
    wait_for(lambda: shop.told(one))
    assert [told.out_trade_no for told in shop.ours.got if isinstance(told, Payment)] == [two, one]
    assert shop.driver.query(out_trade_no=lost) is not None

    folder: Path = shop.folder  # type: ignore[attr-defined]
    wechat = WechatNative(Merchant.load(folder / "merchant.json"))
    number = f"EXAM-{next(NUMBERS)}"
    wechat.create(
        out_trade_no=number, fen=1, description="x", notify_url=shop.url,
        expires=datetime.now(UTC) + timedelta(minutes=30),
    )  # fmt: skip
    status, _ = http(f"{shop.base}/sandbox/pay/{number}", "POST", {"duplicates": 1})
    assert status == 200
    tried = f"{shop.base}/sandbox/callbacks/{number}"
    wait_for(lambda: len(json.loads(http(tried)[1])["attempts"]) >= 2)


def test_the_gateway_checks_our_signature_our_time_and_our_zone(shop: Shop) -> None:
    folder: Path = shop.folder  # type: ignore[attr-defined]
    merchant = AlipayMerchant.load(folder / "alipay.json")
    other = AlipayMerchant.load(
        make_alipay(folder / "other", gateway=shop.base, notify_url=shop.url)
    )
    stranger = AlipayPrecreate(replace(merchant, private_key=other.private_key))
    with pytest.raises(GatewayError, match="invalid-signature"):
        stranger.query(out_trade_no="EXAM123")
    misled = AlipayPrecreate(replace(merchant, public_key=other.public_key))
    with pytest.raises(GatewayError, match="cannot be trusted"):
        misled.query(out_trade_no="EXAM123")
    status, body = http(f"{shop.base}/gateway.do?{urlencode({'app_id': merchant.app_id})}")
    assert status == 200
    assert b'"error_response"' in body
    assert b'"sign"' not in body


@pytest.mark.parametrize("answer", ["500", "nothing", "not json", "unsigned", "redirect"])
def test_every_bad_answer_is_an_error_of_ours(shop: Shop, answer: str) -> None:
    """Whatever the SDK raises: HTTPError, AttributeError, ValueError, AliPayException."""
    texts = {"not json": b"<html>", "unsigned": b'{"alipay_trade_query_response":{"code":"10000"}}'}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response({"500": 500, "redirect": 302}.get(answer, 200))
            self.send_header("Location", f"{shop.base}/gateway.do")
            self.end_headers()
            self.wfile.write(texts.get(answer, b""))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder: Path = shop.folder  # type: ignore[attr-defined]
    merchant = AlipayMerchant.load(folder / "alipay.json")
    driver = AlipayPrecreate(
        replace(merchant, gateway=f"http://127.0.0.1:{server.server_port}/gateway.do")
    )
    kind = GatewayUnavailable if answer in ("500", "redirect") else GatewayError
    with pytest.raises(kind):
        driver.query(out_trade_no="EXAM123")
    server.shutdown()
    server.server_close()
    with pytest.raises(GatewayUnavailable):
        driver.query(out_trade_no="EXAM123")


def test_a_merchant_file_and_a_bill_that_cannot_be_right_are_refused(tmp_path: Path) -> None:
    path = make_alipay(tmp_path, gateway="http://127.0.0.1:1", notify_url="http://127.0.0.1/x")
    merchant = AlipayMerchant.load(path)
    assert merchant.private_key not in repr(merchant)
    for wrong in ({"gateway": "http://example.org/gateway.do"}, {"seller_id": "1"},
                  {"private_key": "-"}):  # fmt: skip
        with pytest.raises(GatewayError):
            AlipayPrecreate(replace(merchant, **wrong))
    path.write_text("{}")
    with pytest.raises(GatewayError, match="lacks the entry app_id"):
        AlipayMerchant.load(path)
    for packed in (b"", b"PK"):
        with pytest.raises(GatewayError):
            alipay_bill.read(packed)
