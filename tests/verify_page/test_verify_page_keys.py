"""The page on the same keys, neighbours and zips as the other verifier."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.verify.rotated import cases
from tests.verify.zips import NAME, honest, spoiled
from tests.verify_page.asked import ask, refused

pytestmark = pytest.mark.browser


def test_a_key_counts_while_it_served(page: Page) -> None:
    found = cases()
    runs = ask(page, [{**case.files, "keys.txt": case.keys} for case in found.values()])
    said = {name: set(refused(run)) for name, run in zip(found, runs, strict=True)}
    assert said == {name: {case.refused} if case.refused else set() for name, case in found.items()}
    told = runs[list(found).index("an interview that nothing dates")]["objects"]
    assert any("WAS RETIRED" in one["en"] for one in told)


def test_a_zip_says_one_thing_to_everybody(page: Page) -> None:
    office, data = honest()
    zips = {"honest": data, **spoiled(data)}
    files = [{f"{NAME}.zip": one, "keys.txt": office.keys} for one in zips.values()]
    said = {name: refused(run) for name, run in zip(zips, ask(page, files), strict=True)}
    assert said == {name: [] if name == "honest" else ["V2"] for name in zips}
