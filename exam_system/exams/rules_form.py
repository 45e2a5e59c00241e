"""The rule set as a form: one field a rule, its legal basis beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from exam_system.clock import parse_rfc3339, rfc3339
from exam_system.exams.after_rules import RECHECKED
from exam_system.exams.choice_rules import MISSED, OBJECTORS, places_text, typed_places
from exam_system.exams.interview_rules import (
    CORRECTIONS,
    DIGITS,
    DIVISORS,
    TRIMMINGS,
    elements_text,
    typed_elements,
)
from exam_system.exams.marking_rules import ARBITRATION, ENTRY, questions_text, typed_questions
from exam_system.exams.review_rules import (
    REAPPLY,
    SECOND_REVIEW,
    grounds_text,
    typed_grounds,
)
from exam_system.exams.rule_values import OPENING, PARTIES, REGIMES
from exam_system.exams.rules import (
    EDUCATION,
    EXAM_TYPES,
    INTERVIEW_ORDERS,
    INTERVIEWER_DRAWS,
    INTERVIEWERS,
    LABELS,
    ROUNDINGS,
    SEXES,
    TYPE_NAMES,
)
from exam_system.people import narrow, read_moment

OPTION_NAMES = {
    **TYPE_NAMES,
    "half_up": "Round half up",
    "truncate": "Cut off",
    "yes": "Yes",
    "no": "No",
    "match": "Whoever fits, by lot (match/v1)",
    "lottery": "One of a published list of allocations (lottery/v1)",
    "draw": "One draw of the order",
    "double": "Two draws: first the turns, then the order",
    "lots": "Sealed envelopes, picked by the candidates (lots/v1)",
    "reduce": "Vacancies are reduced, a post that keeps none is cancelled",
    "cancel": "The post is cancelled",
    "keep": "Nothing: the ratio is only shown",
    "arbiter": "The third mark counts",
    "nearest": "The mean of the two nearest marks counts",
    "once": "Once",
    "twice": "Twice, by two people; differing tables are refused",
    "total": "Of the interviewers' totals",
    "element": "Of every element by itself",
    "secondary_mean": "Second mean: mean of the panels' means by the panel's mean",
    "pooled": "Mean of all candidates by the panel's mean",
    "trimmed_1_1": "Means without one highest and one lowest",
    "trimmed_2_2": "Means without two highest and two lowest",
    "standard": "Standard score",
    "additive": "Difference to the mean of all candidates is added",
    "exact": "Not rounded on the way",
    "ignore": "No rule",
    "prefer": "As long as there are both",
    "require": "Always",
    "none": "Nothing",
    "bans": "Decisions about people on the register of barred people",
    "refusals": "Refusals, and decisions about barred people",
    "all": "Every decision",
    "date": "Those in force on the day of the exam",
    "GWY2016": "Civil service, order 30 of 2016",
    "GWY2021": "Civil service, revised 2021",
    "SYDW35": "Public institutions, order 35 of 2017",
    "ZJ31": "Professional qualifications, order 31 of 2017",
    "supervisor": "The supervisors are of another office than both others",
    "parties": "All three are of different offices",
    "other": "For another post; for the same one only to complete what was missing",
    "any": "For any post",
    "never": "Not in this exam",
    "gives_up": "Gives the choice up",
    "last": "Comes once more, after all others",
    "named": "Whoever gives a name and a telephone number",
    "anybody": "Anybody, also without a name",
    "every_mark": "Every mark",
    "no_mark": "Only absent, void and zero",
    "college": "College (大专)",
    "bachelor": "Bachelor (本科)",
    "master": "Master (硕士)",
    "doctor": "Doctor (博士)",
}
OPTIONS: dict[str, tuple[str, ...]] = {
    "exam_type": EXAM_TYPES,
    "ties_enter": ("yes", "no"),
    "opening_below": OPENING,
    "interviewers": tuple(map(str, INTERVIEWERS)),
    "rounding": ROUNDINGS,
    "invigilator_sexes": SEXES,
    "education_min": EDUCATION,
    "interviewer_draw": INTERVIEWER_DRAWS,
    "interview_order": INTERVIEW_ORDERS,
    "second_review": SECOND_REVIEW,
    "reapply": REAPPLY,
    "marking_arbitration": ARBITRATION,
    "written_entry": ENTRY,
    "handover_offices": PARTIES,
    "violation_regime": REGIMES,
    "interview_trimming": TRIMMINGS,
    "panel_correction": CORRECTIONS,
    "panel_mean_decimals": DIGITS,
    "panel_coefficient_decimals": DIGITS,
    "panel_sd_divisor": DIVISORS,
    "recheck_marks": RECHECKED,
    "objectors": OBJECTORS,
    "choice_missed": MISSED,
}
WHOLE = frozenset(
    {"opening_ratio", "interview_ratio", "interviewers", "drop_high", "drop_low", "decimals"}
    | {"cosigners", "notice_days", "age_min", "age_max", "review_days"}
    | {"post_cap", "school_cap", "employer_cap", "paper_forms", "reserve_seats"}
    | {"marker_area"}
    | {"recount_percent", "invigilator_reserves", "invigilator_memory"}
    | {
        "waiver_days",
        "hearing_days",
        "lottery_size",
        "panel_employer",
        "post_panel_most",
        "panel_city",
        "panel_sex",
        "panels_per_reserve",
    }
    | {"handover_people", "paper_area_digits", "entry_minutes"}
    | {f"bag_{name}_minutes" for name in ("at_site", "in_room", "opening", "packed")}
    | {f"interview_{name}_minutes" for name in ("report", "roll", "meet", "ready")}
    | {"recheck_days", "recheck_answer_days", "recheck_alarm", "medical_recheck_days"}
    | {"replacement_limit", "offer_days", "choice_minutes", "choice_late_minutes"}
)
TIMES = frozenset(
    {"registration_opens", "registration_closes", "payment_closes", "panels_open_at"}
    | {"marking_closes"}
)
_CAPS = ("post_cap", "school_cap", "employer_cap")
_SEATS = ("admission_template", *_CAPS, "paper_forms", "reserve_seats")
_INTERVIEW = ("interview_ratio", "ties_enter", "interviewers", "drop_high", "drop_low")
_PANELS = ("interviewer_draw", "lottery_size", "panel_employer", "panel_city", "panel_sex")
_TOTALS = ("written_weight", "interview_weight", "rounding", "decimals", "tie_order")
DAYS = frozenset({"age_day"})
_LISTS = (
    *("tie_order", "invigilator_never_again", "waiver_grounds", "area_codes"),
    *("medical_same_day", "medical_final", "replacement_stages"),
    "public_lists",
)
_PAIRS = ("opening_ratios", "giving_up_months", "giving_up_silent_months")
_AFTER = ("recheck_days", "recheck_answer_days", "recheck_marks", "recheck_alarm")
_MEDICAL = ("medical_recheck_days", "medical_same_day", "medical_final")
_PLACES = ("replacement_stages", "replacement_limit", "offer_days")
_GIVING_UP = ("giving_up_months", "giving_up_silent_months")
_REVIEW = ("review_days", "second_review", "reapply", "refusal_grounds")
_WHO = ("age_min", "age_max", "age_day", "education_min", "area_codes")
_INVIGILATORS = ("sexes", "reserves", "never_again", "memory")
_LINES = {"marking_questions": "lines", "interview_elements": "lines", "choice_places": "lines"}
_CHOICE = ("choice_places", "choice_minutes", "choice_late_minutes", "choice_missed")
_OPENING = ("opening_ratio", "opening_ratios", "opening_below")
GROUPS = {
    "Type and dates": ("exam_type", "registration_opens", "registration_closes", "payment_closes"),
    "Who may apply": (*_WHO, *_OPENING),
    "Eligibility review": _REVIEW,
    "Fee": ("waiver_grounds", "waiver_days"),
    "Written exam": (
        *("subjects", "written_pass", *_SEATS),
        *("marking_closes", "marking_questions", "marking_arbitration", "marker_area"),
        *("written_entry", "recount_percent"),
        "entry_minutes",
    ),
    "Invigilators": tuple(f"invigilator_{name}" for name in _INVIGILATORS),
    "Violations": ("violation_regime", "hearing_days"),
    "Custody of papers": (
        *("handover_people", "handover_offices"),
        *(f"bag_{name}_minutes" for name in ("at_site", "in_room", "opening", "packed")),
        "paper_area_digits",
    ),
    "Interview": (
        *_INTERVIEW,
        "interview_pass",
        "post_panel_most",
        *_PANELS,
        "panels_per_reserve",
        "panels_open_at",
        "interview_order",
        *("interview_elements", "interview_trimming"),
        *("panel_correction", "panel_mean_decimals", "panel_coefficient_decimals"),
        "panel_sd_divisor",
        *(f"interview_{name}_minutes" for name in ("report", "roll", "meet", "ready")),
    ),
    "Totals and public notice": (*_TOTALS, "cosigners", "notice_days", "public_lists"),
    "After the scores": (*_AFTER, *_MEDICAL, *_PLACES, *_GIVING_UP, "objectors"),
    "Choice of places in order of score": _CHOICE,
}
SUBJECT_ROWS = 8
SUBJECT_KEYS = ("code", "name", "full_marks", "weight")
LOCAL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Field:
    """One rule on the page: `kind` is subjects, choice, time, day, number, lines or text."""

    key: str
    label: str
    kind: str
    value: Any
    basis: str
    options: tuple[str, ...]


def fields(document: Mapping[str, Any], zone: ZoneInfo) -> dict[str, list[Field]]:
    """All rules by group, as the form shows them."""
    return {
        group: [_field(key, document.get(key) or {}, zone) for key in keys]
        for group, keys in GROUPS.items()
    }


def _field(key: str, entry: Mapping[str, Any], zone: ZoneInfo) -> Field:
    value = _shown(key, entry.get("value", ""), zone)
    return Field(key, LABELS[key], _kind(key), value, entry.get("basis", ""), OPTIONS.get(key, ()))


def _kind(key: str) -> str:
    if key in OPTIONS:
        return "choice"
    if key in TIMES:
        return "time"
    if key in DAYS:
        return "day"
    if key in WHOLE:
        return "number"
    return {"subjects": "subjects", "refusal_grounds": "lines", **_LINES}.get(key, "text")


def _shown(key: str, value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key == "refusal_grounds":
        return grounds_text(value)
    if key == "marking_questions":
        return questions_text(value)
    if key == "interview_elements":
        return elements_text(value)
    if key == "choice_places":
        return places_text(value)
    if key in TIMES:
        return _local(str(value), zone)
    if key in _LISTS:
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={ratio}" for name, ratio in value.items())
    return value if isinstance(value, list) else str(value)


def _local(text: str, zone: ZoneInfo) -> str:
    try:
        return parse_rfc3339(text).astimezone(zone).strftime(LOCAL)
    except ValueError:
        return text


def typed_document(form: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """The document that was typed in; what cannot be read stays text, for parse_rules to refuse."""
    return {
        key: {"value": _typed(key, form, zone), "basis": _squeezed(form.get(f"{key}.basis", ""))}
        for key in LABELS
    }


def _typed(key: str, form: Mapping[str, str], zone: ZoneInfo) -> Any:
    text = _squeezed(form.get(key, ""))
    if key == "subjects":
        return _typed_subjects(form)
    if key == "refusal_grounds":
        return typed_grounds(form.get(key, ""))
    if key == "marking_questions":
        return typed_questions(form.get(key, ""))
    if key == "interview_elements":
        return typed_elements(form.get(key, ""))
    if key == "choice_places":
        return typed_places(form.get(key, ""))
    if key in _LISTS:
        return [name for name in re.split("[,，、;； ]+", text) if name]
    if key in _PAIRS:
        return _typed_ratios(text)
    if key == "ties_enter":
        return {"yes": True, "no": False}.get(text, text)
    if key in TIMES:
        return _typed_time(text, zone)
    plain = narrow(text)
    return int(plain) if key in WHOLE and re.fullmatch("[0-9]{1,6}", plain) else text


def _typed_ratios(text: str) -> Any:
    """`A=3, B=2` as an object; the text itself when it is not written so."""
    pairs = [part.split("=") for part in re.split("[,，;；]", text.replace("＝", "=")) if part]
    if not all(len(pair) == 2 and re.fullmatch(" *[0-9]{1,3} *", pair[1]) for pair in pairs):
        return text
    return {name.strip(): int(ratio) for name, ratio in pairs}


def _typed_subjects(form: Mapping[str, str]) -> list[dict[str, str]]:
    rows = [
        {key: _squeezed(form.get(f"subjects.{row}.{key}", "")) for key in SUBJECT_KEYS}
        for row in range(SUBJECT_ROWS)
    ]
    return [row for row in rows if any(row.values())]


def _typed_time(text: str, zone: ZoneInfo) -> str:
    try:
        return rfc3339(read_moment(text).replace(tzinfo=zone))
    except ValueError:
        return text


def _squeezed(text: str) -> str:
    return " ".join(text.split())
