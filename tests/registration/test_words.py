"""Every sentence of registration and fees has a Chinese translation with the same parameters."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

import exam_system
from exam_system.language import catalogue

ROOT = Path(exam_system.__file__).parent
CALLS = {
    **dict.fromkeys(("gettext", "_l", "Sentence", "Action"), 0),
    **dict.fromkeys(("Conflict", "Invalid", "NotFound", "Forbidden", "Refused"), 0),
    "_line": 2,
    "_insert": 2,
    "Check": 2,
}
TABLES = {
    "registration": (
        *("states.STATES", "checks.LEVEL_NAMES", "progress.STEPS", "bar_table.REGIMES"),
        *("queue.SHOW", "queue.WHOSE", "queue.CHECKS", "queue.SORT"),
    ),
    "fees": ("states.STATES",),
}
SKIPPED = ("sandbox", "gateway.py", "wechat")  # speak to operators and programs, in English


def _of_module(path: Path, feature: str) -> set[str]:
    module = importlib.import_module(f"exam_system.{feature}.{path.stem}")
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in CALLS:
            place = CALLS[ast.unparse(node.func)]
            found |= _texts(node.args[place], module) if len(node.args) > place else set()
    return found


def _texts(node: ast.expr, module: object) -> set[str]:
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.IfExp):
        return _texts(node.body, module) | _texts(node.orelse, module)
    value = getattr(module, node.id, None) if isinstance(node, ast.Name) else None
    return {value} if isinstance(value, str) else set()


def _asked(feature: str) -> set[str]:
    found = set()
    for path in (ROOT / feature).glob("*.py"):
        if not path.name.startswith(SKIPPED):
            found |= _of_module(path, feature)
    for path in (ROOT / "templates" / feature).glob("*.html"):
        text = path.read_text("utf-8")
        found |= set(re.findall(r'\b_\("([^"]+)"', text))
        found |= set(re.findall(r"\b_\('([^']+)'", text))
    for name in TABLES[feature]:
        module, attribute = name.split(".")
        table = getattr(importlib.import_module(f"exam_system.{feature}.{module}"), attribute)
        found |= set(table.values() if isinstance(table, dict) else table)
    return found


def _parameters(text: str) -> list[str]:
    return sorted(set(re.findall(r"%\(\w+\)s", text)))


@pytest.mark.parametrize("feature", ["registration", "fees"])
def test_every_sentence_is_translated_and_none_is_left_over(feature: str) -> None:
    asked, whole = _asked(feature), catalogue("zh")
    missing = sorted(text for text in asked if not (whole.get(text) and whole.get(text).string))
    assert missing == []
    assert len(asked) > 40
    for text in asked:
        assert _parameters(text) == _parameters(str(whole.get(text).string)), text
