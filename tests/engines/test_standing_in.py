"""Who comes into a panel for somebody absent, before and after the groups are drawn."""

from __future__ import annotations

from typing import Any

import pytest

from proctoring.panels_check import check_panel
from proctoring.standing_in import can_be_dealt, stand_in

# Two panels of a chief and two members; people 0 and 1 lead, 6 to 9 are reserves as members.
PEOPLE = 10


def part(barred: list[list[int]], apart: list[list[int]] | None = None) -> dict[str, Any]:
    return {
        "rules": {
            "areas": ["5204"],
            "roles": [{"id": "chief", "seats": 1}, {"id": "member", "seats": 2}],
            "per_employer": 1,
            "per_city": 3,
            "per_sex": 0,
            "reserves": [2, 1],
        },
        "employers": [f"e{n}" for n in range(PEOPLE)],
        "people": {
            "label": [f"p{n}" for n in range(PEOPLE)],
            "roles": [[0]] * 2 + [[1]] * (PEOPLE - 2),
            "employer": [*range(PEOPLE - 1), 2],  # p9 and p2 are colleagues
            "area": ["410100"] * PEOPLE,
            "woman": [n % 2 for n in range(PEOPLE)],
        },
        "apart": apart or [],
        "panels": ["01", "02"],
        "groups": {"id": ["G1", "G2"], "barred": barred},
    }


def result(groups: dict[str, str] | None = None, line: str = "6789") -> dict[str, Any]:
    return {
        "panels": [
            {"id": "01", "labels": ["p0", "p2", "p3"]},
            {"id": "02", "labels": ["p1", "p4", "p5"]},
        ],
        "reserve": [{"label": f"p{n}", "role": "member"} for n in line],
        "groups": [{"id": group, "panel": panel} for group, panel in (groups or {}).items()],
    }


DRAWN = {"G1": "01", "G2": "02"}


@pytest.mark.parametrize(
    ("barred", "line", "groups", "expected"),
    [
        ([], "6789", DRAWN, "p6"),  # the first in the line
        ([[6, 0]], "6789", DRAWN, "p7"),  # p6 has a relation to the group that panel 01 hears
        ([[6, 1]], "6789", DRAWN, "p6"),  # to the other group: no matter
        ([], "96", DRAWN, "p6"),  # p9 works with p2, who stays
        ([[6, 0]], "6", DRAWN, None),
        ([[6, 0]], "67", None, "p6"),  # not drawn yet: panel 01 can still hear G2
        ([[6, 0], [2, 1]], "67", None, "p7"),  # with p6 panel 01 could hear neither
        ([[6, 0], [4, 1]], "67", None, "p6"),  # 01 hears G2, 02 hears G1
        ([[6, 0], [4, 0]], "67", None, "p7"),  # with p6 nobody could hear G1
    ],
)
def test_the_first_in_the_line_who_keeps_every_rule(
    barred: list[list[int]], line: str, groups: dict[str, str] | None, expected: str | None
) -> None:
    listed, drawn = part(barred), result(groups, line)
    assert stand_in(listed, drawn, "p3") == expected
    if expected:
        labels = ["p0", "p2", expected]
        assert check_panel(listed, "01", labels, (groups and "G1") or None) == []


def test_people_apart_are_kept_apart() -> None:
    assert stand_in(part([], [[2, 6]]), result(DRAWN), "p3") == "p7"
    assert stand_in(part([], [[2, 6]]), result(DRAWN), "p4") == "p6"


def test_nobody_leads_without_the_role() -> None:
    assert stand_in(part([]), result(DRAWN), "p0") is None


def test_only_who_sits_can_be_replaced() -> None:
    with pytest.raises(ValueError, match="sits in no panel"):
        stand_in(part([]), result(DRAWN), "p8")


def test_a_dealing_is_a_panel_of_its_own_for_every_group() -> None:
    assert can_be_dealt(part([[2, 0], [4, 1]]), result())
    assert not can_be_dealt(part([[2, 0], [4, 0]]), result())
