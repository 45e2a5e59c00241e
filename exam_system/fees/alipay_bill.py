"""Alipay's trade bill: find the details in the zip, turn them into lines in fen.

Format: opendocs.alipay.com, “alipay.data.dataservice.bill.downloadurl.query”, kind `trade`: a zip
with .csv files in GBK, lines of comment behind `#`, fields that may end with a tab, money that
went back negative.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from exam_system.fees.alipay_notice import BEIJING, FORMAT
from exam_system.fees.answers import bill_fen
from exam_system.fees.gateway import BillLine, GatewayError

LARGEST = 256 << 20  # bytes of one unpacked file
MOST_FILES = 10
_WORDS: Mapping[str, Any] = json.loads(
    Path(__file__).with_name("alipay_bill.json").read_text(encoding="utf-8")
)
COLUMNS: Mapping[str, str] = _WORDS["columns"]


def read(packed: bytes) -> tuple[BillLine, ...]:
    """The lines of a downloaded bill; GatewayError when it is not as expected."""
    try:
        for text in _texts(packed):
            rows = [row for row in csv.reader(io.StringIO(text)) if row and row[0][:1] != "#"]
            if rows and set(COLUMNS.values()) <= set(map(_clean, rows[0])):
                return tuple(_lines(rows))
    except (zipfile.BadZipFile, ValueError, csv.Error) as error:
        raise GatewayError(f"the bill cannot be read ({error}): download it again") from error
    columns = ", ".join(COLUMNS.values())
    raise GatewayError(f"no file of the bill has the columns {columns}: its format changed")


def _texts(packed: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as folder:
        entries = folder.infolist()
        if len(entries) > MOST_FILES or any(one.file_size > LARGEST for one in entries):
            raise GatewayError("the bill unpacks to more than a bill can hold")
        for entry in entries:
            with folder.open(entry) as file:
                yield file.read(LARGEST).decode("gb18030")


def _lines(rows: list[list[str]]) -> Iterator[BillLine]:
    head = [_clean(cell) for cell in rows[0]]
    where = {name: head.index(column) for name, column in COLUMNS.items()}
    for row in rows[1:]:
        if len(row) != len(head):
            raise GatewayError(f"a line of the bill has {len(row)} fields instead of {len(head)}")
        yield _line({name: _clean(row[index]) for name, index in where.items()})


def _clean(cell: str) -> str:
    return cell.strip().strip("`\ufeff")


def _line(row: Mapping[str, str]) -> BillLine:
    if row["kind"] not in (_WORDS["trade"], _WORDS["refund"]):
        raise GatewayError(f"the bill has a line of the kind {row['kind']}: ask Alipay")
    refunded, fen = row["kind"] == _WORDS["refund"], bill_fen(row["yuan"])
    if refunded != (fen < 0):
        raise GatewayError(f"the bill has {row['yuan']} yuan in a line of {row['kind']}")
    return BillLine(
        at=datetime.strptime(row["at"], FORMAT).replace(tzinfo=BEIJING),
        out_trade_no=row["out_trade_no"],
        transaction_id=row["transaction_id"],
        refund_no=row["refund_no"] if refunded else "",
        fen=abs(fen),
    )
