"""The day's trade bill in Alipay's format: a zip of two .csv in GBK, comments behind `#`.

opendocs.alipay.com, “alipay.data.dataservice.bill.downloadurl.query”, kind `trade`: fields may end
with a tab, money that went back is negative. Unlike the real one it can be had for today as well.
"""

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

from exam_system.fees.sandbox.alipay_wire import BEIJING, AlipayKeys, moment
from exam_system.fees.sandbox.bill import yuan
from exam_system.fees.sandbox.ledger import Ledger, Order, Return

FRAME = (Path(__file__).with_name("pages") / "alipay_bill.csv").read_text(encoding="utf-8")
TITLE, HEAD, TRADE, REFUND, END, DETAILS, SUMMARY = FRAME.splitlines()


def make(keys: AlipayKeys, ledger: Ledger, day: date) -> bytes | None:
    """The zip of one day in Beijing time, None when nothing happened on it."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp())
    paid, back = ledger.between(start, start + 86400)
    if not paid and not back:
        return None
    rows = [_row(order, TRADE, order.paid_at, yuan(order.fen), "") for order in paid]
    rows += [_back(ledger.transaction(one.transaction_id), one) for one in back]
    lines = [TITLE, f"#{keys.seller_id}", HEAD, *rows, END]
    stem = f"{keys.seller_id}0156_{day:%Y%m%d}_"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        folder.writestr(f"{stem}{SUMMARY}", f"{TITLE}\r\n{END}\r\n".encode("gbk"))
        text = "".join(line + "\r\n" for line in lines)
        folder.writestr(f"{stem}{DETAILS}", text.encode("gbk"))
    return out.getvalue()


def _back(order: Order, refund: Return) -> str:
    return _row(order, REFUND, refund.at, f"-{yuan(refund.fen)}", refund.out_refund_no)


def _row(order: Order, kind: str, at: int, amount: str, refund_no: str) -> str:
    fields = [""] * (HEAD.count(",") + 1)
    numbers = {0: order.transaction_id, 1: order.out_trade_no, 2: kind, 3: order.description}
    money = {4: moment(at), 5: moment(at), 11: amount, 12: amount, 21: refund_no}
    for index, text in {**numbers, **money}.items():
        fields[index] = f"{text}\t"
    return ",".join(fields)
