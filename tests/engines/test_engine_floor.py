"""The ground floor: what its files may not import, and no float in the engines."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("seating", "proctoring", "scoring")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
FORBIDDEN = {"flask", "sqlalchemy", "exam_system", "random", "secrets", "os", "time", "datetime"}
ENGINES = [
    *(ROOT / "seating" / f"{name}.py" for name in ("order", "layouts")),
    *(ROOT / "proctoring" / f"{name}.py" for name in ("groups", "matching", "deal")),
    *(ROOT / "scoring" / f"{name}.py" for name in ("rounding", "interview", "totals", "recompute")),
    *(
        ROOT / "scoring" / f"{name}.py"
        for name in ("elements", "panels", "marks", "keys", "arrays")
    ),
    *(ROOT / "scoring" / f"{name}.py" for name in ("policy", "choosing", "tree")),
    *(ROOT / "scoring" / f"{name}.py" for name in ("replacement", "post_choice")),
]


def imported(tree) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_ground_floor_files_import_neither_the_office_nor_chance_nor_one_another(path) -> None:
    found = imported(ast.parse(path.read_text(encoding="utf-8")))
    own = path.relative_to(ROOT).parts[0]
    assert not found & (FORBIDDEN | set(ROOMS) - {own})


@pytest.mark.parametrize("path", ENGINES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_float_is_written_in_an_engine(path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float | complex))
        assert not (isinstance(node, ast.Name) and node.id in ("float", "hash", "round"))
