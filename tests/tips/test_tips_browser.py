"""In Chromium the browser seals: the words never leave it; on a phone, and for every reader."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from exam_system.access import Role
from exam_system.inspector import InspectorFolder
from exam_system.inspector.reports import answer_report, open_report
from exam_system.tips import lookup
from exam_system.tips.service import answer_report as hand_in
from tests.tips.setting import SECRET, TEXT, inspector_folder, next_day
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.fixture
def database() -> str:
    return "sqlite"


@pytest.fixture
def desks(world: World, tmp_path: Path) -> list[InspectorFolder]:
    names = ("city.example/inspector-1", "city.example/inspector-2")
    return [inspector_folder(world, tmp_path / name[-1], name) for name in names]


@pytest.fixture
def posted() -> list[bytes]:
    """The bodies that reach the server."""
    return []


@pytest.fixture
def site(world: World, desks: list[InspectorFolder], posted: list[bytes]) -> Iterator[str]:
    app = world.app()

    def listening(environ: dict[str, Any], start: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        posted.append(body)
        return app({**environ, "wsgi.input": BytesIO(body)}, start)

    server = make_server("127.0.0.1", 0, listening, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(site: str) -> Iterator[Any]:
    if shutil.which("chromium") is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        path = shutil.which("chromium")
        browser = engine.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_context(locale="en").new_page()
        page.set_viewport_size({"width": 360, "height": 740})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda said: problems.append(said.text) if said.type == "error" else None
        )
        yield page
        browser.close()
    assert problems == []


def content_of(world: World, desk: InspectorFolder, digest: str) -> Any:
    with world.context(world.people[Role.INSPECTOR]).session as db:
        row = lookup.by_digest(db, digest)
        assert row is not None
        return open_report(desk.folder, SECRET, row.data)


def test_the_browser_seals_and_the_inspectors_open(
    world: World,
    site: str,
    desks: list[InspectorFolder],
    page: Any,
    posted: list[bytes],
    tmp_path: Path,
) -> None:
    scan = tmp_path / "Zettel.bin"
    scan.write_bytes(b"Beleg-Nr-1" * 20_000)
    page.goto(f"{site}/report")
    page.wait_for_selector("[data-sealing]:visible")
    page.fill("#text", TEXT)
    page.set_input_files("#attachments", str(scan))
    page.click("form[data-report] button")
    page.wait_for_selector("#receipt")
    receipt, digest = page.inner_text("#receipt"), page.inner_text("#digest")
    for desk in desks:
        content = content_of(world, desk, digest)
        assert content.text == TEXT
        assert content.files == (("Zettel.bin", scan.read_bytes()),)
    sent = b"".join(posted)
    assert b"exam-system/sealed/v1" in sent
    assert not any(mark in sent for mark in (b"envelopes", b"Zettel", b"Beleg-Nr"))
    assert page.context.cookies() == []
    _answer(world, desks[0], digest)
    page.goto(f"{site}/report/answers")
    page.fill("#receipt", receipt)
    page.click("form button")
    assert "Which room?" in page.inner_text(".answer")
    page.fill("#text", "Room 7")
    page.wait_for_selector("[data-sealing]:visible")
    page.click("form[data-report] button")
    page.wait_for_selector("#receipt:has-text(' ')")
    assert page.inner_text("#receipt") == receipt
    assert content_of(world, desks[1], page.inner_text("#digest")).text == "Room 7"


def _answer(world: World, desk: InspectorFolder, digest: str) -> None:
    next_day(world)
    with world.acting(Role.INSPECTOR) as ctx:
        row = lookup.by_digest(ctx.session, digest)
        assert row is not None
        hand_in(ctx, data=answer_report(desk.folder, SECRET, row.data, "Which room?", b"r" * 64))


def test_nothing_hinders_a_reader_and_nothing_overflows_a_phone(site: str, page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for language in ("zh", "en"):
        page.goto(f"{site}/report?language={language}")
        page.wait_for_selector("[data-sealing]:visible")
        page.click("form[data-report] button")  # nothing is written: that is said, nothing is sent
        page.wait_for_selector("[data-problems] a >> visible=true")
        page.wait_for_selector("#text-error")
        page.fill("#text", "x")
        page.click("form[data-report] button")
        page.wait_for_selector("#receipt")
        for path in (None, "/report", "/report/answers", "/report/received"):
            if path:
                page.goto(f"{site}{path}?language={language}")
            found = axe.Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 360, path
