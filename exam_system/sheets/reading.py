"""Reads a table by the names in its header: all rows, or every problem with its place."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from exam_system.sheets.grids import Grid, RawCell, Rows, cell_text, open_grids
from exam_system.sheets.sentence import Sentence
from exam_system.sheets.table import CellError, Column, Sheet, SheetError, letter

# A title may stand above the header.
_HEADER_WITHIN = 2
_KEPT_ERRORS = 1000


def read_table(name: str, data: bytes, columns: Sequence[Column]) -> Sheet:
    """All rows of an uploaded .csv or .xlsx file called `name`.

    .csv is UTF-8 or GB18030; of an .xlsx every visible worksheet with a known header is read,
    formulas by their last value. Raises SheetError with every problem: all rows or none.
    """
    reader = _Reader(columns)
    try:
        grids = open_grids(name, data)
    except Sentence as error:
        raise SheetError([CellError(name, 0, "", error)]) from error
    tables = [grid for grid in grids if grid.read and _header_at(grid.rows, columns) is not None]
    if not tables:
        reader.refuse(name, 0, "", _missing([c for c in columns if c.required]))
    for grid in tables:
        reader.read(grid)
    reader.finish(name)
    skipped = tuple(grid.sheet for grid in grids if grid not in tables)
    return Sheet(name, reader.rows, tuple(reader.ignored), skipped)


class _Reader:
    """Gathers the rows of all worksheets, and what is wrong with them."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.rows: list[dict[str, Any]] = []
        self.ignored: dict[str, None] = {}
        self._seen: dict[tuple[str, object], tuple[str, int]] = {}
        self._errors: list[CellError] = []
        self._number = 0

    def refuse(self, sheet: str, row: int, column: str, error: ValueError) -> None:
        """Keeps the first problems and counts the rest: a bad column has one in every row."""
        self._number += 1
        if len(self._errors) < _KEPT_ERRORS:
            self._errors.append(CellError(sheet, row, column, _as_sentence(error)))

    def finish(self, name: str) -> None:
        if not self.rows and not self._number:
            self.refuse(name, 0, "", Sentence("The table has a header but no rows."))
        if self._number:
            raise SheetError(self._errors, self._number)

    def read(self, grid: Grid) -> None:
        at = _header_at(grid.rows, self.columns) or 0
        number, header = grid.rows[at]
        try:
            places = _places(header, self.columns)
        except Sentence as error:
            return self.refuse(grid.sheet, number, "", error)
        known = set(places.values())
        self.ignored |= {str(h): None for i, h in enumerate(header) if i not in known and _plain(h)}
        for number, row in grid.rows[at + 1 :]:
            self.rows.append(self._row(grid.sheet, number, row, places))
            for index in _cells_without_header(row, header):
                stray = Sentence("This cell has no header above it.")
                self.refuse(grid.sheet, number, letter(index), stray)
        return None

    def _row(
        self, sheet: str, number: int, row: Sequence[RawCell], places: Mapping[str, int]
    ) -> dict[str, Any]:
        values: dict[str, Any] = {"_sheet": sheet, "_row": number}
        for column in self.columns:
            index = places.get(column.key, len(row))
            try:
                values[column.key] = _value(column, row[index] if index < len(row) else "")
                self._check_unique(column, values)
            except ValueError as error:
                place = places[column.key]
                self.refuse(sheet, number, f"{letter(place)} {column.names[0]}", error)
        return values

    def _check_unique(self, column: Column, values: dict[str, Any]) -> None:
        value = values[column.key]
        if not column.unique or value is None:
            return
        here = (values["_sheet"], values["_row"])
        sheet, row = self._seen.setdefault((column.key, value), here)
        if (sheet, row) != here:
            raise Sentence(
                "The same value is already in %(sheet)s, row %(row)s.", sheet=sheet, row=row
            )


def _header_at(rows: Rows, columns: Sequence[Column]) -> int | None:
    """The index in `rows` of the row among the first ones that names the most columns."""
    known = {_plain(name) for column in columns for name in column.names}
    scores = [sum(_plain(cell) in known for cell in row) for _, row in rows[:_HEADER_WITHIN]]
    return scores.index(max(scores)) if any(scores) else None


def _plain(header: RawCell) -> str:
    """A header without what people do not see: width of letters, spaces, line breaks, case."""
    return "".join(unicodedata.normalize("NFKC", str(header)).split()).casefold()


def _places(header: Sequence[RawCell], columns: Sequence[Column]) -> dict[str, int]:
    """Where each column is, by key. Raises Sentence naming what is missing or there twice."""
    places: dict[str, int] = {}
    for column in columns:
        names = {_plain(name) for name in column.names}
        found = [index for index, cell in enumerate(header) if _plain(cell) in names]
        if len(found) > 1:
            raise Sentence(
                "The column “%(name)s” is there more than once: %(letters)s. Keep one of them.",
                name=column.names[0],
                letters=", ".join(letter(index) for index in found),
            )
        if found:
            places[column.key] = found[0]
    missing = [column for column in columns if column.required and column.key not in places]
    if missing:
        raise _missing(missing)
    return places


def _missing(columns: Sequence[Column]) -> Sentence:
    names = ", ".join(column.names[0] for column in columns)
    return Sentence("These columns are missing: %(names)s.", names=names)


def _value(column: Column, cell: RawCell) -> Any:
    text = cell_text(cell)
    if text:
        return column.parse(text)
    if column.must_be_filled:
        raise Sentence("This cell must be filled in.")
    return None


def _cells_without_header(row: Sequence[RawCell], header: Sequence[RawCell]) -> list[int]:
    """A cell to the right of the table is most often a comma too many, which shifts a row."""
    return [i for i in range(len(header), len(row)) if _plain(row[i])]


def _as_sentence(error: ValueError) -> Sentence:
    return error if isinstance(error, Sentence) else Sentence("%(message)s", message=error)
