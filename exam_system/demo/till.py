"""Payments of the demonstration that really go over HTTP, through the sandbox gateway."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select
from werkzeug.serving import WSGIRequestHandler, make_server

from exam_system.access import Role
from exam_system.app import create_app
from exam_system.approvals.lookup import Wanted
from exam_system.chance import SeededChance
from exam_system.context import PUBLIC, Actor, Context
from exam_system.database import reading
from exam_system.demo.cast import Cast
from exam_system.demo.road import Road
from exam_system.errors import Fault
from exam_system.exams.lookup import exam_by_code
from exam_system.fees.desk import Terms, ask_gateway, days_bill, open_desk
from exam_system.fees.models import Order, Refund
from exam_system.fees.reconciling import BILLS, bill_lines, reconcile_day
from exam_system.fees.refunds import owed, refund_payments, wanted_refunds
from exam_system.fees.sandbox.merchant import make_alipay, make_merchant
from exam_system.fees.service import create_order, open_payment
from exam_system.fees.settling import settle_orders, settle_refunds
from exam_system.fees.ways import open_way
from exam_system.fees.wechat_bill import BEIJING
from exam_system.office import Office

CALLBACKS = {"wechat": "/payments/wechat/callback", "alipay": "/payments/alipay/callback"}
SANDBOX = {"wechat": "/sandbox", "alipay": "/sandbox/alipay"}
EVERY = 4  # of those who pay over HTTP, every fourth pays by Alipay
TWICE = 2  # of those who pay over HTTP, so many pay twice
PATIENCE = 30  # seconds to wait for a process or a callback


def take_fees(road: Road, online: int, gateway: str) -> None:
    """Everybody pays and registration is closed; the first `online` pay over HTTP.

    Over HTTP the gateway runs as a process of its own and the application on its own address, as
    in earnest: order, gateway, signed callback, confirmation. There some money comes twice and
    some too late; it is refunded, and the day is reconciled with the gateway's bill.
    """
    config = road.cast.office.config
    if not (config.instance / "merchant.json").exists():
        here = config.base_url.rstrip("/")
        make_merchant(config.instance, gateway=gateway, notify_url=here + CALLBACKS["wechat"])
        make_alipay(config.instance, gateway=gateway, notify_url=here + CALLBACKS["alipay"])
    if not online:
        road.pay()
        road.close()
        return
    with gateway_process(config.instance, gateway), application(road.cast, road.plan.seed):
        days = {_let_stand(road, gateway)}
        orders = _pay_online(road, online, gateway)
        late = _open(road, road.applicants[road.plan.applicants], "wechat")
        # The others pay on another day: what does not go over HTTP stands in no gateway's bill.
        road.at(road.cast.clock.now() + timedelta(days=1))
        road.pay(skip=online)
        road.at(road.plan.payment_closes + timedelta(minutes=1))
        settle_orders(aside(road.cast), code=road.code)
        road.close()
        days.add(_let_stand(road, gateway))
        for order in orders[:TWICE]:
            _post(f"{gateway}/sandbox/pay-again/{order.trade_no}")
        _post(f"{gateway}/sandbox/pay/{late.trade_no}")
        _send_back(road, TWICE + 1)
        for day in sorted(days):
            _reconcile(road, day)


def _let_stand(road: Road, gateway: str) -> date:
    """Money is taken at the story's hour from now on, not at the machine's; returns the day."""
    at = road.cast.clock.now()
    for root in SANDBOX.values():
        _post(f"{gateway}{root}/clock", {"at": int(at.timestamp())})
    return at.astimezone(BEIJING).date()


def _pay_online(road: Road, count: int, gateway: str) -> list[Order]:
    orders = []
    for place, who in enumerate(road.applicants[:count], 1):
        driver = "alipay" if place % EVERY == 0 else "wechat"
        order = _open(road, who, driver)
        _post(f"{gateway}{SANDBOX[driver]}/pay/{order.trade_no}")
        wait_until(partial(_is_paid, road, order.id), f"the payment of order {order.trade_no}")
        orders.append(order)
        road.tick(1)
    return orders


def _send_back(road: Road, count: int) -> None:
    """Refund what came twice or too late, once it is in the books."""
    cast, code = road.cast, road.code

    def wanted(ctx: Context) -> Wanted:
        return wanted_refunds(ctx, code=code)

    wait_until(lambda: _owed(road) == count, "the money that is owed back")
    cast.approve(wanted)
    with cast.acting(Role.OFFICER) as ctx:
        numbers = refund_payments(ctx, code=code)
    troubles = settle_refunds(aside(road.cast), numbers).troubles
    if troubles:
        raise Fault(f"the gateway refunds nothing: {troubles[0]}")
    wait_until(lambda: _refunded(road) == count, "the word that the money went back")


def aside(cast: Cast) -> Office:
    """The office with chance of its own: what the gateway tells first is no story of ours, and
    the chance of the story stays what it is."""
    return replace(cast.office, chance=SeededChance("settling"))


def _reconcile(road: Road, day: date) -> None:
    """Compare the gateways' bills of a day with the books; everything must match."""
    for source, driver in BILLS.items():
        theirs = bill_lines(days_bill(road.cast.office.config, day, driver))
        with road.cast.acting(Role.OFFICER) as ctx:
            done = reconcile_day(ctx, day=day, source=source, theirs=theirs)
        if done.only_ours or done.only_theirs or done.differs:
            raise Fault(f"the bill of {day} by {driver} and the books do not agree")


