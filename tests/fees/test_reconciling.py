"""The daily reconciliation: four outcomes, a queue, a signed statement."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import PUBLIC
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.fees import comparing, reconciling
from exam_system.fees.comparing import Line, compare, read_bank
from exam_system.fees.models import Discrepancy, Order, Payment
from exam_system.fees.wechat_bill import BEIJING
from exam_system.records.models import Note
from exam_system.records.notes import note_bytes
from exam_system.sheets import Column, SheetError, read_table
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.notes import open_note
from tests.fees.books import acts, ordered, paid, taken_in
from tests.fees.test_refunds import accept, order_refunds, told
from tests.registration.setting import FEE, add_candidate, add_exam, approved
from tests.world import World


def day_with_everything(world: World) -> tuple[date, list[Line]]:
    """Three payments of today and a refund; what the other side rightly says of them."""
    add_exam(world)
    for serial in (11, 21):
        who = add_candidate(world, serial)
        order = ordered(world, who, approved(world, who))
        for n in range(3 - serial // 10):
            taken_in(world, paid(world, order, f"t{serial}{n}"))
    [number] = order_refunds(world)
    accept(world, told(world, number))
    with world.context(PUBLIC).session as db:
        rows = db.execute(
            select(Payment.transaction, Order.trade_no, Payment.fen)
            .join(Order, Order.id == Payment.order_id)
            .order_by(Payment.id)
        ).all()
    theirs = [Line("payment", *row) for row in rows]
    return (
        world.clock.now().astimezone(BEIJING).date(),
        [*theirs, Line("refund", number, rows[1].trade_no, FEE)],
    )


def reconciled(world: World, day: date, theirs: list[Line], source: str = "gateway") -> object:
    with world.acting(Role.OFFICER) as ctx:
        return reconciling.reconcile_day(ctx, day=day, source=source, theirs=theirs)


def queue(world: World) -> list[tuple[str, str, str]]:
    with world.context(PUBLIC).session as db:
        return [(r.outcome, r.kind, r.number) for r, _ in reconciling.waiting(db, 99)]


def test_planted_faults_of_each_kind_are_found_and_no_other(world: World) -> None:
    day, theirs = day_with_everything(world)
    first, second, third, refund = theirs
    clean = reconciled(world, day, theirs)
    assert (clean.matched, clean.received, clean.refunded) == (4, 3 * FEE, FEE)  # type: ignore[attr-defined]
    assert queue(world) == []
    planted = [
        replace(first, fen=FEE + 1),  # the amount differs
        replace(second, trade_no="ANOTHER-1"),  # so does the order
        second,  # the same transaction once more: only theirs
        Line("payment", "t-unknown", "X-1", 500),  # only theirs
        # `third` is only ours
        refund,
    ]
    found = reconciled(world, day, planted)
    assert sorted(queue(world)) == sorted(
        [
            ("differs", "payment", first.number),
            ("differs", "payment", second.number),
            ("only_theirs", "payment", second.number),
            ("only_theirs", "payment", "t-unknown"),
            ("only_ours", "payment", third.number),
        ]
    )
    assert (found.version, found.matched, found.differs) == (2, 1, 2)  # type: ignore[attr-defined]
    assert (found.only_ours, found.only_theirs) == (1, 2)  # type: ignore[attr-defined]
    # Another day of ours is not asked for, but is found where they name it.
    tomorrow = day + timedelta(days=1)
    assert reconciled(world, tomorrow, [third]).matched == 1  # type: ignore[attr-defined]


def test_the_statement_is_signed_and_its_file_is_what_it_signs(world: World) -> None:
    day, theirs = day_with_everything(world)
    done = reconciled(world, day, theirs[1:])
    with world.context(PUBLIC).session as db:
        data = note_bytes(db, done.note_id)  # type: ignore[attr-defined]
        note = db.get_one(Note, done.note_id)  # type: ignore[attr-defined]
    text = open_note(data, [world.keys.publisher.verifier]).text
    assert note.purpose == "statement"
    lines = dict(row.split(" ", 1) for row in text.splitlines()[1:])
    assert lines == {
        "day": day.isoformat(), "source": "gateway", "version": "1",
        "received": str(2 * FEE), "refunded": str(FEE), "match": "3", "only-ours": "1",
        "only-theirs": "0", "differs": "0",
        "lines": sha256_hex(done.lines.encode()),  # type: ignore[attr-defined]
    }  # fmt: skip
    with world.acting(Role.OFFICER) as ctx:
        exported = reconciling.export_statement(ctx, day=day, source="gateway", version=1)
    assert comparing.file_of(exported.lines).decode() == exported.statement.lines
    assert acts(world, "fees.reconcile_day")[0]["note"] == note.digest


def test_the_same_again_is_refused_and_findings_go_along(world: World) -> None:
    day, theirs = day_with_everything(world)
    reconciled(world, day, theirs[1:])
    with pytest.raises(Conflict, match="version 1"):
        reconciled(world, day, theirs[1:])
    with world.context(PUBLIC).session as db:
        ref = db.scalars(select(Discrepancy.ref)).one()
    for finding in ("", "x" * 301):
        with pytest.raises(Invalid), world.acting(Role.OFFICER) as ctx:
            reconciling.explain_discrepancy(ctx, ref=ref, finding=finding)
    with world.acting(Role.OFFICER) as ctx:
        reconciling.explain_discrepancy(ctx, ref=ref, finding="银行次日入账")
    assert queue(world) == []
    assert acts(world, "fees.explain_discrepancy")[0]["finding"] == "银行次日入账"
    more = [*theirs[1:], Line("payment", "t-unknown", "", 1)]
    reconciled(world, day, more)
    assert queue(world) == [("only_theirs", "payment", "t-unknown")]
    with pytest.raises(NotFound), world.acting(Role.OFFICER) as ctx:
        reconciling.explain_discrepancy(ctx, ref="nothing", finding="x")


def test_a_day_that_is_not_over_waits_but_in_rehearsals(world: World) -> None:
    today = world.clock.now().astimezone(BEIJING).date()
    ctx = world.context(world.people[Role.OFFICER])
    reconciling.check_day(ctx, today)
    ctx.config = replace(ctx.config, demonstration=False)
    reconciling.check_day(ctx, today - timedelta(days=1))
    with pytest.raises(Invalid, match="over"):
        reconciling.check_day(ctx, today)
    ctx.session.close()


def test_a_banks_file_is_read_in_fen_or_refused_as_a_whole() -> None:
    good = '交易号,订单号,退款单号,金额\nt1,A-1,,100.00\nt2,,,"1,234.5"\nt1,A-1,R1,50\nt3,,,-0.01\n'
    assert read_bank("bank.csv", good.encode()) == [
        Line("payment", "t1", "A-1", 10000),
        Line("payment", "t2", "", 123450),
        Line("refund", "R1", "A-1", 5000),
        Line("refund", "t3", "", 1),
    ]
    for bad in ("t1,100.001", "t1,", ",1", "=t1,1", "t1,ten", '"t,1",1'):
        with pytest.raises(SheetError):
            read_bank("bank.csv", f"交易号,金额\nt0,1\n{bad}\n".encode())


def test_a_number_they_have_twice_is_only_theirs_the_second_time() -> None:
    line = Line("payment", "t1", "A", 1)
    found = compare({("payment", "t1"): line}, [line], [line, line])
    assert [one.outcome for one in found] == ["match", "only_theirs"]


def test_the_page_reconciles_a_file_shows_the_queue_and_keeps_a_finding(world: World) -> None:
    day, theirs = day_with_everything(world)
    client = world.client(world.app(), Role.OFFICER)
    client.set_cookie("language", "zh")
    rows = "".join(
        f"{one.number},{one.trade_no},{one.number * (one.kind == 'refund')},{one.fen / 100}\n"
        for one in theirs[1:]
    )
    upload = {"day": day.isoformat(), "file": (io.BytesIO(
        f"交易号,订单号,退款单号,金额\n{rows}".encode()), "bank.csv")}  # fmt: skip
    page = client.post("/fees/statements", data=upload, follow_redirects=True).text
    assert "<b>3</b>一致" in page
    assert "<b>1</b>仅本系统有" in page
    assert theirs[0].number in client.get("/fees/statements").text
    address = f"/fees/statements/{day}/bank/1"
    with world.context(PUBLIC).session as db:
        ref = db.scalars(select(Discrepancy.ref)).one()
    page = client.post(
        f"/fees/discrepancies/{ref}", data={"finding": "次日到账"}, follow_redirects=True
    ).text
    assert "次日到账" in page
    assert "已核对的款项全部一致或已有结论" in client.get("/fees/statements").text
    signed = open_note(
        client.get(f"{address}/statement.note").data, [world.keys.publisher.verifier]
    )
    csv = client.post(f"{address}/export", data={"format": "csv"}).data
    assert f"lines {sha256_hex(csv)}\n" in signed.text
    sheet = client.post(f"{address}/export", data={"format": "xlsx"}).data
    columns = (Column("kind", ("核对结果",)), Column("ours", ("本系统（元）",), blank=True))
    assert len(read_table("s.xlsx", sheet, columns).rows) == 4
    bad = {"day": day.isoformat(), "file": (io.BytesIO(b"a,b\n1,2\n"), "bank.csv")}
    assert client.post("/fees/statements", data=bad).status_code == 422
    assert client.get(f"/fees/statements/{day}/bank/9").status_code == 404
    assert client.get("/fees/statements/yesterday/bank/1").status_code == 404
    for role in (Role.REVIEWER, Role.MARKER, Role.INSPECTOR, Role.ADMIN):
        assert world.client(world.app(), role).get("/fees/statements").status_code == 403
