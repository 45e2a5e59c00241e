"""The catalogue of draws has no sentence that is left over, and keeps the parameters of all."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from babel.messages.pofile import read_po
from flask_babel import gettext

import exam_system
from exam_system.draws import asking, pages, parties, states
from exam_system.language import catalogue
from tests.world import World

HOME = Path(exam_system.__file__).parent
SAYING = {"Conflict", "SecondStart", "Invalid", "NotFound", "Sentence", "_l"}
TEMPLATE_TEXT = re.compile(r'(?<![\w])_\(\s*"([^"]+)"')


def _from_code(path: Path) -> set[str]:
    calls = [
        node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    ]
    firsts = [call.args[0] for call in calls if ast.unparse(call.func) in SAYING and call.args]
    return {ast.literal_eval(first) for first in firsts if isinstance(first, ast.Constant)}


def _from_templates(*paths: Path) -> set[str]:
    return {text for path in paths for text in TEMPLATE_TEXT.findall(path.read_text("utf-8"))}


def _msgids() -> set[str]:
    tables = (asking.KIND_NAMES, pages.STATE_NAMES, states.WORDS, parties.WHO)
    found = {word for table in tables for word in table.values()}
    found |= {name for name, _ in pages.STEPS}
    for path in (HOME / "draws").glob("*.py"):
        found |= _from_code(path)
    found |= _from_templates(*(HOME / "templates/draws").glob("*.html"))
    shared = _from_templates(HOME / "templates/base.html", HOME / "templates/parts.html")
    return found - shared


def _parameters(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s", text))


def test_the_catalogue_has_no_sentence_that_is_left_over() -> None:
    with (HOME / "translations/zh/draws.po").open("rb") as file:
        known = {message.id: message.string for message in read_po(file) if message.id}
    assert set(known) <= _msgids()  # that none is missing is for tests/test_language.py
    assert len(known) > 100
    for msgid, translated in known.items():
        assert re.search("[\u4e00-\u9fff；]", translated), msgid
        assert _parameters(msgid) == _parameters(translated)


def test_no_catalogue_contradicts_another(world: World) -> None:
    assert catalogue("zh").get("Dice") is not None
    app = world.app()
    with app.test_request_context(headers={"Cookie": "language=zh"}):
        assert gettext("Dice") == "骰子"
