"""Why a candidate has a rank: every number of the tree follows from the ones below it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel

from exam_system.exams.rules import RuleSet, defaults, parse_rules
from exam_system.results.explain import Step, explain
from exam_system.results.rows import Entry, rows_of
from tests.interviews.setting import TIMES
from tests.interviews.test_interview_day import FIVE

SHEETS = [(16, 17, 15, 18, n) for n in (14, 10, 12, 13, 19, 11, 20)]
TOTALS = tuple(f"{sum(sheet)}.00" for sheet in SHEETS)
RAW = "79.80"  # 66 + (14 + 12 + 13 + 19 + 11) / 5


def rules(**other: Any) -> RuleSet:
    document = defaults("civil_service")
    for key, value in {**TIMES, "interview_elements": FIVE, **other}.items():
        document[key]["value"] = value
    return parse_rules(document)


def tree(asked: RuleSet) -> Step:
    sheets: list[Any] = [[f"{mark}.00" for mark in sheet] for sheet in SHEETS]
    source: dict[str, Any] = {"class": "*", "panel": "01", "sheets": sheets, "raw": RAW}
    marks = {subject.code: "70.00" for subject in asked.subjects}
    entry = Entry(1, "01010001", "101", marks, TOTALS, RAW, source)
    (row,) = rows_of("final", asked, [entry], {"101": 1})
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        return explain(asked, row, 1)


@pytest.mark.parametrize("trimming", ["element", "total"])
def test_from_the_marks_of_every_element_to_the_rank(trimming: str) -> None:
    asked = rules(interview_trimming=trimming)
    rank = tree(asked)
    (total,) = rank.parts
    written, interview = total.parts
    expected = Decimal(written.value) * asked.written_weight
    expected += Decimal(interview.value) * asked.interview_weight
    assert Decimal(total.value) == expected.quantize(Decimal("0.01"))
    (room,) = interview.parts
    assert (room.value, interview.value) == (RAW, RAW)
    assert [one.value for one in room.parts] == [*TOTALS]
    for sheet in room.parts:
        assert sum(Decimal(one.value) for one in sheet.parts) == Decimal(sheet.value)
    if trimming == "total":
        kept = [Decimal(one.value) for one in room.parts if not one.struck]
        assert not any(mark.struck for sheet in room.parts for mark in sheet.parts)
    else:
        columns = zip(*(sheet.parts for sheet in room.parts), strict=True)
        left = [[Decimal(one.value) for one in column if not one.struck] for column in columns]
        assert {len(column) for column in left} == {5}
        kept = [sum((column[at] for column in left), Decimal(0)) for at in range(5)]
    assert sum(kept, Decimal(0)) / 5 == Decimal(RAW)
    assert len(kept) == 5
