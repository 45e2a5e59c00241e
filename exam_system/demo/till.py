"""Payments of the demonstration that really go over HTTP, through the sandbox gateway."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select
from werkzeug.serving import WSGIRequestHandler, make_server

from exam_system.app import create_app
from exam_system.chance import SeededChance
from exam_system.context import PUBLIC, Actor
from exam_system.database import reading
from exam_system.demo.road import Road
from exam_system.errors import Fault
from exam_system.fees.desk import Desk, Terms, ask_gateway, open_desk
from exam_system.fees.models import Order
from exam_system.fees.sandbox.merchant import make_merchant
from exam_system.fees.service import create_order, open_payment

CALLBACK = "/payments/wechat/callback"
PATIENCE = 30  # seconds to wait for a process or a callback


def pay_online(road: Road, count: int, gateway: str) -> None:
    """The first `count` applicants pay over HTTP: order, gateway, signed callback, confirmation.

    The gateway runs as a process of its own and the application on its own address, as in earnest.
    """
    config = road.cast.office.config
    if not (config.instance / "merchant.json").exists():
        make_merchant(
            config.instance, gateway=gateway, notify_url=config.base_url.rstrip("/") + CALLBACK
        )
    if not count:
        return
    with _gateway(config.instance, gateway), _application(road):
        desk = open_desk(config)
        for actor, ref in road.applicants[:count]:
            with road.cast.acting(PUBLIC) as ctx:
                order = create_order(ctx.as_actor(actor), ref=ref)
            _pay(road, (actor, ref), desk, order, gateway)
            road.tick(1)


def _pay(road: Road, who: tuple[Actor, str], desk: Desk, order: Order, gateway: str) -> None:
    expires = datetime.fromtimestamp(time.time(), UTC) + timedelta(hours=1)
    terms = Terms(order.trade_no, order.fen, road.plan.name, expires, "")
    link = ask_gateway(desk, terms)
    actor, ref = who
    with road.cast.acting(actor) as ctx:
        open_payment(ctx, ref=ref, link=link)
    _post(f"{gateway}/sandbox/pay/{order.trade_no}")
    _wait_until(lambda: _is_paid(road, order.id), f"the payment of order {order.trade_no}")


def _is_paid(road: Road, order_id: int) -> bool:
    query = select(func.count()).where(Order.id == order_id, Order.state == "paid")
    with reading(road.cast.office.engine) as db:
        return bool(db.scalar(query))


def _post(url: str) -> None:
    request = urllib.request.Request(url, data=b"", method="POST")
    with urllib.request.urlopen(request, timeout=PATIENCE):
        pass


def _wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise Fault(f"{what} did not arrive within {PATIENCE} seconds")
        time.sleep(0.002)


@contextmanager
def _gateway(folder: Path, gateway: str) -> Iterator[None]:
    command = [sys.executable, "-m", "exam_system.fees.sandbox"]
    command += ["--port", str(urlsplit(gateway).port), "--merchant", str(folder / "gateway.json")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_until(lambda: _answers(gateway), f"the sandbox gateway at {gateway}")
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
def _application(road: Road) -> Iterator[None]:
    """The application itself, in a thread, on the address that the gateway knows."""
    config, cast = road.cast.office.config, road.cast
    chance = SeededChance(f"{road.plan.seed}:web")
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
