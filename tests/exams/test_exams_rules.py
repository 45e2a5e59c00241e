"""The rule set: defaults that hold, every wrong value refused in words, numbers of seats."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_system.errors import Invalid
from exam_system.exams.rules import (
    EXAM_TYPES,
    LABELS,
    RuleProblems,
    RuleSet,
    defaults,
    parse_rules,
)
from exam_system.exams.rules_form import GROUPS, fields, typed_document
from exam_system.trust.canonical import jcs, parse_jcs
from scoring.recompute import check

ZONE = ZoneInfo("Asia/Shanghai")
DATES = {
    "registration_opens": "2026-03-10T01:00:00Z",
    "registration_closes": "2026-03-20T09:00:00Z",
    "payment_closes": "2026-03-25T09:00:00Z",
}


def document(exam_type: str = "civil_service", **values: Any) -> dict[str, Any]:
    """The defaults with dates, and with other values."""
    found = defaults(exam_type)
    for key, value in (DATES | values).items():
        found[key]["value"] = value
    return found


@pytest.mark.parametrize("exam_type", EXAM_TYPES)
def test_the_defaults_of_every_type_hold_with_a_basis_for_every_rule(exam_type: str) -> None:
    rules = parse_rules(document(exam_type))
    assert rules.exam_type == exam_type
    assert set(rules.basis) == set(LABELS)
    assert parse_rules(parse_jcs(jcs(rules.document()))) == rules  # type: ignore[arg-type]
    assert sum(s.full_marks * s.weight for s in rules.subjects) == 100


def test_the_defaults_leave_the_dates_to_the_office() -> None:
    with pytest.raises(RuleProblems) as caught:
        parse_rules(defaults("police"))
    assert set(caught.value.problems) == set(DATES)


def test_defaults_are_a_fresh_document_each_time() -> None:
    defaults("police")["subjects"]["value"].clear()
    assert len(defaults("police")["subjects"]["value"]) == 3


def test_labels_readers_groups_and_attributes_are_the_same_rules() -> None:
    grouped = [key for keys in GROUPS.values() for key in keys]
    assert sorted(grouped) == sorted(LABELS)
    assert {field.name for field in dataclasses.fields(RuleSet)} == {*LABELS, "basis"}


SUBJECT = {"code": "xc", "name": "行测", "full_marks": "100", "weight": "1"}
WRONG: list[tuple[str, Any]] = [
    ("exam_type", "lottery"),
    ("exam_type", ["police"]),
    ("opening_ratio", 0),
    ("opening_ratio", True),
    ("opening_ratio", "3"),
    ("opening_ratio", 3.0),
    ("interviewers", 6),
    ("interviewers", 7.0),
    ("ties_enter", "yes"),
    ("ties_enter", 1),
    ("written_pass", "-1"),
    ("written_pass", "101"),
    ("written_pass", "6e1"),
    ("written_pass", 60),
    ("rounding", "bankers"),
    ("decimals", 5),
    ("notice_days", 4),
    ("cosigners", 0),
    ("cosigners", "1"),
    ("post_cap", -1),
    ("post_cap", ""),
    ("paper_forms", 0),
    ("paper_forms", 10),
    ("reserve_seats", True),
    ("interviewer_draw", "favour"),
    ("lottery_size", 1),
    ("panel_employer", 10),
    ("panel_city", "2"),
    ("panel_sex", 4),
    ("panels_per_reserve", -1),
    ("panels_open_at", "at nine"),
    ("age_max", 17),
    ("drop_low", 3),
    ("tie_order", ["written", "written"]),
    ("tie_order", ["xc", "nobody"]),
    ("tie_order", "written"),
    ("interview_weight", "0.4"),
    ("registration_opens", "2026-03-10T09:00:00"),
    ("registration_opens", "2026-03-21T09:00:00+08:00"),
    ("registration_closes", "soon"),
    ("payment_closes", "2026-03-20T08:59:59Z"),
    ("subjects", []),
    ("subjects", [SUBJECT | {"weight": "0.9"}]),
    ("subjects", [SUBJECT | {"code": "written"}]),
    ("subjects", [SUBJECT | {"code": "X C"}]),
    ("subjects", [SUBJECT | {"name": ""}]),
    ("subjects", [SUBJECT | {"name": "a\nb"}]),
    ("subjects", [SUBJECT | {"more": "1"}]),
    ("subjects", [SUBJECT | {"weight": "0.5"}] * 2),
    ("subjects", ["xc"]),
    ("admission_template", "{district:02}{site:02}{room:02}"),
    ("admission_template", "{district:02}{site:02}{room:02}{seat:02}{seat:02}"),
    ("admission_template", "{district:02}{site:02}{room:02}{seat}"),
    ("admission_template", "{0.__class__}{district:02}{site:02}{room:02}{seat:02}"),
    ("admission_template", "-{district:02}{site:02}{room:02}{seat:02}"),
    ("admission_template", "00000{district:04}{site:04}{room:04}{seat:04}"),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_wrong_value_is_refused_by_its_own_rule(key: str, value: Any) -> None:
    changed = document(tie_order=[]) if key == "subjects" else document()
    changed[key]["value"] = value
    with pytest.raises(RuleProblems) as caught:
        parse_rules(changed)
    assert key in caught.value.problems or key == "registration_opens"
    assert LABELS[next(iter(caught.value.problems))] in str(caught.value)


@pytest.mark.parametrize("entry", [None, 3, {"value": 3}, {"value": 3, "basis": ""}, {}])
def test_every_rule_needs_its_value_and_its_basis(entry: Any) -> None:
    changed = document()
    changed["opening_ratio"] = entry
    with pytest.raises(RuleProblems) as caught:
        parse_rules(changed)
    assert list(caught.value.problems) == ["opening_ratio"]


def test_a_rule_set_from_before_a_rule_reads_as_without_it() -> None:
    earlier = document()
    panels = ("panel_employer", "panel_city", "panel_sex", "panels_per_reserve", "panels_open_at")
    for key in (
        *("post_cap", "paper_forms", "reserve_seats", "interviewer_draw", "lottery_size"),
        *panels,
    ):
        del earlier[key]
    rules = parse_rules(earlier)
    assert (rules.post_cap, rules.paper_forms, rules.reserve_seats) == (0, 1, 0)
    assert [getattr(rules, key) for key in panels] == [0, 0, 0, 0, None]
    assert (rules.interviewer_draw, rules.lottery_size) == ("match", 1000)
    assert parse_rules(rules.document()) == rules


def test_all_problems_are_told_at_once_and_unknown_rules_too() -> None:
    changed = document(notice_days=1, decimals=9) | {"bribe": {"value": 1, "basis": "x"}}
    del changed["rounding"]
    with pytest.raises(RuleProblems) as caught:
        parse_rules(changed)
    assert set(caught.value.problems) == {"notice_days", "decimals", "bribe", "rounding"}


def test_thirds_of_150_marks_are_near_enough_to_a_hundred() -> None:
    papers = [
        {"code": code, "name": code, "full_marks": "150", "weight": "0.333333"}
        for code in ("zc", "zy")
    ]
    rules = parse_rules(document("institution", subjects=papers, tie_order=["zy"]))
    assert rules.subject("zc").weight == Decimal("0.333333")


def test_the_admission_number_names_the_seat() -> None:
    rules = parse_rules(document(admission_template="0{district:04}{site:02}{room:02}{seat:02}"))
    seat = {"district": 402, "site": 3, "room": 17, "seat": 9}
    assert rules.admission_number(**seat) == "00402031709"
    with pytest.raises(Invalid, match="room code 100"):
        rules.admission_number(**(seat | {"room": 100}))


@given(st.tuples(*[st.integers(1, 99)] * 4), st.tuples(*[st.integers(1, 99)] * 4))
def test_two_seats_never_share_an_admission_number(
    one: tuple[int, ...], other: tuple[int, ...]
) -> None:
    rules = parse_rules(document())
    keys = ("district", "site", "room", "seat")
    first, second = (
        rules.admission_number(**dict(zip(keys, seat, strict=True))) for seat in (one, other)
    )
    assert (first == second) is (one == other)


@pytest.mark.parametrize("exam_type", EXAM_TYPES)
def test_what_the_form_shows_is_what_it_sends_back(exam_type: str) -> None:
    rules = parse_rules(document(exam_type)).document()
    sent = {}
    for group in fields(rules, ZONE).values():
        for field in group:
            sent[f"{field.key}.basis"] = field.basis
            if field.kind == "subjects":
                for number, subject in enumerate(field.value):
                    sent |= {f"subjects.{number}.{key}": text for key, text in subject.items()}
            else:
                sent[field.key] = field.value
    assert typed_document(sent, ZONE) == rules


def test_the_published_rules_are_what_the_second_program_reads() -> None:
    rules = json.loads(jcs(parse_rules(document()).document()))
    row: dict[str, Any] = {
        "admission": "1",
        "post": "p",
        "subjects": {"xc": "70.00", "sl": "60.50"},
    }
    row |= {"written": "65.25", "interview_scores": [], "interview": "", "total": ""}
    row |= {"rank": 1, "outcome": "scored"}
    assert check(rules, "written", [row], {"p": 1}) == []
