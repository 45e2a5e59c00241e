"""The shell lines of the README, word for word, on bundles that the real verbs have published."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from exam_system.draws.recipes import RECIPES
from tests.draws import ceremony
from tests.examday import hall
from tests.world import World

README = Path(__file__).parent.parent / "README.md"
HOLDS = (
    "the list is the frozen one",
    "every ticket holds",
    "the result is the order of the tickets",
)


def lines(block: str) -> str:
    """The one block that the README marks so."""
    (found,) = re.findall(rf"^```sh {block}\n(.*?)^```$", README.read_text(), re.M | re.S)
    return str(found)


def run(folder: Path, block: str = "stranger") -> list[str]:
    """What a stranger reads after pasting the lines into bash, with nothing of ours on the path."""
    answer = subprocess.run(
        ["bash"],
        input=lines(block),
        cwd=folder,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.stderr == "" or "differ" in answer.stderr or "EOF" in answer.stderr
    return answer.stdout.splitlines()


@pytest.fixture
def bundle(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A draw of two groups with a reserve each, held and published by officer and inspector."""
    monkeypatch.setitem(RECIPES, "order", ceremony.RECIPE)
    ceremony.make_exam(world)
    return ceremony.published(world)


def test_the_lines_give_the_result(bundle: Path) -> None:
    said = run(bundle)
    result = json.loads((bundle / "result.json").read_bytes())
    drawn = [
        f"{group['id']},{label}"
        for group in result["groups"]
        for label in [one for slot in group["slots"] for one in slot["labels"]] + group["reserve"]
    ]
    assert len(drawn) == sum(ceremony.PEOPLE.values())
    start = said.index(HOLDS[1]) + 1
    assert said[start:] == [*drawn, HOLDS[2]]
    assert HOLDS[0] in said


def test_the_lines_give_seed_commitments_and_a_ticket(bundle: Path) -> None:
    said = run(bundle)
    note = (bundle / "draw.note").read_text()
    assert f"\n{said[0]}\n" in note
    acts = [act["details"] for act in ceremony.acts_of(bundle)]
    commits = {details["role"]: details["commit"] for details in acts if "commit" in details}
    for role in ("officer", "inspector"):
        assert f"{commits[role]} is the commitment of the {role}" in said
    _, label, ticket = (bundle / "tickets.csv").read_text().splitlines()[1].split(",")
    assert f"{ticket} is the ticket of {label}" in said


@pytest.mark.parametrize(
    ("name", "old", "new", "silent"),
    [
        ("manifest.json", b"k-g1-00", b"k-g1-99", {0}),
        ("transcript.txt", b"dice 3", b"dice 4", {1}),
        ("tickets.csv", b"order,k-g1-00", b"order,k-g1-99", {1, 2}),
        ("result.csv", b"g1-a,1,", b"g1-a,1,x", {2}),
    ],
)
def test_a_changed_file_shows(
    bundle: Path, name: str, old: bytes, new: bytes, silent: set[int]
) -> None:
    path = bundle / name
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))
    said = run(bundle)
    assert {n for n, sentence in enumerate(HOLDS) if sentence not in said} == silent


SEATED = ("everybody has one seat", "the seats of every room are 1, 2, 3, without gap")


@pytest.fixture
def seats(world: World) -> Path:
    """The draw of seats of an exam with two districts, held and published."""
    hall.standard(world)
    hall.seat(world)
    return world.config.published / f"draw-{hall.CODE}-seats-1"


def test_the_lines_for_seats(seats: Path) -> None:
    label = (seats / "tickets.csv").read_text().splitlines()[1].split(",")[1]
    result = json.loads((seats / "result.json").read_bytes())
    (sits,) = [
        f"{label} sits in district {group['id']}, room {slot['id']}, seat {seat}"
        for group in result["groups"]
        for slot in group["slots"]
        for seat, one in enumerate(slot["labels"], 1)
        if one == label
    ]
    assert run(seats, "seats") == [*SEATED, sits]
    path = seats / "result.csv"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows[:5], *rows[6:]]) + "\n")
    assert not set(SEATED) & set(run(seats, "seats"))
