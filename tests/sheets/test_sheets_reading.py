import datetime
import io
import os
import random
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest
import xlsxwriter

from exam_system.sheets import (
    Column,
    Sentence,
    SheetError,
    guard,
    read_table,
    write_csv,
    write_xlsx,
)


def _whole(text: str) -> int:
    if not text.isdigit():
        raise Sentence("“%(text)s” is not a whole number.", text=text)
    return int(text)


COLUMNS = (
    Column("code", ("职位代码", "post code"), unique=True),
    Column("vacancies", ("招录人数（人）", "vacancies"), parse=_whole),
    Column("majors", ("专业", "majors"), blank=True),
    Column("note", ("备注", "note"), required=False),
)
HEADER = ["职位代码", "招录人数（人）", "专业", "备注"]


def _book(*sheets: list[list[object]], hidden: str = "") -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, rows in enumerate(sheets, 1):
            sheet = book.add_worksheet(f"表{number}")
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    if isinstance(cell, datetime.date):
                        sheet.write_datetime(y, x, cell, day)
                    else:
                        sheet.write(y, x, cell)
            if sheet.name == hidden:
                sheet.hide()
    return target.getvalue()


def _replaced(data: bytes, name: str, body: bytes) -> bytes:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            new.writestr(member, body if member == name else old.read(member))
    return target.getvalue()


def _lines(name: str, data: bytes) -> list[str]:
    with pytest.raises(SheetError) as caught:
        read_table(name, data, COLUMNS)
    return caught.value.lines()


def _error(name: str, data: bytes) -> str:
    (line,) = _lines(name, data)
    return line


