"""Each side distrusts the other: wrong keys, changed answers, a gateway that is down, restarts."""

import gzip
import hashlib
import json
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fees_bench import Bench, free_port, http, start, stop

from exam_system.fees import wechat_bill
from exam_system.fees.gateway import GatewayError, GatewayRefused, GatewayUnavailable, Payment
from exam_system.fees.sandbox import make_merchant
from exam_system.fees.sandbox.wire import Keys, encode, signed_headers
from exam_system.fees.wechat import Merchant, WechatNative

Answer = tuple[int, dict[str, str], bytes]


def other_merchant(bench: Bench, folder: Path) -> Merchant:
    path = make_merchant(folder, gateway=bench.base, notify_url=bench.receiver.url)
    return Merchant.load(path)


def test_a_request_signed_with_another_key_is_refused_401(bench: Bench, tmp_path: Path) -> None:
    stranger = other_merchant(bench, tmp_path)
    driver = WechatNative(replace(bench.merchant, private_key=stranger.private_key))
    with pytest.raises(GatewayRefused) as refused:
        driver.query(out_trade_no="EXAM-1")
    assert refused.value.code == "SIGN_ERROR"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic YTpi",
        "WECHATPAY2-SHA256-RSA2048 ",
        'WECHATPAY2-SHA256-RSA2048 mchid="1",nonce_str="a",signature="b",timestamp="1"',
    ],
)
def test_an_unsigned_request_is_401(bench: Bench, authorization: str) -> None:
    path = "/v3/pay/transactions/out-trade-no/EXAM-1?mchid=" + bench.merchant.mchid
    status, body = http(bench.base + path, Authorization=authorization)
    assert status == 401
    assert json.loads(body)["code"] == "SIGN_ERROR"


def signed(bench: Bench, target: str, at_shift: int = 0) -> str:
    """An Authorization header by the merchant's key for one GET, made without the SDK."""
    import base64
    import time

    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    at = int(time.time()) + at_shift
    key = load_pem_private_key(bench.merchant.private_key.encode(), None)
    text = f"GET\n{target}\n{at}\nn0nce\n\n".encode()
    mark = base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()  # type: ignore[union-attr,call-arg,arg-type]
    return (
        f'WECHATPAY2-SHA256-RSA2048 mchid="{bench.merchant.mchid}",nonce_str="n0nce",'
        f'signature="{mark}",timestamp="{at}",serial_no="{bench.merchant.serial}"'
    )


def test_a_signature_covers_path_query_and_time(bench: Bench) -> None:
    target = f"/v3/pay/transactions/out-trade-no/{bench.paid()}?mchid={bench.merchant.mchid}"
    good = signed(bench, target)
    assert http(bench.base + target, Authorization=good)[0] == 200
    assert http(bench.base + target + "&a=1", Authorization=good)[0] == 401
    assert http(bench.base + target.replace("EXAM", "EXAN"), Authorization=good)[0] == 401
    assert http(bench.base + target, Authorization=signed(bench, target, -600))[0] == 401


def test_an_answer_by_another_platform_key_is_not_believed(bench: Bench, tmp_path: Path) -> None:
    stranger = other_merchant(bench, tmp_path)
    driver = WechatNative(replace(bench.merchant, public_key=stranger.public_key))
    with pytest.raises(GatewayError, match="cannot be trusted"):
        driver.query(out_trade_no=bench.paid())


def test_an_unknown_platform_serial_downloads_no_certificates(bench: Bench) -> None:
    keys = Keys.load(bench.folder / "gateway.json")
    asked: list[str] = []

    def answer(path: str) -> Answer:
        asked.append(path)
        return 200, signed_headers(replace(keys, public_key_id="5157F09E"), b"{}", at=1), b"{}"

    with scripted(answer) as base:
        driver = WechatNative(replace(bench.merchant, gateway=base))
        with pytest.raises(GatewayError, match="cannot be trusted"):
            driver.query(out_trade_no="EXAM-1")
    assert [path.split("?")[0] for path in asked] == ["/v3/pay/transactions/out-trade-no/EXAM-1"]