def _owed(road: Road) -> int:
    with reading(road.cast.office.engine) as db:
        return len(owed(db, exam_by_code(db, road.code)))


def _refunded(road: Road) -> int:
    query = select(func.count()).where(Refund.state == "refunded")
    with reading(road.cast.office.engine) as db:
        return db.scalars(query).one()


def _open(road: Road, who: tuple[Actor, str], driver: str) -> Order:
    """An order that a gateway takes money for."""
    actor, ref = who
    with road.cast.acting(PUBLIC) as ctx:
        order = create_order(ctx.as_actor(actor), ref=ref)
    expires = datetime.fromtimestamp(time.time(), UTC) + timedelta(hours=1)
    terms = Terms(order.trade_no, order.fen, road.plan.name, expires, "")
    link = ask_gateway(open_desk(road.cast.office.config, driver), terms)
    with road.cast.acting(actor) as ctx:
        if driver == "wechat":
            open_payment(ctx, ref=ref, link=link)
        else:
            open_way(ctx, ref=ref, driver=driver, link=link)
    return order


def _is_paid(road: Road, order_id: int) -> bool:
    query = select(func.count()).where(Order.id == order_id, Order.state == "paid")
    with reading(road.cast.office.engine) as db:
        return bool(db.scalar(query))


def _post(url: str, said: dict[str, int] | None = None) -> None:
    body = json.dumps(said).encode() if said else b""
    headers = {"Content-Type": "application/json"} if said else {}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=PATIENCE):
        pass


def wait_until(holds: Callable[[], bool], what: str, pause: float = 0.002) -> None:
    """Wait for what another process or thread does; raises Fault when it takes too long."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise Fault(f"{what} did not arrive within {PATIENCE} seconds")
        time.sleep(pause)


@contextmanager
def gateway_process(folder: Path, gateway: str) -> Iterator[None]:
    """The sandbox gateway as a process of its own."""
    command = [sys.executable, "-m", "exam_system.fees.sandbox"]
    command += ["--port", str(urlsplit(gateway).port), "--merchant", str(folder / "gateway.json")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: _answers(gateway), f"the sandbox gateway at {gateway}")
            yield
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class _Quiet(WSGIRequestHandler):
    def log(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def application(cast: Cast, seed: str) -> Iterator[None]:
    """The application itself, in a thread, on the address that the gateway knows."""
    config, chance = cast.office.config, SeededChance(f"{seed}:web")
    app = create_app(config.instance, clock=cast.clock, chance=chance)
    address = urlsplit(config.base_url)
    port = address.port or 80
    server = make_server(address.hostname or "", port, app, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["office"].engine.dispose()
