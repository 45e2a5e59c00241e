"""The archive of an exam: the same bytes twice, verified by a stranger, refused when it lies."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.archive import service
from exam_system.archive.contents import folders_of
from exam_system.archive.writing import Written, write_archive
from exam_system.context import PUBLIC
from exam_system.errors import Conflict
from exam_system.exams.lookup import exam_by_code
from exam_system.notices.publishing import show_notices
from exam_system.notices.writing import Content
from exam_system.records.models import Act
from exam_system.trust import notes
from exam_system.trust.acts import entry
from exam_system.trust.archive_note import parse
from exam_system.trust.tiles import pack_entries
from exam_system.verify.archive import _published
from exam_system.verify.checks import Check
from exam_system.verify.run import Outcome, verify
from tests.appointing import setting
from tests.notices.setting import hands, posted
from tests.results.play import exam_with_marks
from tests.results.setting import CODE
from tests.world import World


@pytest.fixture
def database() -> str:
    return "sqlite"


def written(world: World, target: Path) -> Written:
    ctx = world.context(PUBLIC)
    with ctx.session as db:
        return write_archive(ctx, exam_by_code(db, CODE), target, lambda _done, _steps: None)


def staged(world: World) -> None:
    """An exam to its appointments, with a notice, everything sealed and shown."""
    setting.begun(world)
    posted(world, hands(world), Content("体检安排", "体检于三月进行。"), category="exam", exam=CODE)
    world.seal()
    ctx = world.context(PUBLIC)
    with ctx.session as db:
        show_notices(db, world.config)


def opened(archive: Path, place: Path) -> Path:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(place)
    return place / f"archive-{CODE}"


def refusals(folder: Path, keys: Path) -> set[Check]:
    outcome: Outcome = verify([folder], keys)
    return {one.check for one in outcome.refused}


def test_a_stranger_verifies_the_archive_and_finds_every_change(
    world: World, tmp_path: Path
) -> None:
    staged(world)
    archive, again = tmp_path / "a.zip", tmp_path / "b.zip"
    made = written(world, archive)
    assert made == written(world, again)
    assert archive.read_bytes() == again.read_bytes()
    (world.config.published / f"draw-{CODE}-two-seats-1").mkdir()
    assert f"draw-{CODE}-two-seats-1" in owners(world)  # as long as there is no exam CODE-two
    assert len(owners(world)) == 5
    (world.config.published / f"draw-{CODE}-two-seats-1").rmdir()
    for kind in ("results-", "notice-"):
        without(world, kind, again)
        found = refusals(again, world.config.published / "keys.txt")
        assert Check.ARCHIVE_WHOLE in found, kind
    keys = tmp_path / "keys.txt"
    shutil.copy(world.config.published / "keys.txt", keys)
    shutil.rmtree(world.config.published)  # a stranger has the zip and the printed keys, no more
    outcome = verify([archive], keys)
    assert not outcome.refused, outcome.lines
    folder = opened(archive, tmp_path / "there")
    assert not verify([folder]).refused
    for kind in ("results", "notice", "log "):
        assert any(line.startswith(f"ok {kind}") for line in outcome.lines), kind
    sums = ["sha256sum", "--quiet", "-c", "SHA256SUMS"]
    assert subprocess.run(sums, cwd=folder, check=False).returncode == 0
    said = parse(notes.parse((folder / "archive.note").read_bytes()).text)
    assert (said.exam, said.state, said.files) == (CODE, "interim", made.files)
    assert not list(folder.rglob("records.jsonl"))
    text = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert "王小明".encode() not in text

    page = folder / "index.html"
    page.write_bytes(page.read_bytes() + b" ")
    assert refusals(folder, keys) == {Check.ARCHIVE_FILES}
    page.write_bytes(page.read_bytes()[:-1])
    (folder / "more.txt").write_bytes(b"x")
    assert Check.ARCHIVE_FILES in refusals(folder, keys)
    (folder / "more.txt").unlink()
    index = folder / "INDEX.json"
    index.write_bytes(index.read_bytes().replace(b'"interim"', b'"final"', 1))
    assert Check.ARCHIVE in refusals(folder, keys)


def without(world: World, kind: str, archive: Path) -> None:
    """An archive signed as it should be, but without the last folder of a kind."""
    folders = [path for path in world.config.published.iterdir() if path.name.startswith(kind)]
    last = max(folders)
    hidden = last.with_name(f".{last.name}")
    last.rename(hidden)
    written(world, archive)
    hidden.rename(last)


def owners(world: World) -> list[str]:
    with world.context(PUBLIC).session as db:
        return [path.name for path in folders_of(db, world.config, exam_by_code(db, CODE))]


def test_the_log_tells_which_folders_there_must_be() -> None:
    acts = [
        ("draws.publish_draw", CODE, f"draw:{CODE}-seats:2"),
        ("draws.publish_draw", "other", "draw:other-seats:1"),
        ("exams.publish_announcement", CODE, f"release:{CODE}:announcement:v1"),
        ("exams.publish_change", CODE, f"release:{CODE}:announcement:v2"),
        ("results.publish_release", CODE, f"release:{CODE}:results:v3"),
        ("notices.publish_notice", CODE, "notice:2026-0007:v2:published:0123456789abcdef"),
        ("notices.pass_level", CODE, "notice:2026-0008:v1:leader:0123456789abcdef"),
    ]
    at, actor, payload = "2026-03-14T01:00:00Z", "officer", "0" * 64
    entries = [entry(kind, exam, at, actor, subject, payload) for kind, exam, subject in acts]
    files = {"log/tile/entries/000.p/7": pack_entries(entries)}
    assert list(_published(files, CODE)) == [
        f"draw-{CODE}-seats-2",
        f"announcement-{CODE}-v1",
        f"announcement-{CODE}-v2",
        f"results-{CODE}-v3",
        "notice-2026-0007-v2",
    ]


def test_the_page_makes_it_as_an_act_and_hands_it_out_to_everybody(world: World) -> None:
    exam_with_marks(world)
    world.seal()
    app = world.app()
    guest, officer = world.client(app), world.client(app, Role.OFFICER)
    assert guest.get(f"/exams/{CODE}/archive.zip").status_code == 404
    assert guest.post(f"/exams/{CODE}/archive").status_code != 303 or not service.under_way(
        world.config, CODE
    )
    path = service.archive_path(world.config, CODE)
    assert not path.exists()
    service.start(app.extensions["office"], world.people[Role.OFFICER], CODE).join()
    told = service.progress(world.config, CODE)
    assert told is not None
    assert (told.ended, told.trouble, told.done) == (True, "", told.steps)
    page = officer.get(f"/exams/{CODE}/archive").get_data(as_text=True)
    assert told.digest in page
    assert guest.get(f"/exams/{CODE}/archive.zip").get_data() == path.read_bytes()
    with world.context(PUBLIC).session as db:
        act = db.scalars(select(Act).where(Act.kind == "archive.make_archive")).one()
        assert act.actor == world.people[Role.OFFICER].ref
    assert officer.get(f"/exams/{CODE}/archive.json").get_json()["running"] is False


def test_a_draft_has_no_archive(world: World, tmp_path: Path) -> None:
    exam_with_marks(world)
    ctx = world.context(PUBLIC)
    with ctx.session as db:
        exam = exam_by_code(db, CODE)
        exam.state = "draft"
        with pytest.raises(Conflict, match="Nothing"):
            write_archive(ctx, exam, tmp_path / "a.zip", lambda _done, _steps: None)
        db.rollback()
