"""WeChat Pay's trade bill: check it, unpack it, turn it into lines in fen.

Format: pay.weixin.qq.com/doc/v3/merchant/4012556654. Amounts are yuan with two decimals, every
field starts with a backtick, the SHA-1 is over the unzipped text, the last two lines are totals.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

from exam_system.fees.answers import bill_fen
from exam_system.fees.gateway import BillLine, GatewayError

BEIJING = timezone(timedelta(hours=8))
COLUMNS: Mapping[str, str] = json.loads(
    Path(__file__).with_name("wechat_bill.json").read_text(encoding="utf-8")
)


def read(packed: bytes, sha1: str) -> tuple[BillLine, ...]:
    """The lines of a downloaded bill; `sha1` comes from the signed answer that announced it."""
    try:
        return parse(unpack(packed, sha1))
    except ValueError as error:
        raise GatewayError(f"the bill cannot be read ({error}): its format changed") from error


def unpack(packed: bytes, sha1: str) -> str:
    """The bill's text, after its SHA-1 was compared with the one in the signed answer."""
    try:
        text = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise GatewayError("the bill is not a gzip file: download it again") from error
    if hashlib.sha1(text, usedforsecurity=False).hexdigest() != sha1.lower():
        raise GatewayError("the bill's SHA-1 differs from the announced one: download it again")
    return text.decode("utf-8-sig", errors="strict")


def parse(text: str) -> tuple[BillLine, ...]:
    """Lines of a bill of kind ALL; GatewayError when a column or the count is not as expected."""
    rows = [row.rstrip("\r") for row in text.split("\n") if row.strip()]
    if len(rows) < 3:
        raise GatewayError("the bill ends before its totals: download it again")
    head = rows[0].split(",")
    missing = sorted(set(COLUMNS.values()) - set(head))
    if missing:
        raise GatewayError(f"the bill lacks the columns {', '.join(missing)}: its format changed")
    where = {name: head.index(column) for name, column in COLUMNS.items()}
    lines = tuple(_line(_fields(row), where, len(head)) for row in rows[1:-2])
    if int(_fields(rows[-1])[0]) != len(lines):
        raise GatewayError("the bill's own count differs from its lines: download it again")
    return lines


def _fields(row: str) -> list[str]:
    # A product name may hold a comma, and only the backtick tells it from a separator.
    return row.removeprefix("`").split(",`")


def _line(fields: list[str], where: Mapping[str, int], width: int) -> BillLine:
    if len(fields) != width:
        raise GatewayError(f"a line of the bill has {len(fields)} fields instead of {width}")
    row = {name: fields[index] for name, index in where.items()}
    if row["currency"] != "CNY" or row["state"] not in ("SUCCESS", "REFUND"):
        raise GatewayError(
            f"the bill has a line {row['state']} in {row['currency']}: ask WeChat Pay"
        )
    refunded = row["state"] == "REFUND"
    return BillLine(
        at=datetime.strptime(row["at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING),
        out_trade_no=row["out_trade_no"],
        transaction_id=row["transaction_id"],
        refund_no=row["refund_no"] if refunded else "",
        fen=bill_fen(row["refund_yuan" if refunded else "order_yuan"]),
    )
