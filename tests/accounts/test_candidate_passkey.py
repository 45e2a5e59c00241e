"""A candidate's passkey, asked for at log-in: Chromium with its virtual authenticator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.passkeys import at_localhost, browser_page, enter, serving
from tests.registration import setting
from tests.world import PASSWORD, World

pytestmark = pytest.mark.browser


@pytest.fixture
def database() -> str:
    return "sqlite"


@pytest.fixture
def served(folder: Path) -> Iterator[World]:
    """An instance with a candidate, and its server."""
    world = at_localhost(folder)
    setting.add_candidate(world, 31)
    with serving(world):
        yield world


def test_the_login_is_finished_with_the_passkey(served: World) -> None:
    who = (setting.id_number(31), PASSWORD)
    with browser_page(served) as page:
        enter(page, *who)
        page.goto("/second-factor")
        page.fill("#label-passkey", "phone")
        page.fill("#password-passkey", PASSWORD)
        page.locator("section", has=page.locator("#label-passkey")).get_by_role("button").click()
        page.get_by_role("button", name="Create the passkey on this device").click()
        page.get_by_text("The second factor is set up").wait_for()
        page.get_by_role("button", name="Log out").click()
        enter(page, *who)
        assert page.url.endswith("/login/second")
        page.goto("/applications")
        assert "/login?next=" in page.url
        enter(page, *who)
        page.get_by_role("button", name="Confirm with a passkey").click()
        page.wait_for_url("**/applications")
