"""Order, pay, callback, query, close, refund and bill, over real HTTP both ways."""

import html
import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fees_bench import Bench, http, wait_for

from exam_system.fees.gateway import GatewayError, GatewayRefused, Payment, Refund
from exam_system.fees.wechat_bill import BEIJING


def test_a_paid_order_arrives_by_callback_and_is_found_by_query(bench: Bench) -> None:
    before = int(time.time())
    number = bench.number()
    bench.order(number, fen=12345)
    assert bench.driver.query(out_trade_no=number) is None
    assert bench.pay(number) == 200
    [received] = wait_for(lambda: bench.receiver.got)
    told = received.verdict
    assert isinstance(told, Payment)
    assert (told.out_trade_no, told.fen, told.payer_total) == (number, 12345, 12345)
    assert told.notification_id
    assert before <= told.paid_at.timestamp() <= time.time()
    found = bench.driver.query(out_trade_no=number)
    assert found is not None
    assert found.notification_id is None
    assert (found.transaction_id, found.fen, found.paid_at) == (
        told.transaction_id,
        told.fen,
        told.paid_at,
    )
    assert wait_for(lambda: bench.attempts(number)) == [{"form": "genuine", "status": 200}]


def test_a_person_pays_on_the_page_and_finds_the_way_back(bench: Bench) -> None:
    number, back = bench.number(), "http://127.0.0.1:5000/applications/7?a=1&b=2"
    url = bench.order(number, fen=5000, description="<b>笔试</b>", return_url=back).url
    status, page = http(url)
    text = page.decode()
    assert status == 200
    assert "¥ 50.00" in text
    assert "&lt;b&gt;笔试" in text
    assert "<script" not in text
    action = re.search(r'<form method="post" action="([^"]+)"', text)
    assert action
    status, page = http(bench.base + html.unescape(action[1]), "POST")
    text = page.decode()
    assert status == 200
    assert "支付成功" in text
    assert "<form" not in text
    assert f'href="{html.escape(back)}"' in text
    assert isinstance(wait_for(lambda: bench.receiver.got)[0].verdict, Payment)


def test_paying_twice_on_the_page_takes_the_money_once(bench: Bench) -> None:
    number = bench.number()
    url = bench.order(number).url
    assert [http(url, "POST")[0] for _ in range(2)] == [200, 200]
    first = bench.driver.query(out_trade_no=number)
    wait_for(lambda: bench.attempts(number))
    time.sleep(0.2)
    assert len(bench.attempts(number)) == 1
    assert bench.driver.query(out_trade_no=number) == first


def test_the_page_links_back_only_to_web_addresses(bench: Bench) -> None:
    url = bench.order(bench.number()).url
    assert (
        'href="https://exam.example/a"'
        in http(f"{url}?return_url=https://exam.example/a")[1].decode()
    )
    assert "javascript:" not in re.sub(
        r'action="[^"]*"', "", http(f"{url}?return_url=javascript:alert(1)")[1].decode()
    )


def test_the_page_has_a_strict_policy(bench: Bench) -> None:
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(bench.order(bench.number()).url) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self'")
    assert "unsafe" not in policy


def test_the_same_order_again_gives_the_same_link_and_other_terms_are_refused(
    bench: Bench,
) -> None:
    number, end = bench.number(), datetime.now(UTC) + timedelta(hours=1)
    first = bench.order(number, expires=end)
    assert bench.order(number, expires=end) == first
    with pytest.raises(GatewayRefused) as refused:
        bench.order(number, fen=4999, expires=end)
    assert refused.value.code == "OUT_TRADE_NO_USED"


def test_a_closed_order_cannot_be_paid_and_a_paid_one_not_closed(bench: Bench) -> None:
    number = bench.number()
    url = bench.order(number).url
    bench.driver.close(out_trade_no=number)
    bench.driver.close(out_trade_no=number)
    assert bench.pay(number) == 400
    assert "订单已关闭" in http(url, "POST")[1].decode()
    assert bench.driver.query(out_trade_no=number) is None
    with pytest.raises(GatewayRefused) as refused:
        bench.driver.close(out_trade_no=bench.paid())
    assert refused.value.code == "ORDERPAID"


def test_an_expired_order_cannot_be_paid(bench: Bench) -> None:
    number = bench.number()
    url = bench.order(number, expires=datetime.now(UTC) + timedelta(seconds=2)).url
    assert "<form" in http(url)[1].decode()
    time.sleep(2.1)
    assert "<form" not in http(url)[1].decode()
    assert bench.pay(number) == 400


