"""The door between our orders and whoever takes the money: shapes, errors, the driver protocol.

Money is integer fen, moments are aware datetimes. Nothing here knows Flask, the database or one
provider.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Protocol


class GatewayError(Exception):
    """The payment gateway could not do what was asked; the text says what the operator can do."""


class GatewayUnavailable(GatewayError):
    """No usable answer came (network, overload): the outcome is unknown, ask again or query."""


class GatewayRefused(GatewayError):
    """The gateway answered no. `code` is its own word for why, for example ORDERPAID."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"the payment gateway refused ({code}): {message}")
        self.code = code


class Refusal(StrEnum):
    """Why a callback was turned away; the value is the sentence for the log."""

    MISSING_HEADER = "a signature header is missing"
    NOT_ASCII = "a signature header holds characters outside printable ASCII"
    SIGNATURE_TYPE = "the signature type is not the one we accept"
    UNKNOWN_SERIAL = "the serial is not the platform key we hold"
    TIMESTAMP = "the timestamp is not a number of seconds"
    STALE = "the timestamp is more than five minutes away from our clock"
    SIGNATURE = "the signature does not fit the body"
    NOT_JSON = "the body is not a JSON object in UTF-8"
    EVENT = "the event is neither a successful transaction nor the end of a refund"
    RESOURCE = "the encrypted resource cannot be opened with our key"
    MERCHANT = "the payment is for another merchant or application"
    STATE = "the transaction is not in the state SUCCESS"
    CURRENCY = "the currency is not CNY"
    FIELDS = "a field of the transaction is missing or not of its kind"
    FORM = "the body is not a form in UTF-8 with each field once"
    NO_NEWS = "the order waits or was closed unpaid: there is nothing to take in"


class CallbackRefused(GatewayError):
    """A callback that must not change anything. `reason` is safe to log and to answer."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PayLink:
    """What the candidate's phone opens: shown as a QR code and, in the sandbox, as a link."""

    url: str


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that arrived for one order.

    `fen` is the order's amount, `payer_total` what the payer spent (less when a coupon paid a
    part). `notification_id` is the callback's own id, None when a query found the payment.
    `driver` says which way it came, one of `drivers.DRIVERS`.
    """

    out_trade_no: str
    transaction_id: str
    notification_id: str | None
    fen: int
    paid_at: datetime
    payer_total: int
    driver: str = "wechat"


RefundStatus = Literal["PROCESSING", "SUCCESS", "CLOSED", "ABNORMAL"]


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund as the gateway sees it; only SUCCESS means that the money went back.

    `made_at` is when the gateway accepted it (callbacks do not say), `done_at` when it succeeded.
    """

    out_refund_no: str
    out_trade_no: str
    transaction_id: str
    refund_id: str
    status: RefundStatus
    fen: int
    made_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of the day's statement: money in (`refund_no` empty) or a refund, `fen` positive."""

    at: datetime
    out_trade_no: str
    transaction_id: str
    refund_no: str
    fen: int


class PaymentGateway(Protocol):
    """What a driver does. All verbs but `read_callback` go over the network and raise GatewayError.

    `create` may be repeated with equal arguments; `refund` too, with the same `out_refund_no`.
    """

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
        """Open an order. `return_url` (at most 128 characters) is where a pay page links back."""

    def query(self, *, out_trade_no: str) -> Payment | None:
        """The payment of an order, None when nobody has paid it or no such order is known."""

    def close(self, *, out_trade_no: str) -> None:
        """Make an unpaid order unpayable; GatewayRefused with code ORDERPAID when it was paid."""

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
        """Ask for a refund of `fen` out of the `total_fen` of one transaction of an order.

        An answer means accepted, not done; `notify_url` is told how it ends.
        """

    def query_refund(self, *, out_refund_no: str, transaction_id: str = "") -> Refund | None:
        """How far a refund is, None when the gateway has never heard of it.

        `transaction_id` is the payment that goes back: not every gateway finds it by the number.
        """

    def bill(self, *, day: date) -> tuple[BillLine, ...]:
        """The statement of one day (Beijing time) for reconciliation."""

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, now: float
    ) -> Payment | Refund:
        """Check and open a callback without any network call; `now` is POSIX seconds.

        Raises CallbackRefused and nothing else. The caller still compares order and amount and
        makes sure that the same notification or transaction counts once.
        """
