"""Alipay, payment code shown by the merchant (precreate): the driver around python-alipay-sdk.

What it adds: no exception of the SDK leaves it, requests carry Beijing's time whatever zone the
server is in, no redirect is followed and no unsigned answer believed, answers are compared with
what was asked, notifications are checked for form, age, application and seller.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, build_opener

import alipay as sdk

from exam_system.fees import alipay_bill, alipay_notice
from exam_system.fees.alipay_notice import BEIJING, FORMAT, Expected, fen_of, moment
from exam_system.fees.answers import same, text_of
from exam_system.fees.gateway import (
    BillLine,
    CallbackRefused,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    PayLink,
    Payment,
    Refund,
    Refusal,
)
from exam_system.fees.merchant_file import is_local, read_merchant, require_safe

ALIPAY = "Alipay"
TIMEOUT = 15  # seconds
LARGEST_ANSWER = 1 << 20  # bytes
LARGEST_BILL = 64 << 20
NUMBER = re.compile(r"[0-9A-Za-z_]{6,64}", re.ASCII)
PAID_STATES = ("TRADE_SUCCESS", "TRADE_FINISHED", "TRADE_CLOSED")


@dataclass(frozen=True, slots=True)
class AlipayMerchant:
    """One application of a merchant, as alipay.json holds it. Keys are PEM text and never shown."""

    app_id: str
    seller_id: str
    private_key: str = field(repr=False)
    public_key: str = field(repr=False)
    gateway: str
    notify_url: str

    @classmethod
    def load(cls, path: Path) -> "AlipayMerchant":
        """Read alipay.json; raises GatewayError that names what is missing."""
        return read_merchant(cls, path)

    def check(self) -> None:
        """Refuse what would only fail later, in front of a candidate."""
        if not re.fullmatch(r"2088[0-9]{12}", self.seller_id):
            raise GatewayError("the seller_id has 16 digits and begins with 2088")
        require_safe(self.gateway)


class _Stay(HTTPRedirectHandler):
    """The gateway never sends anybody elsewhere."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        return None


class _Signed(sdk.AliPay):  # type: ignore[misc]
    """The SDK with our own way over the network; what it signs and verifies stays the SDK's."""

    def verified_sync_response(self, data: Mapping[str, Any], response_type: str) -> Any:
        url = f"{self._gateway}?{self.sign_data(data)}"
        with _opener(self._gateway).open(url, timeout=TIMEOUT) as answer:
            raw = answer.read(LARGEST_ANSWER).decode()
        return self._verify_and_return_sync_response(raw, response_type)


