"""What must not be in a notice, found before it is passed: people's numbers, people below the
line of a list, columns that nobody can read. Pure: text and bytes in, findings out.

The rules go back to a list of November 2025 that named 18 people with their full ID numbers and
four below the announced line of 60, and to a score list headed BKbm, Kh, zf1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from exam_system.errors import Invalid, Sentence
from exam_system.personal import Found, personal_in
from exam_system.sheets.grids import Grid, cell_text, open_grids

READABLE = ("csv", "xlsx", "txt")
"""Kinds of files whose every word the check reads."""
PDF = "pdf"
"""Comes with one of them under the same name, which says the same and which the check reads."""
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_SCORES = re.compile("成绩|总分|得分|分数")
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


def scan_text(where: Sentence, text: str) -> Iterator[Finding]:
    """Every personal number in a text, with the line it is in."""
    for number, line in enumerate(text.splitlines(), 1):
        for one in personal_in(line):
            place = Sentence("%(where)s, line %(line)s", where=where, line=number)
            yield Finding(place, _named(one))


def _named(one: Found) -> Sentence:
    return Sentence("%(kind)s %(shown)s", kind=Sentence(NAMES[one.kind]), shown=one.masked)


def scan_file(name: str, data: bytes, line: Decimal | None) -> Iterator[Finding]:
    """Everything wrong with an attached file; raises Invalid for one that cannot be read."""
    kind = name.lower().rpartition(".")[2]
    if kind == "txt":
        try:
            yield from scan_text(Sentence("File %(name)s", name=name), data.decode())
        except UnicodeDecodeError:
            raise Invalid("%(name)s is not a text in UTF-8", name=name) from None
    elif kind == PDF:
        if not data.startswith(b"%PDF-"):
            raise Invalid("%(name)s is no PDF", name=name)
    elif kind in READABLE:
        for grid in open_grids(name, data):
            yield from scan_grid(name, grid, line)
    else:
        raise Invalid(
            "%(name)s cannot be checked by machine: attach a table (.xlsx, .csv) or a .txt",
            name=name,
        )


def unread(names: Sequence[str]) -> list[str]:
    """The PDFs that no file of the same name stands beside, in words that the check reads."""
    stems = {stem for stem, _dot, kind in map(_parted, names) if kind in READABLE}
    return [name for name in names if _parted(name)[2] == PDF and _parted(name)[0] not in stems]


def _parted(name: str) -> tuple[str, str, str]:
    return name.lower().rpartition(".")


def scan_grid(name: str, grid: Grid, line: Decimal | None) -> Iterator[Finding]:
    """Numbers in any cell, unreadable column heads, scores below the line."""
    if not grid.read:
        what = Sentence("a hidden sheet, which nobody would see and everybody would download")
        yield Finding(Sentence("File %(name)s", name=name), what)
        return
    rows = [(number, [_text(cell) for cell in row]) for number, row in grid.rows]
    for number, cells in rows:
        for column, text in enumerate(cells):
            for one in personal_in(text):
                yield Finding(_cell(name, number, column), _named(one))
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
