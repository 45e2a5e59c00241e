"""Reads the rules of marking: the questions of every subject, and how often each is marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from exam_system.errors import Sentence
from exam_system.exams.rule_values import decimal, line

ARBITRATION = ("arbiter", "nearest")
ENTRY = ("once", "twice")
KINDS = ("objective", "subjective")
_KEYS = ("subject", "code", "name", "kind", "full", "markers", "threshold")
_CODE = re.compile("[a-z][a-z0-9]{0,9}")
_MOST = 60
_SEPARATOR = re.compile("[|｜]")
_FORM = "Write each question in a line: subject | code | name | kind | marks | markers | threshold"
_KIND_WORDS = {"客观": "objective", "主观": "subjective"}


@dataclass(frozen=True, slots=True)
class PaperQuestion:
    """A question or part of a paper that is marked by itself.

    "objective": read by a machine and marked by a key, `markers` 0. "subjective": marked by one
    marker or by two who do not see one another's marks; when those lie further apart than
    `threshold`, a third marks it too.
    """

    subject: str
    code: str
    name: str
    kind: str
    full: Decimal
    markers: int
    threshold: Decimal

    def document(self) -> dict[str, Any]:
        """As in rules.json."""
        plain = {key: getattr(self, key) for key in _KEYS}
        return {**plain, "full": f"{self.full:f}", "threshold": f"{self.threshold:f}"}


def read_questions(value: Any) -> tuple[PaperQuestion, ...]:
    """Up to 60 questions, no code twice; none: the marks come in as one table."""
    if not isinstance(value, list) or len(value) > _MOST:
        raise Sentence(_FORM)
    found = tuple(_question(item) for item in value)
    if len({one.code for one in found}) < len(found):
        raise Sentence("Two questions have the same code")
    return found


def _question(value: Any) -> PaperQuestion:
    if not isinstance(value, dict) or set(value) != set(_KEYS) or value["kind"] not in KINDS:
        raise Sentence(_FORM)
    code, subject, markers = value["code"], value["subject"], value["markers"]
    if not isinstance(code, str) or not _CODE.fullmatch(code) or not isinstance(subject, str):
        raise Sentence("The code of a question is a short word in small letters, such as q1")
    allowed = (0,) if value["kind"] == "objective" else (1, 2)
    if type(markers) is not int or markers not in allowed:
        raise Sentence("An objective question has no markers, another one has one or two")
    full = decimal("0.5", "999")(value["full"])
    threshold = decimal("0", "999")(value["threshold"])
    name = line(value["name"], 40)
    return PaperQuestion(subject, code, name, value["kind"], full, markers, threshold)


def fill_the_papers(questions: tuple[PaperQuestion, ...], subjects: Any) -> bool:
    """Whether the questions of every subject add up to its full marks, if there are any."""
    sums: dict[str, Decimal] = {subject.code: Decimal(0) for subject in subjects}
    for one in questions:
        if one.subject not in sums:
            return False
        sums[one.subject] += one.full
    return not questions or all(sums[one.code] == one.full_marks for one in subjects)


def questions_text(value: Any) -> str:
    """Questions as lines of a form."""
    return "\n".join(" | ".join(str(one[key]) for key in _KEYS) for one in value or [])


def typed_questions(text: str) -> list[dict[str, Any]]:
    """The lines of the form; what cannot be read stays, for `read_questions` to refuse."""
    return [_typed(row) for row in text.splitlines() if row.strip()]


def _typed(row: str) -> dict[str, Any]:
    parts = [" ".join(part.split()) for part in _SEPARATOR.split(row)]
    found: dict[str, Any] = dict(zip(_KEYS, parts, strict=False))
    if "kind" in found:
        found["kind"] = _KIND_WORDS.get(found["kind"], found["kind"])
    if re.fullmatch("[0-9]", found.get("markers", "")):
        found["markers"] = int(found["markers"])
    return found
