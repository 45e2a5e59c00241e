"""10,000 parallel calls on PostgreSQL: nothing twice, nothing too much, nothing late, nothing lost.

What threads race for: one application of a person, one kept payment of an order, the last free
seat, and the last second of a window with the closing right behind it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain

from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.accounts.models import Person
from exam_system.context import PUBLIC, SYSTEM
from exam_system.errors import Conflict, Sentence
from exam_system.examday import changes
from exam_system.examday.models import SeatChange
from exam_system.exams.service import close_registration
from exam_system.fees import service as fees
from exam_system.fees.gateway import Payment as Told
from exam_system.fees.models import Order, Payment
from exam_system.records.models import Act
from exam_system.registration.models import Application
from tests.examday import hall
from tests.examday.test_examday_changes import reserve, seated
from tests.races.stage import THREADS, Stage, at_once
from tests.registration.setting import CODE, FEE
from tests.world import World, approve_in

PEOPLE, TRIES = 200, 16
ORDERS, DELIVERIES = 200, 16
RIVALS, ROUNDS = 12, 20
RUSH = 3_360
"""With the others 10,000 calls."""


def _acts(stage: Stage, kind: str) -> Counter[str]:
    with stage.world.context(PUBLIC).session as db:
        return Counter(db.scalars(select(Act.subject).where(Act.kind == kind)))


def test_one_person_who_applies_many_times_at_once_has_one_application(stage: Stage) -> None:
    people = stage.people(PEOPLE)
    tried = at_once(lambda n: stage.apply(people[n // TRIES], f"10{n % 3 + 1}"), PEOPLE * TRIES)
    with stage.world.context(PUBLIC).session as db:
        query = select(Application.ref, Person.account_id).join(Person)
        rows = {account: ref for ref, account in db.execute(query)}
        assert db.scalar(select(func.count()).select_from(Application)) == PEOPLE
    assert set(rows) == {who.account_id for who in people}
    taken_in = Counter(f"application:{one.result}" for one in tried if one.result)
    assert len(tried) == PEOPLE * TRIES
    assert set(taken_in) == {f"application:{ref}" for ref in rows.values()}
    assert taken_in == _acts(stage, "registration.apply")
    stage.check()


def test_one_order_that_is_paid_many_times_at_once_keeps_one_payment(stage: Stage) -> None:
    """Of each order four transactions come in, each four times."""
    orders = stage.orders(stage.people(ORDERS))
    paid = datetime.now(UTC)

    def pay(n: int) -> str:
        order, number = orders[n // DELIVERIES], f"t{n // DELIVERIES}-{n % 4}"
        told = Told(order.trade_no, number, f"n{n}", FEE, paid, FEE)
        try:
            with stage.acting(SYSTEM) as ctx:
                return fees.accept_payment(ctx, told).transaction
        except Conflict:  # this very delivery has just been taken in by somebody else
            return ""

    tried = at_once(pay, ORDERS * DELIVERIES)
    assert len(tried) == ORDERS * DELIVERIES
    with stage.world.context(PUBLIC).session as db:
        rows = db.scalars(select(Payment)).all()
        states = Counter(db.scalars(select(Order.state)))
        applications = Counter(db.scalars(select(Application.state)))
    assert sorted(row.transaction for row in rows) == sorted(
        f"t{order}-{n}" for order in range(ORDERS) for n in range(4)
    )
    assert Counter(row.order_id for row in rows if row.kept) == Counter(one.id for one in orders)
    assert {one.result for one in tried if one.result} == {row.transaction for row in rows}
    assert (states, applications) == ({"paid": ORDERS}, {"paid": ORDERS})
    assert sum(row.fen for row in rows) == 4 * ORDERS * FEE
    assert sum(_acts(stage, "fees.confirm_payment").values()) == len(rows)
    stage.check()


def test_the_last_free_seat_goes_to_one_of_many(world: World) -> None:
    seated(world)
    with world.acting(Role.OFFICER) as ctx:
        query = select(Application.ref).where(Application.number.is_not(None))
        free = {ref: reserve(ctx, ref) for ref in ctx.session.scalars(query)}
        # Neighbours of one post sit apart, so no seat is free for all: the most wanted one.
        ((seat, wanting),) = Counter(chain.from_iterable(free.values())).most_common(1)
        assert wanting >= RIVALS
        refs = [ref for ref, numbers in free.items() if seat in numbers][:RIVALS]
        given = {"code": hall.CODE, "reason": "座椅损坏", "number": seat}
        for ref in refs:
            approve_in(ctx, changes.MOVE, ref=ref, **given)

    def move(n: int) -> str:
        try:
            with world.acting(Role.OFFICER) as ctx:
                changes.move_candidate(ctx, ref=refs[n % RIVALS], **given)
            return refs[n % RIVALS]
        except Sentence:
            return ""

    tried = at_once(move, RIVALS * ROUNDS)
    (winner,) = [one.result for one in tried if one.result]
    with world.context(PUBLIC).session as db:
        assert db.scalar(select(func.count()).select_from(SeatChange)) == 1
        holders = db.scalars(select(Application.ref).where(Application.number == seat)).all()
    assert holders == [winner]


def test_the_last_second_lets_everybody_in_who_came_in_time_and_nobody_later(stage: Stage) -> None:
    """Registration and payment end at the same second; the closing comes with the first tick."""
    people = stage.people(RUSH)
    closes = (datetime.now(UTC) + timedelta(seconds=4)).replace(microsecond=0)
    stage.close_at(closes, closes)
    closer = threading.Thread(target=_close, args=(stage,))
    closer.start()

    def come(n: int) -> str:
        """The second half comes in the last instant."""
        wait = (closes - datetime.now(UTC)).total_seconds() - 0.2
        time.sleep(max(wait, 0) if n > RUSH // 2 else 0)
        return stage.apply(people[n])

    tried = at_once(come, RUSH)
    closer.join()
    with stage.world.context(PUBLIC).session as db:
        rows = dict(db.execute(select(Application.ref, Application.created_at)).tuples().all())
        ends = db.scalars(select(Act.id).where(Act.kind == "exams.close_registration")).one()
        newest = db.scalar(select(func.max(Act.id)).where(Act.kind == "registration.apply"))
    let_in, refused = [one for one in tried if one.result], [one for one in tried if not one.result]
    assert {one.result for one in let_in} == set(rows)
    assert let_in
    assert refused
    assert [one for one in let_in if one.begun >= closes] == []
    assert [at for at in rows.values() if at >= closes] == []
    assert [one for one in refused if one.ended < closes] == []
    assert newest < ends
    stage.check()


def _close(stage: Stage) -> None:
    """Close registration as soon as that may be done."""
    while True:
        try:
            with stage.acting(stage.world.people[Role.OFFICER]) as ctx:
                close_registration(ctx, code=CODE)
            return
        except Conflict:
            continue


def test_the_races_are_ten_thousand() -> None:
    assert PEOPLE * TRIES + ORDERS * DELIVERIES + RIVALS * ROUNDS + RUSH == 10_000
    assert THREADS == 16
