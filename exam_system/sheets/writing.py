"""Writes tables that no spreadsheet program takes for commands (OWASP ASVS 5.0 V1.2.10)."""

import csv
import datetime
import io
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter

from exam_system.sheets.sentence import Sentence

Cell = str | int | Decimal | datetime.date | None

# Chinese input methods produce the full-width forms, and spreadsheet programs obey them.
COMMANDS = frozenset("=+-@\t\r\n\0＝＋－＠")
_EXACT_DIGITS = 15
_NARROW, _WIDE = 6, 40
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_NOT_IN_SHEET_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
# The same rows give the same bytes, so an export can be compared by its hash.
_EPOCH = datetime.datetime(1980, 1, 1)


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with BOM, LF, header first; no field begins with a character of COMMANDS."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([_harmless(name) for name in columns])
    for row in rows:
        writer.writerow([_harmless(_text(c)) for _, c in zip(columns, row, strict=True)])
    return target.getvalue().encode("utf-8-sig", "replace")


def write_xlsx(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    watermark: str | None = None,
    about: tuple[str, Sequence[tuple[str, str]]] | None = None,
) -> bytes:
    """One worksheet: header in row 1, text as text, int and Decimal as numbers, dates as ISO text.

    `title` heads every printed page; `watermark` (who exported it, when) foots it and stands in
    the file's properties. `about` is a second worksheet, its name and its lines of two cells.
    Raises Sentence when a cell or the table is too long for .xlsx.
    """
    target = io.BytesIO()
    # Rows wait in a file until the end; the folder goes even when a row cannot be written.
    with tempfile.TemporaryDirectory() as folder:
        options = {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False}
        with xlsxwriter.Workbook(target, options) as book:
            _Table(book, title, columns, watermark).write(rows)
            if about is not None:
                _write_about(book, *about)
    return target.getvalue()


class _Table:
    """A worksheet while it is written."""

    def __init__(self, book: Any, title: str, columns: Sequence[str], mark: str | None) -> None:
        self.book = book
        self.columns = columns
        self.sheet = book.add_worksheet(_sheet_name(title))
        self.widths = [_NARROW] * len(columns)
        self.header = book.add_format({"bold": True, "num_format": "@", "text_wrap": True})
        self.body = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        self.numbers: dict[int, Any] = {}
        book.set_properties({"title": title, "comments": mark or "", "created": _EPOCH})
        self._set_page(title, mark)

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        for index, name in enumerate(self.columns):
            self._write_text(0, index, name, self.header)
        number = 0
        for number, row in enumerate(rows, 1):
            for index, (_, cell) in enumerate(zip(self.columns, row, strict=True)):
                self._write_cell(number, index, cell)
        self.sheet.autofilter(0, 0, number, len(self.columns) - 1)
        for index, width in enumerate(self.widths):
            self.sheet.set_column(index, index, min(width, _WIDE) + 2)

    def _set_page(self, title: str, mark: str | None) -> None:
        self.sheet.freeze_panes(1, 0)
        self.sheet.repeat_rows(0)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)  # A4
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_header(f"&C{_page_text(title)}")
        self.sheet.set_footer(f"&L{_page_text(mark or '')}&R&P / &N")

    def _write_cell(self, row: int, column: int, cell: Cell) -> None:
        if _is_number(cell):
            style = self._number_format(Decimal(str(cell)))
            _check(self.sheet.write_number(row, column, cell, style))
            self._widen(column, str(cell))
        elif cell is not None:
            self._write_text(row, column, _text(cell), self.body)

    def _write_text(self, row: int, column: int, text: str, style: Any) -> None:
        text = _NOT_XML.sub("\ufffd", text)
        # The writer passes such a string on as markup, formulas in it included.
        if text.startswith("<r>") and text.endswith("</r>"):
            text = " " + text
        _check(self.sheet.write_string(row, column, text, style))
        self._widen(column, text)

    def _number_format(self, number: Decimal) -> Any:
        places = _places(number)
        if places not in self.numbers:
            pattern = "0." + "0" * places if places else "0"
            self.numbers[places] = self.book.add_format({"num_format": pattern, "valign": "top"})
        return self.numbers[places]

    def _widen(self, column: int, text: str) -> None:
        if self.widths[column] < _WIDE:
            width = max(map(_width, text.split("\n")))
            self.widths[column] = max(self.widths[column], width)


def _write_about(book: Any, name: str, lines: Sequence[tuple[str, str]]) -> None:
    sheet, style = book.add_worksheet(_sheet_name(name)), book.add_format({"num_format": "@"})
    for number, line in enumerate(lines):
        for column, text in enumerate(line):
            sheet.write_string(number, column, _NOT_XML.sub("\ufffd", text), style)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 60)


def _harmless(text: str) -> str:
    # The csv module leaves a lone CR unquoted, and what follows it would begin a row.
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    while text and (text[0] == "\ufeff" or unicodedata.category(text[0]) in ("Zs", "Cf")):
        text = text[1:]
    return "'" + text if text[:1] in COMMANDS and text else text


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, datetime.date) else str(cell)


def _is_number(cell: Cell) -> bool:
    """Numbers that a spreadsheet keeps exactly; a longer one is written as text."""
    if isinstance(cell, Decimal):
        return cell.is_finite() and len(cell.as_tuple().digits) <= _EXACT_DIGITS
    return isinstance(cell, int) and len(str(abs(cell))) <= _EXACT_DIGITS


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _check(code: int) -> None:
    if code == -1:
        raise Sentence("The table has more rows than an .xlsx file can hold. Export it as .csv.")
    if code:
        raise Sentence("A cell holds more text than an .xlsx file can keep. Export it as .csv.")


def _width(text: str) -> int:
    """In letters; Chinese characters and full-width forms count two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text[:_WIDE])


def _sheet_name(title: str) -> str:
    """Excel allows 31 UTF-16 units, some characters not, and no apostrophe at either end."""
    name = _NOT_IN_SHEET_NAME.sub(" ", title).encode("utf-16-le")[:62]
    return name.decode("utf-16-le", "ignore").strip().strip("'") or "Sheet1"


def _page_text(text: str) -> str:
    """Page headers hold 255 characters and take & for a command."""
    return text[:100].replace("&", "&&")
