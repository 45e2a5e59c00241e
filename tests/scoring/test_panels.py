"""Panel corrections reproduce every worked example that notices published."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.panels import METHODS, CorrectionRule, correct
from scoring.rounding import BadScore, round_to

D = Decimal
NOTICES = Path(__file__).parents[3] / "shared" / "data" / "interview" / "notices_test_vectors.json"

# The numbers that the notices print. A panel is (size, sum); for Gao'an (kept, sum, dropped).
HUBIN = [(26, "2175.68"), (26, "2173.96"), (25, "2091.06")]
TEGANG = [(20, "1522.42"), (18, "1494.88")]
GAOAN = [
    (22, "1620.66", ["76.59", "76.32", "68.64", "70.16"]),
    (20, "1452.89", ["77.94", "79.24", "64.22", "68.72"]),
]


def rule(method: str, means: int | None = 4, coefficient: int | None = 4, **changes):
    made = {"decimals": 2, "rounding": "half_up", **changes}
    return CorrectionRule(method, means, coefficient, **made)


def spread_out(count: int, total: str, dropped: list[str] = []) -> list[Decimal]:  # noqa: B006
    """Scores with this sum, and these besides: the notices print sums, not every score."""
    base = round_to(D(total) / count, 2, "truncate")
    scores = [base] * (count - 1)
    return [*scores, D(total) - sum(scores), *map(D, dropped)]


def test_hubin_2021_secondary_mean() -> None:
    """三门峡湖滨: 83.6800 / 83.6138 / 83.6424, R 83.6454, coefficients .9996 / 1.0004 / 1.0000."""
    found = correct([spread_out(*panel) for panel in HUBIN], rule("secondary_mean"))
    assert found.reference == D("83.6454")
    assert [str(panel.mean) for panel in found.panels] == ["83.6800", "83.6138", "83.6424"]
    assert [str(panel.coefficient) for panel in found.panels] == ["0.9996", "1.0004", "1.0000"]
    assert found.panels[0].results[0] == round_to(D("83.68") * D("0.9996"), 2, "half_up")


def test_henan_special_posts_music_pooled_with_two_decimals() -> None:
    """河南特岗: 79.40 / 76.12 = 1.04, 79.40 / 83.05 = 0.96, results with four decimals."""
    panels = [spread_out(*panel) for panel in TEGANG]
    found = correct(panels, rule("pooled", 2, 2, decimals=4))
    assert found.reference == D("79.40")
    assert [str(panel.coefficient) for panel in found.panels] == ["1.04", "0.96"]
    assert str(found.panels[0].results[0]) == f"{panels[0][0] * D('1.04'):.4f}"


def test_gaoan_without_two_highest_and_two_lowest() -> None:
    """高安: 73.1596 / 73.6664 = .9931, / 72.6445 = 1.0071; overall without four of all fifty."""
    panels = [spread_out(*panel) for panel in GAOAN]
    found = correct(panels, rule("trimmed_2_2"))
    assert found.reference == D("73.1596")
    assert [str(panel.mean) for panel in found.panels] == ["73.6664", "72.6445"]
    assert [str(panel.coefficient) for panel in found.panels] == ["0.9931", "1.0071"]
    for panel, (kept, total, dropped), scores in zip(found.panels, GAOAN, panels, strict=True):
        assert (panel.kept, panel.kept_sum) == (kept, D(total))
        assert sorted(scores[at] for at in panel.dropped) == sorted(map(D, dropped))
    assert found.panels[0].results[-4] == D("76.06")  # 76.59 x .9931; who is dropped is corrected
    assert found.panels[1].results[-3] == D("79.80")  # 79.24 x 1.0071


def test_gaoan_second_group_of_the_notice() -> None:
    """RULES 2.5: panel means 77.5258 and 74.2988, overall 75.9255."""
    for mean, coefficient in (("77.5258", "0.9794"), ("74.2988", "1.0219")):
        assert round_to(D("75.9255") / D(mean), 4, "half_up") == D(coefficient)


def test_zibo_2017_takes_the_panels_own_ends_out_of_the_overall_mean_too() -> None:
    """淄博: A without highest and lowest, B over everybody who is left: 6 people, not 10 - 2."""
    panels = [[D(n) for n in row] for row in ((60, 70, 71, 72, 99), (61, 80, 81, 82, 83))]
    found = correct(panels, rule("trimmed_1_1"))
    assert [panel.mean for panel in found.panels] == [D(71), D(81)]
    assert found.reference == D(76)
    assert [str(panel.coefficient) for panel in found.panels] == ["1.0704", "0.9383"]


def test_anhui_2015_pools_people_where_henan_averages_panels() -> None:
    """安徽发改委: 全部考生平均 ÷ 本组平均; with panels of different size not the 二次平均法."""
    panels = [[D(80)] * 4, [D(90)]]
    assert correct(panels, rule("pooled")).reference == D("82.0000")
    assert correct(panels, rule("secondary_mean")).reference == D("85.0000")


def test_standard_score_uses_the_mean_spread_unless_somebody_passes_100() -> None:
    """中组部: M + S (x - m) / s. Panels 80±2 and 90±6: M 85, S 4, so 85±4 in both."""
    panels = [[D(78), D(82)], [D(84), D(96)]]
    found = correct(panels, rule("standard", None, None))
    assert (found.reference, found.spread, found.smallest_spread) == (D(85), D(4), False)
    assert [panel.results for panel in found.panels] == [(D("81.00"), D("89.00"))] * 2
    assert [panel.sd for panel in found.panels] == [D(2), D(6)]


def test_standard_score_takes_the_smallest_spread_when_somebody_would_exceed_100() -> None:
    panels = [[D(96), D(98)], [D(90), D(100)]]  # M 96, sds 1 and 5, S 3: 99; then full 98
    assert correct(panels, rule("standard")).panels[1].results[1] == D("99.00")
    found = correct(panels, rule("standard", full=D("98")))
    assert (found.smallest_spread, found.spread) == (True, D("1.0000"))
    assert found.panels[1].results == (D("95.00"), D("97.00"))
    assert found.above_full == ()


def test_sample_and_population_deviations_are_both_announced_somewhere() -> None:
    panels = [[D(70), D(80), D(90)], [D(71), D(81), D(91)]]
    by_n = correct(panels, rule("standard"))
    by_n_1 = correct(panels, rule("standard", sd_divisor="n-1"))
    assert (by_n.spread, by_n_1.spread) == (D("8.1650"), D("10.0000"))
    assert by_n.panels[0].results == by_n_1.panels[0].results


def test_additive_moves_everybody_by_the_difference() -> None:
    found = correct([[D(70), D(80)], [D(90), D(100)]], rule("additive"))
    assert [panel.coefficient for panel in found.panels] == [D("10.0000"), D("-10.0000")]
    assert [panel.results for panel in found.panels] == [(D(80), D(90))] * 2


def test_a_result_above_full_marks_is_named() -> None:
    found = correct([[D(60), D(70)], [D(80), D("99.5")]], rule("pooled"))
    assert found.above_full == ()
    assert correct([[D(60), D(99)], [D(90), D(90)]], rule("pooled")).above_full == ((0, 1),)


def test_henan_2012_one_who_gave_up_moves_the_panel_and_trimming_stops_it() -> None:
    """RULES 2.12: one very low mark shifts everybody of a panel under the 二次平均法."""
    calm, hit = [D(80)] * 10, [*[D(80)] * 9, D(20)]
    plain = correct([calm, hit], rule("secondary_mean"))
    trimmed = correct([calm, hit], rule("trimmed_1_1"))
    assert [panel.results[0] for panel in plain.panels] == [D("77.00"), D("83.24")]
    assert [panel.results[0] for panel in trimmed.panels] == [D("80.00"), D("80.00")]


def test_decimals_on_the_way_are_those_announced() -> None:
    panels = [[D("81.11"), D("83.77")], [D("79.05"), D("80.92"), D("77.7")]]
    rounded = correct(panels, rule("secondary_mean", 2, 2))
    exact = correct(panels, rule("secondary_mean", None, None))
    assert (rounded.panels[0].mean, rounded.panels[0].coefficient) == (D("82.44"), D("0.98"))
    mean, other = Fraction("164.88") / 2, Fraction("237.67") / 3
    ratio = (mean + other) / 2 / mean
    assert abs(Fraction(exact.panels[0].coefficient) - ratio) < Fraction(1, 10**27)
    assert exact.panels[0].results[0] == round_to(
        D(int(Fraction("81.11") * ratio * 10**9)).scaleb(-9), 2, "half_up"
    )


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=30)
@given(scores=st.lists(st.integers(4000, 9500), min_size=6, max_size=9))
def test_equal_panels_are_not_corrected_and_order_is_forgotten(method, scores) -> None:
    panel = [D(score).scaleb(-2) for score in [*scores, 5000, 9000]]
    found = correct([panel, panel[::-1]], rule(method, None, None))
    if method != "trimmed_2_2":  # its overall mean drops two of everybody, so it may differ
        assert list(found.panels[0].results) == panel
    assert found.panels[0].results == found.panels[1].results[::-1]


@pytest.mark.parametrize(
    ("panels", "method", "why"),
    [
        ([], "pooled", "no panel"),
        ([[D(80)] * 2, [D(80)]], "trimmed_1_1", "at least one must be left"),
        ([[D(0)], [D(80)]], "pooled", "mean is 0"),
        ([[D(80)] * 3, [D(80), D(90)]], "standard", "no spread"),
    ],
)
def test_what_the_announced_formula_cannot_correct_is_refused(panels, method, why) -> None:
    with pytest.raises(BadScore, match=why):
        correct(panels, rule(method))


def test_a_method_nobody_announced_is_refused() -> None:
    with pytest.raises(BadScore, match='"third_mean"'):
        rule("third_mean")


@pytest.mark.skipif(not NOTICES.exists(), reason="the shared notices are not here")
def test_the_numbers_above_are_those_of_the_shared_notice_file() -> None:
    read = json.loads(NOTICES.read_text(encoding="utf-8"), parse_float=Decimal)
    for name, panels in (
        ("hubin_2021_secondary_mean", HUBIN),
        ("henan_tegang_music_pooled", TEGANG),
    ):
        assert [(one["n"], one["total"]) for one in read[name]["panels"]] == [
            (count, D(total)) for count, total in panels
        ]
    assert [
        (one["kept"], one["sum_kept"], one["removed"])
        for one in read["gaoan_trimmed_2_2"]["panels"]
    ] == [(kept, D(total), [*map(D, dropped)]) for kept, total, dropped in GAOAN]
