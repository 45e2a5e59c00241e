"""Both languages whole: every sentence of code and templates has its Chinese."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from babel.messages.extract import extract_from_dir

from exam_system import language
from exam_system.access import VERBS, Role
from proctoring import shortfall
from seating import findings

ROOT = Path(__file__).parent.parent / "exam_system"
FLOORS = ("exam_system", "proctoring", "scoring", "seating")
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


def test_no_translation_is_left_over() -> None:
    paths = [path for floor in FLOORS for path in (ROOT.parent / floor).rglob("*.py")]
    said = set().union(*map(_literals, paths))
    pages = "\n".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    left = [
        message.id
        for message in language.catalogue("zh")
        if isinstance(message.id, str) and message.id and message.id not in said
    ]
    assert [text for text in left if f'"{text}"' not in pages and f"'{text}'" not in pages] == []


def _literals(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    found = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return {value for value in found if isinstance(value, str)}


def test_translations_keep_the_places() -> None:
    for message in language.catalogue("zh"):
        if message.id and message.string:
            assert set(_places(str(message.string))) == set(_places(str(message.id))), message.id


def _places(text: str) -> list[str]:
    return re.findall(r"%\((\w+)\)", text)