def test_unknown_orders_and_refunds_are_none(bench: Bench) -> None:
    assert bench.driver.query(out_trade_no="NEVER-SEEN") is None
    assert bench.driver.query_refund(out_refund_no="NEVER-SEEN") is None
    with pytest.raises(GatewayRefused) as refused:
        bench.driver.close(out_trade_no="NEVER-SEEN")
    assert refused.value.code == "ORDER_NOT_EXIST"


def test_a_refund_is_accepted_first_and_done_later(bench: Bench) -> None:
    bench.behave(refund_takes=1)
    number = bench.paid(fen=5000)

    def ask() -> Refund:
        return bench.refund(number, 5000, 5000)

    refund = ask()
    assert (refund.status, refund.fen, refund.out_trade_no) == ("PROCESSING", 5000, number)
    assert ask().refund_id == refund.refund_id

    def done() -> bool:
        seen = bench.driver.query_refund(out_refund_no=f"R-{number}")
        assert seen is not None
        return seen.status == "SUCCESS"

    assert not done()
    wait_for(done)
    paid = bench.driver.query(out_trade_no=number)
    assert paid is not None, "a refunded order was paid all the same"


@pytest.mark.parametrize(("fen", "total"), [(5001, 5001), (100, 4999)])
def test_a_refund_that_does_not_fit_the_order_is_refused(
    bench: Bench, fen: int, total: int
) -> None:
    number = bench.paid(fen=5000)
    with pytest.raises(GatewayRefused) as refused:
        bench.refund(number, fen, total)
    assert refused.value.code == "INVALID_REQUEST"


def test_partial_refunds_stop_at_the_amount_and_keep_the_minute_between(bench: Bench) -> None:
    number = bench.paid(fen=5000)

    def refund(part: int, fen: int) -> None:
        bench.refund(number, fen, 5000, name=f"R-{number}-{part}")

    refund(1, 3000)
    with pytest.raises(GatewayRefused, match="INVALID_REQUEST"):
        refund(2, 2001)
    bench.behave(refund_gap=60)
    with pytest.raises(GatewayRefused, match="FREQUENCY_LIMITED"):
        refund(3, 2000)
    bench.behave(refund_gap=0)
    refund(3, 2000)


def test_an_unpaid_order_cannot_be_refunded(bench: Bench) -> None:
    number = bench.number()
    bench.order(number)
    with pytest.raises(GatewayRefused, match="RESOURCE_NOT_EXISTS"):
        bench.refund(number, 1, 5000)


def test_an_order_paid_twice_has_two_transactions_and_each_goes_back_by_itself(
    bench: Bench,
) -> None:
    number = bench.paid(fen=5000)
    first = bench.driver.query(out_trade_no=number)
    assert http(f"{bench.base}/sandbox/pay-again/{number}", "POST", {})[0] == 200
    second = wait_for(lambda: len(bench.receiver.got) == 2 and bench.receiver.got[1]).verdict
    assert isinstance(first, Payment)
    assert isinstance(second, Payment)
    assert second.transaction_id != first.transaction_id
    bench.refund(number, 5000, 5000, transaction=second.transaction_id)
    today = datetime.now(BEIJING).date()
    lines = [line for line in bench.driver.bill(day=today) if line.out_trade_no == number]
    assert sorted((line.transaction_id, line.refund_no) for line in lines) == sorted(
        [
            (first.transaction_id, ""),
            (second.transaction_id, ""),
            (second.transaction_id, f"R-{number}"),
        ]
    )


@pytest.mark.parametrize("ends", ["SUCCESS", "CLOSED", "ABNORMAL"])
def test_the_end_of_a_refund_is_notified_and_found_by_query(bench: Bench, ends: str) -> None:
    bench.behave(refund_ends=ends, duplicates=1)
    number = bench.paid(fen=5000)
    accepted = bench.refund(number, 4000, 5000)
    found = bench.driver.query_refund(out_refund_no=f"R-{number}")
    assert isinstance(found, Refund)
    refunds = wait_for(
        lambda: [
            received.verdict
            for received in bench.receiver.got
            if isinstance(received.verdict, Refund)
        ]
    )
    assert (accepted.status, found.status, refunds[0].status) == ("PROCESSING", ends, ends)
    assert found.made_at == accepted.made_at
    assert (found.done_at is None) == (ends != "SUCCESS")
    assert refunds[0] == replace(found, made_at=None)


