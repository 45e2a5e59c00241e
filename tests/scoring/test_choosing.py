"""Totals to choice within a post: formulas, lines, preferences, ties, vacancies, and the tree."""

from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from scoring.choosing import Decided, decide
from scoring.policy import (
    Band,
    Candidate,
    Comparator,
    Competition,
    Policy,
    Preference,
    Subject,
    invited,
    shrunk_vacancies,
)
from scoring.rounding import BadScore, round_to
from scoring.tree import Node, explain
from tests.scoring.exams import drawn, policy_of

D = Decimal
LAW = "《退役军人保障法》第三十八条"
HALF = Policy(
    subjects=(Subject("xc", D(100), D(1)), Subject("sl", D(100), D(1))),
    divisor=D(2),
    written_weight=D("0.5"),
    interview_weight=D("0.5"),
    decimals=2,
    rounding="half_up",
    written_pass=None,
    interview_pass=D(60),
    total_pass=None,
    competition=None,
    shrink_ratio=0,
    preferences=(),
    preferences_add_up=False,
    ties=(),
)
SHAANXI = replace(
    HALF,
    subjects=(Subject("xc", D(150), D(1)), Subject("sl", D(150), D(1))),
    divisor=D(3),
    written_weight=D("0.6"),
    interview_weight=D("0.4"),
    rounding="truncate",
)


def person(ref: str, xc: str, sl: str, interview: str | None, **more) -> Candidate:
    came = None if interview is None else D(interview)
    return Candidate(ref, {"xc": D(xc), "sl": D(sl)}, came, **more)


def told(decided: Decided) -> dict[str, tuple]:
    return {row.ref: (str(row.total), row.rank, row.outcome) for row in decided.rows}


def test_the_formula_of_2012_with_hidden_columns() -> None:
    """中国测试技术研究院: 67.9 x 0.4 + 70 x 0.6 = 69.16 (RULES 2.12)."""
    ruled = replace(HALF, written_weight=D("0.4"), interview_weight=D("0.6"))
    decided = decide(ruled, 1, [person("a", "67.9", "67.9", "70")])
    assert told(decided) == {"a": ("69.16", 1, "proposed")}
    early = decide(ruled, 1, [person("a", "67.9", "67.9", None)])
    assert (early.rows[0].interview, early.rows[0].total) == (None, None)


def test_shaanxi_divides_by_three_and_cuts_off() -> None:
    """(130.5 + 120.25) / 3 = 83.58333…, x 60 % + 80.55 x 40 % = 82.368 (RULES 2.6)."""
    decided = decide(SHAANXI, 1, [person("a", "130.5", "120.25", "80.55")])
    assert (decided.rows[0].written, decided.rows[0].total) == (D("83.58"), D("82.36"))


def test_shaanxi_continues_decimals_before_any_tie_rule() -> None:
    """83.58333… against 83.58: equal as shown, not equal when the decimals go on."""
    people = [person("a", "130.5", "120.24", "80"), person("b", "130.5", "120.25", "80")]
    assert [row.rank for row in decide(SHAANXI, 1, people).rows] == [1, 1]
    ruled = replace(SHAANXI, ties=(Comparator("exact"), Comparator("score", "interview")))
    decided = decide(ruled, 1, people)
    assert [(row.rank, row.outcome) for row in decided.rows] == [(2, "not"), (1, "proposed")]
    assert decided.rows[1].decided_by == ("exact",)


def test_shangqiu_2021_a_corrected_score_moves_the_rank() -> None:
    """81.67 became 85.70 and rank 26 became 14 of 23 vacancies: the proposal moves with it."""
    ruled = replace(
        HALF, subjects=(Subject("xc", D(100), D(1)),), divisor=D(1), written_weight=D(0)
    )
    ruled = replace(ruled, interview_weight=D(1))
    scores = [f"{90 - at / 4:.2f}" for at in range(40)]
    people = [Candidate(f"{at:02}", {"xc": D(70)}, D(score)) for at, score in enumerate(scores)]
    wrong = decide(ruled, 23, [*people, Candidate("03", {"xc": D(70)}, D("81.67"))]).rows[-1]
    right = decide(ruled, 23, [*people, Candidate("03", {"xc": D(70)}, D("85.70"))]).rows[-1]
    assert (wrong.outcome, right.outcome) == ("not", "proposed")
    assert right.rank is not None
    assert wrong.rank is not None
    assert right.rank < 23 < wrong.rank


