"""The guides in docs/ and the pictures of the tours, made from what the app shows.

`python -m tests.help.guide` writes both: the pictures are taken in the office of the browser tests.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from exam_system.help.tours import LANGUAGES, picture_file, tours
from tests.browser.conftest import ARGS, OPENS, chromium_path
from tests.browser.fair import SEED, set_up_fair
from tests.browser.stage import open_stage
from tests.browser.test_pages import SEEN, Data, gather
from tests.browser.visitor import Visitor
from tests.conftest import ROOT

STATIC = ROOT / "exam_system" / "static"
FILES = {"zh": "docs/TOURS.zh.md", "en": "docs/TOURS.md"}
TITLES = {"zh": "# 使用指引\n", "en": "# Tours\n"}
INTRO = {
    "zh": "每一类使用者一份，与系统内“使用帮助”相同；图片取自浏览器测试的真实页面。"
    "更细的说明见[使用指南](GUIDE.zh.md)。\n",
    "en": "One for each kind of person, as under “Help” in the app; the pictures are real pages of "
    "the browser tests.\n",
}
WIDE, TALL = {"phone": 360, "desktop": 960}, 640  # pixels of a picture
PHONES = {"candidate", "invigilator", "public"}  # who comes with a phone


def as_markdown(language: str) -> str:
    """The guide of one language."""
    lines = [TITLES[language], INTRO[language]]
    for tour in tours().values():
        lines += [f"## {tour.name[language]}\n", f"{tour.lead[language]}\n"]
        for number, step in enumerate(tour.steps, 1):
            lines.append(f"{number}. **{step.title[language]}** {step.text[language]}\n")
            if step.picture:
                path = f"../exam_system/static/{picture_file(step.picture, language)}"
                lines.append(f"   ![{step.title[language]}]({path})\n")
    return "\n".join(lines)


def take() -> None:
    """Every picture of the tours, anew."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_stage(Path(folder) / "instance", OPENS, SEED) as stage,
    ):
        fair = set_up_fair(stage, OPENS)
        data = gather(fair)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGS))
            for language in LANGUAGES:
                for tour in tours().values():
                    device = "phone" if tour.key in PHONES else "desktop"
                    for step in tour.steps:
                        if step.picture:
                            visitor = Visitor(browser, stage, device, language)
                            _shoot(visitor, step.picture, data)
                            visitor.context.close()
            browser.close()


def _shoot(visitor: Visitor, endpoint: str, data: Data) -> None:
    who, paths = SEEN[endpoint]
    if who:
        visitor.log_in(*data.logins[who])
    visitor.page.goto(paths[0].format(**data.names))
    target = STATIC / picture_file(endpoint, visitor.language)
    visitor.page.locator("main").screenshot(path=target)
    wide = WIDE[visitor.device]
    with Image.open(target) as whole:
        small = whole.convert("RGB").resize((wide, whole.height * wide // whole.width))
    small.crop((0, 0, wide, min(small.height, TALL))).quantize(64).save(target, optimize=True)


if __name__ == "__main__":
    take()
    for spoken, name in FILES.items():
        (ROOT / name).write_text(as_markdown(spoken), encoding="utf-8")
