"""Refunds that no gateway carries out: a list for the bank, and what the bank says of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy.orm import Session

from exam_system.context import SYSTEM, Context, verb
from exam_system.errors import Conflict
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.fees import gateway
from exam_system.fees.bank_table import moment
from exam_system.fees.comparing import fen_of
from exam_system.fees.drivers import GATEWAYS
from exam_system.fees.refunds import Known, accept_refund, refunds_of
from exam_system.sheets import CellError, Column, Sentence, SheetError, read_table
from exam_system.trust.canonical import sha256_hex

RESULTS = {"成功": "SUCCESS", "success": "SUCCESS", "失败": "CLOSED", "failed": "CLOSED"}


def by_bank(session: Session, exam: Exam) -> list[Known]:
    """Refunds of the exam that the bank has to carry out and has not ended, oldest first."""
    return [
        known
        for known in reversed(refunds_of(session, exam, under_way=True))
        if (known.payment.driver or "wechat") not in GATEWAYS
    ]


@verb
def export_refunds(ctx: Context, *, code: str) -> list[Known]:
    """The list for the bank; what is on it counts as under way, and is on the next list again
    until the bank has answered. Raises Conflict when there is nothing to carry out."""
    rows = by_bank(ctx.session, exam_by_code(ctx.session, code))
    if not rows:
        raise Conflict("There is no refund for the bank to carry out")
    for known in rows:
        accept_refund(ctx.as_actor(SYSTEM), _told(known, "PROCESSING"))
    numbers = [known.refund.number for known in rows]
    ctx.record(exam=code, subject=f"exam:{code}", refunds=numbers)
    return rows


def _told(known: Known, status: gateway.RefundStatus, serial: str = "") -> gateway.Refund:
    return gateway.Refund(
        out_refund_no=known.refund.number,
        out_trade_no=known.order.trade_no,
        transaction_id=known.payment.transaction,
        refund_id=serial or known.refund.gateway_no or known.refund.number,
        status=status,
        fen=known.refund.fen,
        made_at=None,
        done_at=None,
    )


@verb
def confirm_refunds(ctx: Context, *, code: str, name: str, data: bytes) -> dict[str, int]:
    """Take over what the bank says of a list: all lines or, with SheetError, none.

    A line that was told before counts once.
    """
    exam = exam_by_code(ctx.session, code)
    known = {one.refund.number: one for one in refunds_of(ctx.session, exam)}
    sheet = read_table(name, data, COLUMNS)
    _check(sheet.rows, known)
    told = {"SUCCESS": 0, "CLOSED": 0}
    for row in sheet.rows:
        status = row["result"]
        one = _told(known[row["number"]], status, row["serial"] or "")
        accept_refund(ctx.as_actor(SYSTEM), one)
        told[status] += 1
    digest = sha256_hex(data)
    ctx.record(exam=code, subject=f"exam:{code}", digest=digest, **told)
    return told


def _check(rows: Sequence[dict[str, object]], known: dict[str, Known]) -> None:
    errors = []
    for row in rows:
        if fault := _fault(known.get(str(row["number"])), row):
            errors.append(CellError(str(row["_sheet"]), int(str(row["_row"])), "", fault))
    if errors:
        raise SheetError(errors)


def _fault(known: Known | None, row: dict[str, object]) -> Sentence | None:
    if known is None or (known.payment.driver or "wechat") in GATEWAYS:
        return Sentence("This refund is not on a list for the bank")
    if known.refund.state == "open":
        return Sentence("This refund has not been given to the bank yet")
    if known.refund.fen != row["fen"]:
        return Sentence("The amount is not that of the refund")
    ended = {"refunded": "SUCCESS", "failed": "CLOSED"}.get(known.refund.state)
    if ended not in (None, row["result"]):
        return Sentence("The bank told otherwise of this refund before")
    return None


def _number(text: str) -> str:
    if not re.fullmatch(r"R[0-9a-f]{31}", text, re.ASCII):
        raise Sentence("A refund number is R and 31 letters or digits")
    return text


def _result(text: str) -> str:
    if text.casefold() not in RESULTS:
        raise Sentence("Enter 成功 (done) or 失败 (failed)")
    return RESULTS[text.casefold()]


def _serial(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,40}", text, re.ASCII):
        raise Sentence("A serial number has 1 to 40 letters, digits or hyphens")
    return text


COLUMNS = (
    Column("number", ("退款单号", "refund"), parse=_number, unique=True),
    Column("fen", ("金额", "金额（元）", "退款金额", "amount"), parse=fen_of),
    Column("result", ("结果", "处理结果", "result"), parse=_result),
    Column("serial", ("银行流水号", "流水号", "serial"), required=False, blank=True, parse=_serial),
    Column("done", ("退款日期", "日期", "day"), required=False, blank=True, parse=moment),
)