def test_the_bill_lists_payments_and_refunds_in_fen(bench: Bench) -> None:
    today = datetime.now(BEIJING).date()
    number, other = bench.number(), bench.paid(fen=7)
    bench.order(number, fen=123456, description="笔试，含逗号, `引号`")
    bench.pay(number)
    bench.refund(number, 100, 123456)
    lines = {(line.out_trade_no, line.refund_no): line for line in bench.driver.bill(day=today)}
    assert lines[number, ""].fen == 123456
    assert lines[number, f"R-{number}"].fen == 100
    assert lines[other, ""].fen == 7
    paid = bench.driver.query(out_trade_no=number)
    assert paid is not None
    line = lines[number, ""]
    assert (line.transaction_id, line.at) == (paid.transaction_id, paid.paid_at)
    with pytest.raises(GatewayRefused) as refused:
        bench.driver.bill(day=today - timedelta(days=400))
    assert refused.value.code == "NO_STATEMENT_EXIST"


def test_a_callback_that_got_no_answer_comes_again_with_the_same_id(bench: Bench) -> None:
    bench.receiver.unavailable = 2
    number = bench.paid()
    wait_for(lambda: len(bench.attempts(number)) == 3)
    assert [a["status"] for a in bench.attempts(number)] == [503, 503, 200]
    assert len(bench.receiver.got) == 1


def test_duplicates_are_fresh_messages_about_one_notification(bench: Bench) -> None:
    bench.behave(duplicates=4)
    bench.paid()
    got = wait_for(lambda: len(bench.receiver.got) == 5 and bench.receiver.got)
    assert len({received.body for received in got}) == 5
    payments = [received.verdict for received in got]
    assert isinstance(payments[0], Payment)
    assert set(payments) == {payments[0]}


def test_a_dropped_callback_is_found_by_query_and_can_be_sent_later(bench: Bench) -> None:
    bench.behave(drop=True)
    number = bench.paid()
    time.sleep(0.3)
    assert bench.receiver.got == []
    found = bench.driver.query(out_trade_no=number)
    assert found is not None
    bench.behave(drop=False)
    assert http(f"{bench.base}/sandbox/notify/{number}", "POST", {})[0] == 200
    told = wait_for(lambda: bench.receiver.got)[0].verdict
    assert isinstance(told, Payment)
    assert told.transaction_id == found.transaction_id


def test_a_delayed_callback_comes_late(bench: Bench) -> None:
    bench.behave(delay=0.6)
    start = time.monotonic()
    bench.paid()
    wait_for(lambda: bench.receiver.got)
    assert time.monotonic() - start >= 0.6


@pytest.mark.parametrize(
    "switches",
    [
        {"dropp": True},
        {"drop": 1},
        {"duplicates": "2"},
        {"delay": -1},
        {"retry_delays": ["1"]},
        {"forms": ["no-such"]},
        {"refund_forms": ["not-paid"]},
        {"refund_ends": "LOST"},
    ],
)
def test_a_switch_that_does_not_exist_is_refused(bench: Bench, switches: dict[str, object]) -> None:
    assert http(f"{bench.base}/sandbox/behaviour", "POST", switches)[0] == 400


@pytest.mark.parametrize(
    "change",
    [
        {"fen": 0},
        {"fen": True},
        {"number": "short"},
        {"number": "has/slash-in-it"},
        {"description": ""},
        {"description": "长" * 128},
        {"return_url": "https://exam.example/" + "a" * 120},
        {"expires": datetime(2030, 1, 1)},
    ],
)
def test_an_order_that_cannot_work_is_refused_before_the_network(
    bench: Bench, change: dict[str, object]
) -> None:
    terms = {"number": bench.number(), **change}
    with pytest.raises(GatewayError):
        bench.order(**terms)  # type: ignore[arg-type]


def test_the_gateways_own_no_is_told_with_its_code(bench: Bench) -> None:
    with pytest.raises(GatewayRefused, match="notify_url must be") as refused:
        bench.order(bench.number(), notify_url="http://127.0.0.1:1/x?token=1")
    assert refused.value.code == "PARAM_ERROR"


def test_answers_are_json_that_the_gateway_understands() -> None:
    from exam_system.fees.wechat import answer_ok, answer_refused

    assert answer_ok() == (200, {"code": "SUCCESS", "message": ""})
    status, body = answer_refused("the currency is not CNY")
    assert 400 <= status < 500
    assert json.loads(json.dumps(body)) == {"code": "FAIL", "message": "the currency is not CNY"}
