"""Passkeys in Chromium with its virtual authenticator: set up, used for one approval, no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exam_system.access import Role
from exam_system.accounts.models import SecondFactor
from exam_system.approvals import service
from exam_system.exams import service as exams
from tests.approvals.probe import rows
from tests.exams import samples
from tests.passkeys import at_localhost, browser_page, enter, serving
from tests.world import PASSWORD, WANTED, World, fresh_code

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def database() -> str:
    return "sqlite"


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    """An instance that knows itself as localhost, with a prepared announcement."""
    world = at_localhost(folder)
    with world.acting(Role.OFFICER) as ctx:
        samples.set_up(ctx)
        exams.prepare_announcement(ctx, code=samples.CODE)
    with serving(world):
        yield world


@pytest.fixture
def page(world: World) -> Iterator[Any]:
    """The inspector's browser, logged in, with an authenticator of its own."""
    with browser_page(world) as page:
        enter(page, "inspector", PASSWORD)
        yield page


def ask(world: World) -> str:
    with world.acting(Role.OFFICER) as ctx:
        wanted = WANTED["exams.publish_announcement"](ctx, code=samples.CODE)
        return service.ask_approval(ctx, wanted=wanted).ref


def code(world: World) -> str:
    with world.acting(Role.INSPECTOR) as ctx:
        return fresh_code(ctx)


def test_a_passkey_signs_one_approval_and_no_other(world: World, page: Any) -> None:
    page.goto("/second-factor")
    page.fill("#label-passkey", "手机")
    page.fill("#code-passkey", code(world))
    page.click("section[aria-labelledby=add-passkey] button.btn-primary")
    with page.expect_navigation():
        page.click("text=Create the passkey on this device")
    assert "The second factor is set up" in page.inner_text("main")
    ref = ask(world)
    page.goto("/approvals")
    with page.expect_request(re.compile("/approve$")) as sent, page.expect_navigation():
        page.click("text=Confirm with a passkey")
    assert "Approved. Whoever asked" in page.inner_text("main")
    (row,) = rows(world)
    assert (row.ref, row.state, row.factor) == (ref, "approved", "passkey")
    with world.acting(Role.INSPECTOR) as ctx:
        key = ctx.session.query(SecondFactor).filter_by(kind="passkey").one()
        assert (key.sign_count or 0) > 0
    _replay(world, page, sent.value.post_data_json)


def _replay(world: World, page: Any, form: dict[str, str]) -> None:
    """The same signature again, for a second request of the very same content."""
    with world.acting(Role.OFFICER) as ctx:
        service.withdraw_approval(ctx, ref=rows(world)[0].ref)
        # As if the authenticator kept no count: what is left is what was signed.
        ctx.session.query(SecondFactor).filter_by(kind="passkey").one().sign_count = 0
    again = ask(world)
    english = {"Accept-Language": "en"}
    answer = page.request.post(f"/approvals/{again}/approve", form=form, headers=english)
    assert "The code is wrong" in answer.text()
    assert [row.state for row in rows(world)] == ["withdrawn", "asked"]
