"""Automatic checks: what the program may say, and where it must leave the words to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from exam_system.registration.checks import (
    Applicant,
    Conditions,
    check_age,
    check_education,
    check_major,
    check_sex,
    run_checks,
)
from exam_system.workdays import term

WANG = Applicant(date(1990, 3, 10), "male", "bachelor", "法学 030101K")
POST = Conditions(
    age_day=date(2026, 3, 10),
    age_min=18,
    age_max=38,
    age_text="",
    post_age_min=None,
    post_age_max=None,
    education_min="college",
    education_text="",
    post_education_min=None,
    sex=None,
    majors="不限",
    major_codes=frozenset(),
)


@pytest.mark.parametrize(
    ("birth", "low", "high", "text", "ok"),
    [
        ("1990-03-10", 18, 35, "18至35周岁", False),  # 36 on the very day
        ("1990-03-11", 18, 35, "18至35周岁", True),
        ("2008-03-10", 18, 35, "18至35周岁", True),
        ("2008-03-11", 18, 35, "18至35周岁", False),
        ("1987-03-11", None, None, "", True),  # the exam's 18 to 38
        ("1987-03-10", None, None, "", False),
        ("1987-03-10", None, None, "博士可放宽", None),
        ("1990-03-10", None, 40, "40周岁以下", True),
    ],
)
def test_age_is_counted_in_full_years_on_the_day_registration_closes(
    birth: str, low: int | None, high: int | None, text: str, ok: bool | None
) -> None:
    applicant = replace(WANG, birth=date.fromisoformat(birth))
    post = replace(POST, post_age_min=low, post_age_max=high, age_text=text)
    assert check_age(applicant, post).ok is ok


@pytest.mark.parametrize(
    ("stated", "least", "text", "ok"),
    [
        ("college", None, "", True),
        ("college", "bachelor", "本科及以上", False),
        ("bachelor", "bachelor", "本科及以上", True),
        ("doctor", "bachelor", "本科及以上", True),
        ("master", "bachelor", "仅限本科", False),
        ("bachelor", "bachelor", "仅限本科", True),
        ("bachelor", None, "见备注", None),
    ],
)
def test_education_follows_the_order_of_levels(
    stated: str, least: str | None, text: str, ok: bool | None
) -> None:
    post = replace(POST, post_education_min=least, education_text=text)
    assert check_education(replace(WANG, education=stated), post).ok is ok


@pytest.mark.parametrize(
    ("only", "sex", "ok"),
    [(None, "male", True), ("male", "male", True), ("female", "male", False)],
)
def test_sex_counts_only_where_the_post_names_one(only: str | None, sex: str, ok: bool) -> None:
    assert check_sex(replace(WANG, sex=sex), replace(POST, sex=only)).ok is ok


@pytest.mark.parametrize(
    ("major", "majors", "codes", "ok"),
    [
        ("法学 030101K", "不限", "", True),
        ("法学 030101K", "法学类（0301）", "0301", True),
        ("法学（0301）", "法学类（0301）、公安学类（0306）", "0301 0306", True),
        ("会计学 120203K", "法学类（0301）、公安学类（0306）", "0301 0306", False),
        ("会计学 120203K", "法学类（0301）、会计学", "0301", None),
        ("会计学 120203K", "法学类（0301），会计学（120203K）", "0301", None),
        ("法学", "法学类（0301）", "0301", None),
        ("法学 0301", "法学、公安学", "", None),
        # One code, two meanings: 0809 is computing for bachelors, electronics for masters.
        ("电子科学与技术 0809", "本科：计算机类（0809）", "0809", None),
        ("电话 13912345678", "法学类（0301）", "0301", None),
    ],
)
def test_major_is_settled_by_codes_only_where_they_can(
    major: str, majors: str, codes: str, ok: bool | None
) -> None:
    post = replace(POST, majors=majors, major_codes=frozenset(codes.split()))
    assert check_major(replace(WANG, major=major), post).ok is ok


def test_every_check_says_why_in_a_sentence_that_can_be_filled() -> None:
    found = run_checks(WANG, POST)
    assert [check.rule for check in found][:4] == ["age", "education", "sex", "major"]
    assert [check.rule for check in found][4:] == ["area", "barred"]
    for check in found:
        assert check.why % check.params


def test_a_review_is_due_in_working_days_of_the_state() -> None:
    assert term(date(2026, 9, 28), 5).ends == date(2026, 10, 10)  # a make-up Saturday
    assert term(date(2026, 3, 6), 2).ends == date(2026, 3, 10)
    assert term(date(2031, 3, 3), 2).ends is None  # nobody knows the holidays of 2031 yet
