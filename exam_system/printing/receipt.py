"""The receipt for a fee: who took what from whom, on what basis, in figures and capitals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exam_system.printing import texts
from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import (
    BLUE,
    GREY,
    LEFT,
    RIGHT,
    Anchor,
    Sheet,
    fields,
    footer,
    masthead,
)
from exam_system.printing.texts import Label

QR_SIDE = 42.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that a receipt shows; `figures` and `capitals` say the same amount.

    `basis` is licence, standard and authority in one line each, `payload` the signed text of the
    code, `digest` the SHA-256 of that text.
    """

    bureau: str
    exam: str
    payer: str
    id_masked: str
    item: str
    basis: tuple[str, ...]
    figures: str
    capitals: str
    trade_no: str
    transaction: str
    paid_at: datetime
    hotline: str
    payload: str
    digest: str
    anchor: Anchor
    at: datetime


def receipt_pdf(data: Receipt, fonts: Fonts) -> bytes:
    """One receipt, one A4 page."""
    check_glyphs(data)
    title = f"{data.exam} {texts.RECEIPT.zh}"
    sheet = Sheet(fonts, title=title, author=data.bureau, at=data.at)
    y = masthead(sheet, data.bureau, data.trade_no, data.exam, texts.RECEIPT)
    y = fields(sheet, LEFT, y, RIGHT - LEFT, _rows(data))
    y = _amount(sheet, y + 5, data)
    _code(sheet, y + 8, data)
    footer(sheet, data.anchor)
    return sheet.finish()


def _rows(data: Receipt) -> list[tuple[Label, str, bool]]:
    return [
        (texts.PAYER, f"{data.payer}　{data.id_masked}", True),
        (texts.FEE_ITEM, data.item, False),
        (texts.FEE_BASIS, "\n".join(data.basis), False),
        (texts.TRADE_NO, data.trade_no, False),
        (texts.TRANSACTION, data.transaction, False),
        (texts.PAID_AT, f"{data.paid_at:%Y-%m-%d %H:%M:%S}", False),
        (texts.ISSUED_BY, data.bureau, False),
        (texts.ISSUED_AT, f"{data.at:%Y-%m-%d %H:%M}", False),
    ]


def _amount(sheet: Sheet, y: float, data: Receipt) -> float:
    sheet.box(LEFT, y, RIGHT - LEFT, 20, edge=BLUE, weight=1)
    sheet.text(LEFT + 5, y + 8, texts.AMOUNT.zh, 11, bold=True, colour=BLUE)
    sheet.text(LEFT + 5, y + 12, texts.AMOUNT.en, 6.5, colour=GREY)
    sheet.text(RIGHT - 6, y + 8.6, data.capitals, 15, bold=True, align="right")
    sheet.text(RIGHT - 6, y + 16, data.figures, 15, bold=True, colour=BLUE, align="right")
    return y + 20


def _code(sheet: Sheet, y: float, data: Receipt) -> None:
    sheet.qr(LEFT, y, QR_SIDE, data.payload)
    x, width = LEFT + QR_SIDE + 8, RIGHT - LEFT - QR_SIDE - 8
    y = sheet.paragraph(x, y + 4, texts.RECEIPT_CHECK, 9, width)
    y = sheet.paragraph(x, y + 2, f"SHA-256 {data.digest}", 7.5, width, colour=GREY)
    y = sheet.paragraph(x, y + 2, texts.RECEIPT_NOT_FISCAL, 9, width)
    sheet.paragraph(x, y + 2, texts.RECEIPT_HOTLINE.format(hotline=data.hotline), 9, width)
