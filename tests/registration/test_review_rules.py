"""The rules of the review: read strictly, shown and typed as lines, kept by older rule sets."""

from __future__ import annotations

import pytest

from exam_system.errors import Sentence
from exam_system.exams.review_rules import grounds_text, read_areas, read_grounds, typed_grounds
from exam_system.exams.rules import EXAM_TYPES, defaults, parse_rules

GROUND = {"code": "major", "name": "专业不符", "basis": "招考公告", "again": False}


@pytest.mark.parametrize(
    "bad",
    [
        "major",
        [{"code": "major"}],
        [GROUND, GROUND],
        [{**GROUND, "code": "other"}],
        [{**GROUND, "code": "Major"}],
        [{**GROUND, "again": "perhaps"}],
        [{**GROUND, "name": ""}],
        [GROUND] * 41,
    ],
)
def test_grounds_are_read_strictly(bad: object) -> None:
    with pytest.raises(Sentence):
        read_grounds(bad)


@pytest.mark.parametrize("bad", ["5204", ["52o4"], ["520"], ["0204"], [5204]])
def test_areas_are_codes(bad: object) -> None:
    with pytest.raises(Sentence):
        read_areas(bad)


def test_grounds_come_back_from_the_form_as_they_were() -> None:
    text = "major | 专业不符 | 招考公告 | no\n\n papers ｜ 材料不全 ｜ 招考公告 ｜ 是 \n"
    found = read_grounds(typed_grounds(text))
    assert [(one.code, one.again) for one in found] == [("major", False), ("papers", True)]
    documents = [one.document() for one in found]
    assert typed_grounds(grounds_text(documents)) == documents
    with pytest.raises(Sentence):
        read_grounds(typed_grounds("major | 专业不符"))


@pytest.mark.parametrize("exam_type", EXAM_TYPES)
def test_every_type_of_exam_has_grounds_and_an_older_rule_set_still_reads(exam_type: str) -> None:
    document = defaults(exam_type)
    times = {"opens": "2026-03-02", "closes": "2026-03-10"}
    document["registration_opens"]["value"] = f"{times['opens']}T01:00:00Z"
    document["registration_closes"]["value"] = f"{times['closes']}T01:00:00Z"
    document["payment_closes"]["value"] = f"{times['closes']}T02:00:00Z"
    rules = parse_rules(document)
    assert (rules.second_review, rules.reapply, rules.area_codes) == ("bans", "other", ())
    assert {"major", "papers", "barred"} <= {ground.code for ground in rules.refusal_grounds}
    assert parse_rules(rules.document()) == rules
    for key in ("second_review", "reapply", "refusal_grounds", "area_codes"):
        del document[key]
    before = parse_rules(document)
    assert (before.second_review, before.reapply, before.refusal_grounds) == ("none", "any", ())
