"""Turns the bytes of an upload into grids of cells; knows file formats, but no columns."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from exam_system.sheets.guard import check_archive, check_size
from exam_system.sheets.sentence import Sentence
from exam_system.sheets.worker import MAX_CELLS, TOO_MANY
from exam_system.sheets.writing import COMMANDS

RawCell = str | float | bool
Rows = list[tuple[int, list[RawCell]]]

_WORKER = Path(__file__).with_name("worker.py")
_PATIENCE = 30
MAX_ROWS = 200_000
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
# Excel keeps 15 digits of a number; what follows has been replaced by zeros.
_EXACT = 10**15
# All but tab and line breaks; databases refuse some of them.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of one sheet that are not empty, each with its number from 1; `read` as below."""

    sheet: str
    rows: Rows
    read: bool = True


def open_grids(name: str, data: bytes) -> list[Grid]:
    """The sheets of the file, hidden ones empty and with `read` False. Raises Sentence."""
    check_size(data)
    kind = name.lower().rpartition(".")[2]
    if kind == "csv":
        return [Grid(name, _gather(_csv_rows(_decode(data))))]
    if kind == "xlsx":
        return _workbook_grids(data)
    raise Sentence("Upload a table as .xlsx or .csv.")


def cell_text(cell: RawCell) -> str:
    """The cell as people read it: 110010110.0 is "110010110", 85.5 is "85.5". Raises Sentence."""
    if isinstance(cell, str):
        return _visible(cell.strip())
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if abs(cell) >= _EXACT:
        raise Sentence(
            "The spreadsheet has rounded this long number. "
            "Format the column as text and enter the number again."
        )
    return f"{Decimal(f'{cell:.15g}'):f}"


def _visible(text: str) -> str:
    if _CONTROL.search(text):
        raise Sentence("This cell holds an invisible control character. Enter it again by hand.")
    return text


def _decode(data: bytes) -> str:
    if data.startswith((b"PK\x03\x04", _OLD_WORKBOOK)):
        raise Sentence("The file is a workbook, not a .csv file. Save it as .xlsx and try again.")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Sentence("The text of the file cannot be read. Save it as CSV UTF-8 and try again.")


def _csv_rows(text: str) -> Iterator[tuple[int, list[RawCell]]]:
    # Twenty million commas are one row to the parser, so they are counted first.
    if sum(map(text.count, ",\r\n")) > MAX_CELLS:
        raise _too_many_cells()
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            yield number, [_bare(cell) for cell in row]
    except csv.Error as error:
        raise Sentence(
            "The quotation marks or the length of row %(row)s are wrong. Save the file again "
            "from a spreadsheet program.",
            row=number + 1,
        ) from error


def _bare(cell: str) -> str:
    """A cell without the apostrophe that our own .csv files put before a command."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in COMMANDS and cell[1:2] else cell


def _gather(rows: Iterable[tuple[int, list[RawCell]]]) -> Rows:
    gathered: Rows = []
    for number, row in rows:
        if not any(not isinstance(cell, str) or cell.strip() for cell in row):
            continue
        if number > MAX_ROWS:
            raise Sentence("The table has more than %(limit)s rows. Divide it.", limit=MAX_ROWS)
        gathered.append((number, row))
    return gathered


def _too_many_cells() -> Sentence:
    return Sentence("The table has more than %(limit)s cells. Divide it.", limit=MAX_CELLS)


def _workbook_grids(data: bytes) -> list[Grid]:
    if data.startswith(_OLD_WORKBOOK):
        raise Sentence(
            "The file is an old .xls workbook or protected by a password. "
            "Save it as .xlsx without a password."
        )
    check_archive(data)
    sheets: list[tuple[str, bool, Rows]] = []
    for line in _run_worker(data).splitlines():
        value = json.loads(line)
        if isinstance(value, dict):
            sheets.append((value["sheet"], value["read"], []))
        else:
            sheets[-1][2].append((value[0], value[1]))
    return [Grid(name, _gather(rows), read) for name, read, rows in sheets]


def _run_worker(data: bytes) -> bytes:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_WORKER)],
            input=data,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Sentence("Reading the file took too long. Divide the table.") from error
    if done.returncode == TOO_MANY:
        raise _too_many_cells()
    if done.returncode:
        raise Sentence(
            "The workbook cannot be read: it is damaged or far larger than a table. "
            "Copy the table into a new workbook and upload that."
        )
    return done.stdout
