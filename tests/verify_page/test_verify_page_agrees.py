"""Both verifiers agree: 1,000 random bundles, half of them spoiled, the same verdict on each."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Page

from exam_system.trust import drand
from exam_system.verify.checks import Unreadable
from exam_system.verify.run import verify
from tests.verify.builder import Office, write
from tests.verify_page.asked import Run, ask, refused
from tests.verify_page.chosen import choices
from tests.verify_page.lies import lie
from tests.verify_page.made import Case, Files, make, new_office
from tests.verify_page.spoiled import flipped, spoil, zipped

pytestmark = pytest.mark.browser
CASES = 1000
BATCH = 50
SESSIONS = int(os.environ.get("CHOICE_SESSIONS", "60"))
NOTHING = "nothing"


@dataclass(frozen=True)
class Verdict:
    """Numbers of the checks that are refused, in order, and all that is said of them."""

    checks: list[str]
    said: list[str]


def generated(number: int) -> Files:
    """Case 0, 2, 4, … hold; the others are spoiled, most by damage and some by lies."""
    rng = Random(number)
    if number % 2 == 0:
        files = held(rng).files
    elif rng.random() < 0.35:
        office = Office()
        files = {"keys.txt": office.keys, **lie(rng, office)}
    else:
        files = spoil(rng, held(rng))
    if rng.random() < 0.15:
        files = zipped(files)
        if number % 2 and rng.random() < 0.5:
            files = flipped(rng, Case(Office(), files))
    return files


def held(rng: Random) -> Case:
    """One case of any kind that holds, some of them sessions of post choice."""
    if rng.random() >= 0.04:
        return make(rng)
    office = new_office(rng)
    return Case(office, {**choices(rng, office), "keys.txt": office.keys})


def by_program(folder: Path, files: Files) -> Verdict:
    """What exam_system.verify says of the files in a folder."""
    try:
        found = verify([write(folder, files)]).refused
    except Unreadable as error:
        return Verdict([NOTHING], [str(error)])
    finally:
        shutil.rmtree(folder)
    return Verdict([error.check.id for error in found], [str(error) for error in found])


def by_page(run: Run) -> Verdict:
    """What the page said."""
    if not run["objects"]:
        return Verdict([NOTHING], ["no keys, or no objects"])
    said = [f"{one['where']} {one['en']}" for one in run["objects"] if not one["ok"]]
    return Verdict(refused(run), said)


def test_both_verifiers_agree(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One round of the beacon takes a second, and the cases share a handful of rounds.
    monkeypatch.setattr(drand, "_holds", cache(drand._holds))
    cases = [generated(number) for number in range(CASES)]
    ours = [by_program(tmp_path / str(n), files) for n, files in enumerate(cases)]
    pages: list[Verdict] = []
    for start in range(0, CASES, BATCH):
        pages += map(by_page, ask(page, cases[start : start + BATCH]))
    both = list(enumerate(zip(ours, pages, strict=True)))
    assert [number for number, (one, _) in both if one.checks and number % 2 == 0] == []
    split = [(n, one, other) for n, (one, other) in both if bool(one.checks) != bool(other.checks)]
    assert split == []
    wrong = [number for number, (one, _) in both if one.checks]
    assert len(wrong) >= CASES * 2 // 5
    named = [(n, one, other) for n, (one, other) in both if one.checks[:1] != other.checks[:1]]
    assert len(named) <= len(wrong) * 0.05, named
    kinds = {one.checks[0] for one in ours if one.checks}
    assert len(kinds) >= 30, sorted(kinds)


def test_both_replay_the_same_sessions_of_post_choice(page: Page, tmp_path: Path) -> None:
    cases = []
    for number in range(SESSIONS):
        rng, office = Random(number), Office()
        files = choices(rng, office, lie=number % 2 == 1)
        cases.append({**files, "keys.txt": office.keys})
    runs = ask(page, cases)
    pages = [by_page(run).checks for run in runs]
    ours = [by_program(tmp_path / str(n), files).checks for n, files in enumerate(cases)]
    assert [n for n, checks in enumerate(ours) if checks != pages[n]] == []
    assert not any(pages[::2])
    assert {found[0] for found in pages[1::2] if found} >= {"V106", "V107"}
    assert (
        sum("acts replayed" in one["en"] for run in runs for one in run["objects"]) > SESSIONS // 2
    )
