"""Reads the rules of the eligibility review: grounds of refusal, areas asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from exam_system.errors import Sentence
from exam_system.exams.rule_values import LONGEST_BASIS, flag, line

SECOND_REVIEW = ("none", "bans", "refusals", "all")
REAPPLY = ("other", "any", "never")
_CODE = re.compile("[a-z][a-z0-9_]{0,39}")
_AREA = re.compile("[1-9][0-9](?:[0-9]{2}){0,2}")
_KEYS = ("code", "name", "basis", "again")
_MOST = 40
_SEPARATOR = re.compile("[|｜]")
_AGAIN = {"yes": True, "是": True, "no": False, "否": False}


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground on which an application is refused, with its legal basis.

    `again`: something is only missing, so that the same post may be applied for once more.
    """

    code: str
    name: str
    basis: str
    again: bool

    def document(self) -> dict[str, Any]:
        """As in rules.json."""
        return {key: getattr(self, key) for key in _KEYS}


def read_grounds(value: Any) -> tuple[Ground, ...]:
    """Up to 40 grounds, no code twice."""
    if not isinstance(value, list) or len(value) > _MOST:
        raise Sentence("Write each ground in a line: code | name | legal basis | yes or no")
    found = tuple(_ground(item) for item in value)
    if len({ground.code for ground in found}) < len(found):
        raise Sentence("Two grounds have the same code")
    return found


def _ground(value: Any) -> Ground:
    if not isinstance(value, dict) or set(value) != set(_KEYS):
        raise Sentence("Write each ground in a line: code | name | legal basis | yes or no")
    code = value["code"]
    if not isinstance(code, str) or not _CODE.fullmatch(code) or code == "other":
        raise Sentence("The code of a ground is a short word in small letters, such as major")
    return Ground(code, line(value["name"], 60), line(value["basis"], LONGEST_BASIS),
                  flag(value["again"]))  # fmt: skip


def read_areas(value: Any) -> tuple[str, ...]:
    """Codes of administrative areas of 2, 4 or 6 digits; abolished ones too."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Sentence("Enter codes of areas with 2, 4 or 6 digits, separated by commas")
    if not all(_AREA.fullmatch(one) for one in value) or len(value) > 200:
        raise Sentence("Enter codes of areas with 2, 4 or 6 digits, separated by commas")
    return tuple(dict.fromkeys(value))


def grounds_text(value: Any) -> str:
    """Grounds as lines of a form."""
    return "\n".join(
        " | ".join((one["code"], one["name"], one["basis"], "yes" if one["again"] else "no"))
        for one in value or []
    )


def typed_grounds(text: str) -> list[dict[str, Any]]:
    """The lines of the form; what cannot be read stays, for `read_grounds` to refuse."""
    return [_typed(row) for row in text.splitlines() if row.strip()]


def _typed(row: str) -> dict[str, Any]:
    parts = [" ".join(part.split()) for part in _SEPARATOR.split(row)]
    found: dict[str, Any] = dict(zip(_KEYS, parts, strict=False))
    if "again" in found:
        found["again"] = _AGAIN.get(found["again"].casefold(), found["again"])
    return found