class AlipayPrecreate:
    """Our PaymentGateway over Alipay's precreate (a QR code the candidate scans)."""

    def __init__(self, merchant: AlipayMerchant) -> None:
        merchant.check()
        self._merchant = merchant
        self._expected = Expected(merchant.app_id, merchant.seller_id)
        self._sdk = _sdk(merchant)

    def create(
        self,
        *,
        out_trade_no: str,
        fen: int,
        description: str,
        notify_url: str,
        expires: datetime,
        return_url: str = "",
    ) -> PayLink:
        """Open an order; see PaymentGateway. Alipay's code has no place for `return_url`."""
        _check_order(out_trade_no, fen, expires)
        content = {
            "out_trade_no": out_trade_no,
            "total_amount": yuan(fen),
            "subject": description,
            "seller_id": self._merchant.seller_id,
            "time_expire": expires.astimezone(BEIJING).strftime(FORMAT),
        }
        answer = self._call("alipay.trade.precreate", content, notify_url=notify_url)
        same(answer, "out_trade_no", out_trade_no, ALIPAY)
        return PayLink(text_of(answer, "qr_code", ALIPAY))

    def query(self, *, out_trade_no: str) -> Payment | None:
        """The payment of an order, also when it was refunded since; None when nobody paid.

        Alipay knows a trade only once somebody has scanned its code.
        """
        _check_number(out_trade_no)
        try:
            answer = self._call("alipay.trade.query", {"out_trade_no": out_trade_no})
        except GatewayRefused as refused:
            if refused.code == "ACQ.TRADE_NOT_EXIST":
                return None
            raise
        same(answer, "out_trade_no", out_trade_no, ALIPAY)
        if answer.get("trade_status") not in PAID_STATES or not answer.get("send_pay_date"):
            return None
        try:
            return alipay_notice.payment_of(answer | {"gmt_payment": answer["send_pay_date"]}, None)
        except CallbackRefused as refused:
            raise GatewayError(f"the answer about order {out_trade_no}: {refused}") from refused

    def close(self, *, out_trade_no: str) -> None:
        """Make an unpaid order unpayable; closing it twice, or one nobody scanned, is no error."""
        _check_number(out_trade_no)
        try:
            self._call("alipay.trade.close", {"out_trade_no": out_trade_no})
        except GatewayRefused as refused:
            if refused.code not in ("ACQ.TRADE_NOT_EXIST", "ACQ.TRADE_HAS_CLOSE"):
                raise

    def refund(
        self,
        *,
        transaction_id: str,
        out_trade_no: str,
        out_refund_no: str,
        fen: int,
        total_fen: int,
        reason: str,
        notify_url: str,
    ) -> Refund:
        """Ask for a refund; the answer is taken as accepted, `query_refund` says when it is done.

        Alipay reports a refund to the order's own `notify_url`.
        """
        _check_number(out_trade_no)
        _check_number(out_refund_no)
        if not 1 <= fen <= total_fen:
            raise GatewayError("a refund is at least one fen and at most the order's amount")
        content = {
            "trade_no": transaction_id,
            "out_trade_no": out_trade_no,
            "refund_amount": yuan(fen),
            "out_request_no": out_refund_no,
            "refund_reason": reason,
        }
        answer = self._call("alipay.trade.refund", content)
        same(answer, "trade_no", transaction_id, ALIPAY)
        same(answer, "out_trade_no", out_trade_no, ALIPAY)
        name = f"{transaction_id}-{out_refund_no}"[:64]
        return Refund(
            out_refund_no, out_trade_no, transaction_id, name, "PROCESSING", fen, None, None
        )

    def query_refund(self, *, out_refund_no: str, transaction_id: str = "") -> Refund | None:
        """How far a refund of a trade is, None when Alipay has never heard of it."""
        _check_number(out_refund_no)
        content = {
            "trade_no": transaction_id,
            "out_request_no": out_refund_no,
            "query_options": ["gmt_refund_pay"],
        }
        try:
            answer = self._call("alipay.trade.fastpay.refund.query", content)
        except GatewayRefused as refused:
            if refused.code == "ACQ.TRADE_NOT_EXIST":
                return None
            raise
        if "out_request_no" not in answer:
            return None
        same(answer, "out_request_no", out_refund_no, ALIPAY)
        same(answer, "trade_no", transaction_id, ALIPAY)
        return _refund_of(answer, out_refund_no)

    def bill(self, *, day: date) -> tuple[BillLine, ...]:
        """The statement of one day; there on the next day after 9:00.

        A day without any trade is GatewayRefused with the code NO_STATEMENT_EXIST.
        """
        content = {"bill_type": "trade", "bill_date": day.isoformat()}
        answer = self._call("alipay.data.dataservice.bill.downloadurl.query", content)
        url = text_of(answer, "bill_download_url", ALIPAY)
        if not _is_alipays(url, self._merchant.gateway):
            raise GatewayError("the bill's address is not Alipay's: it was not downloaded")
        try:
            with _opener(self._merchant.gateway).open(url, timeout=TIMEOUT) as found:
                packed = found.read(LARGEST_BILL)
        except OSError as error:
            raise GatewayUnavailable("the bill could not be downloaded: try again") from error
        return alipay_bill.read(packed)

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, now: float
    ) -> Payment | Refund:
        """Check a notification; `now` is POSIX seconds. Raises only CallbackRefused.

        The reason NO_NEWS is a genuine one that tells of no money: answer `success` to it too.
        """
        told = alipay_notice.form_of(body)
        signature = alipay_notice.signature_of(told)
        signed = {name: text for name, text in told.items() if name != "sign"}
        try:
            holds = self._sdk.verify(signed, signature)
        except Exception as error:  # the SDK raises whatever its libraries do
            raise CallbackRefused(Refusal.SIGNATURE) from error
        if not holds:
            raise CallbackRefused(Refusal.SIGNATURE)
        alipay_notice.check(told, self._expected, now)
        return alipay_notice.read(told)

    def _call(self, method: str, content: dict[str, Any], **more: str) -> dict[str, Any]:
        """One signed exchange; the content of a signed answer with code 10000."""
        now = datetime.now(UTC).astimezone(BEIJING).strftime(FORMAT)
        try:
            answer = self._sdk.server_api(method, content, timestamp=now, **more)
        except OSError as error:  # every error of urllib is one
            raise GatewayUnavailable(f"Alipay cannot be reached: {error}") from error
        except Exception as error:
            # The SDK raises AliPayException, a bare validation error, AttributeError, ValueError.
            raise GatewayError(f"Alipay's answer cannot be trusted: {error}") from error
        if not isinstance(answer, dict):
            raise GatewayUnavailable("Alipay's answer is not a JSON object")
        if answer.get("code") == "10000":
            return answer
        if answer.get("code") == "20000":
            raise GatewayUnavailable("Alipay is not available: try again or query")
        code = str(answer.get("sub_code", answer.get("code")))
        raise GatewayRefused(_SAME.get(code, code), str(answer.get("sub_msg", "")))