CSV = "职位代码,招录人数（人）,专业,备注\n001,2,法学,\n\n , ,,\n002,1,,说明\n"
ROWS = [
    {"code": "001", "vacancies": 2, "majors": "法学", "note": None, "_sheet": "p.csv", "_row": 2},
    {"code": "002", "vacancies": 1, "majors": None, "note": "说明", "_sheet": "p.csv", "_row": 5},
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_the_three_encodings(encoding: str) -> None:
    assert read_table("p.csv", CSV.encode(encoding), COLUMNS).rows == ROWS


def test_rare_characters_come_through_gb18030() -> None:
    data = "职位代码,招录人数（人）,专业\n1,1,王䶮李𬱖\n".encode("gb18030")
    assert read_table("p.csv", data, COLUMNS).rows[0]["majors"] == "王䶮李𬱖"


def test_english_header_in_any_order_below_a_title_with_an_extra_column() -> None:
    data = b"\nTable of posts,,,\nMajors, VACANCIES ,Sheet,Post\n Code\nlaw,3,north,7\n"
    data = data.replace(b"Post\n Code", b'"Post\n Code"')
    sheet = read_table("P.CSV", data, COLUMNS)
    assert sheet.rows == [
        {"code": "7", "vacancies": 3, "majors": "law", "note": None, "_sheet": "P.CSV", "_row": 4}
    ]
    assert sheet.ignored == ("Sheet",)


def test_cells_of_a_workbook() -> None:
    rows = [
        ["2026年职位表"],
        HEADER,
        [110010110, 2, datetime.date(2026, 10, 15), "=1+1"],
        [],
        ["00110", "3", 85.5, True],
    ]
    sheet = read_table("p.xlsx", _book(rows), COLUMNS)
    assert [tuple(row.values()) for row in sheet.rows] == [
        ("表1", 3, "110010110", 2, "2026-10-15", "0"),
        ("表1", 5, "00110", 3, "85.5", "TRUE"),
    ]


def test_a_table_that_does_not_begin_in_a1_keeps_its_row_and_column_names() -> None:
    rows = [[], [], ["", "", *HEADER], ["", "", "1", "x", "", ""]]
    assert _error("p.xlsx", _book(rows)) == (
        "表1, row 4, column D 招录人数（人）: “x” is not a whole number."
    )


def test_all_visible_worksheets_are_read_and_the_others_are_named() -> None:
    first, second = [HEADER, ["1", "1"]], [HEADER, ["2", "1"]]
    sheet = read_table("p.xlsx", _book(first, [["填表说明"]], second, first, hidden="表4"), COLUMNS)
    assert [(row["_sheet"], row["code"]) for row in sheet.rows] == [("表1", "1"), ("表3", "2")]
    assert sheet.skipped == ("表2", "表4")


def test_a_unique_column_is_unique_across_worksheets() -> None:
    one = [HEADER, ["1", "1"]]
    assert _error("p.xlsx", _book(one, one)) == (
        "表2, row 2, column A 职位代码: The same value is already in 表1, row 2."
    )


def test_a_number_that_lost_its_digits_is_refused() -> None:
    line = _error("p.xlsx", _book([HEADER, [110101199003070011, 1]]))
    assert line.startswith("表1, row 2, column A 职位代码: The spreadsheet has rounded")


def test_all_or_nothing_with_every_problem_in_its_place() -> None:
    text = "职位代码,招录人数（人）,专业\n1,x,\n,2,\n3,1,a,b\n3,1,a\n4,1,a\x01\n"
    assert _lines("p.csv", text.encode()) == [
        "p.csv, row 2, column B 招录人数（人）: “x” is not a whole number.",
        "p.csv, row 3, column A 职位代码: This cell must be filled in.",
        "p.csv, row 4, column D: This cell has no header above it.",
        "p.csv, row 5, column A 职位代码: The same value is already in p.csv, row 4.",
        "p.csv, row 6, column C 专业: This cell holds an invisible control character. "
        "Enter it again by hand.",
    ]


def test_twenty_problems_are_shown_and_the_rest_counted() -> None:
    data = write_csv(HEADER, [[str(n), "x", "", ""] for n in range(2500)])
    lines = _lines("p.csv", data)
    assert len(lines) == 21
    assert lines[-1] == "And 2480 more problems."
    with pytest.raises(SheetError, match="And 2480 more problems"):
        read_table("p.csv", data, COLUMNS)


def test_problems_in_another_language() -> None:
    words = {
        "%(sheet)s, row %(row)s, column %(column)s: %(message)s": "%(row)s%(column)s：%(message)s",
        "“%(text)s” is not a whole number.": "“%(text)s”不是整数",
    }
    with pytest.raises(SheetError) as caught:
        read_table("p.csv", "职位代码,招录人数（人）,专业\n1,百%,\n".encode(), COLUMNS)
    assert caught.value.lines(words.__getitem__) == ["2B 招录人数（人）：“百%”不是整数"]


def test_a_plain_value_error_keeps_its_words() -> None:
    column = Column("n", ("n",), parse=datetime.date.fromisoformat)
    with pytest.raises(SheetError, match="row 2, column A n: Invalid isoformat string: '5%'"):
        read_table("p.csv", b"n\n5%\n", [column])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("职位代码,备注\n1,2\n", "row 1: These columns are missing: 招录人数（人）, 专业."),
        ("a,b\n1,2\n", "p.csv: These columns are missing: 职位代码, 招录人数（人）, 专业."),
        ("", "p.csv: These columns are missing"),
        ("职位代码,Post Code,专业,vacancies\n", "“职位代码” is there more than once: A, B"),
        ("职位代码,招录人数（人）,专业\n,,\n", "p.csv: The table has a header but no rows."),
        ('职位代码,招录人数（人）,专业\n1,"1"2,\n', "length of row 2 are wrong"),
        ('职位代码,招录人数（人）,专业\n1,1,"x\n', "length of row 2 are wrong"),
        ("职位代码,招录人数（人）,专业\n1,1,\0\n", "cannot be read"),
    ],
)
def test_a_table_without_its_shape_is_refused(text: str, words: str) -> None:
    assert words in _error("p.csv", text.encode())


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("p.xls", b"x", "Upload a table as .xlsx or .csv"),
        ("p", b"x", "Upload a table as .xlsx or .csv"),
        ("p.xlsx", b"\xd0\xcf\x11\xe0", "old .xls workbook or protected"),
        ("p.csv", b"PK\x03\x04", "workbook, not a .csv"),
        ("p.csv", "职位代码".encode("utf-16"), "cannot be read"),
        ("p.csv", b"\xff\xff\xff", "cannot be read"),
        ("p.xlsx", b"no zip", "damaged"),
        ("p.xlsx", b"", "damaged"),
    ],
)
def test_another_kind_of_file_is_refused(name: str, data: bytes, words: str) -> None:
    assert words in _error(name, data)


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return target.getvalue()


