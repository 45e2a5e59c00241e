"""Eight candidates of two posts from their marks to the final list."""

from __future__ import annotations

from pathlib import Path

from exam_system.access import Role
from exam_system.exams.models import Exam
from exam_system.oversight.service import cosign_notes
from exam_system.records.models import Release
from exam_system.results.service import prepare_release, publish_release
from tests.results.setting import (
    CODE,
    add_announcement,
    add_candidates,
    add_exam,
    cosign,
    set_marks,
)
from tests.world import World, approve_in

# Post 101 has the candidates 0, 2, 4, 6; post 102 has 1, 3, 5, 7. One vacancy, three invited.
MARKS = {
    0: ("80", "70"),
    1: ("66.5", "70"),
    2: ("70", "70"),
    3: ("absent", "88"),
    4: ("60", "60"),
    5: ("50", "50"),
    6: ("60", "60"),
    7: ("55.55", "60"),
}
INTERVIEWS = {
    0: ("80", "81", "82", "83", "84"),
    2: ("90", "91", "92", "93", "94"),
    4: (),
    6: ("50", "55", "50", "50", "50"),
    1: ("70", "70", "70", "70.5", "71"),
    7: ("77", "78", "79", "80", "81"),
    5: ("60", "60", "60", "60", "60"),
}


def exam_with_marks(world: World, **rules: object) -> Exam:
    values = {"interview_pass": "60", "interview_ratio": 3, "ties_enter": True, **rules}
    exam = add_exam(world, **values)  # type: ignore[arg-type]
    add_announcement(world, exam)
    add_candidates(world, exam, 8)
    set_marks(world, MARKS)
    return exam


def prepare(world: World, stage: str, reason: str = "") -> Release:
    with world.acting(Role.OFFICER) as ctx:
        return prepare_release(ctx, code=CODE, stage=stage, reason=reason)


def publish(world: World, version: int) -> Path:
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "results.publish_release", code=CODE, version=version)
        return publish_release(ctx, code=CODE, version=version)


def carry_out(world: World, stage: str, reason: str = "") -> Path:
    release = prepare(world, stage, reason)
    with world.acting(Role.INSPECTOR) as ctx:
        cosign_notes(ctx, files=cosign(world, release.note_id, release.root_note_id))
    return publish(world, release.version)
