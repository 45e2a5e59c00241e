"""What the documents name exists: tests, files, the demonstration's candidate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exam_system.demo.command import load_plans
from exam_system.demo.people import candidates
from tests.conftest import START

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def named_tests() -> list[str]:
    text = (ROOT / "docs" / "THREATS.md").read_text()
    return sorted(set(re.findall(r"`((?:\w+/)*test_\w+\.py::test_\w+)`", text)))


def test_there_are_tests_to_look_for() -> None:
    assert len(named_tests()) > 40


@pytest.mark.parametrize("name", named_tests())
def test_a_named_test_exists(name: str) -> None:
    path, _, function = name.partition("::")
    assert f"\ndef {function}(" in (ROOT / "tests" / path).read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_candidate_of_the_tour_is_in_the_demonstration() -> None:
    plan = load_plans("anshun-2008", START)["held"][0]
    first = next(candidates(f"{plan.seed}:{plan.code}", 1, year=plan.opens.year, first=0))
    assert f"`{first.id_number}`" in (ROOT / "README.md").read_text()
