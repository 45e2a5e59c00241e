"""The tests of this folder can fail, and no attack of the list is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exam_system.accounts import tries
from tests.threats.red import Build, nothing, told

IDS = {f"d{n:02}" for n in range(1, 9)} | {f"s{n:02}" for n in range(1, 12)}
IDS |= {f"o{n:02}" for n in range(1, 11)}


def test_every_attack_has_a_test() -> None:
    files = Path(__file__).parent.glob("test_*_attacks.py")
    named = re.findall(r"^def test_([dso]\d\d)_", "".join(map(Path.read_text, files)), re.M)
    assert set(named) == IDS


def test_silence_of_the_whole_build_fails_and_so_does_notice_by_the_broken_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, broken = Build(True, monkeypatch), Build(False, monkeypatch)
    whole.judge("Conflict: not now", "not now")
    broken.judge("")
    for build, said in ((whole, ""), (whole, "Fault: something else"), (broken, "Conflict")):
        with pytest.raises(AssertionError):
            build.judge(said, "not now")


def test_only_what_is_there_can_be_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, broken = Build(True, monkeypatch), Build(False, monkeypatch)
    for build in (whole, broken):
        with pytest.raises(AssertionError, match="is not once in failed"):
            build.loses(tries.failed, "no such line", "pass")
    right = tries.failed
    whole.lacks(right, nothing)
    assert tries.failed is right
    broken.lacks(right, nothing)
    assert tries.failed is nothing
    with pytest.raises(AssertionError, match="nobody calls failed"):
        broken.lacks(right, nothing)
    assert told(lambda: 1 / 0) == "ZeroDivisionError: division by zero"
