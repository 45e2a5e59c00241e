"""The rule set as a form: one field a rule, its legal basis beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from exam_system.clock import parse_rfc3339, rfc3339
from exam_system.exams.rules import (
    EDUCATION,
    EXAM_TYPES,
    INTERVIEWERS,
    LABELS,
    ROUNDINGS,
    TYPE_NAMES,
)

OPTION_NAMES = {
    **TYPE_NAMES,
    "half_up": "Round half up",
    "truncate": "Cut off",
    "yes": "Yes",
    "no": "No",
    "college": "College (大专)",
    "bachelor": "Bachelor (本科)",
    "master": "Master (硕士)",
    "doctor": "Doctor (博士)",
}
OPTIONS: dict[str, tuple[str, ...]] = {
    "exam_type": EXAM_TYPES,
    "ties_enter": ("yes", "no"),
    "interviewers": tuple(map(str, INTERVIEWERS)),
    "rounding": ROUNDINGS,
    "education_min": EDUCATION,
}
WHOLE = frozenset(
    {"opening_ratio", "interview_ratio", "interviewers", "drop_high", "drop_low", "decimals"}
    | {"cosigners", "notice_days", "age_min", "age_max", "review_days"}
    | {"post_cap", "paper_forms", "reserve_seats"}
)
TIMES = frozenset({"registration_opens", "registration_closes", "payment_closes"})
_SEATS = ("admission_template", "post_cap", "paper_forms", "reserve_seats")
_INTERVIEW = ("interview_ratio", "ties_enter", "interviewers", "drop_high", "drop_low")
_TOTALS = ("written_weight", "interview_weight", "rounding", "decimals", "tie_order")
GROUPS = {
    "Type and dates": ("exam_type", "registration_opens", "registration_closes", "payment_closes"),
    "Who may apply": ("age_min", "age_max", "education_min", "review_days", "opening_ratio"),
    "Written exam": ("subjects", "written_pass", *_SEATS),
    "Interview": (*_INTERVIEW, "interview_pass"),
    "Totals and public notice": (*_TOTALS, "cosigners", "notice_days"),
}
SUBJECT_ROWS = 8
SUBJECT_KEYS = ("code", "name", "full_marks", "weight")
LOCAL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Field:
    """One rule on the page: `kind` is subjects, choice, time, number or text."""

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
    if key in WHOLE:
        return "number"
    return "subjects" if key == "subjects" else "text"


def _shown(key: str, value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key in TIMES:
        return _local(str(value), zone)
    if key == "tie_order":
        return ", ".join(value)
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
    if key == "tie_order":
        return [name for name in re.split("[,，、;； ]+", text) if name]
    if key == "ties_enter":
        return {"yes": True, "no": False}.get(text, text)
    if key in TIMES:
        return _typed_time(text, zone)
    return int(text) if key in WHOLE and re.fullmatch("[0-9]{1,6}", text) else text


def _typed_subjects(form: Mapping[str, str]) -> list[dict[str, str]]:
    rows = [
        {key: _squeezed(form.get(f"subjects.{row}.{key}", "")) for key in SUBJECT_KEYS}
        for row in range(SUBJECT_ROWS)
    ]
    return [row for row in rows if any(row.values())]


def _typed_time(text: str, zone: ZoneInfo) -> str:
    try:
        return rfc3339(datetime.strptime(text, LOCAL).replace(tzinfo=zone))
    except ValueError:
        return text


def _squeezed(text: str) -> str:
    return " ".join(text.split())
