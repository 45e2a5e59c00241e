"""Keys that were retired or replaced, what lies beside, and zips: each case of both verifiers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exam_system.verify.run import verify
from tests.verify.builder import write
from tests.verify.rotated import Case, cases
from tests.verify.zips import NAME, honest, spoiled

CASES = cases()


@pytest.mark.parametrize("name", CASES)
def test_a_key_counts_while_it_served(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    write(tmp_path, {**case.files, "keys.txt": case.keys})
    found = verify([tmp_path])
    checks = {error.check.id for error in found.refused}
    assert checks == ({case.refused} if case.refused else set()), found.lines


def lines(case: Case, folder: Path) -> str:
    return "\n".join(verify([write(folder, {**case.files, "keys.txt": case.keys})]).lines)


def test_who_was_retired_is_named(tmp_path: Path) -> None:
    told = lines(CASES["a draw too late"], tmp_path / "a")
    assert "the key of city.example/log/officer was retired when the log had" in told
    assert "and not enough inspectors had cosigned this note by then" in told
    told = lines(CASES["an interview that nothing dates"], tmp_path / "b")
    assert "THE KEY OF city.example/log/publisher WAS RETIRED" in told
    assert re.search(r"publisher [0-9a-f]{64} \(retired at \d+ acts\)", told)
    told = lines(CASES["an old list beside the log"], tmp_path / "c")
    assert "log says that v2 was published, and it does not lie beside" in told


def test_a_zip_says_one_thing_to_everybody(tmp_path: Path) -> None:
    office, data = honest()
    place = tmp_path / f"{NAME}.zip"
    for name, zipped in {"honest": data, **spoiled(data)}.items():
        write(tmp_path, {"keys.txt": office.keys, place.name: zipped})
        checks = [error.check.id for error in verify([place]).refused]
        assert checks == ([] if name == "honest" else ["V2"]), name
