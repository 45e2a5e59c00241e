"""Markers at once on PostgreSQL: one third turn for each pair that is far apart, no mark lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sqlalchemy import select

from exam_system.access import Role
from exam_system.database import reading
from exam_system.errors import Sentence
from exam_system.marking.blind_models import ScriptMark
from exam_system.marking.closing import close_marking
from exam_system.marking.marks import Given, save_marks
from exam_system.marking.written import require_logged
from exam_system.records import audit
from tests.marking.blind_setting import begin, read_sheets, seal
from tests.races.stage import at_once
from tests.results.setting import CODE
from tests.world import World

PEOPLE = 16


def test_markers_of_one_script_at_once_and_the_closing_behind_them(
    world: World, tmp_path: Path
) -> None:
    stage = seal(begin(world, tmp_path, people=PEOPLE))
    read_sheets(stage, PEOPLE)
    world.clock.advance(days=3)
    secret = stage.secret()
    actors = {f"P{n:03}": stage.grader(f"P{n:03}") for n in range(1, 5)}
    far = {("q1", 1): "20", ("q1", 2): "50", ("q1", 3): "40", ("q2", 1): "30"}

    def mark(todo: list[tuple[str, str, int, str]], n: int) -> str:
        number, question, turn, label = todo[n % len(todo)]
        try:
            with world.acting(actors[label]) as ctx:
                given = [Given(number, question, far[question, turn])]
                save_marks(ctx, code=CODE, marks=given)
            return f"{number} {question} {turn}"
        except Sentence:
            return ""

    first = stage.turns()
    at_once(lambda n: mark(first, n), 2 * len(first), threads=8)
    third = stage.turns()
    assert [turn for _, _, turn, _ in third] == [3] * PEOPLE

    def end(n: int) -> str:
        if n % 5:
            return mark(third, n)
        try:
            with world.acting(Role.INSPECTOR) as ctx:
                close_marking(ctx, code=CODE, secret=secret)
            return "closed"
        except Sentence:
            return ""

    tried = at_once(end, 8 * PEOPLE, threads=8)
    assert Counter(one.result for one in tried)["closed"] <= 1
    if not any(one.result == "closed" for one in tried):
        with world.acting(Role.INSPECTOR) as ctx:
            close_marking(ctx, code=CODE, secret=secret)
    with reading(world.engine) as db:
        rows = db.scalars(select(ScriptMark)).all()
        assert all(row.mark is not None for row in rows)
        require_logged(db, stage.exam)
        assert [*audit.faults(db)] == []
