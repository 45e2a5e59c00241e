"""The receipt: an amount in figures and capitals, signed, for its own candidate alone."""

from __future__ import annotations

import subprocess

import pytest

from exam_system.errors import Conflict, NotFound
from exam_system.fees.receipts import own_receipt
from exam_system.printing.capitals import capital_yuan
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.notes import open_note
from tests.fees.books import ordered, paid, taken_in
from tests.registration.setting import CODE, FEE, add_candidate, add_exam, approved
from tests.registration.test_pages import log_in
from tests.world import World


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (1, "壹分"),
        (50, "伍角整"),
        (10000, "壹佰元整"),
        (10030, "壹佰元叁角整"),
        (1005, "壹拾元零伍分"),
        (100530, "壹仟零伍元叁角整"),
        (168032, "壹仟陆佰捌拾元叁角贰分"),
        (10700053, "壹拾万零柒仟元伍角叁分"),
        (600700, "陆仟零柒元整"),
        (10000001, "壹拾万元零壹分"),
        (1050000000, "壹仟零伍拾万元整"),
        (10001000000, "壹亿零壹万元整"),
        (2000000000000, "贰佰亿元整"),
    ],
)
def test_amounts_in_capitals(fen: int, text: str) -> None:
    assert capital_yuan(fen) == text


def test_no_amount_is_refused() -> None:
    for fen in (0, -1, 10**14):
        with pytest.raises(ValueError, match="capital"):
            capital_yuan(fen)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_receipt_says_what_the_books_say_and_is_signed(world: World) -> None:
    add_exam(world)
    who, other = add_candidate(world), add_candidate(world, 21)
    application = approved(world, who)
    order = ordered(world, who, application)
    client, path = log_in(world), f"/applications/{application.ref}/payment"
    assert client.get(f"{path}/receipt.pdf").status_code == 409
    taken_in(world, paid(world, order, "4200000001"))
    taken_in(world, paid(world, order, "4200000002"))
    world.seal()
    ctx = world.context(who)
    with ctx.session:
        receipt = own_receipt(ctx, application.ref)
    assert (receipt.figures, receipt.capitals) == ("¥100.00", "壹佰元整")
    assert receipt.transaction == "4200000001"
    text = open_note(receipt.payload.encode(), [world.keys.publisher.verifier]).text
    assert f"exam {CODE}\norder {order.trade_no}\ntransaction 4200000001\nfen {FEE}\n" in text
    assert receipt.digest == sha256_hex(text.encode())
    unpaid = approved(world, other)
    for actor, ref, error in (
        (other, application.ref, NotFound),
        (other, unpaid.ref, Conflict),
    ):
        ctx = world.context(actor)
        with ctx.session, pytest.raises(error):
            own_receipt(ctx, ref)
    assert "缴费凭证（PDF）" in client.get(path).text
    pdf = client.get(f"{path}/receipt.pdf")
    assert pdf.data.startswith(b"%PDF")
    words = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf.data, capture_output=True, check=True
    ).stdout.decode()
    for word in ("缴费凭证", "壹佰元整", "黔价费〔2026〕1号", "4200000001", order.trade_no):
        assert word in words