# Alipay's words for what callers know by WeChat Pay's.
_SAME = {
    "ACQ.TRADE_HAS_SUCCESS": "ORDERPAID",
    "ACQ.REASON_TRADE_STATUS_INVALID": "ORDERPAID",
    "isp.bill_not_exist": "NO_STATEMENT_EXIST",
}


def answer_ok() -> tuple[int, str]:
    """HTTP status and text that stop Alipay from repeating the notification."""
    return 200, "success"


def answer_refused() -> tuple[int, str]:
    """HTTP status and text for a notification that was not believed."""
    return 400, "failure"


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals, without floating point."""
    return f"{fen // 100}.{fen % 100:02}"


def _sdk(merchant: AlipayMerchant) -> Any:
    try:
        made = _Signed(
            appid=merchant.app_id,
            app_notify_url=merchant.notify_url,
            app_private_key_string=merchant.private_key,
            alipay_public_key_string=merchant.public_key,
            sign_type="RSA2",
        )
    except Exception as error:  # the SDK has no narrower type
        raise GatewayError(f"the merchant's keys cannot be used: {error}") from error
    made._gateway = merchant.gateway
    return made


def _opener(gateway: str) -> OpenerDirector:
    """No redirects, and no proxy of the environment for this machine."""
    return build_opener(_Stay, *([ProxyHandler({})] if is_local(gateway) else []))


def _is_alipays(url: str, gateway: str) -> bool:
    """Whether a bill lies at Alipay, or at the sandbox that the gateway is."""
    given, door = urlsplit(url), urlsplit(gateway)
    if is_local(gateway):
        return (given.scheme, given.netloc) == (door.scheme, door.netloc)
    return given.scheme in ("https", "http") and (given.hostname or "").endswith(".alipay.com")


def _refund_of(answer: Mapping[str, Any], out_refund_no: str) -> Refund:
    done = answer.get("refund_status") == "REFUND_SUCCESS"
    try:
        fen = fen_of(answer.get("refund_amount"))
        at = moment(answer.get("gmt_refund_pay")) if answer.get("gmt_refund_pay") else None
    except CallbackRefused as refused:
        raise GatewayError(f"the answer about refund {out_refund_no}: {refused}") from refused
    trade = text_of(answer, "trade_no", ALIPAY)
    return Refund(
        out_refund_no=out_refund_no,
        out_trade_no=text_of(answer, "out_trade_no", ALIPAY),
        transaction_id=trade,
        refund_id=f"{trade}-{out_refund_no}"[:64],
        status="SUCCESS" if done else "PROCESSING",
        fen=fen,
        made_at=at,
        done_at=at if done else None,
    )


def _check_number(number: str) -> None:
    if not NUMBER.fullmatch(number):
        raise GatewayError(f"{number!r} is no order number: 6 to 64 letters, digits or _")


def _check_order(out_trade_no: str, fen: int, expires: datetime) -> None:
    _check_number(out_trade_no)
    if type(fen) is not int or fen < 1:
        raise GatewayError("an order is at least one fen, as a whole number")
    if expires.tzinfo is None:
        raise GatewayError("an order's end needs a time zone")
