"""How the fees of one exam come in: waived, over HTTP, by signed callbacks, lost, told twice."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.approvals.lookup import Wanted
from exam_system.chance import SeededChance
from exam_system.context import PUBLIC, SYSTEM, Context
from exam_system.database import reading
from exam_system.demo import people
from exam_system.demo.anshan.bank import Bank
from exam_system.demo.anshan.plans import Faults
from exam_system.demo.road import Road, batches
from exam_system.demo.till import PATIENCE, wait_until
from exam_system.errors import Fault
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.fees.desk import Desk, Terms, ask_gateway
from exam_system.fees.gateway import PayLink
from exam_system.fees.models import Order, Refund
from exam_system.fees.refunds import owed, refund_payments, wanted_refunds
from exam_system.fees.service import accept_payment, create_order, open_payment
from exam_system.fees.settling import settle_orders, settle_refunds
from exam_system.fees.waiver_lists import documents_of, wanted_waivers
from exam_system.fees.waiver_models import Waiver
from exam_system.fees.waivers import ask_waiver, grant_waivers, look_at_document
from exam_system.fees.wechat_bill import BEIJING
from exam_system.office import Office

AT_ONCE = 8  # requests to the gateway side by side
PAUSE = 0.05  # seconds between two looks at what has arrived
AT_A_TIME = 48  # payments whose callbacks come at once
T = TypeVar("T")
A = TypeVar("A")


@dataclass
class Till:
    """One exam's fees: `faults` says who meets what; `paid` are the gateway's transactions of the
    first payments by place, of those over HTTP, and `again` those of second payments."""

    road: Road
    faults: Faults
    desk: Desk
    gateway: str
    bank: Bank
    paid: dict[int, str] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)
    told_twice: int = 0
    found: int = 0
    days: set[date] = field(default_factory=set)
    """Days of the story, in Beijing time, on which somebody paid."""

    def waive(self) -> None:
        """Some ask not to pay; the office looks at each certificate, and two people waive."""
        cast, code = self.road.cast, self.road.code
        for place in self.faults.waived:
            waiver = self._ask(place)
            with cast.acting(Role.OFFICER) as ctx:
                for document in documents_of(ctx.session, waiver):
                    look_at_document(ctx, ref=document.ref)
        cast.approve(partial(_call, wanted_waivers, code))
        with cast.acting(Role.OFFICER) as ctx:
            grant_waivers(ctx, code=code)
        self.road.tick(len(self.faults.waived))

    def _ask(self, place: int) -> Waiver:
        actor, ref = self.road.applicants[place]
        with self.road.cast.acting(actor) as ctx:
            grounds = rules_of(exam_by_code(ctx.session, self.road.code)).waiver_grounds
            ground = grounds[place % len(grounds)]
            files = [("最低生活保障证.jpg", people.photo(place % people.PHOTOS))]
            return ask_waiver(ctx, ref=ref, ground=ground, documents=files)

    def pay_over_http(self) -> None:
        """Order, gateway, payment, callback; some callbacks are lost, some come twice, and some
        people pay a second time."""
        orders = self._open(self.faults.online)
        switches: dict[int, dict[str, Any]] = {place: {"drop": True} for place in self.faults.lost}
        switches |= {place: {"duplicates": 1} for place in self.faults.told_twice}

        for some in _few(list(orders)):
            self._pay({place: orders[place] for place in some}, switches)
        twice = [orders[place] for place in self.faults.twice]
        self.again = _side_by_side(lambda order: self._told("pay-again", order, {}), twice)
        wait_until(lambda: self._owed() == len(twice), "the second payments", PAUSE)
        for place in self.faults.told_twice:
            wait_until(
                partial(self._answered_twice, orders[place]), "the repeated callbacks", PAUSE
            )
        self.told_twice += len(self.faults.told_twice)
        self.road.tick(len(orders))

    def _pay(self, orders: dict[int, Order], switches: dict[int, dict[str, Any]]) -> None:
        """Pay at the gateway, and wait for the callbacks that are not lost."""

        def pay(place: int) -> str:
            return self._told("pay", orders[place], switches.get(place, {}))

        self.paid |= zip(orders, _side_by_side(pay, orders), strict=True)
        told = [order.id for place, order in orders.items() if place not in self.faults.lost]
        wait_until(
            lambda: self._count(told) == len(told), f"the payments of {self.road.code}", PAUSE
        )

    def _open(self, places: Sequence[int]) -> dict[int, Order]:
        """Orders at the gateway, by place."""
        orders = self._order(places)
        expires = datetime.fromtimestamp(time.time(), UTC) + timedelta(hours=1)

        def ask(order: Order) -> PayLink:
            terms = Terms(order.trade_no, order.fen, self.road.plan.name, expires, "")
            return ask_gateway(self.desk, terms)

        links = _side_by_side(ask, orders.values())
        with self.road.cast.acting(PUBLIC) as ctx:
            for place, link in zip(orders, links, strict=True):
                actor, ref = self.road.applicants[place]
                open_payment(ctx.as_actor(actor), ref=ref, link=link)
        return orders

    def _order(self, places: Iterable[int]) -> dict[int, Order]:
        made = {}
        with self.road.cast.acting(PUBLIC) as ctx:
            for place in places:
                actor, ref = self.road.applicants[place]
                made[place] = create_order(ctx.as_actor(actor), ref=ref)
        return made

    def _told(self, what: str, order: Order, switches: dict[str, Any]) -> str:
        """Somebody pays at the gateway; the transaction."""
        url = f"{self.gateway}/sandbox/{what}/{order.trade_no}"
        return str(_json(url, switches)["transaction_id"])

    def _answered_twice(self, order: Order) -> bool:
        attempts: list[dict[str, Any]]
        attempts = _json(f"{self.gateway}/sandbox/callbacks/{order.trade_no}")["attempts"]
        return [one["status"] for one in attempts].count(200) == 2

    def pay_by_signed_callbacks(self) -> None:
        """All the others pay evenly until a day before payment closes; some are told of twice."""
        cast, plan = self.road.cast, self.road.plan
        twice = set(self.faults.signed_twice)
        places = sorted((*self.faults.signed, *twice))
        pause = (plan.payment_closes - timedelta(days=1) - cast.clock.now()) / (len(places) + 1)
        for batch in batches(places):
            orders = self._order(batch)
            with cast.acting(SYSTEM) as ctx:
                for place, order in orders.items():
                    self.road.at(cast.clock.now() + pause)
                    self._take(ctx, order, twice=place in twice)
            self.road.tick(len(batch))

    def _take(self, ctx: Context, order: Order, *, twice: bool) -> None:
        at = self.road.cast.clock.now()
        self.days.add(at.astimezone(BEIJING).date())
        row = accept_payment(ctx, self.bank.pay(order, self.road.plan.name, at))
        if twice:
            again = accept_payment(ctx, self.bank.tell(order.trade_no, at))
            self.told_twice += again.id == row.id

    def ask_again(self) -> None:
        """The gateway is asked about the orders that still wait: lost callbacks are found."""
        result = settle_orders(self._office("asking"), code=self.road.code)
        if result.troubles:
            raise Fault(f"{self.road.code}: {result.troubles[0]}")
        self.found = result.news

    def send_back(self) -> None:
        """What was paid twice is ordered back by two people and goes back over the gateway."""
        cast, code = self.road.cast, self.road.code
        cast.approve(partial(_call, wanted_refunds, code))
        with cast.acting(Role.OFFICER) as ctx:
            numbers = refund_payments(ctx, code=code)
        result = settle_refunds(self._office("refunding"), numbers)
        if result.troubles:
            raise Fault(f"{code}: {result.troubles[0]}")
        wait_until(
            lambda: self._sent(numbers) == len(numbers), "the word that money went back", PAUSE
        )

    def _office(self, purpose: str) -> Office:
        """The office with chance of its own: the order of the gateway's answers is no story."""
        chance = SeededChance(f"{self.road.plan.seed}:{self.road.code}:{purpose}")
        return replace(self.road.cast.office, chance=chance)

    def _count(self, orders: Sequence[int]) -> int:
        """How many of the orders are paid."""
        query = select(func.count()).where(Order.id.in_(orders), Order.state == "paid")
        with reading(self.road.cast.office.engine) as db:
            return db.scalars(query).one()

    def _owed(self) -> int:
        with reading(self.road.cast.office.engine) as db:
            return len(owed(db, exam_by_code(db, self.road.code)))

    def _sent(self, numbers: Sequence[str]) -> int:
        query = select(func.count()).where(Refund.number.in_(numbers), Refund.state == "refunded")
        with reading(self.road.cast.office.engine) as db:
            return db.scalars(query).one()


def _call(want: Callable[..., Wanted], code: str, ctx: Context) -> Wanted:
    return want(ctx, code=code)


def _few(places: Sequence[int]) -> Iterator[Sequence[int]]:
    """So many at once that the last callback is answered before the gateway loses patience."""
    for start in range(0, len(places), AT_A_TIME):
        yield places[start : start + AT_A_TIME]


def _side_by_side(work: Callable[[T], A], items: Iterable[T]) -> list[A]:
    """The answers in the order of the items."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, items))


def _json(url: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the gateway's switches answer: POST with data, GET without."""
    body = None if data is None else json.dumps(data).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        found: dict[str, Any] = json.load(answer)
        return found
