"""Automatic checks of an application: pure, and each says why.

A check never decides: it tells the reviewer what the program could read out of the conditions.
True holds, False does not, None means that the words must be judged by a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from exam_system.exams.post_table import read_education
from exam_system.exams.rules import EDUCATION
from exam_system.people import age_on
from exam_system.trust.canonical import JSON

LEVEL_NAMES = {
    "college": "Junior college",
    "bachelor": "Bachelor",
    "master": "Master",
    "doctor": "Doctor",
}
_CODE = re.compile("(?<![0-9A-Za-z])([0-9]{4})(?:[0-9]{2}[A-Z]{0,2})?(?![0-9A-Za-z])")
_ONE_CODE = re.compile("(?<![0-9A-Za-z])[0-9]{4}(?![0-9A-Za-z])")
_ANY_MAJOR = ("", "不限", "专业不限", "不限专业", "无限制")
# The catalogues give one code to different majors at different levels.
_BY_LEVEL = re.compile("本科|大专|专科|研究生|硕士|博士")
_AREA_WORDS = re.compile("户籍|户口|生源|常住")
_PARTS = re.compile("[，,、；;/]")
_COMPARE = "Compare with the post's words: %(words)s"
_COMPARE_MAJOR = "Compare “%(major)s” with the post's words: %(words)s"


@dataclass(frozen=True, slots=True)
class Bar:
    """An entry of the register of barred people that holds: the document it rests on, what
    happened, its days (`ends` None: for life).
    """

    basis: str
    why: str
    begins: date
    ends: date | None


@dataclass(frozen=True, slots=True)
class Applicant:
    """What is checked of the person and the application.

    `area` is the code of the area in the ID number (6 digits), `bars` what the register of barred
    people has of the person.
    """

    birth: date
    sex: str
    education: str
    major: str
    area: str = ""
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Conditions:
    """A post's conditions, the exam's where the post names none.

    `age_text` and `education_text` are the post's own words; a limit is None where they could not
    be read. `age_day` is the day on which the age counts. `areas` are first digits of the area
    codes that the exam takes, all when empty; `area_words` the post's own words about the area.
    """

    age_day: date
    age_min: int
    age_max: int
    age_text: str
    post_age_min: int | None
    post_age_max: int | None
    education_min: str
    education_text: str
    post_education_min: str | None
    sex: str | None
    majors: str
    major_codes: frozenset[str]
    areas: tuple[str, ...] = ()
    area_words: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `why` is a sentence with %(name)s places that `params` fill."""

    rule: str
    ok: bool | None
    why: str
    params: dict[str, str]

    def document(self) -> JSON:
        """As it is stored with the application."""
        params: dict[str, JSON] = {**self.params}
        return {"rule": self.rule, "ok": self.ok, "why": self.why, "params": params}


def check_age(applicant: Applicant, conditions: Conditions) -> Check:
    """Full years (周岁) on the day that the announcement names, both limits included."""
    low, high = conditions.post_age_min, conditions.post_age_max
    if conditions.age_text and low is None and high is None:
        return Check("age", None, _COMPARE, {"words": conditions.age_text})
    least = conditions.age_min if low is None else low
    most = conditions.age_max if high is None else high
    age = age_on(applicant.birth, conditions.age_day)
    params = {"age": age, "day": conditions.age_day.isoformat(), "least": least, "most": most}
    return Check(
        "age",
        least <= age <= most,
        "%(age)s full years on %(day)s; asked for are %(least)s to %(most)s",
        {name: str(value) for name, value in params.items()},
    )


def check_education(applicant: Applicant, conditions: Conditions) -> Check:
    """The level of education, in the order of EDUCATION."""
    text, lowest = conditions.education_text, conditions.post_education_min
    if text and lowest is None:
        return Check("education", None, _COMPARE, {"words": text})
    lowest = lowest or conditions.education_min
    highest = read_education(text)[1] or EDUCATION[-1]
    least, level, most = (EDUCATION.index(x) for x in (lowest, applicant.education, highest))
    words = text or LEVEL_NAMES[lowest]
    params = {"level": LEVEL_NAMES[applicant.education], "words": words}
    return Check(
        "education",
        least <= level <= most,
        "Stated is %(level)s; asked for is %(words)s",
        params,
    )


def check_sex(applicant: Applicant, conditions: Conditions) -> Check:
    """The sex, where the post is for one only."""
    if conditions.sex is None:
        return Check("sex", True, "The post is for men and women", {})
    fits = applicant.sex == conditions.sex
    if conditions.sex == "male":
        return Check("sex", fits, "The post is for men only", {})
    return Check("sex", fits, "The post is for women only", {})


def check_major(applicant: Applicant, conditions: Conditions) -> Check:
    """The major by its catalogue code; None unless codes alone can settle it."""
    majors = conditions.majors.strip()
    params = {"words": majors, "major": applicant.major}
    if majors in _ANY_MAJOR:
        return Check("major", True, "The post takes any major", {})
    given = _CODE.search(applicant.major)
    if given is None or not conditions.major_codes or _BY_LEVEL.search(majors):
        return Check("major", None, _COMPARE_MAJOR, params)
    params["code"] = given[1]
    if given[1] in conditions.major_codes:
        return Check("major", True, "The post names the code %(code)s", params)
    if all(_ONE_CODE.search(part) for part in _PARTS.split(majors) if part.strip()):
        return Check("major", False, "The post names other codes than %(code)s: %(words)s", params)
    return Check("major", None, _COMPARE_MAJOR, params)


def area_words(*texts: str) -> str:
    """What a post's free conditions say about household or origin; empty when they do not."""
    return "；".join(text for text in texts if text and _AREA_WORDS.search(text))


def check_area(applicant: Applicant, conditions: Conditions) -> Check:
    """The area of the ID number: it holds or must be looked at, never fails by itself.

    The number keeps the area of the first registration for life, abolished codes too; where the
    household is today only papers can tell.
    """
    if conditions.area_words:
        return Check("area", None, _COMPARE, {"words": conditions.area_words})
    if not conditions.areas:
        return Check("area", True, "The exam takes people of every area", {})
    params = {"code": applicant.area, "areas": "、".join(conditions.areas)}
    if applicant.area.startswith(conditions.areas):
        return Check("area", True, "The ID number was given in an area that is asked for", params)
    return Check(
        "area",
        None,
        "The ID number was given in the area %(code)s; asked for are %(areas)s. Ask for papers on "
        "the household: people move, and old codes stay valid",
        params,
    )


def check_barred(applicant: Applicant, _conditions: Conditions) -> Check:
    """The register of barred people, by the ID number."""
    if not applicant.bars:
        return Check("barred", True, "The register of barred people has no entry that holds", {})
    bar = applicant.bars[0]
    params = {"basis": bar.basis, "why": bar.why, "begins": bar.begins.isoformat()}
    if bar.ends is None:
        return Check(
            "barred", False, "Barred for life since %(begins)s by %(basis)s: %(why)s", params
        )
    params["ends"] = bar.ends.isoformat()
    return Check(
        "barred", False, "Barred from %(begins)s until %(ends)s by %(basis)s: %(why)s", params
    )


CHECKS: tuple[Callable[[Applicant, Conditions], Check], ...] = (
    check_age,
    check_education,
    check_sex,
    check_major,
    check_area,
    check_barred,
)


def run_checks(applicant: Applicant, conditions: Conditions) -> list[Check]:
    """All checks in a fixed order."""
    return [check(applicant, conditions) for check in CHECKS]
