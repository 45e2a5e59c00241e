"""Callbacks that must not be believed: sent by the sandbox over HTTP, refused by the driver."""

import json
import socket
import time
from typing import Any

import pytest
from fees_bench import Bench, wait_for

from exam_system.fees.gateway import CallbackRefused, Payment, Refusal
from exam_system.fees.sandbox.forgeries import DISAGREEING, FORGERIES, REFUND_FORGERIES

EXPECTED = {
    "no-signature": Refusal.MISSING_HEADER,
    "no-timestamp": Refusal.MISSING_HEADER,
    "no-nonce": Refusal.MISSING_HEADER,
    "no-serial": Refusal.MISSING_HEADER,
    "no-signature-type": Refusal.MISSING_HEADER,
    "other-signature-type": Refusal.SIGNATURE_TYPE,
    "unknown-serial": Refusal.UNKNOWN_SERIAL,
    "certificate-serial": Refusal.UNKNOWN_SERIAL,
    "day-old": Refusal.STALE,
    "six-minutes-old": Refusal.STALE,
    "six-minutes-ahead": Refusal.STALE,
    "timestamp-changed": Refusal.SIGNATURE,
    "timestamp-words": Refusal.TIMESTAMP,
    "nonce-changed": Refusal.SIGNATURE,
    "signature-of-a-stranger": Refusal.SIGNATURE,
    "signature-not-base64": Refusal.SIGNATURE,
    "signature-with-junk": Refusal.SIGNATURE,
    "signature-not-ascii": Refusal.NOT_ASCII,
    "serial-not-ascii": Refusal.NOT_ASCII,
    "signature-probe": Refusal.SIGNATURE,
    "body-changed": Refusal.SIGNATURE,
    "body-of-nothing": Refusal.SIGNATURE,
    "body-not-utf8": Refusal.NOT_JSON,
    "body-not-json": Refusal.NOT_JSON,
    "body-a-list": Refusal.NOT_JSON,
    "other-event": Refusal.EVENT,
    "event-of-a-refund": Refusal.STATE,
    "no-event": Refusal.EVENT,
    "no-id": Refusal.FIELDS,
    "no-resource": Refusal.RESOURCE,
    "resource-not-sealed": Refusal.RESOURCE,
    "resource-a-list": Refusal.RESOURCE,
    "other-algorithm": Refusal.RESOURCE,
    "resource-nonce-short": Refusal.RESOURCE,
    "resource-not-base64": Refusal.RESOURCE,
    "other-associated-data": Refusal.RESOURCE,
    "ciphertext-flipped": Refusal.RESOURCE,
    "sealed-with-other-key": Refusal.RESOURCE,
    "content-not-json": Refusal.RESOURCE,
    "content-not-utf8": Refusal.RESOURCE,
    "other-merchant": Refusal.MERCHANT,
    "other-application": Refusal.MERCHANT,
    "not-paid": Refusal.STATE,
    "dollars": Refusal.CURRENCY,
    "no-amount": Refusal.FIELDS,
    "amount-text": Refusal.FIELDS,
    "amount-true": Refusal.FIELDS,
    "amount-negative": Refusal.FIELDS,
    "amount-fraction": Refusal.FIELDS,
    "no-order-number": Refusal.FIELDS,
    "order-number-path": Refusal.FIELDS,
    "no-transaction-id": Refusal.FIELDS,
    "time-without-zone": Refusal.FIELDS,
    "time-words": Refusal.FIELDS,
}


OF_REFUNDS = {
    "event-of-a-payment": Refusal.MERCHANT,  # a refund tells of no application
    "not-the-events-state": Refusal.STATE,
    "no-refund-number": Refusal.FIELDS,
    "refund-text": Refusal.FIELDS,
    "refund-of-nothing": Refusal.FIELDS,
}


def test_every_forgery_has_an_expected_reason() -> None:
    assert EXPECTED.keys() == FORGERIES.keys()
    assert OF_REFUNDS.keys() == REFUND_FORGERIES.keys() - EXPECTED.keys()


def test_a_forged_notification_of_a_refund_is_refused_with_its_reason(bench: Bench) -> None:
    forms = sorted(REFUND_FORGERIES)
    bench.behave(refund_forms=forms)
    number = bench.paid()
    bench.refund(number, 5000, 5000)

    def answered() -> list[dict[str, Any]] | None:
        found = bench.attempts(f"R-{number}")  # one that is under way has no status yet
        return found if len(found) == len(forms) and all(one["status"] for one in found) else None

    attempts = wait_for(answered)
    assert {attempt["status"] for attempt in attempts} == {400}
    got = [received.verdict for received in bench.receiver.got]
    reasons = sorted(one.reason.name for one in got if isinstance(one, CallbackRefused))
    expected = {**EXPECTED, **OF_REFUNDS}
    assert reasons == sorted(expected[form].name for form in forms)


