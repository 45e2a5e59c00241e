"""Backup and restore drill: the very lines of docs/OPERATIONS.md, run on an instance."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import World

PAGE = Path(__file__).parents[2] / "docs" / "OPERATIONS.md"
EXAM = f"{sys.executable} -m exam_system.cli"


def block(after: str) -> list[str]:
    """The commands of the first indented block after these words, without their remarks."""
    text = PAGE.read_text(encoding="utf-8").split(after, 1)[1]
    found = re.search(r"\n\n((?:    .*\n)+)", text)
    assert found is not None
    return [line.partition("#")[0].strip() for line in found[1].split("\n") if line.strip()]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the shell of SQLite is not here")
def test_the_restore_drill_as_it_is_written(world: World, tmp_path: Path) -> None:
    world.seal()
    world.engine.dispose()
    (tmp_path / "backup").mkdir()
    lines = [line for line in block("## 7. Backup and restore") if not line.startswith("pg_dump")]
    drill = [line for line in block("**Restore drill**") if "cosign" not in line]
    assert (len(lines), len(drill)) == (2, 5)
    for line in lines + drill:
        here = line.replace("/srv/exam/instance", str(world.folder))
        here = re.sub(r"^exam ", f"{EXAM} ", here.replace("/backup", str(tmp_path / "backup")))
        run = subprocess.run(here, shell=True, cwd=tmp_path, capture_output=True, text=True)
        assert run.returncode == 0, (line, run.stdout, run.stderr)
