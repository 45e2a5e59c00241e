"""The rule set of an exam: typed, complete, every rule with its legal basis.

`rules.json` is an object whose every entry is {"value": …, "basis": "text"}; the keys are the
attributes of RuleSet. Numbers with a fraction are strings ("0.5"), no limit is "", times are
RFC 3339. What differs between provinces and years stands here, never in code (RULES 2.1 to 2.7).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from exam_system.clock import rfc3339
from exam_system.errors import Invalid, Sentence, Several
from exam_system.exams.choice_rules import ChoicePlace
from exam_system.exams.interview_rules import (
    SheetElement,
)
from exam_system.exams.marking_rules import (
    PaperQuestion,
)
from exam_system.exams.review_rules import (
    Ground,
)
from exam_system.exams.rule_labels import BEFORE, LABELS
from exam_system.exams.rule_readers import READERS, disagreements
from exam_system.exams.rule_values import (
    EDUCATION,
    EXAM_TYPES,
    FIELD,
    INTERVIEW_ORDERS,
    INTERVIEWER_DRAWS,
    INTERVIEWERS,
    LONGEST_BASIS,
    ROUNDINGS,
    SEXES,
    TYPE_NAMES,
    Subject,
    line,
)

__all__ = [
    "EDUCATION",
    "EXAM_TYPES",
    "INTERVIEWERS",
    "INTERVIEWER_DRAWS",
    "INTERVIEW_ORDERS",
    "LABELS",
    "ROUNDINGS",
    "SEXES",
    "TYPE_NAMES",
    "RuleProblems",
    "RuleSet",
    "Subject",
    "defaults",
    "parse_rules",
]

_PARTS = {
    "district": "district code",
    "site": "site code",
    "room": "room code",
    "seat": "seat number",
}
_NO_BASIS = "—"


class RuleProblems(Several):
    """Everything that is wrong with a rule set: `problems` by rule ("" for unknown keys)."""

    def __init__(self, problems: Mapping[str, list[Sentence]]) -> None:
        self.problems = problems
        super().__init__(
            [
                Sentence(
                    "%(rule)s: %(why)s", rule=Sentence(LABELS.get(key, key)), why=problem
                ).about(f"{key} {key}.0.code")
                for key, sentences in problems.items()
                for problem in sentences
            ]
        )


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one exam; None in a pass mark means there is none. Times have a zone."""

    exam_type: str
    opening_ratio: int
    opening_ratios: Mapping[str, int]
    opening_below: str
    interview_ratio: int
    ties_enter: bool
    subjects: tuple[Subject, ...]
    written_pass: Decimal | None
    interview_weight: Decimal
    written_weight: Decimal
    interviewers: int
    drop_high: int
    drop_low: int
    interview_pass: Decimal | None
    rounding: str
    decimals: int
    tie_order: tuple[str, ...]
    cosigners: int
    notice_days: int
    public_lists: tuple[str, ...]
    age_min: int
    age_max: int
    age_day: date | None
    education_min: str
    review_days: int
    second_review: str
    reapply: str
    refusal_grounds: tuple[Ground, ...]
    area_codes: tuple[str, ...]
    registration_opens: datetime
    registration_closes: datetime
    payment_closes: datetime
    admission_template: str
    post_cap: int
    school_cap: int
    employer_cap: int
    paper_forms: int
    reserve_seats: int
    invigilator_sexes: str
    invigilator_reserves: int
    invigilator_never_again: tuple[str, ...]
    invigilator_memory: int
    interviewer_draw: str
    lottery_size: int
    panel_employer: int
    post_panel_most: int
    panel_city: int
    panel_sex: int
    panels_per_reserve: int
    panels_open_at: datetime | None
    interview_order: str
    marking_closes: datetime | None
    recount_percent: int
    marking_questions: tuple[PaperQuestion, ...]
    marking_arbitration: str
    marker_area: int
    written_entry: str
    waiver_grounds: tuple[str, ...]
    waiver_days: int
    violation_regime: str
    hearing_days: int
    handover_people: int
    handover_offices: str
    bag_at_site_minutes: int
    bag_in_room_minutes: int
    bag_opening_minutes: int
    bag_packed_minutes: int
    paper_area_digits: int
    entry_minutes: int
    interview_elements: tuple[SheetElement, ...]
    interview_trimming: str
    panel_correction: str
    panel_mean_decimals: str
    panel_coefficient_decimals: str
    panel_sd_divisor: str
    interview_report_minutes: int
    interview_roll_minutes: int
    interview_meet_minutes: int
    interview_ready_minutes: int
    recheck_days: int
    recheck_answer_days: int
    recheck_marks: str
    recheck_alarm: int
    medical_recheck_days: int
    medical_same_day: tuple[str, ...]
    medical_final: tuple[str, ...]
    replacement_stages: tuple[str, ...]
    replacement_limit: int
    offer_days: int
    giving_up_months: Mapping[str, int]
    giving_up_silent_months: Mapping[str, int]
    objectors: str
    choice_places: tuple[ChoicePlace, ...]
    choice_minutes: int
    choice_late_minutes: int
    choice_missed: str
    basis: Mapping[str, str]

    def document(self) -> dict[str, Any]:
        """The JSON of rules.json."""
        return {
            key: {"value": _plain(getattr(self, key)), "basis": self.basis[key]} for key in LABELS
        }

    def opening_of(self, category: str | None) -> int:
        """Paid candidates to one vacancy that posts of a category need."""
        return self.opening_ratios.get(category or "", self.opening_ratio)

    def subject(self, code: str) -> Subject:
        """The subject of this code; raises KeyError."""
        return {subject.code: subject for subject in self.subjects}[code]

    def admission_number(self, *, district: int, site: int, room: int, seat: int) -> str:
        """The admission number of a seat; Invalid when a code has more digits than its place."""
        codes = {"district": district, "site": site, "room": room, "seat": seat}

        def place(found: re.Match[str]) -> str:
            digits = f"{codes[found[1]]:0{found[2]}d}"
            if len(digits) > int(found[2]):
                raise Invalid(
                    "The %(part)s %(code)s has too many digits for the admission number",
                    part=Sentence(_PARTS[found[1]]),
                    code=digits,
                )
            return digits

        return FIELD.sub(place, self.admission_template)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [item.document() if hasattr(item, "document") else item for item in value]
    return "" if value is None else value


