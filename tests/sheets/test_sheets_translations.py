"""Every sentence has a Chinese translation with the same parameters, and nothing is left over."""

import ast
import importlib
import re
from pathlib import Path

from babel.messages.pofile import read_po

import exam_system

MODULES = (
    *("sheets.table", "sheets.guard", "sheets.grids", "sheets.reading", "sheets.writing"),
    *("people", "exams.post_table"),
)
CATALOGUE = Path(exam_system.__file__).parent / "translations/zh/sheets.po"


def _msgids(name: str) -> set[str]:
    module = importlib.import_module(f"exam_system.{name}")
    found = set()
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Sentence":
            first = node.args[0]
            known = isinstance(first, ast.Name)
            found.add(getattr(module, first.id) if known else ast.literal_eval(first))
    return found


def _parameters(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s", text))


def test_the_catalogue_has_every_sentence_and_no_other() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = {message.id: message.string for message in read_po(file) if message.id}
    msgids = set().union(*map(_msgids, MODULES))
    assert set(catalogue) == msgids
    assert len(msgids) > 35
    assert all(catalogue.values())
    for msgid, translated in catalogue.items():
        assert _parameters(msgid) == _parameters(translated)
