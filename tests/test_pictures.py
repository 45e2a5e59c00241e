"""Pictures say what the numbers say, in classes that follow light and dark."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from exam_system.pictures import Bar, Point, bars, columns, growth


def marks(svg: str, tag: str, name: str) -> list[ET.Element]:
    """The elements of a kind that have a class, in order."""
    return [one for one in ET.fromstring(svg).iter(tag) if name in one.get("class", "").split()]


def test_bars_are_as_long_as_their_numbers_and_what_should_not_be_is_red() -> None:
    rows = [Bar("甲", 30, "30"), Bar("乙", 10, "10", bad=True), Bar("丙", None, "–")]
    svg = bars(rows, "比较")
    (blue,), (red,) = marks(svg, "rect", "fill-brand"), marks(svg, "rect", "fill-red")
    assert float(blue.get("width", 0)) == pytest.approx(3 * float(red.get("width", 0)))
    assert [one.text for one in ET.fromstring(svg).iter("text")] == [
        *("甲", "30"),
        *("乙", "10"),
        *("丙", "–"),
    ]


def test_a_distribution_marks_the_own_place_alone() -> None:
    svg = columns([4, 8, 2], ["60", "70", "80"], "分布", own=2)
    (own,) = marks(svg, "rect", "fill-red")
    others = marks(svg, "rect", "fill-brand")
    heights = [float(one.get("height", 0)) for one in (*others, own)]
    assert [height / heights[1] for height in heights] == pytest.approx([0.5, 1.0, 0.25])
    assert "▼ 2" in svg  # colour is not the only sign
    plain = columns([4, 8, 2], ["60", "70", "80"], "分布")
    assert not marks(plain, "rect", "fill-red")
    assert "▼" not in plain


def test_a_line_grows_and_a_point_without_anybody_behind_it_is_red() -> None:
    svg = growth([Point("3-01", 10, 2), Point("3-02", 40, 0)], "增长")
    (seen,), (alone,) = marks(svg, "circle", "fill-brand"), marks(svg, "circle", "fill-red")
    assert float(alone.get("cy", 0)) > float(seen.get("cy", 0))  # the drawing counts upwards
    assert float(seen.get("r", 0)) > float(alone.get("r", 0))


def test_nothing_in_a_picture_is_styled_in_line_or_taken_for_markup() -> None:
    svg = bars([Bar("<b>", 1, "&")], 'a "label"')
    assert "style=" not in svg
    assert "<b>" not in svg
    assert ET.fromstring(svg).get("aria-label") == 'a "label"'
