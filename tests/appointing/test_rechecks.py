"""Re-checks: within the window, once, answered with what the system says, counted by who."""

from __future__ import annotations

from typing import Any

import pytest

from exam_system.access import Role
from exam_system.appointing import rechecks
from exam_system.errors import Conflict
from exam_system.exams.lookup import exam_by_code
from exam_system.marking.service import correct_written_scores
from tests.results.play import MARKS, carry_out, exam_with_marks
from tests.results.setting import CODE, candidate, number_of
from tests.world import World, approve_in


@pytest.fixture
def database() -> str:
    return "sqlite"


def published(world: World, **rules: object) -> None:
    exam_with_marks(world, **rules)
    carry_out(world, "written")


def ask(world: World, place: int, what: str = "xc") -> str:
    with world.acting(candidate(world, place)) as ctx:
        return rechecks.ask_recheck(ctx, ref=f"ref{place:05d}", what=what, reason="估分差距大").ref


def test_a_re_check_is_asked_for_once_and_in_time(world: World) -> None:
    published(world)
    ask(world, 0)
    with pytest.raises(Conflict, match="already"):
        ask(world, 0)
    with pytest.raises(Conflict, match="cannot be checked"):
        ask(world, 0, "interview")
    world.clock.advance(days=10)
    with pytest.raises(Conflict, match="until"):
        ask(world, 2)


def test_where_only_what_has_no_mark_is_checked_again(world: World) -> None:
    published(world, recheck_marks="no_mark")
    with pytest.raises(Conflict, match="cannot be checked"):
        ask(world, 0)
    ask(world, 3)


def test_without_the_rule_there_is_no_re_check(world: World) -> None:
    published(world, recheck_days=0)
    with pytest.raises(Conflict, match="cannot be checked"):
        ask(world, 0)


def test_the_answer_reads_the_mark_and_is_counted_by_who_looked(world: World) -> None:
    published(world, recheck_alarm=1)
    raised, same = ask(world, 0), ask(world, 2)
    marks = {**MARKS, 0: ("85", "70")}
    rows = [f"{number_of(place)},{xc},{sl}" for place, (xc, sl) in marks.items()]
    table = "\n".join(["准考证号,行政职业能力测验,申论", *rows]).replace("absent", "缺考").encode()
    with world.acting(Role.MARKER) as ctx:
        about: dict[str, Any] = {"code": CODE, "name": "改.csv", "data": table}
        about["reason"] = "登分错误"
        approve_in(ctx, "marking.correct_written_scores", **about)
        correct_written_scores(ctx, **about)
    with world.acting(Role.OFFICER) as ctx:
        one = rechecks.answer_recheck(ctx, ref=raised, found="登分时81误录，已更正")
        two = rechecks.answer_recheck(ctx, ref=same, found="无误")
        assert [(row.outcome, row.before, row.after) for row in (one, two)] == [
            ("up", "80", "85.00"),
            ("same", "70", "70.00"),
        ]
        with pytest.raises(Conflict, match="answered already"):
            rechecks.answer_recheck(ctx, ref=same, found="再看")
        (count,) = rechecks.counts(ctx.session, exam_by_code(ctx.session, CODE))
        assert (count.up, count.down, count.same, count.alarm) == (1, 0, 1, True)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [("80", "80.0", "same"), ("absent", "3", "up"), ("60", "void", "down"), ("9", "10", "up")],
)
def test_what_counts_as_raised(before: str, after: str, outcome: str) -> None:
    assert rechecks.changed(before, after) == outcome
