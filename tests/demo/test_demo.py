"""The demonstration: the bureau of 2008, whole, verified, and the same every time."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from exam_system import config
from exam_system.accounts.service import check_password, log_in
from exam_system.context import PUBLIC
from exam_system.instance import DEMONSTRATION_PASSWORD
from exam_system.keys import open_keys
from exam_system.office import open_office
from exam_system.tips.service import seal_content, take_in
from exam_system.trust.report import Content
from exam_system.verify.run import verify
from tests.conftest import FONTS
from tests.demo.drawn import add_changes, add_drawn_rows
from tests.demo.slowly import told_and_found
from tests.tamper import EXCUSED, score
from tests.verify_page.asked import ask_one
from tests.verify_page.conftest import browser, context, page  # noqa: F401

LINE = re.compile(
    r"demo: 4 exams, 4413 applicants, 158 appointed, (\d+) log entries, (\d+) files verified"
)
LOG = ("entries", "0", "1")  # what a path in the log goes through
SEED = 20081158  # of the bytes that are flipped
pytestmark = pytest.mark.slow


def free_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def exam(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as somebody would."""
    return subprocess.run(
        [sys.executable, "-m", "exam_system.cli", *arguments],
        env={**os.environ, "EXAM_PASSPHRASE": "tests"},
        capture_output=True,
        text=True,
        check=False,
    )


