"""Verbs of fees: one order, one kept payment, everything else owed back."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import PUBLIC, SYSTEM
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound, Sentence
from exam_system.exams.models import Exam
from exam_system.fees import ledger, service
from exam_system.fees.desk import expiry
from exam_system.fees.gateway import PayLink
from exam_system.fees.models import Order
from exam_system.fees.states import MOVES, STATES, move
from exam_system.registration.lookup import any_application
from exam_system.registration.service import withdraw_application
from tests.fees.books import acts, order_now, ordered, paid, payments, taken_in
from tests.registration.setting import (
    CODE,
    FEE,
    add_candidate,
    add_exam,
    approved,
    fresh,
    set_state,
    submitted,
)
from tests.world import World


@pytest.mark.parametrize("to", sorted(STATES))
@pytest.mark.parametrize("state", sorted(STATES))
def test_only_the_listed_moves_are_possible(state: str, to: str) -> None:
    order = Order(state=state)
    if to in MOVES[state]:
        move(order, to)
        assert order.state == to
    else:
        with pytest.raises(Conflict):
            move(order, to)
        assert order.state == state


def test_an_order_is_paid_once_and_the_application_with_it(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    order = ordered(world, who, application)
    assert (order.state, order.fen, order.pay_url) == ("created", FEE, "")
    row = taken_in(world, paid(world, order))
    assert (row.kept, row.fen, row.notification) == (True, FEE, "n-t1")
    assert order_now(world, order).state == "paid"
    assert fresh(world, application).state == "paid"
    again = taken_in(world, paid(world, order))
    assert again.id == row.id
    assert payments(world) == [("t1", FEE, True)]
    assert [act["why"] for act in acts(world)] == [""]


def test_the_verb_itself_refuses_a_known_transaction(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    order = ordered(world, who, application)
    taken_in(world, paid(world, order))
    with pytest.raises(Conflict, match="just been"), world.acting(SYSTEM) as ctx:
        service.confirm_payment(ctx, payment=paid(world, order))
    assert payments(world) == [("t1", FEE, True)]


def test_a_second_transaction_is_owed_back(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    order = ordered(world, who, application)
    taken_in(world, paid(world, order))
    assert taken_in(world, paid(world, order, "t2")).kept is False
    assert payments(world) == [("t1", FEE, True), ("t2", FEE, False)]
    assert [act["why"] for act in acts(world)] == ["", "second"]


def test_money_for_a_withdrawn_application_is_owed_back(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    order = ordered(world, who, application)
    with world.acting(who) as ctx:
        withdraw_application(ctx, ref=application.ref)
    assert taken_in(world, paid(world, order)).kept is False
    assert fresh(world, application).state == "withdrawn"
    assert order_now(world, order).state == "created"
    assert acts(world)[0]["why"] == "withdrawn"


def test_money_after_payment_closed_is_owed_back_but_a_late_message_is_not_late_money(
    world: World,
) -> None:
    add_exam(world)
    first, second = add_candidate(world), add_candidate(world, 21)
    orders = [ordered(world, who, approved(world, who)) for who in (first, second)]
    in_time = paid(world, orders[0], "t1")
    world.clock.advance(days=12)
    late = paid(world, orders[1], "t2")
    assert taken_in(world, in_time).kept is True
    assert taken_in(world, late).kept is False
    assert [act["why"] for act in acts(world)] == ["", "late"]


def test_after_registration_was_closed_no_money_is_kept(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    order = ordered(world, who, application)
    with world.context(PUBLIC).session as db:
        db.scalars(select(Exam)).one().state = "closed"
        db.commit()
    assert taken_in(world, paid(world, order)).kept is False
    assert fresh(world, application).state == "approved"


def test_another_amount_or_order_changes_nothing(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    order = ordered(world, who, approved(world, who))
    for payment, error in (
        (paid(world, order, fen=FEE - 1), Invalid),
        (paid(world, order, fen=FEE + 1), Invalid),
        (replace(paid(world, order), out_trade_no="NO-SUCH-ORDER"), NotFound),
    ):
        with pytest.raises(error):
            taken_in(world, payment)
    taken_in(world, paid(world, order))
    with pytest.raises(Conflict, match="another"):
        taken_in(world, paid(world, order, fen=FEE - 1))
    assert payments(world) == [("t1", FEE, True)]


def test_an_order_needs_an_approved_application_a_basis_and_time(world: World) -> None:
    add_exam(world)
    add_exam(world, code="free-of-basis", fee=None)
    who = add_candidate(world)
    application = submitted(world, who)
    for state in ("draft", "submitted", "refused", "paid", "withdrawn"):
        set_state(world, application, state)
        with pytest.raises(Conflict):
            ordered(world, who, application)
    with pytest.raises(Conflict, match="basis"):
        ordered(world, who, approved(world, who, code="free-of-basis"))
    set_state(world, application, "approved")
    with pytest.raises(NotFound):
        ordered(world, add_candidate(world, 21), application)
    order = ordered(world, who, application)
    with pytest.raises(Conflict, match="already"):
        ordered(world, who, application)
    assert order_now(world, order).state == "created"
    other = approved(world, add_candidate(world, 31))
    world.clock.advance(days=12)
    with (
        pytest.raises(Conflict, match="ended at 14 March 2026, 09:00"),
        world.acting(world.people[Role.OFFICER]) as ctx,
    ):
        service.check_payable(ctx, _asked_of(world, other.ref))


def _asked_of(world: World, ref: str) -> service.Asked:
    with world.context(PUBLIC).session as db:
        application, exam, *_ = any_application(db, ref)
        item = db.scalars(select(service.FeeItem)).first()
        return service.Asked(application, exam, item, None, None)


def test_a_fee_of_nothing_is_settled_at_once(world: World) -> None:
    add_exam(world, fee=0)
    who = add_candidate(world)
    application = approved(world, who)
    assert ordered(world, who, application).state == "paid"
    assert fresh(world, application).state == "paid"


def test_a_pay_link_never_turns_a_paid_order_back(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    order = ordered(world, who, application)
    taken_in(world, paid(world, order))
    with world.acting(who) as ctx:
        service.open_payment(ctx, ref=application.ref, link=PayLink("http://127.0.0.1/pay"))
    assert (order_now(world, order).state, order_now(world, order).pay_url) == ("paid", "")


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM, Role.PUBLIC, Role.CANDIDATE}))
def test_only_the_gateway_confirms(world: World, role: Role) -> None:
    add_exam(world)
    who = add_candidate(world)
    order = ordered(world, who, approved(world, who))
    for actor in (who, world.people[role]):
        with pytest.raises(Forbidden), world.acting(actor) as ctx:
            service.accept_payment(ctx, paid(world, order))


def test_the_gateway_takes_money_as_long_as_the_rules_say() -> None:
    closes = datetime(2026, 3, 14, 1, tzinfo=UTC)
    assert expiry(closes, datetime(2026, 3, 2, tzinfo=UTC)) == closes
    # A rehearsal: the gateway's own day is long after; asked twice that day, the same answer.
    morning, evening = (datetime(2026, 11, 21, hour, 30, tzinfo=UTC) for hour in (1, 23))
    assert expiry(closes, morning) == expiry(closes, evening) == datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("same", [True, False])
def test_parallel_deliveries_make_one_kept_payment(world: World, same: bool) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    order = ordered(world, who, application)
    gate = threading.Barrier(8)
    rows: list[object] = []

    def deliver(n: int) -> None:
        payment = paid(world, order, "t" if same else f"t{n}")
        if not same and n % 2:  # by two gateways at once
            payment = replace(payment, driver="alipay")
        gate.wait()
        try:
            rows.append(taken_in(world, payment).id)
        except Sentence as error:
            rows.append(error)

    threads = [threading.Thread(target=deliver, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = payments(world)
    assert sum(kept for _, _, kept in found) == 1
    assert len(found) == len(acts(world)) == (1 if same else 8)
    assert len(set(rows)) == len(found)
    assert fresh(world, application).state == "paid"


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=12))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_received_is_kept_and_owed_together(
    world: World, deliveries: list[tuple[int, int]]
) -> None:
    code = f"m{next(_NUMBERS)}"
    exam = add_exam(world, code=code)
    orders = []
    for _ in range(3):
        who = add_candidate(world, next(_NUMBERS))
        orders.append(ordered(world, who, approved(world, who, code=code)))
    told = set()
    for number, transaction in deliveries:
        name = f"{code}-{number}-{transaction}"
        taken_in(world, paid(world, orders[number], name))
        told.add((number, name))
    with world.context(PUBLIC).session as db:
        found = ledger.totals(db, exam)
    paid_orders = {number for number, _ in told}
    assert found.asked == 3 * FEE
    assert found.received == found.kept + found.to_refund == len(told) * FEE
    assert found.kept == len(paid_orders) * FEE


_NUMBERS = count(100)


def test_the_ledger_export_is_an_act(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    order = ordered(world, who, application)
    taken_in(world, paid(world, order))
    taken_in(world, paid(world, order, "t2"))
    with world.acting(Role.OFFICER) as ctx:
        rows = service.export_ledger(ctx, code=CODE)
    assert [(row.transaction, row.kept) for row in rows] == [("t1", True), ("t2", False)]
    assert acts(world, "fees.export_ledger") == [{"rows": 2}]
