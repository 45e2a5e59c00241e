import csv
import datetime
import io
import re
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from exam_system.sheets import Column, read_table, write_csv, write_xlsx
from exam_system.sheets.writing import COMMANDS

COMMAND_LINES = [
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM",
    "  =1+1",
    "\u3000=1+1",
    "\u00a0\ufeff=1+1",
    "\u200b=1+1",
    "\t=1+1",
    "\r=1",
    "\n=1",
    "\0=1",
    "\0",
    "=cmd|' /C calc'!A0",
    '"=1+1',
]
RICH = "<r></t></is></c><c r='B9'><f>1+1</f></c><c t='inlineStr'><is><t></r>"
texts = st.text(max_size=30) | st.builds(
    lambda lead, rest: lead + rest, st.sampled_from(COMMAND_LINES), st.text(max_size=8)
)


def _worksheet(data: bytes) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
@example(COMMAND_LINES[:])
@example(["<r>=1</r>"])
@example([RICH])
def test_no_cell_of_an_xlsx_export_is_a_formula(cells: list[str]) -> None:
    data = write_xlsx("名单", [f"列{i}" for i in range(len(cells))], [cells])
    kinds = [cell.data_type for row in _worksheet(data).iter_rows() for cell in row]
    assert set(kinds) <= {"s", "n", "inlineStr"}
    assert all(
        cell.data_type != "n" or cell.value is None
        for row in _worksheet(data).iter_rows()
        for cell in row
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def _without_blanks(field: str) -> str:
    """Without leading spaces and characters of no width, which some programs skip."""
    return re.sub("^[\\s\ufeff\u200b-\u200f\u2060]+", "", field)


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
@example(COMMAND_LINES[:])
def test_no_field_of_a_csv_export_begins_with_a_command(cells: list[str]) -> None:
    data = write_csv(cells, [cells])
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    if cells != [""]:
        assert [len(row) for row in rows] == [len(cells)] * 2
    for row in rows:
        for field in row:
            assert field[:1] not in COMMANDS or not field
            assert not _without_blanks(field) or _without_blanks(field)[0] not in COMMANDS


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["张三", "李𬱖", "00110", "a,b", 'q"q', "两\n行"]), min_size=1))
def test_plain_text_survives_both_ways(cells: list[str]) -> None:
    rows = [[cell] for cell in cells]
    for name, data in (
        ("t.xlsx", write_xlsx("表", ["姓名"], rows)),
        ("t.csv", write_csv(["姓名"], rows)),
    ):
        sheet = read_table(name, data, [Column("name", ("姓名",))])
        assert [row["name"] for row in sheet.rows] == cells


def test_csv_bytes() -> None:
    rows = [["张,三", 1, Decimal("65.00"), None, datetime.date(2026, 1, 2)], ["＝x", -1, 0, "", ""]]
    assert write_csv(["姓名", "=a", "c", "d", "e"], rows) == (
        "\ufeff姓名,'=a,c,d,e\n\"张,三\",1,65.00,,2026-01-02\n'＝x,'-1,0,,\n".encode()
    )


def test_kinds_of_xlsx_cells() -> None:
    values = ["110101199003070011", 7, Decimal("65.50"), None, datetime.date(2026, 1, 2), 10**15]
    row = list(_worksheet(write_xlsx("t", list("abcdef"), [values])).iter_rows())[1]
    assert [c.value for c in row] == [
        "110101199003070011",
        7,
        65.5,
        None,
        "2026-01-02",
        "1000000000000000",
    ]
    assert row[0].number_format == "@"
    assert row[2].number_format == "0.00"


def test_the_printed_page_and_the_watermark() -> None:
    mark = "王五 & 李四 2026-10-15"
    sheet = _worksheet(write_xlsx("拟录用/公示[1]", ["姓名", "备注"], [["张三", "很" * 60]], mark))
    assert sheet.title == "拟录用 公示 1"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B2"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.page_setup.orientation == "landscape"
    # One page wide is what a missing width means; 0 pages high is as many as it takes.
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)
    assert sheet["A1"].font.bold
    assert sheet.oddHeader.center.text == "拟录用/公示[1]"
    assert sheet.oddFooter.left.text == mark.replace("&", "&&")
    assert sheet.column_dimensions["A"].width < 10 < 40 < sheet.column_dimensions["B"].width < 50


def test_the_same_rows_give_the_same_bytes() -> None:
    assert write_xlsx("t", ["a"], [["x"]]) == write_xlsx("t", ["a"], iter([["x"]]))


@pytest.mark.parametrize("title", ["''", "[]", "长" * 40, "𬱖" * 20])
def test_any_title_makes_a_sheet(title: str) -> None:
    assert _worksheet(write_xlsx(title, ["a"], [])).title


def test_what_does_not_fit_is_refused_not_dropped() -> None:
    with pytest.raises(ValueError, match="more text"):
        write_xlsx("t", ["a"], [["x" * 32768]])
    with pytest.raises(ValueError, match="zip"):
        write_xlsx("t", ["a"], [["x", "y"]])
    with pytest.raises(ValueError, match="zip"):
        write_csv(["a"], [["x", "y"]])