@contextmanager
def scripted(answer: Callable[[str], Answer]) -> Iterator[str]:
    """A gateway that answers as the script says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, text in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def answers(bench: Bench, body: bytes, status: int = 200) -> Callable[[str], Answer]:
    """Correctly signed answers that all have the same body."""
    keys = Keys.load(bench.folder / "gateway.json")
    return lambda path: (status, signed_headers(keys, body, at=1), body)


PAID = {
    "trade_state": "SUCCESS",
    "out_trade_no": "EXAM-OTHER",
    "transaction_id": "42",
    "success_time": "2026-11-21T09:00:00+08:00",
    "amount": {"total": 5000, "payer_total": 5000, "currency": "CNY"},
}


@pytest.mark.parametrize(
    ("status", "body", "error", "sentence"),
    [
        (200, b"", GatewayError, "another out_trade_no"),
        (200, b"[]", GatewayUnavailable, "not a JSON object"),
        (200, b"{", GatewayUnavailable, "not JSON"),
        (502, b"<html>", GatewayUnavailable, "502"),
        (403, b"<html>", GatewayUnavailable, "not JSON"),
        (403, b'{"code":"NO_AUTH","message":"m"}', GatewayRefused, "NO_AUTH"),
        (200, encode(PAID), GatewayError, "another out_trade_no"),
        (200, encode({**PAID, "out_trade_no": "EXAM-1"}), GatewayError, "another merchant"),
    ],
)
def test_a_useless_answer_to_a_query_is_an_error_not_a_payment(
    bench: Bench, status: int, body: bytes, error: type[GatewayError], sentence: str
) -> None:
    with scripted(answers(bench, body, status)) as base:
        driver = WechatNative(replace(bench.merchant, gateway=base))
        with pytest.raises(error, match=sentence):
            driver.query(out_trade_no="EXAM-1")


def test_an_unsigned_answer_is_not_believed(bench: Bench) -> None:
    with scripted(lambda path: (200, {}, encode(PAID))) as base:
        driver = WechatNative(replace(bench.merchant, gateway=base))
        with pytest.raises(GatewayError, match="cannot be trusted"):
            driver.query(out_trade_no="EXAM-OTHER")


def test_a_gateway_that_is_down_is_unavailable(bench: Bench) -> None:
    driver = WechatNative(replace(bench.merchant, gateway=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(GatewayUnavailable, match="cannot be reached"):
        driver.query(out_trade_no="EXAM-1")


def test_a_bill_with_another_sha1_or_from_another_place_is_refused(bench: Bench) -> None:
    number = bench.paid()
    keys = Keys.load(bench.folder / "gateway.json")
    packed = gzip.compress(f"not the bill of {number}".encode())

    def announce(path: str) -> Answer:
        if "tradebill" not in path:
            return 200, {"Content-Type": "application/x-gzip"}, packed
        told = encode({"hash_type": "SHA1", "hash_value": "0" * 40, "download_url": url})
        return 200, signed_headers(keys, told, at=1), told

    with scripted(announce) as base:
        driver = WechatNative(replace(bench.merchant, gateway=base))
        url = f"{base}/file"
        with pytest.raises(GatewayError, match="SHA-1"):
            driver.bill(day=date(2026, 11, 20))
        url = f"{base}.stranger.example/file"
        with pytest.raises(GatewayError, match="not on the gateway"):
            driver.bill(day=date(2026, 11, 20))


HEAD = ",".join(wechat_bill.COLUMNS.values())
GOOD = "`2026-11-20 09:00:00,`42,`EXAM-1,`SUCCESS,`CNY,`0,`50.00,`0.00"


@pytest.mark.parametrize(
    ("line", "count", "sentence"),
    [
        (GOOD, 2, "count differs"),
        (GOOD.replace("50.00", "50.001"), 1, "whole fen"),
        (GOOD.replace("50.00", "fifty"), 1, "amount in yuan"),
        (GOOD.replace("CNY", "USD"), 1, "USD"),
        (GOOD.replace("SUCCESS", "REVOKED"), 1, "REVOKED"),
        (GOOD.replace("2026-11-20", "20/11/2026"), 1, "format changed"),
        (GOOD.removesuffix(",`0.00"), 1, "7 fields"),
    ],
)
def test_a_bill_with_a_wrong_line_is_refused(line: str, count: int, sentence: str) -> None:
    def read(row: str, lines: int) -> tuple[object, ...]:
        text = f"\ufeff{HEAD}\r\n{row}\r\ntotals\r\n`{lines},`50.00\r\n".encode()
        return wechat_bill.read(gzip.compress(text), hashlib.sha1(text).hexdigest())

    assert len(read(GOOD, 1)) == 1
    with pytest.raises(GatewayError, match=sentence):
        read(line, count)


def test_a_bill_without_a_column_is_refused() -> None:
    text = (HEAD.split(",", 1)[1] + "\ntotals\n`0\n").encode()
    with pytest.raises(GatewayError, match=wechat_bill.COLUMNS["at"]):
        wechat_bill.read(gzip.compress(text), hashlib.sha1(text).hexdigest())
    with pytest.raises(GatewayError, match="gzip"):
        wechat_bill.read(b"plain", "")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"apiv3_key": "short"}, "32 characters"),
        ({"public_key_id": "5157F0"}, "PUB_KEY_ID"),
        ({"public_key": "nonsense"}, "cannot be used"),
        ({"private_key": "nonsense"}, "cannot be used"),
        ({"gateway": "http://pay.example"}, "https"),
    ],
)
def test_a_merchant_that_cannot_work_is_refused_at_the_start(
    bench: Bench, change: dict[str, str], sentence: str
) -> None:
    with pytest.raises(GatewayError, match=sentence):
        WechatNative(replace(bench.merchant, **change))


def test_merchant_files_are_private_complete_and_never_overwritten(tmp_path: Path) -> None:
    terms = {"gateway": "http://127.0.0.1:1/", "notify_url": "http://127.0.0.1:2/n"}
    path = make_merchant(tmp_path, **terms)
    merchant = Merchant.load(path)
    assert merchant.gateway == "http://127.0.0.1:1"
    assert "PRIVATE" not in repr(merchant)
    assert merchant.apiv3_key not in repr(merchant)
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        make_merchant(tmp_path, **terms)
    assert path.read_bytes() == before
    path.write_text("{}")
    with pytest.raises(GatewayError, match="lacks the entry mchid"):
        Merchant.load(path)
    with pytest.raises(GatewayError, match="cannot be read"):
        Merchant.load(tmp_path / "nowhere.json")


def test_paid_orders_and_refunds_outlive_a_kill_even_with_a_torn_last_line(
    bench: Bench, tmp_path: Path
) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    merchant = Merchant.load(make_merchant(tmp_path, gateway=base, notify_url=bench.receiver.url))
    own = replace(bench, base=base, merchant=merchant, driver=WechatNative(merchant))
    process = start(tmp_path, port)
    try:
        own.behave(drop=True)
        number, open_number = own.paid(fen=777), own.number()
        own.order(open_number)
        before = own.driver.query(out_trade_no=number)
        own.refund(number, 7, 777)
    finally:
        stop(process)
    with (tmp_path / "state.jsonl").open("a") as file:
        file.write('{"order": {"out_tra')
    process = start(tmp_path, port)
    try:
        assert isinstance(before, Payment)
        assert own.driver.query(out_trade_no=number) == before
        assert own.driver.query_refund(out_refund_no="R-" + number) is not None
        own.behave(drop=True)
        assert own.pay(number) == 400
        assert own.pay(open_number) == 200
    finally:
        stop(process)
    rows = (tmp_path / "state.jsonl").read_text().splitlines()
    assert all(json.loads(row) for row in rows)


def test_the_sandbox_never_imports_the_sdk_it_checks() -> None:
    import subprocess
    import sys

    code = (
        "import sys, exam_system.fees.sandbox.app, exam_system.fees.sandbox.__main__;"
        "sys.exit(any(m.split('.')[0] in ('wechatpayv3', 'flask', 'sqlalchemy') "
        "for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
