"""Both languages whole: every sentence of code and templates has its Chinese."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir

from exam_system import language
from exam_system.access import VERBS, Role
from proctoring import shortfall
from seating import findings

ROOT = Path(__file__).parent.parent / "exam_system"
ERRORS = ("Refused", "Conflict", "Invalid", "NotFound", "Forbidden", "LoginNeeded", "Sentence")
KEYWORDS = dict.fromkeys(("_", "_l", "gettext", *ERRORS))
# Strings inside such a call that are keys, not sentences.
KEYS = {"ORDERPAID", "rule", "why"}
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]


def used() -> set[str]:
    """Every message that code and templates name literally."""
    found = extract_from_dir(ROOT, METHODS, keywords=KEYWORDS, strip_comment_tags=True)
    return {
        message if isinstance(message, str) else message[0] for _f, _l, message, _c, _x in found
    }


def test_every_sentence_has_its_chinese() -> None:
    known = {
        message.id
        for message in language.catalogue("zh")
        if message.string and isinstance(message.id, str)
    }
    wanted = used() | {verb.said for verb in VERBS.values()} | {role.value for role in Role}
    wanted |= set(findings.BEFORE)
    wanted |= {shortfall.SHORT, *shortfall.PLACES, *sum(shortfall.SENTENCES.values(), ())}
    assert sorted(wanted - known - KEYS) == []


def test_translations_keep_the_places() -> None:
    for message in language.catalogue("zh"):
        if message.id and message.string:
            assert set(_places(str(message.string))) == set(_places(str(message.id))), message.id


def _places(text: str) -> list[str]:
    return re.findall(r"%\((\w+)\)", text)
