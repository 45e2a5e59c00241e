"""Every role has a tour in both languages; its links open for that role, its pictures are there."""

from __future__ import annotations

import pytest
from PIL import Image

from exam_system.access import Role
from exam_system.access_pages import PAGES
from exam_system.help.tours import LANGUAGES, picture_file, tours
from tests.browser.test_pages import SEEN
from tests.conftest import ROOT
from tests.help.guide import FILES, WIDE, as_markdown
from tests.world import World

STATIC = ROOT / "exam_system" / "static"
PICTURES = {step.picture for tour in tours().values() for step in tour.steps if step.picture}


def test_every_role_has_one() -> None:
    assert set(tours()) == {role.value for role in Role} - {"system"}


@pytest.mark.parametrize("key", tours())
def test_its_links_open_for_the_role_and_its_words_are_whole(key: str) -> None:
    tour = tours()[key]
    for step in tour.steps:
        assert not step.endpoint or Role(key) in PAGES[step.endpoint]
        for words in (tour.name, tour.lead, step.title, step.text):
            assert set(words) == set(LANGUAGES)
            assert any("\u4e00" <= one <= "\u9fff" for one in words["zh"])
            assert not any("\u4e00" <= one <= "\u9fff" for one in words["en"])


def test_there_is_a_picture_of_each_page_in_both_languages_and_no_other() -> None:
    wanted = {picture_file(one, language) for one in PICTURES for language in LANGUAGES}
    assert {f"tours/{path.name}" for path in (STATIC / "tours").iterdir()} == wanted
    assert set(SEEN) >= PICTURES
    for one in wanted:
        with Image.open(STATIC / one) as picture:
            assert picture.width in WIDE.values()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_in_docs_is_the_same_tours(language: str) -> None:
    assert (ROOT / FILES[language]).read_text(encoding="utf-8") == as_markdown(language)


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_own_tour_comes_first_and_unknown_ones_are_refused(world: World) -> None:
    app = world.app()
    client = world.client(app, Role.INSPECTOR)
    shown = client.get("/help", headers={"Accept-Language": "en"}).text
    assert shown.index("/help/inspector") < shown.index("/help/public")
    assert "/oversight/acts" in client.get("/help/inspector").text
    assert 'href="/oversight/acts"' not in app.test_client().get("/help/inspector").text
    assert app.test_client().get("/help/system").status_code == 404
