"""The page as people use it: from the disk, offline, in both languages."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from exam_system.oversight.files import folder_zip
from exam_system.verify.checks import Check
from exam_system.verify.run import verify
from tests.verify.builder import Office
from tests.verify.publications import publish_everything
from tests.verify_page.asked import choose_folder
from tests.verify_page.conftest import PAGE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Office]:
    """A whole published folder and the office whose it is."""
    folder = tmp_path_factory.mktemp("site") / "published"
    return folder, publish_everything(folder)


@pytest.fixture
def published(site: tuple[Path, Office], tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(site[0], tmp_path / "published"))


def test_both_verifiers_name_the_same_checks_in_the_same_words(page: Page) -> None:
    ours = {check.id: [check.english, check.chinese] for check in Check}
    assert page.evaluate("CHECKS") == ours


def test_everything_holds_in_both_languages(page: Page, published: Path) -> None:
    expect(page.locator("#print")).to_be_hidden()
    summary = choose_folder(page, published)
    expect(page.locator("#print")).to_be_visible()
    count = len(verify([published]).lines) - 5  # five lines say whose keys they are
    told = f"{count + 1}项，"  # and the signed heads against one another
    expect(summary).to_contain_text(f"全部无误：{told}")
    assert page.locator("#objects > li.good:visible").count() == count + 1
    assert page.locator("#objects > li.bad").count() == 0
    told = page.locator("#objects").inner_text()
    assert "第2次（共2次）：deal/v1，10个代号" in told
    assert told.count("已由种子") == 3
    for algorithm in ("seats/v1", "groups/v1"):
        assert f"本页不重新计算{algorithm}的具体安排" in told
    page.get_by_role("button", name="English").click()
    expect(summary).to_contain_text(f"Everything holds: {count + 1} objects")
    assert page.title() == "Verify exam files"
    shown = page.locator("main").inner_text()
    assert not any("\u4e00" <= one <= "\u9fff" for one in shown)


def test_a_refusal_names_check_row_and_column(page: Page, published: Path) -> None:
    path = published / "results-2026-kp-v3" / "list.csv"
    path.write_bytes(path.read_bytes().replace(b"81.00", b"82.00"))
    summary = choose_folder(page, published)
    expect(summary).to_contain_text("1项不通过")
    item = page.locator("#objects > li.bad")
    assert item.locator("dd").all_inner_texts() == [
        "results-2026-kp-v3/list.csv",
        "1",
        "总成绩",
    ]
    assert Check.LIST_CSV.chinese in item.inner_text()
    assert "文件中为“82.00”，重新算出“81.00”" in item.inner_text()


def test_a_slip_is_shown_in_words_with_the_keys_of_the_printed_notice(
    page: Page, published: Path
) -> None:
    page.locator("details:has(#keys) summary").click()
    page.fill("#keys", (published / "keys.txt").read_text())
    page.set_input_files("#files", published / "slip.tlog-proof")
    page.wait_for_selector("#after:not([hidden])")
    record = dict(
        zip(
            page.locator(".record dt").all_inner_texts(),
            page.locator(".record dd").all_inner_texts(),
            strict=True,
        )
    )
    assert record["结果"] in ("有效", "缺考")
    assert record["准考证号"].startswith("0101001")
    assert {"科目xc", "笔试成绩", "岗位排名"} <= set(record)
    assert "您提供的公钥" in page.locator("#keys-shown").inner_text()


def test_without_keys_the_page_asks_for_them(page: Page, published: Path) -> None:
    page.set_input_files("#files", published / "slip.tlog-proof")
    expect(page.locator("#summary")).to_contain_text("还需要公钥")
    expect(page.locator("#keys")).to_be_visible()
    page.set_input_files("#files", published / "keys.txt")
    expect(page.locator("#summary")).to_contain_text("全部无误")
    assert "请与纸质招考公告核对" in page.locator("#keys-shown").inner_text()


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """A folder that Chromium takes dropped files from, as it takes none from /dev."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        yield Path(name)


def test_folders_and_zips_are_dropped_on_it(
    page: Page, context: BrowserContext, published: Path, on_disk: Path
) -> None:
    zipped = on_disk / "download.zip"
    zipped.write_bytes(folder_zip(published / "draw-2026-kp-seats-1"))
    shutil.copytree(published / "log", on_disk / "log")
    shutil.copy(published / "keys.txt", on_disk)
    drop(context, page, [zipped, on_disk / "log", on_disk / "keys.txt"])
    expect(page.locator("#summary")).to_contain_text("全部无误", timeout=30_000)
    names = page.locator("#objects .name").all_inner_texts()
    assert names == ["download.zip", "keys.txt", "log", "全部签名头"]
    assert "344条" in page.locator("#objects").inner_text()


def drop(context: BrowserContext, page: Page, paths: list[Path]) -> None:
    """Drop files and folders of the disk on the page, as a file manager does."""
    box = page.locator("#zone").bounding_box()
    assert box is not None
    session = context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send(
            "Input.dispatchDragEvent",
            {
                "type": kind,
                "x": box["x"] + 20,
                "y": box["y"] + 20,
                "data": {"items": [], "files": [str(p) for p in paths], "dragOperationsMask": 1},
            },
        )


def test_it_is_used_by_keyboard(page: Page, published: Path) -> None:
    page.get_by_role("button", name="English").focus()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    chooser.value.set_files([published / "slip.tlog-proof", published / "keys.txt"])
    expect(page.locator("#summary")).to_contain_text("全部无误")


@pytest.mark.parametrize("language", ["中文", "English"])
def test_it_is_accessible_on_a_phone(page: Page, published: Path, language: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("button", name=language).click()
    broken = published / "draw-2026-kp-order-1" / "tickets.csv"
    broken.write_bytes(broken.read_bytes()[:-30])
    choose_folder(page, published)
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


def test_it_prints_the_result_and_nothing_else(page: Page, published: Path) -> None:
    choose_folder(page, published)
    page.emulate_media(media="print")
    assert not page.locator("button:visible").count()
    assert page.locator("#objects > li:visible").count()
    assert page.locator("#keys-shown").is_visible()


def test_an_old_browser_gets_a_sentence(browser: Browser) -> None:
    page = browser.new_page(locale="zh-CN")
    page.add_init_script(
        "SubtleCrypto.prototype.importKey = () => Promise.reject(new Error('unrecognised'));"
    )
    page.goto(PAGE.as_uri())
    expect(page.locator("#summary")).to_contain_text("此浏览器不能核验Ed25519签名")
    page.close()


def test_without_scripts_it_says_what_to_do(browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(PAGE.as_uri())
    expect(page.locator("#summary")).to_contain_text("请保存本页")
    context.close()


def test_the_page_may_not_reach_the_network(browser: Browser) -> None:
    page = browser.new_page()
    page.goto(PAGE.as_uri())
    tried = page.evaluate(
        "fetch('data:,x').then(() => 'reached', (error) => error.constructor.name)"
    )
    assert tried == "TypeError"
    page.close()


def test_the_page_is_one_small_file_without_imports() -> None:
    text = PAGE.read_text("utf-8")
    assert len(text.encode()) < 260_000
    for word in ("import ", "import(", "src=", "href=", "url(", "eval(", "innerHTML", "http://"):
        assert word not in text, word