def run_demo(folder: Path, *arguments: str) -> str:
    addresses = ["--base-url", free_url(), "--gateway-url", free_url(), "--fonts", str(FONTS)]
    done = exam("--instance", str(folder), "demo", *addresses, *arguments)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def demonstration(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The whole demonstration, once. (`template` has made the fonts.)"""
    folder = tmp_path_factory.mktemp("demo") / "instance"
    output = run_demo(folder)
    (folder / "output.txt").write_text(output, encoding="utf-8")
    yield folder
    shutil.rmtree(folder)


def test_the_last_line_says_what_was_done(demonstration: Path) -> None:
    last = (demonstration / "output.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")[-1]
    found = LINE.fullmatch(last)
    assert found, last
    published = [p for p in (demonstration / "published").rglob("*") if p.is_file()]
    assert int(found[2]) == len(published)


def test_everything_published_verifies(demonstration: Path) -> None:
    assert exam("verify", str(demonstration / "published")).returncode == 0


def test_every_promise_of_the_board_is_kept(demonstration: Path) -> None:
    board = exam("--instance", str(demonstration), "oversight", "check")
    assert board.returncode == 0, board.stdout


def test_the_plain_implementations_draw_the_same(demonstration: Path) -> None:
    seen = set()
    for bundle in sorted((demonstration / "published").glob("draw-*")):
        told, found = told_and_found(bundle)
        assert told == found, bundle.name
        seen.add(json.loads((bundle / "manifest.json").read_bytes())["algorithm"])
    assert seen >= {"seats/v1", "rotation/v1", "match/v1", "groups/v1", "order/v1"}


def kind(place: Path) -> str:
    """One word for all files that are checked alike; of the log its entries, tiles and head."""
    top = place.parts[0].split("-")[0]
    if top == "log":
        return "log/" + next((part for part in place.parts if part in LOG), place.name)
    return f"{top}/{place.suffix if place.suffix == '.tlog-proof' else place.name}"


def test_any_changed_byte_is_refused(demonstration: Path, tmp_path: Path) -> None:
    published = demonstration / "published"
    chance = random.Random(SEED)
    files = sorted(p for p in published.rglob("*") if p.is_file())
    kinds: dict[str, Path] = {}
    for path in chance.sample(files, len(files)):
        kinds.setdefault(kind(path.relative_to(published)), path)
    assert len(kinds) > 15
    for path in kinds.values():
        place = path.relative_to(published)
        copy = tmp_path / "published"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        shutil.copy(published / "keys.txt", copy)
        if len(place.parts) > 1:
            shutil.copytree(published / place.parts[0], copy / place.parts[0])
        damaged = copy / place
        data = bytearray(damaged.read_bytes())
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        damaged.write_bytes(data)
        assert verify([copy]).refused, place


@pytest.fixture(scope="module")
def again(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second run, of the first exam only."""
    folder = tmp_path_factory.mktemp("again") / "instance"
    run_demo(folder, "--exams", "1", "--no-stages")
    return folder


def test_two_runs_give_the_same_public_lists(demonstration: Path, again: Path) -> None:
    lists = sorted((again / "published").glob("results-*/list.csv"))
    assert len(lists) == 5
    for path in lists:
        first = demonstration / "published" / path.parent.name / path.name
        assert first.read_bytes() == path.read_bytes()


def fill_the_rest(folder: Path) -> None:
    """Rows in the tables that the story leaves empty: somebody logs in, and somebody cannot."""
    office = open_office(folder)
    ctx = office.context(PUBLIC, write=True)
    with ctx.session as db:
        add_drawn_rows(db)
        add_changes(db)
        account = check_password(ctx, "officer", DEMONSTRATION_PASSWORD)
        assert account is not None
        log_in(ctx, account=account)
        assert check_password(ctx, "officer", "wrong") is None
        take_in(ctx, box=seal_content(ctx, Content("一份今天的举报")))
        db.commit()
    office.seal()


def test_every_change_past_the_acts_is_noticed_and_named(again: Path) -> None:
    fill_the_rest(again)
    keys = open_keys(config.load(again))
    found = score(again / "exam.db", again / "published" / "log", keys.log.verifier)
    print(found.text())
    assert not found.empty
    assert not found.unnoticed
    assert found.tried > 330
    assert len(EXCUSED) <= 10


def test_an_instance_in_earnest_refuses_the_known_passwords(demonstration: Path) -> None:
    config = demonstration / "config.toml"
    before = config.read_text(encoding="utf-8")
    earnest = before.replace("demonstration = true", "demonstration = false")
    earnest = earnest.replace("secure_cookies = false", "secure_cookies = true")
    earnest = re.sub("proof_of_work = [0-9]+", "proof_of_work = 4000", earnest)
    config.write_text(earnest.replace('"cheapest"', '"standard"'), encoding="utf-8")
    try:
        done = exam("--instance", str(demonstration), "user", "list")
    finally:
        config.write_text(before, encoding="utf-8")
    assert done.returncode == 1
    assert "password" in done.stderr


SCORE_DAY = "anshun-2008-units"


def test_score_day_has_elements_a_correction_a_minute_and_a_look_up(
    demonstration: Path,
    page: Page,  # noqa: F811
) -> None:
    published, tree = demonstration / "published", demonstration / f"lookup-{SCORE_DAY}-v1"
    final = published / f"results-{SCORE_DAY}-v3"
    rows = json.loads((final / "list.json").read_bytes())["rows"]
    said = [row for row in rows if "interview_from" in row]
    assert len({row["interview_from"]["panel"] for row in said}) > 1
    assert {len(sheet) for row in said for sheet in row["interview_from"]["sheets"]} == {5}
    assert any(row["interview"] != row["interview_from"]["raw"] for row in said)
    assert not verify([tree]).refused
    names = (f"announcement-{SCORE_DAY}-v1", *(f"results-{SCORE_DAY}-v{n}" for n in range(1, 6)))
    folders = [published / name for name in names] + [published / "keys.txt", tree]
    files = {
        str(path.relative_to(folder.parent)): path.read_bytes()
        for folder in folders
        for path in (folder.rglob("*") if folder.is_dir() else [folder])
        if path.is_file()
    }
    found = ask_one(page, files)["objects"]
    assert [one for one in found if not one["ok"]] == []
    assert sum("recomputed" in one["en"] for one in found) == 3
    assert sum("sealed records" in one["en"] for one in found) == 1
