"""What the page of a fee shows of the way to pay that a candidate has chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import segno
from flask_babel import gettext

from exam_system.config import Config
from exam_system.context import Context
from exam_system.fees import counter, drivers, ways
from exam_system.fees.codes import grouped
from exam_system.fees.drivers import DRIVERS
from exam_system.fees.service import Asked
from exam_system.fees.way_models import PayWay


@dataclass(frozen=True, slots=True)
class Shown:
    """One way: `link` where a gateway has one, `code` for people to read, `qr` of either.

    `facts` are what else there is to know; `receipt` the counter's number of what was taken.
    """

    driver: str
    name: str
    link: str
    code: str
    qr: str
    facts: dict[str, str]
    last_day: date | None = None
    receipt: str = ""


def offered(config: Config) -> dict[str, str]:
    """The names of all ways that the bureau has set up, by driver."""
    return {name: _name(name) for name in drivers.ways(config)}


def _name(driver: str) -> str:
    name: str = gettext(DRIVERS[driver])
    return name


def show_way(ctx: Context, found: Asked, chosen: str) -> Shown | None:
    """The chosen way of an order, else one that was opened; None when there is none."""
    order = found.order
    if order is None:
        return None
    opened = ways.opened(ctx.session, order)
    taking = counter.of_order(ctx.session, order)
    if taking or chosen == "counter":
        there = drivers.settings(ctx.config, "counter") if "counter" in _set_up(ctx) else {}
        return Shown(
            "counter", _name("counter"), "", order.trade_no, _qr(order.trade_no),
            there, receipt=taking.number if taking else "",
        )  # fmt: skip
    if order.pay_url and (chosen not in opened or chosen == "wechat"):
        return _linked("wechat", order.pay_url)
    row = opened.get(chosen) or next(iter(opened.values()), None)
    return _other(ctx, row) if row else None


def _set_up(ctx: Context) -> list[str]:
    return drivers.ways(ctx.config)


def _linked(driver: str, link: str) -> Shown:
    return Shown(driver, _name(driver), link, "", _qr(link), {})


def _other(ctx: Context, row: PayWay) -> Shown:
    if row.driver != "nontax":
        return _linked(row.driver, row.link)
    there = drivers.settings(ctx.config, "nontax") if "nontax" in _set_up(ctx) else {}
    name = _name("nontax")
    return Shown("nontax", name, "", grouped(row.link), _qr(row.link), there, row.last_day)


def _qr(text: str) -> str:
    image: str = segno.make(text, error="m").svg_data_uri(scale=5, border=2)
    return image
