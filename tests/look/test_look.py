"""The bureau's colours and emblem, the weight of pages, and that nothing comes from elsewhere."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from exam_system import config, look
from exam_system.app import create_app
from exam_system.clock import RehearsalClock
from exam_system.errors import Fault
from tests.conftest import ROOT, START
from tests.test_config import written
from tests.world import World

STATIC = ROOT / "exam_system" / "static"
TEMPLATES = ROOT / "exam_system" / "templates"
MOST_PAGE, MOST_SCRIPTS = 120_000, 60_000  # bytes, compressed


@pytest.fixture
def database() -> str:
    return "sqlite"


def test_contrast_is_that_of_wcag() -> None:
    assert look.contrast(look.BLACK, look.WHITE) == 21
    assert look.contrast(look.WHITE, look.WHITE) == 1
    # The lightest grey that is legible on white, and the first that is not.
    assert look.contrast(look.parse("#767676"), look.WHITE) == pytest.approx(4.54, abs=0.005)
    assert look.contrast(look.parse("#777777"), look.WHITE) == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("text", ["0b4a8f", "#0b4", "#0b4a8g", "blue", "", "#0b4a8f "])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(Fault, match="is no colour"):
        look.parse(text)


@pytest.mark.parametrize(
    "text", ["#0b4a8f", "#8b0000", "#5b2a86", "#1b6e3c", "#000000", "#767676", "#b3261e"]
)
def test_every_colour_that_is_allowed_is_legible_everywhere(text: str) -> None:
    look.require_legible(text)
    colour, ground = look.parse(text), look.parse("#10151b")
    day, night = look.light(colour), look.dark(colour)
    for shown in (day, night):
        assert look.contrast(look.WHITE, shown["brand"]) >= look.LEGIBLE
        assert look.contrast(look.WHITE, shown["brand-head"]) >= look.LEGIBLE
        assert look.contrast(shown["brand-deep"], shown["brand-pale"]) >= look.LEGIBLE
    assert look.contrast(day["brand-link"], look.parse("#f5f7fa")) >= 4.2  # --ground, in light
    for paper in (look.PAPER_DARK, ground):
        assert look.contrast(night["brand-link"], paper) >= look.LEGIBLE


def test_a_pale_colour_stops_the_start_and_one_that_would_do_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "config.toml"
    text = path.read_text(encoding="utf-8").replace('"#0b4a8f"', '"#f2c14e"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Fault, match=r"contrast of #f2c14e with white is 1\.7") as told:
        config.load(folder)
    better = re.findall(r"#[0-9a-f]{6}", str(told.value))[-1]
    path.write_text(text.replace("#f2c14e", better), encoding="utf-8")
    assert config.load(folder).colour == better


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("emblem.gif", b"GIF", "must be the name of an .svg or .png"),
        ("emblem.png", None, "is missing"),
        ("emblem.png", bytes(100_001), "larger than 100 kB"),
    ],
)
def test_an_emblem_that_cannot_be_shown_stops_the_start(
    tmp_path: Path, name: str, data: bytes | None, words: str
) -> None:
    folder = written(tmp_path)
    path = folder / "config.toml"
    text = path.read_text(encoding="utf-8").replace('emblem = ""', f'emblem = "{name}"')
    path.write_text(text, encoding="utf-8")
    if data is not None:
        (folder / name).write_bytes(data)
    with pytest.raises(Fault, match=words):
        config.load(folder)


def test_name_colour_and_emblem_of_the_bureau_are_on_every_page(folder: Path) -> None:
    path = folder / "config.toml"
    text = path.read_text(encoding="utf-8").replace('"#0b4a8f"', '"#8b0000"')
    path.write_text(text.replace('emblem = ""', 'emblem = "own.svg"'), encoding="utf-8")
    own = (STATIC / "emblem.svg").read_bytes().replace(b"#0b4a8f", b"#8b0000")
    (folder / "own.svg").write_bytes(own)
    client = _client(folder)
    assert "测试市人事考试局" in client.get("/").text
    assert client.get("/emblem").data == own
    sheet = client.get("/look.css")
    assert "--brand: #8b0000;" in sheet.text
    kept = client.get("/look.css", headers={"If-None-Match": sheet.headers["ETag"]})
    assert kept.status_code == 304


def test_the_components_are_shown_in_demonstrations_only(world: World) -> None:
    client = world.app().test_client()
    assert client.get("/design").status_code == 200
    earnest = world.app()
    office = earnest.extensions["office"]
    object.__setattr__(office.config, "demonstration", False)
    try:
        assert earnest.test_client().get("/design").status_code == 404
    finally:
        object.__setattr__(office.config, "demonstration", True)


def test_the_front_page_and_the_scripts_are_light(world: World) -> None:
    client = world.app().test_client()
    page = client.get("/")
    sheets = re.findall(r'<link[^>]+href="([^"]+)"[^>]*rel="stylesheet"', page.text)
    sheets += re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    assert len(set(sheets)) == 3  # Bootstrap, the bureau's colours, ours
    loaded = [page.data, *(client.get(sheet).data for sheet in set(sheets))]
    weight = sum(len(gzip.compress(data)) for data in loaded)
    assert weight < MOST_PAGE, weight
    scripts = [path.read_bytes() for path in sorted(STATIC.rglob("*.js"))]
    weight = sum(len(gzip.compress(data)) for data in scripts)
    assert weight < MOST_SCRIPTS, weight


def test_no_page_loads_anything_from_elsewhere() -> None:
    """The policy forbids it (tests/test_web.py); no template even tries."""
    loads = re.compile(r"<(?:script|img|link|iframe|source|image)\b[^>]*?\b(?:src|href)=\"([^\"]*)")
    imports = re.compile(r"@import|url\(\s*['\"]?(?!data:|#)")
    for path in [*TEMPLATES.rglob("*.html"), *STATIC.rglob("*.html")]:
        text = path.read_text(encoding="utf-8")
        found = [one for one in loads.findall(text) if one.startswith(("http:", "https:", "//"))]
        assert not found, (path, found)
    for path in STATIC.rglob("*.css"):
        assert not imports.search(path.read_text(encoding="utf-8")), path


def _client(folder: Path) -> FlaskClient:
    return create_app(folder, clock=RehearsalClock(START)).test_client()
