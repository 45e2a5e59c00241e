"""Chinese: every sentence of exams, of accounts and of the frame of all pages is translated."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract

import exam_system
from exam_system.access import VERBS, Role
from exam_system.exams import rule_readers, rules, rules_form
from exam_system.exams.states import STATE_NAMES
from exam_system.language import catalogue

ROOT = Path(exam_system.__file__).parent
CALLS = {"_", "_l", "gettext", "Sentence", "Conflict", "Invalid", "NotFound", "Forbidden", "_error"}
SOURCES = [
    *ROOT.glob("exams/*.py"),
    *ROOT.glob("accounts/*.py"),
    *(ROOT / name for name in ("access.py", "web.py", "app.py", "people.py")),
    *(ROOT / name for name in ("records/notes.py", "oversight/service.py")),
]
PAGES = [
    *ROOT.glob("templates/*.html"),
    *ROOT.glob("templates/exams/*.html"),
    *ROOT.glob("templates/accounts/*.html"),
]


def said_in(path: Path) -> Iterator[str]:
    """Sentences that the code hands to gettext or to an error; lower-case words are codes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS:
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            yield from (text for text in texts if isinstance(text, str) and " " in text)


def shown_on(path: Path) -> Iterator[str]:
    with open(path, "rb") as file:
        for _line, message, _comments, _context in extract("jinja2.ext.babel_extract", file):
            assert isinstance(message, str)
            yield message


def all_words() -> set[str]:
    found = {text for path in SOURCES for text in said_in(path)}
    found |= {text for path in PAGES for text in shown_on(path)}
    found |= {verb.said for verb in VERBS.values()} | {role.value for role in Role}
    found |= {*rules.LABELS.values(), *rules_form.OPTION_NAMES.values(), *rules_form.GROUPS}
    found |= {*STATE_NAMES.values(), *rules._PARTS.values()}
    return found | {entry[3] for entry in rule_readers.TOGETHER}


def test_every_sentence_has_its_chinese() -> None:
    known = {str(message.id): message.string for message in catalogue("zh") if message.id}
    words = all_words()
    assert len(words) > 350
    assert sorted(word for word in words if not known.get(word)) == []


def test_translations_keep_their_places() -> None:
    def places(text: str) -> list[str]:
        return sorted(part.split(")")[0] for part in text.split("%(")[1:])

    for message in catalogue("zh"):
        assert places(str(message.string)) == places(str(message.id)), message.id
