"""What must not be in a notice, found before it is passed: people's numbers, people below the
line of a list, columns that nobody can read. Pure: text and bytes in, findings out.

Numbers: GB 11643-1999 (ID, 15 and 18 characters), 11 digits from 13 to 19 (mobile telephones),
ISO/IEC 7812-1 (bank cards, 16 to 19 digits under the check of Luhn). The rules go back to a list
of November 2025 that named 18 people with their full ID numbers and four below the announced line
of 60, and to a score list headed BKbm, Kh, zf1.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from exam_system.errors import Invalid, Sentence
from exam_system.sheets.grids import Grid, cell_text, open_grids

READABLE = ("csv", "xlsx", "txt")
"""Kinds of files whose every word the check reads; others are not attached."""
_GAP = r"[ \-‐‑–.·]?"
_ID18 = re.compile(rf"(?<![0-9A-Za-z])\d(?:{_GAP}\d){{16}}{_GAP}[0-9Xx](?![0-9A-Za-z])")
_ID15 = re.compile(r"(?<![0-9A-Za-z])\d{15}(?![0-9A-Za-z])")
_MOBILE = re.compile(rf"(?<![0-9A-Za-z])(?:\+?86{_GAP})?1[3-9]\d(?:{_GAP}\d){{8}}(?![0-9A-Za-z])")
_CARD = re.compile(rf"(?<![0-9A-Za-z])[2-9](?:{_GAP}\d){{15,18}}(?![0-9A-Za-z])")
_DIGITS = re.compile(r"[^0-9Xx]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_SCORES = re.compile("成绩|总分|得分|分数")
_AREAS = frozenset(range(11, 16)) | {21, 22, 23} | frozenset(range(31, 38)) | {
    *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83,
}  # fmt: skip
NAMES = {"id": "an ID number", "mobile": "a mobile number", "card": "a bank card number"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something stands that must not be there, and what it is (masked)."""

    where: Sentence
    what: Sentence

    @property
    def sentence(self) -> Sentence:
        """Both as one."""
        return Sentence("%(where)s: %(what)s", where=self.where, what=self.what)


def numbers_in(text: str) -> Iterator[tuple[str, str]]:
    """(kind, masked number) of every personal number in a text, each once, in its order."""
    plain = unicodedata.normalize("NFKC", text)
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, str, str]] = []
    for kind, pattern, holds in (
        ("id", _ID18, _is_id18),
        ("id", _ID15, _is_id15),
        ("card", _CARD, _is_card),
        ("mobile", _MOBILE, _is_mobile),
    ):
        for match in pattern.finditer(plain):
            number = _DIGITS.sub("", match[0])
            free = all(match.end() <= begin or match.start() >= end for begin, end in taken)
            if free and holds(number):
                taken.append(match.span())
                found.append((match.start(), kind, _masked(number)))
    for _at, kind, shown in sorted(found):
        yield kind, shown


def _masked(number: str) -> str:
    return f"{number[:3]}{'*' * (len(number) - 5)}{number[-2:]}"


def _is_id18(number: str) -> bool:
    """A mistyped last character is still somebody's number: only area and birthday are asked."""
    return int(number[:2]) in _AREAS and _is_day(number[6:14])


def _is_id15(number: str) -> bool:
    return int(number[:2]) in _AREAS and _is_day(f"19{number[6:12]}")


def _is_day(digits: str) -> bool:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1900 <= day.year <= 2100


def _is_mobile(number: str) -> bool:
    return len(number.removeprefix("86")) == 11


def _is_card(number: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def scan_text(where: Sentence, text: str) -> Iterator[Finding]:
    """Every personal number in a text, with the line it is in."""
    for number, line in enumerate(text.splitlines(), 1):
        for kind, shown in numbers_in(line):
            place = Sentence("%(where)s, line %(line)s", where=where, line=number)
            yield Finding(place, Sentence("%(kind)s %(shown)s", kind=_kind(kind), shown=shown))


def _kind(kind: str) -> Sentence:
    return Sentence(NAMES[kind])


def scan_file(name: str, data: bytes, line: Decimal | None) -> Iterator[Finding]:
    """Everything wrong with an attached file; raises Invalid for one that cannot be read."""
    kind = name.lower().rpartition(".")[2]
    if kind == "txt":
        try:
            yield from scan_text(Sentence("File %(name)s", name=name), data.decode())
        except UnicodeDecodeError:
            raise Invalid("%(name)s is not a text in UTF-8", name=name) from None
    elif kind in READABLE:
        for grid in open_grids(name, data):
            yield from scan_grid(name, grid, line)
    else:
        raise Invalid(
            "%(name)s cannot be checked by machine: attach a table (.xlsx, .csv) or a .txt",
            name=name,
        )


def scan_grid(name: str, grid: Grid, line: Decimal | None) -> Iterator[Finding]:
    """Numbers in any cell, unreadable column heads, scores below the line."""
    if not grid.read:
        what = Sentence("a hidden sheet, which nobody would see and everybody would download")
        yield Finding(Sentence("File %(name)s", name=name), what)
        return
    rows = [(number, [_text(cell) for cell in row]) for number, row in grid.rows]
    for number, cells in rows:
        for column, text in enumerate(cells):
            for kind, shown in numbers_in(text):
                told = Sentence("%(kind)s %(shown)s", kind=_kind(kind), shown=shown)
                yield Finding(_cell(name, number, column), told)
    head = next((at for at, (_n, cells) in enumerate(rows) if _filled(cells) > 1), None)
    if head is not None:
        yield from _columns(name, *rows[head])
        if line is not None:
            yield from _below(name, rows[head][1], rows[head + 1 :], line)


def _text(cell: object) -> str:
    try:
        return cell_text(cell)  # type: ignore[arg-type]
    except Sentence:  # a long number that the spreadsheet has rounded
        return str(cell)


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell) for cell in cells)


def _cell(name: str, row: int, column: int) -> Sentence:
    place = {"name": name, "row": row, "column": column + 1}
    return Sentence("File %(name)s, row %(row)s, column %(column)s", **place)


def _columns(name: str, number: int, head: Sequence[str]) -> Iterator[Finding]:
    for column, text in enumerate(head):
        if text and not _HAN.search(text):
            what = Sentence("the column is headed “%(text)s”: nobody can read that", text=text)
            yield Finding(_cell(name, number, column), what)


def _below(
    name: str, head: Sequence[str], rows: Sequence[tuple[int, list[str]]], line: Decimal
) -> Iterator[Finding]:
    """The last column with scores is the one that the line is about: the total stands last."""
    column = max((at for at, text in enumerate(head) if _SCORES.search(text)), default=None)
    if column is None:
        what = Sentence("a line is given, and no column of the list is headed as a score")
        yield Finding(Sentence("File %(name)s", name=name), what)
        return
    for number, cells in rows:
        text = cells[column] if column < len(cells) else ""
        try:
            passed = Decimal(text) >= line
        except InvalidOperation:
            passed = False
        if _filled(cells) > 1 and not passed:
            what = Sentence("“%(text)s” is below the line %(line)s", text=text, line=f"{line:f}")
            yield Finding(_cell(name, number, column), what)
