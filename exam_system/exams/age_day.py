"""The day on which ages count. It is fixed with the announcement: a window extended later does
not move it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet, parse_rules
from exam_system.records import releases


def with_age_day(exam: Exam, zone: ZoneInfo) -> dict[str, Any]:
    """The document of an exam's rules with the day written out, as it is announced."""
    rules = rules_of(exam)
    document = rules.document()
    document["age_day"]["value"] = (rules.age_day or _closes(rules, zone)).isoformat()
    return document


def age_day(session: Session, exam: Exam, rules: RuleSet, zone: ZoneInfo) -> date:
    """The day on which ages of the exam's candidates count.

    Exams announced before there was such a rule: the day on which registration closes by the first
    version of their announcement.
    """
    if rules.age_day is not None:
        return rules.age_day
    return _closes(_first(session, exam) or rules, zone)


def _first(session: Session, exam: Exam) -> RuleSet | None:
    if releases.newest(session, exam.id, "announcement") is None:
        return None
    first = releases.by_version(session, exam.id, "announcement", 1)
    return parse_rules(json.loads(releases.file_data(session, first, "rules.json")))


def _closes(rules: RuleSet, zone: ZoneInfo) -> date:
    return rules.registration_closes.astimezone(zone).date()