def parse_rules(data: Mapping[str, Any]) -> RuleSet:
    """Read rules.json; raises RuleProblems (an Invalid) with every problem at once."""
    problems: dict[str, list[Sentence]] = {}
    values: dict[str, Any] = {}
    basis: dict[str, str] = {}
    for key, read in READERS.items():
        try:
            values[key], basis[key] = _entry(data.get(key, _earlier(key)), read)
        except Sentence as problem:
            problems[key] = [problem]
    for key in sorted(set(data) - set(READERS)):
        problems[key] = [Sentence("There is no such rule")]
    for key, other in disagreements(values):
        problems.setdefault(key, []).append(other)
    if problems:
        raise RuleProblems(problems)
    return RuleSet(**values, basis=basis)


def _earlier(key: str) -> dict[str, Any] | None:
    return {"value": BEFORE[key], "basis": _NO_BASIS} if key in BEFORE else None


def _entry(entry: Any, read: Callable[[Any], Any]) -> tuple[Any, str]:
    if not isinstance(entry, dict) or set(entry) != {"value", "basis"}:
        raise Sentence("A value and its legal basis are needed")
    value = read(entry["value"])
    if entry["basis"] == "":
        raise Sentence("The legal basis is missing")
    return value, line(entry["basis"], LONGEST_BASIS)


@cache
def _defaults() -> dict[str, dict[str, Any]]:
    path = Path(__file__).with_name("defaults.json")
    found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def defaults(exam_type: str) -> dict[str, Any]:
    """A document to begin with for a type of exam; its three times are "" until they are set."""
    if exam_type not in EXAM_TYPES:
        raise Invalid("There is no type of exam called %(name)s", name=exam_type).about("exam_type")
    table = _defaults()
    merged = {**table["all"], **table[exam_type]}
    document = {key: merged[key] for key in LABELS if key != "exam_type"}
    basis = table["types"][exam_type]
    return deepcopy({"exam_type": {"value": exam_type, "basis": basis}, **document})