def test_harbin_2025_nobody_below_a_line_is_ranked() -> None:
    people = [person("low", "90", "90", "37.2"), person("ok", "50", "50", "60")]
    decided = decide(HALF, 2, people)
    assert told(decided) == {"low": ("63.60", None, "below"), "ok": ("55.00", 1, "proposed")}
    assert decided.rows[0].below == ("interview",)


def test_every_line_that_was_missed_is_named() -> None:
    ruled = replace(HALF, written_pass=D(60), total_pass=D(60))
    ruled = replace(ruled, subjects=(replace(HALF.subjects[0], pass_mark=D(45)), HALF.subjects[1]))
    (row,) = decide(ruled, 1, [person("a", "44", "60", "50")]).rows
    assert row.below == ("subject:xc", "written", "interview", "total")


def test_who_did_not_come_or_missed_a_subject_is_absent() -> None:
    people = [person("a", "70", "70", None), Candidate("b", {"xc": D(70)}, D(80))]
    decided = decide(HALF, 1, people)
    assert [row.outcome for row in decided.rows] == ["absent", "absent"]
    assert (decided.attended, decided.rows[0].written, decided.rows[1].written) == (0, 70, None)


@pytest.mark.parametrize(
    ("rule", "came", "below"),
    [
        (Competition(D(1), True, D(70), False, "公告"), 1, ("competition",)),
        (Competition(D(1), True, D(70), False, "公告"), 2, ()),
        (Competition(D(2), False, D(70), False, "公告"), 1, ("competition",)),
        (Competition(D(2), False, D(70), False, "公告"), 2, ()),
        (Competition(D(1), True, None, True, "公告"), 1, ("panel_mean",)),
    ],
)
def test_without_competition_an_interview_must_reach_more(rule, came, below) -> None:
    """Chongqing 2013: who is alone reaches the panel's average; 2022: below 2 : 1 at least 70."""
    people = [person("a", "70", "70", "69.9", panel_mean=D("75"))]
    people += [person(f"b{at}", "60", "60", "61", panel_mean=D("75")) for at in range(came - 1)]
    decided = decide(replace(HALF, competition=rule), 1, people)
    assert decided.competition == (not below)
    assert decided.rows[0].below == below


def test_the_panels_average_is_asked_for_where_the_rule_needs_it() -> None:
    ruled = replace(HALF, competition=Competition(D(1), True, None, True, "公告"))
    with pytest.raises(BadScore, match="a: the panel's average"):
        decide(ruled, 1, [person("a", "70", "70", "80")])


@pytest.mark.parametrize(
    ("vacancies", "attended", "expected"),
    [(2, 6, 2), (2, 5, 2), (2, 4, 1), (2, 1, 1), (3, 5, 2), (3, 4, 1), (1, 0, 0), (1, 2, 1)],
)
def test_vacancies_shrink_with_those_who_came(vacancies, attended, expected) -> None:
    """Chongqing 2013: attended x 1/3, half up, at least 1."""
    assert shrunk_vacancies(vacancies, attended, 3) == expected
    assert shrunk_vacancies(vacancies, attended, 0) == vacancies


def test_shrunk_vacancies_decide_who_is_proposed() -> None:
    people = [person("a", "70", "70", "80"), person("b", "69", "69", "79")]
    people += [person(f"c{at}", "60", "60", None) for at in range(4)]
    decided = decide(replace(HALF, shrink_ratio=3), 2, people)
    assert (decided.vacancies, decided.attended) == (1, 2)
    assert [row.outcome for row in decided.rows[:2]] == ["proposed", "not"]


