"""What must not be in a notice is found and named; what may be there is left alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exam_system.errors import Sentence
from exam_system.notices.scanning import scan_file, scan_text
from exam_system.personal import personal_in
from exam_system.sheets import write_csv, write_xlsx


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("身份证号11010519491231002X。", ["id"]),
        ("身份证 110105 19491231 0021(末位抄错也是真人)", ["id"]),
        ("１１０１０５１９４９１２３１００２Ｘ", ["id"]),
        ("旧证110105491231002", ["id"]),
        ("电话138-0013-8000、+86 139 1234 5678", ["mobile", "mobile"]),
        ("卡号6222 0212 3456 7890 129", []),  # fails Luhn
        ("卡号4539 1488 0343 6467", ["card"]),
        ("监督电话0853-33123456,邮编561000", []),
        ("2026年3月12日,第2026031200000001号", []),
        ("110105********002X", []),
        ("摘要138a0013800011010519491231002Xffff", []),
        ("准考证号01010101，成绩138.00", []),
    ],
)
def test_numbers_of_people_are_told_from_others(text: str, kinds: list[str]) -> None:
    assert [one.kind for one in personal_in(text)] == kinds


def test_a_finding_names_its_line_and_shows_no_number() -> None:
    found = list(scan_text(Sentence("Text"), "第一行\n王小明，110105194912310025"))
    assert [str(one.sentence) for one in found] == ["Text, line 2: an ID number 110*************25"]


def _found(name: str, data: bytes, line: str = "") -> list[str]:
    return [str(one.sentence) for one in scan_file(name, data, Decimal(line) if line else None)]


def test_people_below_the_announced_line_are_named_by_their_row() -> None:
    """The medical list of November 2025: 38.4 and 37.2 under an announced line of 60."""
    rows = [
        ["1", "王一", "71.5"],
        ["2", "李二", "38.4"],
        ["3", "赵三", "60"],
        ["4", "孙四", "缺考"],
    ]
    data = write_csv(["序号", "姓名", "总成绩"], rows)
    assert _found("list.csv", data, "60") == [
        "File list.csv, row 3, column 3: “38.4” is below the line 60",
        "File list.csv, row 5, column 3: “缺考” is below the line 60",
    ]
    assert _found("list.csv", data) == []
    assert _found("list.csv", write_csv(["序号", "姓名"], [["1", "王一"]]), "60") == [
        "File list.csv: a line is given, and no column of the list is headed as a score"
    ]


def test_columns_that_nobody_can_read_are_named() -> None:
    data = write_xlsx("成绩", ["BKbm", "Kh", "zf1", "姓名"], [["1", "2", "70", "王一"]])
    assert _found("s.xlsx", data) == [
        f"File s.xlsx, row 1, column {n}: the column is headed “{text}”: nobody can read that"
        for n, text in enumerate(("BKbm", "Kh", "zf1"), 1)
    ]


def test_what_cannot_be_read_is_not_attached() -> None:
    with pytest.raises(Sentence, match="cannot be checked by machine"):
        _found("list.docx", b"PK")
    with pytest.raises(Sentence, match="not a text in UTF-8"):
        _found("list.txt", b"\xff\xfe")
