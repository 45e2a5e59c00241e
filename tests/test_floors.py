"""Imports point down: ground (engines, trust, verify), middle (records, features), top."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINES = ("seating", "proctoring", "scoring")
GROUND = (*ENGINES, "exam_system/trust", "exam_system/verify")
WEB = ("flask", "flask_babel", "flask_wtf", "flask_bootstrap", "werkzeug", "wtforms")
TOP = ("app", "cli", "demo", "server")
FEATURES = (
    "accounts", "approvals", "exams", "registration", "fees", "draws", "examday", "marking",
    "interviews", "results", "oversight", "tips",
)  # fmt: skip


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [alias.name for alias in node.names]
            yield from [f"{node.module}.{name}" for name in names]


def starts(name: str, *roots: str) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def test_there_is_something_to_look_at() -> None:
    assert len(modules(*GROUND)) > 30


@pytest.mark.parametrize("path", modules(*GROUND), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_ground_knows_neither_web_nor_database_nor_chance(path: Path) -> None:
    banned = (*WEB, "sqlalchemy", "alembic", "random", "secrets", "numpy.random")
    own = path.relative_to(ROOT).parts
    for name in imports(path):
        if starts(name, "secrets") and own[:2] == ("exam_system", "trust"):
            continue  # a new key needs the operating system's chance
        assert not starts(name, *banned), f"imports {name}"


@pytest.mark.parametrize("path", modules(*ENGINES), ids=lambda p: str(p.relative_to(ROOT)))
def test_engines_stand_alone(path: Path) -> None:
    others = [other for other in ENGINES if other != path.relative_to(ROOT).parts[0]]
    clocks = ("time", "datetime.datetime.now", "os")
    for name in imports(path):
        assert not starts(name, "exam_system", *others, *clocks), f"imports {name}"


@pytest.mark.parametrize(
    "path", modules("exam_system/trust"), ids=lambda p: str(p.relative_to(ROOT))
)
def test_trust_needs_only_itself(path: Path) -> None:
    for name in imports(path):
        assert starts(name, "exam_system.trust") or not starts(name, "exam_system", *ENGINES), name


@pytest.mark.parametrize(
    "path", modules("exam_system/verify"), ids=lambda p: str(p.relative_to(ROOT))
)
def test_the_verifier_needs_only_trust_and_engines(path: Path) -> None:
    allowed = ("exam_system.trust", "exam_system.verify")
    for name in imports(path):
        assert starts(name, *allowed) or not starts(name, "exam_system"), f"imports {name}"


def test_records_know_no_feature() -> None:
    for path in modules("exam_system/records"):
        for name in imports(path):
            features = [f"exam_system.{feature}" for feature in FEATURES]
            assert not starts(name, *features) or name.endswith(".models.Exam"), (path, name)


def test_approvals_know_accounts_and_no_other_feature() -> None:
    others = [f"exam_system.{name}" for name in FEATURES if name not in ("accounts", "approvals")]
    for path in modules("exam_system/approvals"):
        for name in imports(path):
            assert not starts(name, *others) or name.endswith(".models.Exam"), (path, name)


def test_nothing_below_knows_the_top() -> None:
    tops = [f"exam_system.{name}" for name in TOP]
    for path in modules("exam_system"):
        parts = path.relative_to(ROOT / "exam_system").parts
        if parts[0] in TOP or parts[0].removesuffix(".py") in TOP:
            continue
        for name in imports(path):
            assert not starts(name, *tops), f"{path} imports {name}"


def test_verbs_and_tables_do_not_know_the_web() -> None:
    looked = 0
    for path in modules(*(f"exam_system/{feature}" for feature in FEATURES), "exam_system/records"):
        if path.stem != "models" and "\n@verb\n" not in path.read_text(encoding="utf-8"):
            continue
        looked += 1
        for name in imports(path):
            assert not starts(name, *WEB, "exam_system.web"), f"{path} imports {name}"
    assert looked > len(FEATURES)
