"""The sandbox as a real process, our driver, and a real HTTP receiver for its callbacks."""

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from exam_system.fees.gateway import CallbackRefused, PayLink, Payment, Refund
from exam_system.fees.wechat import Merchant, WechatNative, answer_ok, answer_refused

ROOT = Path(__file__).parents[2]
NUMBERS = count(int(time.time()))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], seconds: float = 10) -> Any:
    """The first true answer of `what`; fails the test when none comes in time."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "nothing came in time"
        time.sleep(0.01)
    return found


def http(url: str, method: str = "GET", data: Any = None, **headers: str) -> tuple[int, bytes]:
    """One plain request, redirects followed, no proxy."""
    body = json.dumps(data).encode() if data is not None else None
    kind = {"Content-Type": "application/json"} if body else {}
    request = urllib.request.Request(url, body, kind | headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes
    verdict: Payment | Refund | CallbackRefused | None


@dataclass
class Receiver:
    """Takes callbacks over HTTP, lets the driver judge them, answers as our system will."""

    base: str = ""
    round: int = 0  # callbacks still under way from an earlier test carry its number
    driver: WechatNative | None = None
    unavailable: int = 0  # answer 503 that many times first
    got: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"{self.base}/fees/callback/{self.round}"

    def judge(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        assert self.driver is not None
        with self.lock:
            if not self.url.endswith(path):
                return answer_ok()
            if self.unavailable:
                self.unavailable -= 1
                return 503, {}
        verdict: Payment | Refund | CallbackRefused
        try:
            verdict = self.driver.read_callback(headers, body, time.time())
            answer = answer_ok()
        except CallbackRefused as refused:
            verdict, answer = refused, answer_refused(refused.reason)
        with self.lock:
            self.got.append(Received(headers, body, verdict))
        return answer


@dataclass
class Bench:
    """Everything a test needs: driver, sandbox base URL, receiver."""

    driver: WechatNative
    merchant: Merchant
    base: str
    receiver: Receiver
    folder: Path

    def number(self) -> str:
        return f"EXAM-{next(NUMBERS)}"

    def order(self, number: str, fen: int = 5000, **more: Any) -> PayLink:
        terms = {"description": "笔试缴费（2 科）", "notify_url": self.receiver.url} | more
        terms.setdefault("expires", datetime.now(UTC) + timedelta(minutes=30))
        return self.driver.create(out_trade_no=number, fen=fen, **terms)

    def behave(self, **switches: Any) -> None:
        status, body = http(f"{self.base}/sandbox/behaviour", "POST", switches)
        assert status == 200, body

    def pay(self, number: str) -> int:
        return http(f"{self.base}/sandbox/pay/{number}", "POST", {})[0]

    def paid(self, fen: int = 5000) -> str:
        number = self.number()
        self.order(number, fen)
        assert self.pay(number) == 200
        return number

    def refund(
        self, number: str, fen: int, total: int, *, name: str = "", transaction: str = ""
    ) -> Refund:
        """Ask for a refund of the order's payment, or of another transaction."""
        payment = self.driver.query(out_trade_no=number)
        return self.driver.refund(
            transaction_id=transaction or (payment.transaction_id if payment else "4200000000"),
            out_trade_no=number,
            out_refund_no=name or f"R-{number}",
            fen=fen,
            total_fen=total,
            reason="岗位取消",
            notify_url=self.receiver.url,
        )

    def attempts(self, number: str) -> list[dict[str, Any]]:
        answer = json.loads(http(f"{self.base}/sandbox/callbacks/{number}")[1])
        return list(answer["attempts"])


def start(folder: Path, port: int) -> subprocess.Popen[str]:
    """The sandbox process, ready to answer."""
    command = [sys.executable, "-m", "exam_system.fees.sandbox", "--port", str(port)]
    command += ["--merchant", str(folder / "gateway.json"), "--state", str(folder / "state.jsonl")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("sandbox payment gateway on")
    return process


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
