"""Four ways to pay: codes, the bank's files, the counter, and money that comes by two of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import PUBLIC, SYSTEM, Actor
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.service import close_registration
from exam_system.fees import (
    bank,
    codes,
    counter,
    gateway,
    reconciling,
    refund_lists,
    refunds,
    service,
    ways,
)
from exam_system.fees.bank_table import HEAD, as_text, from_text, read_file
from exam_system.fees.ledger import totals
from exam_system.fees.models import Order, Payment
from exam_system.fees.settling import settle_orders, settle_refunds
from exam_system.fees.way_models import BankFile, Taking
from exam_system.office import Office
from exam_system.oversight.books import faults_of_books, money
from exam_system.registration.models import Application
from exam_system.registration.service import withdraw_application
from exam_system.sheets import SheetError, write_csv
from tests.fees.books import everything, order_now, ordered, paid, taken_in
from tests.registration.setting import CODE, FEE, add_candidate, add_exam, approved, fresh
from tests.world import World

NONTAX = {"prefix": "520400", "payee": "测试市财政局", "where": "各代收银行网点"}
COUNTER = {"place": "政务服务中心三楼12号窗口", "hours": "工作日 9:00–17:00"}
COLUMNS = ("缴款码", "交易流水号", "金额", "缴款时间")
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def set_up(world: World) -> None:
    for name, told in (("nontax", NONTAX), ("counter", COUNTER)):
        (world.folder / f"{name}.json").write_text(json.dumps(told))


def applicant(world: World, serial: int = 11, code: str = CODE) -> tuple[Actor, Order, Application]:
    who = add_candidate(world, serial)
    application = approved(world, who, code=code)
    return who, ordered(world, who, application), application


def issue(world: World, who: Actor, application: Application) -> str:
    with world.acting(who) as ctx:
        return ways.issue_code(ctx, ref=application.ref)


def bank_csv(*rows: tuple[str, str, str, str]) -> bytes:
    return write_csv(COLUMNS, rows)


def read(world: World, data: bytes | None, day: date | None = None) -> str:
    with world.acting(Role.OFFICER) as ctx:
        day = day or world.clock.now().date() - timedelta(days=1)
        return bank.read_bank_file(ctx, day=day, name="b.csv", data=data).ref


def take(world: World, ref: str) -> dict[str, int]:
    world.approved("fees.take_bank_file", ref=ref)
    with world.acting(Role.OFFICER) as ctx:
        return bank.take_bank_file(ctx, ref=ref)


def at(world: World) -> str:
    return f"{world.clock.now().astimezone(world.config.zone):%Y-%m-%d %H:%M:%S}"


def state_of(world: World, application: Application) -> str:
    return fresh(world, application).state


def test_a_code_finds_every_wrong_digit_and_follows_from_the_order() -> None:
    code = codes.payment_code("520400", 2026, 17)
    assert len(code) == 20
    assert codes.is_code(code)
    assert code.startswith("52040026")
    assert codes.check_digit("0794") == 5  # the standard's own example
    for place in range(20):
        for digit in "0123456789":
            other = code[:place] + digit + code[place + 1 :]
            assert codes.is_code(other) == (other == code)
    assert not codes.is_code("１" * 20)
    assert not codes.is_code(code[:-1])


def test_money_by_code_is_known_from_the_banks_file_alone(world: World) -> None:
    set_up(world)
    add_exam(world)
    (who, _, application), (other, _, late) = (applicant(world, n) for n in (11, 13))
    code, second = issue(world, who, application), issue(world, other, late)
    assert issue(world, who, application) == code != second
    wrong = codes.payment_code("520400", 2026, 9999)
    data = bank_csv(
        (code, "0001", "100.00", at(world)),
        (code, "0002", "100.00", at(world)),
        (second, "0001", "99.00", at(world)),
        (wrong, "0003", "100.00", at(world)),
    )
    before = everything(world)
    ref = read(world, data)
    with world.context(PUBLIC).session as db:
        file = bank.find(db, ref)
        effects = {one.line.serial + one.line.code: one.effect for one in bank.foresee(db, file)}
    assert sorted(effects.values()) == ["amount", "counts", "second", "unknown"]
    assert everything(world)[1:] == before[1:]  # reading pays for nothing
    with pytest.raises(Conflict, match="approval"), world.acting(Role.OFFICER) as ctx:
        bank.take_bank_file(ctx, ref=ref)
    with pytest.raises(Forbidden), world.acting(Role.REVIEWER) as ctx:
        bank.take_bank_file(ctx, ref=ref)
    assert take(world, ref) == {"counts": 1, "owed": 2, "unknown": 1}
    assert state_of(world, application) == "paid"
    assert state_of(world, late) == "approved"
    with world.context(PUBLIC).session as db:
        sums = totals(db, exam_by_code(db, CODE))
        assert (sums.received, sums.kept, sums.to_refund) == (29900, FEE, 19900)
        whys = set(db.scalars(select(Payment.why)))
        assert whys == {None, "second", "amount"}
        day = db.scalars(select(BankFile.day)).one()
        theirs = bank.lines_of_day(db, day)
    # The unknown code waits in the queue of the day's signed statement.
    with world.acting(Role.OFFICER) as ctx:
        done = reconciling.reconcile_day(ctx, day=day, source="nontax", theirs=theirs)
    assert (done.matched, done.only_theirs, done.only_ours, done.differs) == (3, 1, 0, 0)
    with world.context(PUBLIC).session as db:
        [queued] = reconciling.discrepancies(db, done)
        assert queued.number == f"{wrong}-0003"
        assert queued.theirs == 10000


def test_the_same_file_or_line_counts_once(world: World) -> None:
    set_up(world)
    add_exam(world)
    (who, _, application), (other, _, too) = (applicant(world, n) for n in (11, 13))
    first = (issue(world, who, application), "0001", "100.00", at(world))
    more = (issue(world, other, too), "0002", "100.00", at(world))
    ref = read(world, bank_csv(first))
    with pytest.raises(Conflict, match="read already"):
        read(world, bank_csv(first))
    assert take(world, ref) == {"counts": 1}
    with pytest.raises(Conflict, match="read already"):
        read(world, bank_csv(first))
    with pytest.raises(Conflict, match="taken in already"), world.acting(Role.OFFICER) as ctx:
        bank.take_bank_file(ctx, ref=ref)
    assert take(world, read(world, bank_csv(first, more))) == {"known": 1, "counts": 1}
    with world.context(PUBLIC).session as db:
        assert money(db).kept == 2 * FEE
        assert money(db).balances


@ONE_DATABASE
def test_a_wrong_file_names_each_fault_and_nothing_is_read(world: World) -> None:
    set_up(world)
    good = codes.payment_code("520400", 2026, 1)
    data = write_csv(
        COLUMNS,
        [
            (good, "1", "100.00", "2026-10-20"),
            (good[:-1] + str((int(good[-1]) + 1) % 10), "2", "100.00", "2026-10-20"),
            (good, "3", "-1.00", "2026-10-20"),
            (good, "4", "a lot", "2026-10-20"),
            (good, "5", "1.00", "soon"),
            (good, "no spaces", "1.00", "2026-10-20"),
        ],
    )
    with pytest.raises(SheetError) as error:
        read(world, data)
    lines = error.value.lines()
    assert len(lines) == 5
    assert "row 3, column A 缴款码" in lines[0]
    assert "column C 金额" in lines[1]
    twice = write_csv(COLUMNS, [(good, "1", "1.00", "2026-10-20")] * 2)
    with pytest.raises(SheetError) as error:
        read(world, twice)
    assert "row 3" in error.value.lines()[0]
    assert "already in row 2" in error.value.lines()[0]
    with world.context(PUBLIC).session as db:
        assert db.scalar(select(BankFile.id)) is None
    tomorrow = world.clock.now().date() + timedelta(days=1)
    world.config = replace(world.config, demonstration=False)
    with pytest.raises(Invalid, match="when it is over"):
        read(world, twice, day=tomorrow)


@ONE_DATABASE
def test_a_day_without_a_time_is_in_time_on_the_codes_last_day(world: World) -> None:
    """The last day is a whole day before payment closes, so that a date alone decides nothing."""
    set_up(world)
    add_exam(world)
    who, order, application = applicant(world)
    code = issue(world, who, application)
    with world.context(PUBLIC).session as db:
        [way] = ways.opened(db, order).values()
    assert way.last_day is not None
    world.clock.advance(days=12, seconds=60)
    with pytest.raises(Conflict), world.acting(who) as ctx:
        ways.issue_code(ctx, ref=application.ref)
    with pytest.raises(Conflict, match="1 payment codes"), world.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=CODE)
    # No gateway is asked about an order that only has a code.
    parts = Office(world.config, world.keys, world.engine, world.clock, world.chance)
    assert settle_orders(parts).asked == 0
    ref = read(world, bank_csv((code, "9", "100.00", way.last_day.isoformat())), day=way.last_day)
    assert take(world, ref) == {"counts": 1}
    with world.acting(Role.OFFICER) as ctx:
        assert close_registration(ctx, code=CODE).state == "closed"
    assert state_of(world, application) == "paid"


def test_money_at_the_counter_pays_once_two_people_have_counted_it(world: World) -> None:
    set_up(world)
    add_exam(world)
    (_, order, application), (_, other, too) = (applicant(world, n) for n in (11, 13))

    def at_counter(number: str, means: str = "cash", slip: str = "") -> Taking:
        with world.acting(Role.OFFICER) as ctx:
            return counter.take_at_counter(ctx, code=CODE, trade_no=number, means=means, slip=slip)

    for wrong in (("cash", "77"), ("card", ""), ("shells", "")):
        with pytest.raises(Invalid):
            at_counter(order.trade_no, *wrong)
    with pytest.raises(NotFound):
        at_counter("nobody")
    first = at_counter(f" {order.trade_no.upper()} ")
    second = at_counter(other.trade_no, "card", "POS-77")
    assert (first.number, second.number) == (f"{CODE}-00001", f"{CODE}-00002")
    with pytest.raises(Conflict):
        at_counter(order.trade_no)
    # M07: a receipt marks nobody as paid, and nobody closes registration over it.
    assert state_of(world, application) == "approved"
    with pytest.raises(Conflict, match="approval"), world.acting(Role.OFFICER) as ctx:
        counter.count_takings(ctx, code=CODE)
    with pytest.raises(Invalid, match="count again"), world.acting(Role.OFFICER) as ctx:
        counter.wanted_count(ctx, code=CODE, cash=FEE - 1, card=FEE)
    world.approved("fees.count_takings", code=CODE, cash=FEE, card=FEE)
    with pytest.raises(Forbidden), world.acting(Role.INSPECTOR) as ctx:
        counter.count_takings(ctx, code=CODE)
    taken_at = first.taken_at
    with world.acting(Role.OFFICER) as ctx:
        note = counter.count_takings(ctx, code=CODE)
    assert f"cash {FEE}\ncard {FEE}\n" in note.text
    assert state_of(world, application) == state_of(world, too) == "paid"
    assert order_now(world, order).paid_at == taken_at
    with pytest.raises(Conflict), world.acting(Role.OFFICER) as ctx:
        counter.void_taking(ctx, number=first.number, reason="看错了")
    with world.context(PUBLIC).session as db:
        assert money(db).kept == 2 * FEE
        assert list(faults_of_books(db)) == []


@ONE_DATABASE
def test_a_receipt_struck_out_after_the_approval_voids_the_count(world: World) -> None:
    set_up(world)
    add_exam(world)
    (_, order, application), (_, other, _) = (applicant(world, n) for n in (11, 13))
    for one in (order, other):
        with world.acting(Role.OFFICER) as ctx:
            counter.take_at_counter(ctx, code=CODE, trade_no=one.trade_no, means="cash")
    world.approved("fees.count_takings", code=CODE, cash=2 * FEE, card=0)
    with world.acting(Role.OFFICER) as ctx:
        counter.void_taking(ctx, number=f"{CODE}-00001", reason="考生当场取回")
    with pytest.raises(Conflict), world.acting(Role.OFFICER) as ctx:
        counter.count_takings(ctx, code=CODE)
    assert state_of(world, application) == "approved"
    world.clock.advance(days=12)
    with pytest.raises(Conflict, match="not counted"), world.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=CODE)


def test_the_bank_carries_out_refunds_of_its_money_and_says_so(world: World) -> None:
    set_up(world)
    add_exam(world)
    who, order, application = applicant(world)
    code = issue(world, who, application)
    taken_in(world, paid(world, order, "4200001"))
    assert take(world, read(world, bank_csv((code, "1", "100.00", at(world))))) == {"owed": 1}
    world.approved("fees.refund_payments", code=CODE)
    with world.acting(Role.OFFICER) as ctx:
        [number] = refunds.refund_payments(ctx, code=CODE)
    parts = Office(world.config, world.keys, world.engine, world.clock, world.chance)
    assert settle_refunds(parts).asked == 0  # no gateway is asked
    names = ("退款单号", "金额", "结果", "银行流水号")

    def answer(*rows: tuple[str, str, str, str]) -> dict[str, int]:
        with world.acting(Role.OFFICER) as ctx:
            data = write_csv(names, rows)
            return refund_lists.confirm_refunds(ctx, code=CODE, name="a.csv", data=data)

    with pytest.raises(SheetError) as early:
        answer((number, "100.00", "成功", "B1"))
    assert "not been given to the bank" in early.value.lines()[0]
    for _ in range(2):  # the list may be lost on the way
        with world.acting(Role.OFFICER) as ctx:
            assert [one.refund.number for one in refund_lists.export_refunds(ctx, code=CODE)] == [
                number
            ]
    for row in ((number, "99.00", "成功", ""), ("R" + "0" * 31, "100.00", "成功", ""),
                (number, "100.00", "也许", "")):  # fmt: skip
        with pytest.raises(SheetError):
            answer((number, "100.00", "成功", "B1"), row)
    assert answer((number, "100.00", "成功", "B1")) == {"SUCCESS": 1, "CLOSED": 0}
    assert answer((number, "100.00", "成功", "B1"))["SUCCESS"] == 1  # told twice
    with pytest.raises(SheetError):
        answer((number, "100.00", "失败", "B1"))
    with world.context(PUBLIC).session as db:
        sums = totals(db, exam_by_code(db, CODE))
        assert (sums.kept, sums.to_refund, sums.refunded) == (FEE, 0, FEE)
        assert money(db).balances
        assert list(faults_of_books(db)) == []
    with pytest.raises(Conflict), world.acting(Role.OFFICER) as ctx:
        refund_lists.export_refunds(ctx, code=CODE)


def test_one_number_of_two_gateways_is_not_one_payment(world: World) -> None:
    add_exam(world)
    _, order, _ = applicant(world)
    told = paid(world, order, "2026102022001")
    taken_in(world, told)
    with pytest.raises(Conflict, match="known with another"):
        taken_in(world, replace(told, driver="alipay"))
    with pytest.raises(Invalid):
        taken_in(world, replace(told, driver="alipay", transaction_id="2", fen=1))


@ONE_DATABASE
def test_whatever_comes_by_any_way_is_kept_owed_or_sent_back(world: World) -> None:
    """M05: Σ received = Σ kept + Σ open refunds + Σ refunded after every step, over all ways."""
    set_up(world)
    machine = _machine(world)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    with world.context(PUBLIC).session as db:
        seen = {driver or "wechat" for driver in db.scalars(select(Payment.driver))}
        whys = set(db.scalars(select(Payment.why)))
    assert seen == {"wechat", "alipay", "nontax", "counter"}
    assert "second" in whys


def _machine(world: World) -> type[RuleBasedStateMachine]:
    runs = iter(range(1, 1000))

    class Fees(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.run = next(runs)
            self.code = f"x{self.run}"
            add_exam(world, code=self.code)
            made = [applicant(world, 100 * self.run % 900 + n, self.code) for n in (1, 3)]
            self.people = made
            self.codes = [issue(world, who, application) for who, _, application in made]
            self.count = 0
            self.told: list[gateway.Payment] = []

        @rule(who=st.integers(0, 1), driver=st.sampled_from(("wechat", "alipay")))
        def online(self, who: int, driver: str) -> None:
            self.count += 1
            order, now = self.people[who][1], world.clock.now()
            name = f"{self.code}{driver}{self.count}"
            payment = gateway.Payment(order.trade_no, name, None, order.fen, now, FEE, driver)
            taken_in(world, payment)
            self.told.append(payment)

        @rule()
        def again(self) -> None:
            for payment in self.told:
                taken_in(world, payment)

        @rule(who=st.integers(0, 1), yuan=st.sampled_from(("100.00", "99.99")))
        def at_the_bank(self, who: int, yuan: str) -> None:
            self.count += 1
            row = (self.codes[who], f"{self.count}", yuan, at(world))
            take(world, read(world, bank_csv(row)))

        @rule(who=st.integers(0, 1), means=st.sampled_from(("cash", "card")))
        def at_the_counter(self, who: int, means: str) -> None:
            number = self.people[who][1].trade_no
            slip = "77" if means == "card" else ""
            try:
                with world.acting(Role.OFFICER) as ctx:
                    counter.take_at_counter(
                        ctx, code=self.code, trade_no=number, means=means, slip=slip
                    )
            except Conflict:
                pass

        @rule()
        def counted(self) -> None:
            with world.context(PUBLIC).session as db:
                rows = counter.list_of(db, exam_by_code(db, self.code))[0]
            if rows:
                world.approved("fees.count_takings", code=self.code, **counter.sums(rows))
                with world.acting(Role.OFFICER) as ctx:
                    counter.count_takings(ctx, code=self.code)

        @rule(who=st.integers(0, 1))
        def withdrawn(self, who: int) -> None:
            actor, _, application = self.people[who]
            try:
                with world.acting(actor) as ctx:
                    withdraw_application(ctx, ref=application.ref)
            except Conflict:
                pass

        @rule()
        def sent_back(self) -> None:
            with world.context(PUBLIC).session as db:
                if not refunds.owed(db, exam_by_code(db, self.code)):
                    return
            world.approved("fees.refund_payments", code=self.code)
            with world.acting(Role.OFFICER) as ctx:
                refunds.refund_payments(ctx, code=self.code)

        @rule(works=st.booleans())
        def ended(self, works: bool) -> None:
            with world.context(PUBLIC).session as db:
                open_ones = [
                    one
                    for one in refunds.refunds_of(db, exam_by_code(db, self.code))
                    if one.refund.state in ("open", "asked")
                ]
            for known in open_ones:
                told = refund_lists._told(known, "SUCCESS" if works else "CLOSED")
                with world.acting(SYSTEM) as ctx:
                    refunds.accept_refund(ctx, told)

        @invariant()
        def every_fen_has_its_place(self) -> None:
            with world.context(PUBLIC).session as db:
                sums = totals(db, exam_by_code(db, self.code))
                received = sum(
                    db.scalars(
                        select(Payment.fen)
                        .join(Order, Order.id == Payment.order_id)
                        .where(Order.trade_no.in_([one[1].trade_no for one in self.people]))
                    )
                )
                assert received == sums.kept + sums.to_refund + sums.refunded == sums.received
                assert money(db).balances
                assert list(faults_of_books(db)) == []

    return Fees


def test_a_fee_without_a_posted_basis_is_asked_in_no_way(world: World) -> None:
    set_up(world)
    add_exam(world, fee=None)
    who = add_candidate(world)
    application = approved(world, who)
    with pytest.raises(Conflict, match="posted basis"), world.acting(who) as ctx:
        service.create_order(ctx, ref=application.ref)
    with pytest.raises(Conflict), world.acting(who) as ctx:
        ways.issue_code(ctx, ref=application.ref)


@ONE_DATABASE
def test_what_is_kept_of_a_file_is_what_was_read(world: World) -> None:
    row = (codes.payment_code("520400", 2026, 5), "8", "1,234.50", "2026/10/20 08:09:10")
    [line] = read_file("x.csv", bank_csv(row), world.config.zone)
    assert line.fen == 123450
    assert line.paid_at.isoformat() == "2026-10-20T08:09:10+08:00"
    text = as_text([line])
    assert from_text(text) == [line]
    assert text.lstrip("\ufeff").startswith(",".join(HEAD))


@ONE_DATABASE
def test_a_day_on_which_nobody_paid_is_said_once_and_closes_the_codes(world: World) -> None:
    set_up(world)
    add_exam(world)
    who, order, application = applicant(world)
    issue(world, who, application)
    with world.context(PUBLIC).session as db:
        [way] = ways.opened(db, order).values()
    world.clock.advance(days=12)
    assert take(world, read(world, None, way.last_day)) == {}
    with pytest.raises(Conflict, match="read already"):
        read(world, None, way.last_day)
    read(world, None, way.last_day - timedelta(days=1))
    with world.acting(Role.OFFICER) as ctx:
        assert close_registration(ctx, code=CODE).state == "closed"
    assert state_of(world, application) == "approved"
