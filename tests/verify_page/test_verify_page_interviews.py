"""Interview notes with sheets of elements: both verifiers take the same and refuse the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from exam_system.verify.run import verify
from tests.verify.builder import ORIGIN, Office, write
from tests.verify_page.asked import ask, refused

pytestmark = pytest.mark.browser
HEAD = f"{ORIGIN}/interview/v2\nexam 2026-kp\nnumber 010100101\npanel p1\n"
SHEETS = """\
element yy 60 1
element zz 20 2
sheet 51.00 17.50 86.00
sheet 50.00 18.00 86.00
sheet 55.50 16.00 87.50
sheet 48.00 19.50 87.00
sheet 52.00 17.00 86.00
"""
END = f"rules {'ab' * 32}\n"
# by element: (51 + 50 + 52) / 3 + 2 * (17.5 + 18 + 17) / 3 = 86; totals: (86 + 86 + 87) / 3
ELEMENT = f"{HEAD}trimming element\n{SHEETS}dropped 3 4\ndropped 4 3\nresult 86.00\n{END}"
TOTAL = f"{HEAD}trimming total\n{SHEETS}dropped 3 1\nresult 86.33\n{END}"
FALSE = [
    (ELEMENT, "result 86.00", "result 51.00"),  # one of two elements
    (ELEMENT, "result 86.00", "result 86.01"),
    (ELEMENT, "dropped 3 4", "dropped 1 4"),
    (ELEMENT, "dropped 3 4", "dropped 3"),
    (ELEMENT, "dropped 3 4\n", ""),
    (ELEMENT, "51.00 17.50 86.00", "51.00 17.50 86.50"),
    (ELEMENT, "51.00 17.50 86.00", "61.00 17.50 96.00"),
    (ELEMENT, "51.00 17.50 86.00", "51.00 86.00"),
    (ELEMENT, "sheet 52.00 17.00 86.00\n", ""),
    (ELEMENT, "element zz 20 2", "element zz 20 1"),
    (ELEMENT, "element zz 20 2", "element yy 20 2"),
    (ELEMENT, "element zz 20 2\n", ""),
    (ELEMENT, "trimming element", "trimming totals"),
    (TOTAL, "dropped 3 1", "dropped 3 4"),
    (TOTAL, "result 86.33", "result 86.34"),
    (TOTAL, "dropped 3 1\nresult 86.33", "result 86.33\ndropped 3 1"),
]


def test_sheets_are_added_up_on_the_page_too(page: Page, tmp_path: Path) -> None:
    office = Office()
    texts = [ELEMENT, TOTAL, TOTAL.replace("86.33", "86.3")]
    for text, old, new in FALSE:
        assert old in text
        texts.append(text.replace(old, new, 1))
    cases = [
        {"keys.txt": office.keys, "it.note": office.note(text, office.publisher, cosigned=False)}
        for text in texts
    ]
    by_page = [refused(run) for run in ask(page, cases)]
    by_program = [
        [error.check.id for error in verify([write(tmp_path / str(number), files)]).refused]
        for number, files in enumerate(cases)
    ]
    assert by_program == [[], [], [], *([["V42"]] * len(FALSE))]
    assert by_page == by_program
