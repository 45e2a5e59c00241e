"""The custody statement: what is taken, what is refused, by both verifiers alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from exam_system.trust import custody_note
from exam_system.verify.run import verify
from tests.verify.builder import ORIGIN, Office, write
from tests.verify_page.asked import ask, refused

pytestmark = pytest.mark.browser
TEXT = f"""\
{ORIGIN}/custody/v1
exam 2026-kp
session xc
starts 2026-04-01T01:00:00Z
ends 2026-04-01T03:00:00Z
opens 2026-04-01T00:50:00Z
at 2026-04-01T06:00:00Z
bags 12 12 2
handovers 15 92
opened 24 2026-04-01T00:50:00Z 2026-04-01T00:58:10Z
packed 24 2026-04-01T03:05:00Z 2026-04-01T03:25:00Z
unopened 2
seals 1
held 744
counted 690 29 23 1 1
"""
EMPTY = {
    "bags 12 12 2": "bags 0 0 2",
    "opened 24 2026-04-01T00:50:00Z 2026-04-01T00:58:10Z": "opened 0 none none",
    "packed 24 2026-04-01T03:05:00Z 2026-04-01T03:25:00Z": "packed 0 none none",
    "held 744": "held 0",
    "counted 690 29 23 1 1": "counted 0 0 0 0 0",
}
FALSE = [
    ("opened 24 2026-04-01T00:50:00Z", "opened 24 2026-04-01T00:49:59Z"),
    ("opens 2026-04-01T00:50:00Z", "opens 2026-04-01T01:00:01Z"),
    ("00:58:10Z", "03:00:00Z"),
    ("packed 24 2026-04-01T03:05:00Z", "packed 24 2026-04-01T02:59:00Z"),
    ("packed 24", "packed 23"),
    ("unopened 2", "unopened 3"),
    ("bags 12 12 2", "bags 12 12 3"),
    ("bags 12 12 2", "bags 24 2"),
    ("handovers 15 92", "handovers 15 89"),
    ("handovers 15 92", "handovers 0 0"),
    ("held 744", "held 745"),
    ("counted 690 29 23 1 1", "counted 690 29 23 2"),
    ("counted 690 29 23 1 1", "counted 690 29 23 01 1"),
    ("at 2026-04-01T06:00:00Z", "at 2026-04-01T03:10:00Z"),
    ("seals 1\n", ""),
    ("opened 24 2026-04-01T00:50:00Z", "opened 24 none"),
    ("opened 24 2026-04-01T00:50:00Z 2026-04-01T00:58:10Z", "opened 24 none none"),
]


def test_both_verifiers_count_it_again(page: Page, tmp_path: Path) -> None:
    said = custody_note.parse(TEXT)
    assert (said.text, list(custody_note.faults(said))) == (TEXT, [])
    office = Office()
    empty = TEXT
    for old, new in EMPTY.items():
        assert old in empty
        empty = empty.replace(old, new)
    assert all(old in TEXT for old, _new in FALSE)
    texts = [TEXT, empty, *(TEXT.replace(old, new) for old, new in FALSE)]
    cases = [
        {"keys.txt": office.keys, "xc.note": office.note(text, office.publisher, cosigned=False)}
        for text in texts
    ]
    by_page = [refused(run) for run in ask(page, cases)]
    by_program = [
        [error.check.id for error in verify([write(tmp_path / str(number), files)]).refused]
        for number, files in enumerate(cases)
    ]
    assert by_page == by_program == [[], [], *([["V85"]] * len(FALSE))]
