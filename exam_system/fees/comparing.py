"""A day's lines of the gateway or the bank against our own, and the file that is signed of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exam_system.sheets import Column, Sentence, read_table, write_csv
from exam_system.trust.canonical import sha256_hex

OUTCOMES = ("match", "only_ours", "only_theirs", "differs")
HEAD = ("outcome", "kind", "number", "order", "ours_fen", "theirs_fen")
_YUAN = re.compile(r"([-+]?)[¥￥]?([0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(?:\.([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class Line:
    """Money in (kind `payment`, number of the transaction) or back (`refund`, its own number).

    `fen` is positive; `trade_no` is empty where a bank does not say.
    """

    kind: str
    number: str
    trade_no: str
    fen: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of the outcome; `ours` or `theirs` is None where there is no such line."""

    outcome: str
    kind: str
    number: str
    trade_no: str
    ours: int | None
    theirs: int | None


def compare(
    ours: Mapping[tuple[str, str], Line], of_day: Iterable[Line], theirs: Iterable[Line]
) -> list[Compared]:
    """Every line with one of four outcomes, in the order of kind and number.

    `ours` are our lines of any day by kind and number, `of_day` those that their file must have.
    A number that they have twice is only theirs the second time.
    """
    seen: set[tuple[str, str]] = set()
    found: list[Compared] = []
    for line in theirs:
        key = (line.kind, line.number)
        found.append(_one(None if key in seen else ours.get(key), line))
        seen.add(key)
    lacking = [line for line in of_day if (line.kind, line.number) not in seen]
    found += [
        Compared("only_ours", one.kind, one.number, one.trade_no, one.fen, None) for one in lacking
    ]
    return sorted(found, key=lambda one: (one.kind, one.number, one.outcome))


def _one(ours: Line | None, theirs: Line) -> Compared:
    if ours is None:
        return Compared(
            "only_theirs", theirs.kind, theirs.number, theirs.trade_no, None, theirs.fen
        )
    same = ours.fen == theirs.fen and theirs.trade_no in ("", ours.trade_no)
    outcome = "match" if same else "differs"
    return Compared(outcome, ours.kind, ours.number, ours.trade_no, ours.fen, theirs.fen)


def counts(lines: Sequence[Compared]) -> dict[str, int]:
    """How many lines have each outcome."""
    found = Counter(line.outcome for line in lines)
    return {outcome: found[outcome] for outcome in OUTCOMES}


def sums(lines: Sequence[Compared]) -> tuple[int, int]:
    """What came in and what went back by their lines, in fen."""
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line.kind] += line.theirs or 0
    return totals["payment"], totals["refund"]


def file_of(lines: Sequence[Compared]) -> bytes:
    """The .csv that the statement signs, one line each; empty where a side has none."""
    rows = [
        (one.outcome, one.kind, one.number, one.trade_no, _text(one.ours), _text(one.theirs))
        for one in lines
    ]
    return write_csv(HEAD, rows)


def _text(fen: int | None) -> str:
    return "" if fen is None else str(fen)


def statement_text(
    origin: str, day: str, source: str, version: int, lines: Sequence[Compared]
) -> str:
    """The text that the publisher signs: whose day, from where, sums in fen, counts, digest."""
    received, refunded = sums(lines)
    count = counts(lines)
    rows = {
        "day": day,
        "source": source,
        "version": version,
        "received": received,
        "refunded": refunded,
        "match": count["match"],
        "only-ours": count["only_ours"],
        "only-theirs": count["only_theirs"],
        "differs": count["differs"],
        "lines": sha256_hex(file_of(lines)),
    }
    return f"{origin}/statement/v1\n" + "".join(f"{key} {value}\n" for key, value in rows.items())


def read_bank(name: str, data: bytes) -> list[Line]:
    """The lines of a bank's file, .csv or .xlsx. Raises SheetError (all or none).

    A line is money that went back when it names a refund or its amount is negative.
    """
    return [_bank_line(row) for row in read_table(name, data, COLUMNS).rows]


def _bank_line(row: Mapping[str, object]) -> Line:
    fen, refund = int(str(row["fen"])), row.get("refund_no")
    trade_no = str(row.get("trade_no") or "")
    if refund or fen < 0:
        return Line("refund", str(refund or row["transaction"]), trade_no, abs(fen))
    return Line("payment", str(row["transaction"]), trade_no, fen)


def _number(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z_|*-]{1,64}", text):
        raise Sentence("A number has 1 to 64 letters, digits, hyphens or underscores")
    return text


def fen_of(text: str) -> int:
    """“-1,234.50” yuan in fen."""
    found = _YUAN.fullmatch(text.replace(" ", ""))
    if found is None:
        raise Sentence("Enter an amount in yuan with at most two decimals, e.g. 100.00")
    sign, yuan, cents = found.groups()
    fen = int(yuan.replace(",", "")) * 100 + int((cents or "").ljust(2, "0"))
    return -fen if sign == "-" else fen


COLUMNS = (
    Column("transaction", ("交易号", "交易流水号", "微信订单号", "transaction"), parse=_number),
    Column(
        "trade_no", ("订单号", "商户订单号", "order"), required=False, blank=True, parse=_number
    ),
    Column(
        "refund_no",
        ("退款单号", "商户退款单号", "refund"),
        required=False,
        blank=True,
        parse=_number,
    ),
    Column("fen", ("金额", "金额（元）", "交易金额", "amount"), parse=fen_of),
)