def test_how_many_a_post_invites_by_bands() -> None:
    """Ningxia 2015: up to 2 vacancies 1 : 3, from 3 on 1 : 2; another province: 5 invite 12."""
    ningxia = [Band(2, D(3)), Band(None, D(2))]
    assert [invited(n, ningxia) for n in (1, 2, 3, 4)] == [3, 6, 6, 8]
    assert invited(5, [Band(4, D(3)), Band(5, D("2.4"))]) == 12
    with pytest.raises(BadScore, match="6 vacancies"):
        invited(6, [Band(5, D(3))])


CHAIN = (
    Comparator("score", "written"),
    Comparator("status", "martyr", basis="《烈士褒扬条例》"),
    Comparator("status", "veteran", basis=LAW),
    Comparator("level", "title", ("senior", "middle", "junior"), "招聘公告"),
    Comparator("score", "extra:加试"),
)


def test_a_tie_chain_goes_step_by_step_and_says_which_step_decided() -> None:
    same = ("70", "70", "80")
    people = [
        person("none", *same),
        person("junior", *same, levels={"title": "junior"}),
        person("senior", *same, levels={"title": "senior"}),
        person("veteran", *same, statuses=frozenset({"veteran"})),
        person("martyr", *same, statuses=frozenset({"martyr"})),
        person("written", "71", "71", "79"),
    ]
    decided = decide(replace(HALF, ties=CHAIN), 3, people)
    assert [row.rank for row in decided.rows] == [6, 5, 4, 3, 2, 1]
    assert [row.outcome for row in decided.rows] == ["not"] * 3 + ["proposed"] * 3
    assert decided.rows[3].decided_by == (*("score written", "status martyr", "status veteran"),)
    assert decided.rows[5].decided_by == ("score written",)


def test_ranks_run_1_2_2_2_5_and_an_extra_test_parts_who_is_left() -> None:
    people = [person("a", "80", "80", "80"), person("e", "60", "60", "60")]
    tied = [person(f"t{at}", "70", "70", "70") for at in range(3)]
    decided = decide(replace(HALF, ties=CHAIN), 2, [people[0], *tied, people[1]])
    assert [(row.rank, row.shares) for row in decided.rows] == [
        *((1, 1), (2, 3), (2, 3), (2, 3), (5, 1)),
    ]
    assert [row.outcome for row in decided.rows] == ["proposed", "tied", "tied", "tied", "not"]
    tested = [replace(one, extra={"加试": D(90 - at)}) for at, one in enumerate(tied)]
    after = decide(replace(HALF, ties=CHAIN), 2, [people[0], *tested[::-1], people[1]])
    assert [row.rank for row in after.rows] == [1, 4, 3, 2, 5]
    assert after.rows[3].decided_by == ("score extra:加试",)


VETERAN = Preference("veteran", "退役军人", D(5), "written", LAW)
GRASSROOTS = Preference("grassroots", "服务基层项目人员", D(3), "written", "公告")
MARTYR = Preference("martyr", "烈士子女", D(2), "total", "公告")


