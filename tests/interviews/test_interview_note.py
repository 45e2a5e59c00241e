"""The signed text of an interview: to the byte, and nothing else is read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exam_system.trust.errors import TrustError
from exam_system.trust.interview_note import InterviewNote, parse

NOTE = InterviewNote(
    "anshun.example/log",
    "gwy-2026",
    "01010007",
    "02",
    ("85.00", "100.00", "0.00", "84.20", "84.20"),
    (2, 3),
    "84.47",
    "ab" * 32,
)
TEXT = (
    "anshun.example/log/interview/v1\nexam gwy-2026\nnumber 01010007\npanel 02\n"
    "scores 85.00 100.00 0.00 84.20 84.20\ndropped 2 3\nresult 84.47\nrules " + "ab" * 32 + "\n"
)


def test_the_text_to_the_byte() -> None:
    assert NOTE.text == TEXT
    assert parse(TEXT) == NOTE


def test_nothing_dropped_is_said() -> None:
    text = replace(NOTE, dropped=()).text
    assert "\ndropped none\n" in text
    assert parse(text).dropped == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("interview/v1", "interview/v2"),
        ("exam gwy", "number gwy"),
        ("85.00", "85.0"),
        ("85.00", "085.00"),
        ("100.00", "100.01"),
        ("100.00", "1e2"),
        ("dropped 2 3", "dropped 2 2"),
        ("dropped 2 3", "dropped 0 3"),
        ("dropped 2 3", "dropped 2 6"),
        ("dropped 2 3", "dropped 1 2 3 4 5"),
        ("dropped 2 3", "dropped"),
        ("84.20 84.20", "84.20  84.20"),
        ("result 84.47", "result 84,47"),
        ("result 84.47", "result -1"),
        ("rules ab", "rules AB"),
        ("result 84.47\n", ""),
        ("panel 02\n", "panel 02\npanel 02\n"),
        ("ab\n", "ab"),
        ("ab\n", "ab\n\n"),
    ],
)
def test_another_text_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(TrustError):
        parse(TEXT.replace(old, new))
