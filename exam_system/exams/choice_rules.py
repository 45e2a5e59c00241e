"""Rules on choosing places of a post in order of score (选岗), and on objections to a notice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from exam_system.errors import Sentence
from exam_system.exams.rule_values import line

MISSED = ("gives_up", "last")
"""Who misses the turn gives the choice up, or comes once more after all others."""
OBJECTORS = ("named", "anybody")
"""Who may object to a public notice: who gives a name, or also who gives none."""
MOST_PLACES = 2000
_KEYS = ("post", "code", "name", "count")
_SEPARATOR = re.compile(r"[|｜]")


@dataclass(frozen=True, slots=True)
class ChoicePlace:
    """A place that the people of a post choose among: `count` of them can have it."""

    post: str
    code: str
    name: str
    count: int

    def document(self) -> dict[str, str | int]:
        """As it stands in rules.json."""
        return {"post": self.post, "code": self.code, "name": self.name, "count": self.count}


def read_places(value: Any) -> tuple[ChoicePlace, ...]:
    """The places of all posts that are chosen in order of score; none: no post is."""
    if not isinstance(value, list) or len(value) > MOST_PLACES:
        raise Sentence("At most %(most)s places are chosen", most=MOST_PLACES)
    found = tuple(_place(one) for one in value)
    if len({(one.post, one.code) for one in found}) < len(found):
        raise Sentence("A place has the code of another place of its post")
    return found


def _place(one: Any) -> ChoicePlace:
    if not isinstance(one, dict) or set(one) != set(_KEYS):
        raise Sentence("Write each place like 101 | A | 第一中学 | 2: post, code, name, how many")
    count = one["count"]
    if type(count) is not int or not 1 <= count <= 9999:
        raise Sentence("Write each place like 101 | A | 第一中学 | 2: post, code, name, how many")
    return ChoicePlace(line(one["post"], 20), line(one["code"], 20), line(one["name"], 120), count)


def places_text(value: Any) -> str:
    """Places as lines of a form."""
    return "\n".join(" | ".join(str(one[key]) for key in _KEYS) for one in value or [])


def typed_places(text: str) -> list[dict[str, Any]]:
    """The lines of the form; what cannot be read stays, for `read_places` to refuse."""
    found = []
    for row in filter(str.strip, text.splitlines()):
        parts = [" ".join(part.split()) for part in _SEPARATOR.split(row)]
        one: dict[str, Any] = dict(zip(_KEYS, parts, strict=False))
        if re.fullmatch("[0-9]{1,6}", one.get("count", "")):
            one["count"] = int(one["count"])
        found.append(one if len(parts) == len(_KEYS) else {"line": row})
    return found


def places_of(places: Iterable[ChoicePlace], post: str) -> list[ChoicePlace]:
    """The places that the people of this post choose among, by code."""
    return sorted((one for one in places if one.post == post), key=lambda one: one.code)
