"""Tables in and out of the office: strict reading and harmless writing of .csv and .xlsx."""

from exam_system.sheets.reading import read_table
from exam_system.sheets.sentence import Sentence
from exam_system.sheets.table import CellError, Column, Sheet, SheetError
from exam_system.sheets.writing import Cell, write_csv, write_xlsx

__all__ = [
    "Cell",
    "CellError",
    "Column",
    "Sentence",
    "Sheet",
    "SheetError",
    "read_table",
    "write_csv",
    "write_xlsx",
]
