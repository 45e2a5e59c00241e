"""What the features really publish holds, and what their log exports, from outside."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from exam_system.access import Role
from exam_system.draws.recipes import RECIPES
from exam_system.errors import Conflict
from exam_system.exams.models import Exam
from exam_system.inspector import InspectorFolder
from exam_system.oversight.files import folder_zip
from exam_system.oversight.service import cosign_notes, register_inspector
from exam_system.oversight.waiting import to_cosign, unpack
from exam_system.records import releases
from exam_system.records.models import ReleaseRecord
from exam_system.verify.run import Outcome, verify
from tests.draws import ceremony
from tests.results.play import INTERVIEWS, carry_out, exam_with_marks
from tests.results.setting import hold_interviews
from tests.world import World


def holds(folder: Path) -> Outcome:
    outcome = verify([folder])
    assert outcome.refused == [], "\n".join(outcome.lines)
    return outcome


def test_a_whole_exam_of_results(world: World) -> None:
    exam = exam_with_marks(world)
    carry_out(world, "written")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    carry_out(world, "final")
    carry_out(world, "final", reason="06号考生面试成绩录入有误")
    slips(world, exam)
    world.seal()
    told = "\n".join(holds(world.config.published).lines)
    for line in ("v1 (written, 8 rows", "v2 (shortlist, 7 rows", "v3 (final, 7", "v4 (final, 7"):
        assert f"ok results-gwy-2026-{line}" in told
    assert told.count("(slip of ") == 7


def slips(world: World, exam: Exam) -> None:
    with world.acting(Role.OFFICER) as ctx:
        release = releases.newest(ctx.session, exam.id, "results", state="published")
        assert release is not None
        for record in ctx.session.query(ReleaseRecord).filter_by(release_id=release.id):
            data = releases.slip(ctx.session, release, record.application_id)
            (world.config.published / f"slip-{record.position}.tlog-proof").write_bytes(data)


@pytest.fixture
def office(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setitem(RECIPES, "order", ceremony.RECIPE)
    ceremony.make_exam(world)
    return world


def test_a_draw_with_a_void_attempt_before_it(office: World, tmp_path: Path) -> None:
    ceremony.run(office, 0, 2)
    for role, act in ((Role.OFFICER, ceremony.void), (Role.INSPECTOR, ceremony.approve)):
        with office.acting(role) as ctx:
            act(ctx, 1)
    ceremony.run(office, number=2)
    ceremony.cosign(office, 2)
    with office.acting(Role.OFFICER) as ctx:
        ceremony.publish(ctx, 2)
    folder = ceremony.bundle(office, 2)
    assert "(order/v1, 19 labels, 11 acts)" in holds(folder).lines[-1]
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "download.zip").write_bytes(folder_zip(folder))
    shutil.copy(office.config.published / "keys.txt", stick)
    assert "(order/v1, 19 labels, 11 acts)" in "\n".join(holds(stick).lines)


def test_the_inspectors_desk_signs_what_the_office_hands_out(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The zip of the inspector's page, the inspector's own folder, and back: two must sign."""
    monkeypatch.setitem(RECIPES, "order", ceremony.RECIPE)
    ceremony.make_exam(world, cosigners=2)
    office = world
    desk = InspectorFolder.create(tmp_path / "desk", "tests.example/second", b"secret")
    keys = office.keys
    desk.trust([one.verifier.vkey for one in (keys.log, keys.publisher, keys.officer)])
    with office.acting(Role.ADMIN) as ctx:
        register_inspector(ctx, vkey=desk.verifier.vkey)
    ceremony.run(office)
    ceremony.cosign(office)
    with office.acting(Role.INSPECTOR) as ctx:
        data = to_cosign(ctx.session, office.config.published / "log")
    at = int(office.clock.now().timestamp())
    files = unpack([("to-cosign.zip", data)])
    assert len(files) == 2
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="second is missing"):
        ceremony.publish(ctx, 1)
    with office.acting(Role.INSPECTOR) as ctx:
        cosign_notes(ctx, files=[desk.cosign(one, at) for one in files])
    with office.acting(Role.OFFICER) as ctx:
        ceremony.publish(ctx, 1)
    assert holds(ceremony.bundle(office)).files == 16


def test_a_changed_database_row_shows_in_what_is_published(world: World) -> None:
    exam_with_marks(world)
    carry_out(world, "written")
    folder = world.config.published / "results-gwy-2026-v1"
    path = folder / "list.csv"
    path.write_bytes(path.read_bytes().replace(b"70.00", b"71.00", 1))
    outcome = verify([folder])
    assert [str(error).split(": ")[0] for error in outcome.refused] == [
        "V30 results-gwy-2026-v1/list.csv row 2 column 笔试成绩"
    ]
