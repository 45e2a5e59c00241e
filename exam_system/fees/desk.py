"""The way to the payment gateway: always between two transactions, never inside one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from exam_system.config import Config
from exam_system.errors import Conflict
from exam_system.fees.alipay import AlipayMerchant, AlipayPrecreate
from exam_system.fees.drivers import FILES
from exam_system.fees.gateway import (
    BillLine,
    GatewayError,
    GatewayRefused,
    PayLink,
    PaymentGateway,
)
from exam_system.fees.wechat import Merchant, WechatNative

LONGEST_RETURN_URL = 128
LONGEST_DESCRIPTION = 127


@dataclass(frozen=True, slots=True)
class Terms:
    """What the gateway is told of an order; asking again must repeat it exactly."""

    trade_no: str
    fen: int
    description: str
    expires: datetime
    return_url: str


@dataclass(frozen=True, slots=True)
class Desk:
    """A gateway and the address at which it reports payments."""

    gateway: PaymentGateway
    notify_url: str


def open_desk(config: Config, driver: str = "wechat") -> Desk:
    """The instance's gateway of one driver; Conflict when it has none that can be used."""
    path = config.instance / FILES[driver]
    if not path.exists():
        raise Conflict("Payment is not set up yet: ask the hotline")
    try:
        return _opened(path, driver, path.stat().st_mtime_ns)
    except GatewayError:
        raise Conflict("Payment is not set up correctly: ask the hotline") from None


@lru_cache(maxsize=8)
def _opened(path: Path, driver: str, _changed: int) -> Desk:
    if driver == "alipay":
        application = AlipayMerchant.load(path)
        return Desk(AlipayPrecreate(application), application.notify_url)
    merchant = Merchant.load(path)
    return Desk(WechatNative(merchant), merchant.notify_url)


def expiry(closes: datetime, now: datetime) -> datetime:
    """When the gateway stops taking money: with the time for payment.

    The gateway lives by the real time `now`. Where a rehearsal's clock stands before it, the time
    for payment is over for the gateway; the order then ends with the next day.
    """
    if closes > now:
        return closes
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=2)


def days_bill(config: Config, day: date, driver: str = "wechat") -> tuple[BillLine, ...]:
    """The gateway's bill of one day, over the network; Conflict when it has none to give now."""
    try:
        return open_desk(config, driver).gateway.bill(day=day)
    except GatewayRefused as refused:
        if refused.code == "NO_STATEMENT_EXIST":
            return ()
        raise Conflict("The payment service refused the bill: %(why)s", why=refused) from None
    except GatewayError as error:
        raise Conflict("The bill of the day could not be had: %(why)s", why=error) from None


def ask_gateway(desk: Desk, terms: Terms) -> PayLink:
    """Open the order at the gateway; over the network, raises GatewayError."""
    link = terms.return_url if len(terms.return_url) <= LONGEST_RETURN_URL else ""
    return desk.gateway.create(
        out_trade_no=terms.trade_no,
        fen=terms.fen,
        description=terms.description[:LONGEST_DESCRIPTION],
        notify_url=desk.notify_url,
        expires=terms.expires,
        return_url=link,
    )
