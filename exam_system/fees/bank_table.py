"""A bank's file of payments by code, read strictly: every line or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from exam_system.clock import rfc3339
from exam_system.fees.codes import is_code
from exam_system.fees.comparing import Line, fen_of
from exam_system.sheets import CellError, Column, Sentence, SheetError, read_table, write_csv

HEAD = ("code", "serial", "fen", "paid")
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")


@dataclass(frozen=True, slots=True)
class BankLine:
    """One payment at a bank; without a time of day it counts from the beginning of its day."""

    code: str
    serial: str
    fen: int
    paid_at: datetime

    @property
    def transaction(self) -> str:
        """Its name in our books; a bank's serial numbers alone may come again."""
        return f"{self.code}-{self.serial}"


def read_file(name: str, data: bytes, zone: ZoneInfo) -> list[BankLine]:
    """The lines of a .csv or .xlsx in the order of code and serial; SheetError names each fault."""
    sheet = read_table(name, data, COLUMNS)
    found: dict[str, tuple[BankLine, int]] = {}
    errors: list[CellError] = []
    for row in sheet.rows:
        paid = row["paid"].replace(tzinfo=zone)
        line = BankLine(row["code"], row["serial"], row["fen"], paid)
        earlier = found.setdefault(line.transaction, (line, row["_row"]))[1]
        if earlier != row["_row"]:
            said = Sentence("The same payment is already in row %(row)s.", row=earlier)
            errors.append(CellError(row["_sheet"], row["_row"], "", said))
    if errors:
        raise SheetError(errors)
    return [found[key][0] for key in sorted(found)]


def as_text(lines: Iterable[BankLine]) -> str:
    """The lines as our own .csv, which is what is kept and whose digest is approved."""
    rows = [(one.code, one.serial, str(one.fen), rfc3339(one.paid_at)) for one in lines]
    return write_csv(HEAD, rows).decode()


def from_text(text: str) -> list[BankLine]:
    """The lines that `as_text` wrote; none of its fields holds a comma."""
    rows = [line.split(",") for line in text.splitlines()[1:]]
    return [
        BankLine(code, serial, int(fen), datetime.fromisoformat(paid))
        for code, serial, fen, paid in rows
    ]


def to_compare(lines: Sequence[BankLine]) -> list[Line]:
    """The lines for the daily reconciliation."""
    return [Line("payment", line.transaction, "", line.fen) for line in lines]


def _code(text: str) -> str:
    code = re.sub(r"[\s-]", "", text)
    if not is_code(code):
        raise Sentence("A payment code has 20 digits, and this one's check digit must fit")
    return code


def _serial(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,40}", text, re.ASCII):
        raise Sentence("A serial number has 1 to 40 letters, digits or hyphens")
    return text


def _paid(text: str) -> int:
    fen = fen_of(text)
    if fen <= 0:
        raise Sentence("Only money that came in belongs here")
    return fen


def moment(text: str) -> datetime:
    """A day, or a day with its time, without a zone."""
    for form in (*_TIMES, *_DAYS):
        try:
            return datetime.strptime(text.replace("T", " "), form)
        except ValueError:
            continue
    raise Sentence("Enter a day, or a day and a time, e.g. 2026-10-20 15:04:05")


COLUMNS = (
    Column("code", ("缴款码", "缴款书编码", "code"), parse=_code),
    Column("serial", ("交易流水号", "银行流水号", "流水号", "serial"), parse=_serial),
    Column("fen", ("金额", "金额（元）", "缴款金额", "amount"), parse=_paid),
    Column("paid", ("缴款时间", "缴款日期", "交易时间", "交易日期", "paid"), parse=moment),
)
