from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from exam_system.printing.errors import PrintError
from exam_system.printing.fonts import Fonts
from exam_system.printing.layout import Sheet
from exam_system.printing.slip import (
    FINEST,
    ONE_CODE,
    InterviewSlip,
    ScoreSlip,
    interview_slip_pdf,
    slip_pdf,
    split_proof,
)
from tests.printing.conftest import LONG_NAME, joined, pages, proof

TextOf = Callable[[bytes], str]


def test_a_short_proof_is_one_piece_and_a_long_one_two() -> None:
    assert split_proof(proof(3)) == [proof(3)]
    parts = split_proof(proof(22))
    assert len(parts) == 2
    assert b"".join(parts) == proof(22)
    assert parts[0].endswith(b"\n")
    assert len(proof(3)) <= ONE_CODE < len(proof(22))


def test_a_proof_beyond_two_codes_is_refused() -> None:
    assert len(split_proof(b"x" * (FINEST - 1) + b"\n" + b"y" * FINEST)) == 2
    with pytest.raises(PrintError, match="4383 bytes"):
        split_proof(b"x" * (FINEST - 1) + b"\n" + b"y" * (FINEST + 1))


@pytest.mark.parametrize("hashes", [3, 22, 34])
def test_the_codes_on_a_slip_are_the_proof(
    fonts: Fonts, slip: ScoreSlip, monkeypatch: pytest.MonkeyPatch, hashes: int
) -> None:
    drawn: list[bytes] = []
    draw = Sheet.qr

    def watched(self: Sheet, x: float, y: float, side: float, data: bytes, **how: Any) -> None:
        drawn.append(data)
        draw(self, x, y, side, data, **how)

    monkeypatch.setattr(Sheet, "qr", watched)
    data = replace(slip, proof=proof(hashes))
    assert pages(slip_pdf(data, fonts)) == 1
    assert b"".join(drawn) == data.proof


def test_a_slip_shows_scores_and_how_to_verify(
    fonts: Fonts, slip: ScoreSlip, text_of: TextOf
) -> None:
    text = joined(text_of(slip_pdf(slip, fonts)))
    for part in (LONG_NAME, "申论65.00", "笔试成绩67.95", joined(slip.command), "第2段，共2段"):
        assert part in text


def test_an_interview_slip_marks_the_dropped_scores(
    fonts: Fonts, interview: InterviewSlip, text_of: TextOf
) -> None:
    text = text_of(interview_slip_pdf(interview, fonts))
    rows = re.findall(r"(\d) 号考官\s+(\S+)\s+(\S+)", text)
    assert rows[3] == ("4", "88.00", "去掉最高分")
    assert rows[2] == ("3", "79.00", "去掉最低分")
    assert [remark for _, _, remark in rows].count("计入") == 5
    assert "84.86" in text