def _bomb(size: int) -> bytes:
    sheet = b"<worksheet><sheetData>" + b'<row r="1"><c r="A1"><v>1</v></c></row>' * (size // 39)
    return _zip({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": sheet})


def _lying(data: bytes) -> bytes:
    """The directory says that the last member is ten bytes long, with their right checksum."""
    at = data.rindex(b"PK\x01\x02")
    claim = struct.pack("<I", zlib.crc32(b"<worksheet")) + data[at + 20 : at + 24]
    return data[: at + 16] + claim + struct.pack("<I", 10) + data[at + 28 :]


def _many() -> bytes:
    return _zip({"xl/workbook.xml": b"", **{f"{n}": b"" for n in range(60_000)}})


def _huge_rectangle() -> bytes:
    """Five kilobytes whose one far cell makes the parser ask for 512 GB."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "职位代码")
        sheet.write(1048575, 16383, "x")
    return target.getvalue()


def _repeated_string() -> bytes:
    rows: list[list[object]] = [["职位代码"], *([["x"]] * 60_000)]
    strings = b"<sst><si><t>a</t></si><si><t>" + b"z" * 32000 + b"</t></si></sst>"
    return _replaced(_book(rows), "xl/sharedStrings.xml", strings)


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a megabyte that unpacks to 400": (lambda: _bomb(400_000_000), "unpacks"),
    "a ratio above the limit": (lambda: _bomb(20_000_000), "unpacks"),
    "a directory that lies": (lambda: _lying(_bomb(3_000_000)), "The file is damaged"),
    "sixty thousand members": (_many, "unpacks"),
    "one cell in the last corner": (_huge_rectangle, "cannot be read"),
    "one long string 60,000 times": (_repeated_string, "cannot be read"),
    "21 MB": (lambda: b"PK\x03\x04" + bytes(21_000_000), "larger than 20 MB"),
}


def _seconds() -> float:
    """Processor time of this process and the ones it waited for: other work does not count."""
    return sum(os.times()[:4])


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_within_a_second(bomb: str) -> None:
    make, words = BOMBS[bomb]
    data = make()
    tracemalloc.start()
    begun = _seconds()
    with pytest.raises(SheetError, match=words):
        read_table("p.xlsx", data, COLUMNS)
    spent, (_, peak) = _seconds() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 1
    assert peak < 64 * guard.MEGABYTE


def test_members_are_bounded_one_by_one_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = random.Random(1).randbytes
    two = _zip({"xl/workbook.xml": noise(3000), "b": noise(3000)})
    monkeypatch.setattr(guard, "MAX_MEMBER_BYTES", 3000)
    monkeypatch.setattr(guard, "MAX_TOTAL_BYTES", 6000)
    guard.check_archive(two)
    monkeypatch.setattr(guard, "MAX_TOTAL_BYTES", 5999)
    with pytest.raises(Sentence, match="unpacks"):
        guard.check_archive(two)
    monkeypatch.setattr(guard, "MAX_TOTAL_BYTES", 6000)
    monkeypatch.setattr(guard, "MAX_MEMBER_BYTES", 2999)
    with pytest.raises(Sentence, match="unpacks"):
        guard.check_archive(two)


@pytest.mark.parametrize("body", [b"," * 19_000_000, b"\n" * 19_000_000, b"x\n" * 9_000_000])
def test_a_csv_bomb_is_refused_within_a_second(body: bytes) -> None:
    begun = _seconds()
    assert "more than 3000000 cells" in _error("p.csv", b"a\n" + body)
    assert _seconds() - begun < 1


def test_too_many_rows_are_refused() -> None:
    data = "职位代码,招录人数（人）,专业\n".encode() + b"1,1,1\n" * 200_000
    assert "more than 200000 rows" in _error("p.csv", data)


def test_external_and_nested_entities_give_nothing() -> None:
    book = _book([HEADER, ["1", "1"]])
    sheet = (
        b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">'
        b'<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>&b;&x;</t></is></c></row>'
        b"</sheetData></worksheet>"
    )
    line = _error("p.xlsx", _replaced(book, "xl/worksheets/sheet1.xml", sheet))
    assert "root" not in line
    assert "cannot be read" in line or "missing" in line


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "a\\..\\b"])
def test_a_member_outside_the_archive_is_refused(name: str) -> None:
    data = _zip({"xl/workbook.xml": b"", name.replace("\\", "/"): b""})
    if "\\" in name:
        data = data.replace(name.replace("\\", "/").encode(), name.encode())
    assert "damaged" in _error("p.xlsx", data)


def test_members_the_guard_cannot_count_are_refused() -> None:
    members = {"xl/workbook.xml": b"x" * 100}
    good = _zip(members)
    assert "damaged" in _error("p.xlsx", _zip(members, zipfile.ZIP_LZMA))
    assert "damaged" in _error("p.xlsx", good[:40] + b"\xff\xff\xff" + good[43:])
    at = good.index(b"PK\x01\x02")
    encrypted = good[: at + 8] + b"\x01" + good[at + 9 :]
    assert "password" in _error("p.xlsx", encrypted)
    assert "not an .xlsx" in _error("p.xlsx", _zip({"content.xml": b"x"}))


def test_an_export_of_many_equal_rows_can_be_read_again() -> None:
    rows = [[str(number), "1", "同一专业要求", "同一说明"] for number in range(20_000)]
    sheet = read_table("p.xlsx", write_xlsx("表", HEADER, rows), COLUMNS)
    assert len(sheet.rows) == 20_000