@pytest.mark.parametrize("form", EXPECTED)
def test_a_forged_callback_is_refused_with_its_reason(bench: Bench, form: str) -> None:
    bench.behave(forms=[form])
    number = bench.paid()
    attempts = wait_for(lambda: bench.attempts(number))
    assert attempts == [{"form": form, "status": 400}]
    [received] = bench.receiver.got
    assert isinstance(received.verdict, CallbackRefused)
    assert received.verdict.reason is EXPECTED[form]


@pytest.mark.parametrize("form", DISAGREEING)
def test_a_signed_disagreement_is_left_to_our_books(bench: Bench, form: str) -> None:
    bench.behave(forms=[form])
    number = bench.paid(fen=5000)
    told = wait_for(lambda: bench.receiver.got)[0].verdict
    assert isinstance(told, Payment)
    assert (told.out_trade_no, told.fen) != (number, 5000)


@pytest.fixture
def genuine(bench: Bench) -> tuple[dict[str, str], bytes]:
    bench.paid()
    [received] = wait_for(lambda: bench.receiver.got)
    assert isinstance(received.verdict, Payment)
    return received.headers, received.body


def test_the_window_is_five_minutes_both_ways(
    bench: Bench, genuine: tuple[dict[str, str], bytes]
) -> None:
    headers, body = genuine
    sent = int({name.lower(): text for name, text in headers.items()}["wechatpay-timestamp"])
    for shift in (-300, 0, 300):
        assert bench.driver.read_callback(headers, body, sent + shift).fen == 5000
    for shift in (-86400, -301, 301, 86400):
        with pytest.raises(CallbackRefused, match="five minutes"):
            bench.driver.read_callback(headers, body, sent + shift)


def test_header_names_are_read_in_any_case(
    bench: Bench, genuine: tuple[dict[str, str], bytes]
) -> None:
    headers, body = genuine
    for change in (str.upper, str.lower, str.title):
        spelled = {change(name): text for name, text in headers.items()}
        assert bench.driver.read_callback(spelled, body, time.time()).fen == 5000


def test_every_changed_byte_of_the_body_is_noticed(
    bench: Bench, genuine: tuple[dict[str, str], bytes]
) -> None:
    headers, body = genuine
    for place in range(0, len(body), 3):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(CallbackRefused):
            bench.driver.read_callback(headers, changed, time.time())


def test_refusing_opens_no_connection(
    bench: Bench, genuine: tuple[dict[str, str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, body = genuine
    dialled: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, to: dialled.append(to))
    serial = next(name for name in headers if name.lower() == "wechatpay-serial")
    for wrong in ("PUB_KEY_ID_0", "5157F09EFDC096DE15EBE81A47057A7", "zz"):
        with pytest.raises(CallbackRefused, match="serial"):
            bench.driver.read_callback({**headers, serial: wrong}, body, time.time())
    assert dialled == []


def test_a_signed_query_answer_is_no_callback(bench: Bench) -> None:
    """The gateway signs answers with the same key: one of them must not pass as a payment."""
    from exam_system.fees.sandbox.wire import Keys, encode, signed_headers

    keys = Keys.load(bench.folder / "gateway.json")
    body = encode({"trade_state": "SUCCESS", "out_trade_no": "EXAM-1", "mchid": keys.mchid})
    headers = signed_headers(keys, body, at=int(time.time()))
    with pytest.raises(CallbackRefused, match="event"):
        bench.driver.read_callback(headers, body, time.time())


def test_nothing_but_a_refusal_leaves_the_reader(bench: Bench) -> None:
    """Odd but correctly signed bodies, as bytes: each is refused, none raises anything else."""
    from exam_system.fees.sandbox.wire import Keys, signed_headers

    keys = Keys.load(bench.folder / "gateway.json")
    event = {"id": "EV-1", "event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource"}
    odd: list[object] = [None, 0, "", [], {}, {"algorithm": None}]
    odd += [
        {"algorithm": "AEAD_AES_256_GCM", "nonce": n, "ciphertext": c}
        for n in (1, "x" * 12, "é")
        for c in (1, "", "é", "AAAA", ["A"], None)
    ]
    bodies = [json.dumps(event | {"resource": resource}).encode() for resource in odd]
    bodies += [b"", b"null", b"[" * 100_000, b'{"id":1}', b"\x00", b"NaN"]
    for body in bodies:
        with pytest.raises(CallbackRefused):
            bench.driver.read_callback(
                signed_headers(keys, body, at=int(time.time())), body, time.time()
            )
