"""A contact sheet: every page, on a phone and a desktop, in both languages, to be looked at.

`make pictures` (or `python -m tests.browser.contact`) sets up the office of the browser tests,
takes a picture of every address in `test_pages.SEEN` and writes `test-output/contact/index.html`
with sheets of thumbnails (`sheet-*.png`) that can be looked at one after the other. Words after
the command keep those addresses only whose endpoint contains one of them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright

from exam_system.access_pages import PAGES
from tests.browser.conftest import ARGS, OPENS, chromium_path
from tests.browser.fair import SEED, Fair, set_up_fair
from tests.browser.stage import open_stage
from tests.browser.test_pages import ELSEWHERE, FILES, SEEN, Data, gather, get_endpoints
from tests.browser.visitor import Visitor
from tests.conftest import ROOT

OUT = ROOT / "test-output" / "contact"
DEVICES, LANGUAGES, SCHEMES = ("phone", "desktop"), ("zh", "en"), ("light", "dark")
PHONE, DESKTOP, TALL, MARGIN, LINE = 260, 640, 1_000, 12, 26  # pixels on a sheet
ROWS = 3  # pages on a sheet


@dataclass(frozen=True, slots=True)
class Shot:
    """One address: its endpoint, what was asked for, who looked, the number of its pictures."""

    endpoint: str
    path: str
    who: str
    number: int

    def file(self, device: str, language: str, scheme: str = "light") -> str:
        """The name of one of its pictures."""
        return f"{self.number:03}-{self.endpoint}-{device}-{language}-{scheme}.png"


def shots(names: dict[str, str], words: list[str]) -> list[Shot]:
    """Every address of the page list, those of one person together."""
    found = [
        (endpoint, path.format(**names), who)
        for endpoint, (who, paths) in SEEN.items()
        if not words or any(word in endpoint for word in words)
        for path in paths
    ]
    return [Shot(*one, number) for number, one in enumerate(found)]


def missing(fair: Fair) -> set[str]:
    """Pages that are in no list: a contact sheet without them would not show everything."""
    return get_endpoints(fair) & set(PAGES) - {*SEEN, *FILES, *ELSEWHERE}


def take(fair: Fair, data: Data, found: list[Shot], scheme: str) -> None:
    """Take every picture of one colour scheme into OUT."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGS))
        for device in DEVICES:
            for language in LANGUAGES:
                for who in dict.fromkeys(one.who for one in found):
                    visitor = Visitor(browser, fair.stage, device, language, scheme)
                    if who:
                        visitor.log_in(*data.logins[who])
                    for one in found:
                        if one.who == who:
                            visitor.page.goto(one.path)
                            name = OUT / one.file(device, language, scheme)
                            visitor.page.screenshot(path=name, full_page=True)
                    visitor.context.close()
        browser.close()


def sheets(found: list[Shot], scheme: str) -> Iterator[str]:
    """Thumbnails of ROWS pages on each sheet: phone and desktop, Chinese and English."""
    for first in range(0, len(found), ROWS):
        rows = [_row(one, scheme) for one in found[first : first + ROWS]]
        wide, tall = max(row.width for row in rows), sum(row.height for row in rows)
        sheet = Image.new("RGB", (wide, tall), "#888888")
        top = 0
        for row in rows:
            sheet.paste(row, (0, top))
            top += row.height
        name = f"sheet-{scheme}-{first // ROWS:03}.png"
        sheet.save(OUT / name, optimize=False)
        yield name


def _row(one: Shot, scheme: str) -> Image.Image:
    pictures = [
        _thumbnail(OUT / one.file(device, language, scheme), width)
        for device, width in ((DEVICES[0], PHONE), (DEVICES[1], DESKTOP))
        for language in LANGUAGES
    ]
    wide = sum(picture.width + MARGIN for picture in pictures)
    tall = max(picture.height for picture in pictures)
    row = Image.new("RGB", (wide + MARGIN, tall + LINE + MARGIN), "#888888")
    draw = ImageDraw.Draw(row)
    draw.text((MARGIN, 4), f"{one.number} {one.endpoint} {one.path} ({one.who})", "white", None)
    left = MARGIN
    for picture in pictures:
        row.paste(picture, (left, LINE))
        left += picture.width + MARGIN
    return row


def _thumbnail(path: Path, width: int) -> Image.Image:
    with Image.open(path) as picture:
        small = picture.convert("RGB")
    small = small.resize((width, max(1, small.height * width // small.width)))
    return small.crop((0, 0, width, min(small.height, TALL)))


def index(found: list[Shot], schemes: tuple[str, ...], made: list[str]) -> str:
    """One page with every picture; a click shows it whole."""
    rows = [
        f"<h2>{one.number} {escape(one.endpoint)} <code>{escape(one.path)}</code> "
        f"{escape(one.who)}</h2><p>"
        + "".join(
            f'<a href="{name}"><img loading="lazy" src="{name}" alt="{name}"></a>'
            for scheme in schemes
            for device in DEVICES
            for language in LANGUAGES
            for name in (one.file(device, language, scheme),)
        )
        for one in found
    ]
    links = " ".join(f'<a href="{name}">{name}</a>' for name in made)
    style = "body{font-family:sans-serif}img{height:24rem;border:1px solid #888;margin:.2rem}"
    return (
        f'<!doctype html><meta charset="utf-8"><title>Contact sheet</title><style>{style}</style>'
        f"<h1>{len(found)} pages</h1><p>{links}</p>" + "\n".join(rows)
    )


def main(words: list[str]) -> None:
    """Set the office up, take all pictures, write the sheets and the index."""
    schemes = SCHEMES if "--dark" in words else SCHEMES[:1]
    words = [word for word in words if word != "--dark"]
    OUT.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_stage(Path(folder) / "instance", OPENS, SEED) as stage,
    ):
        fair = set_up_fair(stage, OPENS)
        left = missing(fair)
        assert not left, f"pages in no list of tests/browser/test_pages.py: {sorted(left)}"
        data = gather(fair)
        found = shots(data.names, words)
        for scheme in schemes:
            take(fair, data, found, scheme)
    made = [name for scheme in schemes for name in sheets(found, scheme)]
    (OUT / "index.html").write_text(index(found, schemes, made), encoding="utf-8")
    print(f"{len(found)} pages, {len(made)} sheets: {OUT / 'index.html'}")


if __name__ == "__main__":
    main(sys.argv[1:])
