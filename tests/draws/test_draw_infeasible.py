"""What cannot be drawn is refused before the list is frozen: what is short, where, by how much.

Every sentence is one that the officer can act on, in both languages, word for word.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exam_system.access import Role
from exam_system.context import Context
from exam_system.draws import service
from exam_system.draws.computing import DRY_SEED, draw_groups
from exam_system.draws.recipes import RECIPES, Recipe
from exam_system.errors import Invalid, Sentence
from exam_system.exams.models import Exam
from exam_system.language import translations
from tests.draws import ceremony
from tests.world import World

SAID: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "infeasible.json").read_text(encoding="utf-8")
)

Group = dict[str, Any]


def people(count: int, prefix: str = "k") -> list[str]:
    return [f"{prefix}{number:02}" for number in range(count)]


def district(count: int, capacity: int = 30, rooms: int = 1, **more: Any) -> Group:
    """One district of seats/v1 with rooms of one row."""
    slots = [
        {"id": f"01-{n:02}", "layout": "5x6", "capacity": capacity} for n in range(1, rooms + 1)
    ]
    return {"id": "01", "labels": people(count), "slots": slots, **more}


def hearing(marks: dict[str, list[str]], panels: dict[str, list[str]]) -> Group:
    """Interview groups and panels of groups/v1 with what relates them."""
    slots = [{"id": name, "capacity": 1, "marks": related} for name, related in panels.items()]
    return {"id": "g", "labels": sorted(marks), "marks": marks, "slots": slots}


def city(schools: list[int], leads: list[int], rooms: int = 2, sexes: str = "ignore") -> Group:
    """A district of rotation/v1: two sites in schools 0 and 1, `rooms` rooms each."""
    return {
        "id": "西秀区",
        "labels": people(len(schools), "j"),
        "people": {"school": schools, "woman": [0] * len(schools), "lead": leads},
        "schools": [f"第{number}中学" for number in range(10)],
        "sites": {"id": ["a", "b"], "school": [0, 1]},
        "slots": [
            {"id": f"am/{site}-{room}", "capacity": 2} for site in "ab" for room in range(rooms)
        ],
        "past": {"site": [], "room": [], "partner": []},
        "barred": [],
        "rules": {"sexes": sexes, "reserves": [0, 1], "never_again": []},
    }


def province(count: int, panels: int, **columns: Any) -> Group:
    """The one group of match/v1: panels of a chief and two members from elsewhere."""
    asked = columns.pop("rules", {})
    rules = {
        "areas": ["5204"],
        "roles": [{"id": "chief", "seats": 1}, {"id": "member", "seats": 2}],
        "per_employer": 3,
        "per_city": 3,
        "per_sex": 0,
        "reserves": [0, 1],
    }
    given = {
        "roles": [[0, 1]] * count,
        "employer": [0] * count,
        "area": ["520100"] * count,
        "woman": [0, 1] * (count // 2) + [0] * (count % 2),
    }
    return {
        "id": "interviewers",
        "labels": people(count, "i"),
        "slots": [{"id": f"p{n}", "capacity": 3} for n in range(1, panels + 1)],
        "rules": rules | asked,
        "employers": ["贵阳市财政局"],
        "people": given | columns,
        "apart": [],
        "groups": {"id": [f"g{n}" for n in range(1, panels + 1)], "barred": []},
    }


CASES: dict[str, tuple[str, Group]] = {
    "seats: a district has too few": ("seats/v1", district(31)),
    "seats: too few accessible rooms": (
        "seats/v1",
        district(20, need={"k00": 1, "k01": 1, "k02": 2}, rooms=2),
    ),
    "seats: a school's cap": (
        "seats/v1",
        district(20, apart={"school": ["s"] * 12 + [None] * 8}, rules={"caps": {"school": 5}}),
    ),
    "seats: a post that cannot be kept apart": (
        "seats/v1",
        district(30, apart={"post": ["101"] * 20 + [None] * 10}, rules={"spread": "post"}),
    ),
    "groups: fewer panels than groups": ("groups/v1", hearing({"g1": [], "g2": []}, {"p1": []})),
    "groups: a group that no panel may hear": (
        "groups/v1",
        hearing({"g1": ["x"], "g2": []}, {"p1": ["x"], "p2": ["x"]}),
    ),
    "groups: two groups for one panel": (
        "groups/v1",
        hearing({"g1": ["x"], "g2": ["x"]}, {"p1": ["x"], "p2": []}),
    ),
    "rotation: too few leads": ("rotation/v1", city([*range(2, 10)], [1, 1, 1] + [0] * 5)),
    "rotation: everybody comes from the site's own school": (
        "rotation/v1",
        city([0] * 6 + [2, 3], [1] * 8),
    ),
    "rotation: a woman in every room": (
        "rotation/v1",
        city([*range(2, 10)], [1] * 8, sexes="require"),
    ),
    "match: too few chiefs": ("match/v1", province(8, 2, roles=[[0, 1]] + [[1]] * 7)),
    "match: too few women": ("match/v1", province(8, 2, woman=[1] + [0] * 7, rules={"per_sex": 1})),
    "match: everybody is from the area of the exam": (
        "match/v1",
        province(8, 1, area=["520400"] * 8),
    ),
    "match: one city sends too many": ("match/v1", province(8, 2, rules={"per_city": 1})),
}


def refused(algorithm: str, group: Group) -> Sentence:
    """The refusal of a dry run."""
    manifest = {"algorithm": algorithm, "purpose": "dry", "groups": [group]}
    with pytest.raises(Invalid) as caught:
        draw_groups(manifest, DRY_SEED)
    return caught.value


def both(error: Sentence) -> dict[str, str]:
    return {"en": str(error), "zh": error.text(translations("zh").gettext)}


def test_every_case_has_its_sentences() -> None:
    assert list(CASES) == list(SAID)


@pytest.mark.parametrize("case", CASES)
def test_what_no_seed_can_help_is_said(case: str) -> None:
    assert both(refused(*CASES[case])) == SAID[case]


@pytest.fixture
def database() -> str:
    """What is refused is refused before the database has a part in it."""
    return "sqlite"


def refused_freezing(office: World, monkeypatch: pytest.MonkeyPatch, labels: list[str]) -> Sentence:
    """The officer tries to freeze a list of these labels."""

    def build(_ctx: Context, _exam: Exam) -> tuple[list[Group], dict[str, Any]]:
        slot = {"id": "p1", "capacity": len(labels)}
        return [{"id": "g", "labels": labels, "slots": [slot]}], {}

    recipe = Recipe("order", "order/v1", "order", build, ceremony.apply, ())
    monkeypatch.setitem(RECIPES, "order", recipe)
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Sentence) as caught:
        service.freeze_draw(ctx, code=ceremony.EXAM, kind="order")
    return caught.value


def test_an_empty_list(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said = both(refused_freezing(office, monkeypatch, []))
    assert said == {"en": "There is nobody to draw", "zh": "没有可参加抽签的人员"}


def test_a_label_that_no_paper_shows(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said = both(refused_freezing(office, monkeypatch, ["k-\U0001f600"]))
    assert said == {
        "en": "The character \U0001f600 (U+1F600) in “k-\U0001f600” cannot be printed with the "
        "installed font; no document was made.",
        "zh": "“k-\U0001f600”中的字符“\U0001f600”（U+1F600）在已安装的字体中没有字形，无法打印；"
        "未生成任何文件。",
    }