def test_preferences_are_points_with_a_legal_basis_and_reach_the_pass_mark() -> None:
    ruled = replace(HALF, preferences=(VETERAN, GRASSROOTS, MARTYR), written_pass=D(60))
    both = person("a", "56", "56", "70", statuses=frozenset({"veteran", "grassroots", "martyr"}))
    (row,) = decide(ruled, 1, [both]).rows
    assert (row.written, row.points) == (D("61.00"), (("veteran", D(5)), ("martyr", D(2))))
    assert row.total == D("67.50")  # 61 x .5 + 70 x .5 + 2
    (adding,) = decide(replace(ruled, preferences_add_up=True), 1, [both]).rows
    assert (adding.written, adding.total) == (D("64.00"), D("69.00"))
    (plain,) = decide(ruled, 1, [person("b", "56", "56", "70")]).rows
    assert plain.below == ("written",)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"preferences": (replace(VETERAN, basis=""),)}, "needs its legal basis"),
        ({"preferences": (VETERAN, VETERAN)}, "stands twice"),
        ({"preferences": (replace(VETERAN, to="rank"),)}, "Points go to"),
        ({"ties": (Comparator("score", "zz"),)}, '"score zz" is not known'),
        ({"ties": (Comparator("status", "veteran"),)}, '"status veteran" is not known'),
        ({"ties": (Comparator("level", "title", (), "公告"),)}, '"level title"'),
        ({"subjects": ()}, "no subjects"),
        ({"divisor": D(0)}, "above 0"),
        ({"rounding": "half_even"}, "half_up or truncate"),
    ],
)
def test_a_policy_that_cannot_be_applied_is_refused(change, why) -> None:
    with pytest.raises(BadScore, match=why):
        replace(HALF, **change)


@pytest.mark.parametrize(("marks", "why"), [({"xc": D(101)}, "101"), ({"zz": D(1)}, "zz")])
def test_marks_that_cannot_be_name_the_candidate(marks, why) -> None:
    with pytest.raises(BadScore, match=f"^cand.*{why}"):
        decide(HALF, 1, [Candidate("cand", marks, None)])


# the tree


def recomputed(node: Node) -> str:
    """The value that follows from a node's parts by its rule, on a pocket calculator."""
    facts = dict(node.facts)
    values = [D(part.value) if part.value else None for part in node.parts]
    if node.rule in ("given", "rank"):
        return node.value
    if None in values:
        return ""
    if not facts:  # a total without an interview
        return ""
    if node.rule == "points":
        return f"{values[0] + sum(D(text) for text in facts.values()):f}"
    weighted = sum(one * D(facts[f"weight:{at}"]) for at, one in enumerate(values))
    return (
        f"{round_to(weighted / D(facts['divisor']), int(facts['decimals']), facts['rounding']):f}"
    )


def nodes(node: Node) -> list[Node]:
    return [node, *(below for part in node.parts for below in nodes(part))]


def test_the_tree_leads_from_raw_marks_to_the_rank() -> None:
    ruled = replace(SHAANXI, preferences=(VETERAN,))
    one = person("a", "130.5", "120.25", "80.55", statuses=frozenset({"veteran"}))
    top = explain(ruled, decide(ruled, 1, [one]), one)
    assert [(node.what, node.value) for node in nodes(top)] == [
        ("rank", "1"),
        ("total", "85.36"),
        ("written", "88.58"),
        ("written", "83.58"),
        ("subject", "130.5"),
        ("subject", "120.25"),
        ("interview", "80.55"),
    ]
    assert dict(top.facts) == {"outcome": "proposed", "vacancies": "1", "shares": "1"}


def test_every_step_of_every_tree_follows_from_the_one_below() -> None:
    rng, seen = Random(7), 0
    for _ in range(300):
        made = drawn(rng)
        policy = policy_of(made, "truncate" if made["truncate"] else "half_up")
        people = [
            Candidate(
                str(at),
                {c: D(m) for c, m in p["marks"].items() if m is not None},
                D(rng.randint(50, 90)) if rng.random() < 0.9 else None,
                statuses=p["statuses"],
            )
            for at, p in enumerate(made["people"])
        ]
        decided = decide(policy, made["vacancies"], people)
        for one, row in zip(people, decided.rows, strict=True):
            top = explain(policy, decided, one)
            assert (top.value, top.parts[0].value) == (
                "" if row.rank is None else str(row.rank),
                "" if row.total is None else f"{row.total:f}",
            )
            for node in nodes(top):
                assert recomputed(node) == node.value, top
                seen += node.rule == "points"
    assert seen > 100


def test_a_stranger_has_no_tree() -> None:
    one = person("a", "70", "70", "80")
    with pytest.raises(BadScore, match="b is not one"):
        explain(HALF, decide(HALF, 1, [one]), replace(one, ref="b"))
