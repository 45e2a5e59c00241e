"""Fixtures: Chromium, and visitors with a device and a language."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.fair import SEED, Fair, set_up_fair
from tests.browser.stage import open_stage

ARGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--disable-dev-shm-usage",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
OPENS = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)  # Monday, 9:00 in Shanghai


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs Chromium."""
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)


def chromium_path() -> str | None:
    """The machine's Chromium; None without one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium; skipped without one, but never under CI.

    Not for the session: Playwright keeps an event loop running in this thread, and whatever
    signs a PDF here meanwhile (other modules' tests, the fair's set-up) could not start its own.
    """
    path = chromium_path()
    if path is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def fair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fair]:
    """An office with exams in several stages, served."""
    folder = tmp_path_factory.mktemp("fair") / "instance"
    with open_stage(folder, OPENS, SEED) as stage:
        yield set_up_fair(stage, OPENS)
