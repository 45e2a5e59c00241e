"""The page and `exam verify` say the same about sealed lots, honest and not."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from exam_system.verify.run import verify
from tests.interviews.envelopes import LIES, published
from tests.verify_page.asked import ask, choose_folder, refused

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Path:
    """A published folder with the lots of one group."""
    target = tmp_path_factory.mktemp("lots") / "instance"
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(published, target, template).result()


def files_of(folder: Path) -> Mapping[str, bytes]:
    """Every file by its path, the folder's name first."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in found}


def test_honest_lots_hold(folder: Path, page: Page) -> None:
    expect(choose_folder(page, folder)).to_contain_text("全部无误")
    expect(page.locator("#objects")).to_contain_text(
        "gwy-2026 G01组密封签，第1次：3个信封，5项行为"
    )


def test_both_refuse_the_same_lies(folder: Path, tmp_path: Path, page: Page) -> None:
    cases = []
    for place, (_, change) in enumerate(LIES.values()):
        copy = tmp_path / str(place) / "published"
        shutil.copytree(folder, copy)
        change(copy)
        cases.append(copy)
    runs = ask(page, [files_of(case) for case in cases])
    expected = [[one.check.id for one in verify([case]).refused] for case in cases]
    assert [refused(run) for run in runs] == expected
    assert all(expected)
