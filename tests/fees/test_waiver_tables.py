"""The two-person list of waivers on both databases: what is looked at, approved and granted."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import PUBLIC
from exam_system.errors import Conflict
from exam_system.exams.lookup import exam_by_code
from exam_system.fees import ledger, relief, waivers
from exam_system.fees.models import Order
from exam_system.fees.service import create_order
from exam_system.fees.waiver_models import Waiver
from tests.fees.books import acts, ordered
from tests.fees.test_waivers import GROUND, asking, faults, grant, jpeg, look, state
from tests.registration.setting import CODE, FEE, add_candidate, add_exam, approved, fresh
from tests.world import World


def test_two_people_waive_what_was_looked_at_and_nothing_else(world: World) -> None:
    add_exam(world)
    _, first, one = asking(world, count=2)
    _, second, other = asking(world, 12)
    ordered(world, who := add_candidate(world, 13), application := approved(world, who))
    with pytest.raises(Conflict, match="look at the documents"):
        world.approved("fees.grant_waivers", code=CODE)
    look(world, one)
    with pytest.raises(Conflict, match="approval"), world.acting(Role.OFFICER) as ctx:
        waivers.grant_waivers(ctx, code=CODE)
    world.approved("fees.grant_waivers", code=CODE)
    world.clock.advance(minutes=1)
    look(world, other)  # came after the list was approved: it waits for the next one
    with world.acting(Role.OFFICER) as ctx:
        [order] = waivers.grant_waivers(ctx, code=CODE)
    assert (order.fen, order.state) == (0, "paid")
    assert (fresh(world, first).state, fresh(world, second).state) == ("paid", "approved")
    assert (state(world, one), state(world, other)) == ("granted", "asked")
    assert len(grant(world)) == 1
    assert fresh(world, application).state == "approved"
    assert faults(world) == []
    with world.context(PUBLIC).session as db:
        exam = exam_by_code(db, CODE)
        assert relief.relief(db, exam) == relief.Relief(2, 2 * FEE, 0, 0)
        sums = ledger.totals(db, exam)
        assert (sums.received, sums.kept, sums.to_refund) == (0, 0, 0)
    [act, _] = acts(world, "fees.grant_waivers")
    assert act["waivers"] == [[one.ref, first.ref, FEE]]
    assert len(acts(world, "fees.look_at_document")) == 3


def test_an_order_and_a_request_at_once_are_never_both(world: World) -> None:
    add_exam(world)
    people = [(who := add_candidate(world, n), approved(world, who)) for n in range(20, 26)]
    done: list[str] = []

    def order(index: int) -> None:
        who, application = people[index]
        with world.acting(who) as ctx:
            create_order(ctx, ref=application.ref)

    def ask(index: int) -> None:
        who, application = people[index]
        files = [("低保证.jpg", jpeg())]
        with world.acting(who) as ctx:
            waivers.ask_waiver(ctx, ref=application.ref, ground=GROUND, documents=files)

    def run(what: object, index: int) -> None:
        try:
            what(index)  # type: ignore[operator]
            done.append("done")
        except Conflict:
            done.append("refused")

    threads = [
        threading.Thread(target=run, args=(what, index))
        for index in range(len(people))
        for what in (order, ask)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["done"] * 6 + ["refused"] * 6
    with world.context(PUBLIC).session as db:
        ordered_for = set(db.scalars(select(Order.application_id)))
        asked_for = set(db.scalars(select(Waiver.application_id)))
    assert not ordered_for & asked_for
    assert len(ordered_for | asked_for) == 6
