"""Figures of a day: both verifiers take the same and refuse the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from exam_system.verify.run import verify
from tests.verify.builder import ORIGIN, Office, write
from tests.verify_page.asked import ask, refused

pytestmark = pytest.mark.browser
TEXT = f"""\
{ORIGIN}/figures/v1
exam 2026-kp
day 2026-03-20
at 2026-03-20T01:00:00Z
counted approved
total 3 6 12 9 8
idle 1
below 2
post A-1 3 3 10 9 8
post A-2 2 3 0 0 0
post B1 1 2 2 0 0
"""
FALSE = [
    ("total 3 6 12 9 8", "total 3 6 12 9 9"),
    ("total 3 6 12 9 8", "total 3 6 012 9 8"),
    ("idle 1", "idle 0"),
    ("below 2", "below 3"),
    ("counted approved", "counted paid"),
    ("counted approved", "counted applied"),
    ("post A-2 2 3 0 0 0\npost B1 1 2 2 0 0", "post B1 1 2 2 0 0\npost A-2 2 3 0 0 0"),
    ("post A-2 2 3 0 0 0", "post A-1 2 3 0 0 0"),
    ("post A-1 3 3 10 9 8", "post A-1 3 3 10 8 9"),
    ("post B1 1 2 2 0 0", "post B1 1 0 2 0 0"),
    ("post B1 1 2 2 0 0", "post B1 1 2 2 0"),
    ("post B1 1 2 2 0 0", "seat B1 1 2 2 0 0"),
    ("day 2026-03-20", "day 20 March"),
    ("\nidle 1", ""),
]


def test_figures_are_added_up_on_the_page_too(page: Page, tmp_path: Path) -> None:
    office = Office()
    texts = [TEXT, *(TEXT.replace(old, new) for old, new in FALSE)]
    cases = [
        {"keys.txt": office.keys, "day.note": office.note(text, office.publisher, cosigned=False)}
        for text in texts
    ]
    by_page = [refused(run) for run in ask(page, cases)]
    by_program = [
        [error.check.id for error in verify([write(tmp_path / str(number), files)]).refused]
        for number, files in enumerate(cases)
    ]
    assert by_page == by_program == [[], *([["V70"]] * len(FALSE))]
