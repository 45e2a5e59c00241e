"""Somebody at a browser: goes to pages, fills in forms, and looks at every page they meet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Request, Response

from exam_system.instance import DEMONSTRATION_PASSWORD
from exam_system.language import translations
from tests.browser.stage import Stage
from tests.conftest import ROOT

SHOTS = ROOT / "test-output" / "screenshots"
DEVICES: dict[str, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "device_scale_factor": 2,
    },
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "enlarged": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
    "hall": {"viewport": {"width": 1920, "height": 1080}, "reduced_motion": "no-preference"},
}
LOCALES = {"zh": "zh-CN", "en": "en"}
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} stops ${event.blockedURI || "inline"}`));"""
WIDTH = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
# Rules of WCAG 2.1 AA and axe's own best practices, which is what `axe.run()` does by itself, and
# those that it leaves out unless asked: the size of targets (2.2 AA), names that hold their label.
AXE = Axe()
STOPS = 250  # presses of Tab on one page at most
AT = """one => {
  const at = document.activeElement, {outlineStyle, outlineWidth} = getComputedStyle(at);
  const ring = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return [at === one, ring || at.matches("body, main"), at.outerHTML.slice(0, 120)];
}"""
ASKED = ("target-size", "label-content-name-mismatch")
MORE = {"rules": {name: {"enabled": True} for name in ASKED}}
_CROSSED = ("interrupted by another navigation", "net::ERR_ABORTED")
_SERVER_SAID = re.compile(r"Failed to load resource: .*status of (\d{3})")


class Visitor:
    """One person with a device and a language.

    `complaints` are the browser's since the last look; `known` is who is logged in. With `keys`
    everything is done by keyboard but what is the browser's own: the choice of a file, a date.
    """

    def __init__(
        self, browser: Browser, stage: Stage, device: str, language: str, scheme: str = "light"
    ) -> None:
        self.device, self.language, self.stage = device, language, stage
        self.keys = False
        self.context = browser.new_context(
            base_url=stage.url,
            locale=LOCALES[language],
            timezone_id="Asia/Shanghai",
            **{"reduced_motion": "reduce", "color_scheme": scheme, **DEVICES[device]},
        )
        self.context.add_init_script(TELL_VIOLATIONS)
        self.complaints: list[str] = []
        self.status = 0
        self.tried: dict[str, int] = {}
        self.known: tuple[str, str] | None = None
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("response", self._answered)
        self.page.on("requestfailed", self._failed)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.status not in (302, 303):
            self.status = response.status

    def _failed(self, request: Request) -> None:
        why = request.failure or ""
        if "ERR_ABORTED" not in why:  # a page left while its script was asking, or a download
            self.complaints.append(f"{request.url}: {why}")

    def say(self, sentence: str, **values: object) -> str:
        """A sentence of the pages in the visitor's language."""
        text = translations(self.language).gettext(sentence)
        assert text != sentence or self.language == "en", f"not translated: {sentence}"
        return text % values if values else text

    def visit(self, path: str, *, status: int = 200) -> None:
        """Go to an address and look at the page.

        Where the office's clock has moved by more than a session lasts, one logs in again.
        """
        self._go(path)
        if self.known and "/login?next=" in self.page.url:
            self._log_in()
        self.look(status=status)

    def _go(self, path: str) -> None:
        """Go there; where the page that is left reloads itself at that moment, once more."""
        for _ in range(5):
            try:
                self.page.goto(path)
                return
            except Error as error:
                if not any(word in error.message for word in _CROSSED):
                    raise
                self.page.wait_for_timeout(500)  # until the other one is through
        self.page.goto(path)

    def press(self, sentence: str, *, status: int = 200, **values: object) -> None:
        """Press the button that says this, and look at the page to which it leads."""
        button = self.page.get_by_role("button", name=self.say(sentence, **values), exact=True)
        self.open(button, status=status)

    def follow(self, sentence: str, **values: object) -> None:
        """Follow the first link that says this, and look at the page to which it leads."""
        self.open(self.page.get_by_role("link", name=self.say(sentence, **values), exact=True))

    def open(self, one: Locator, *, status: int = 200) -> None:
        """Press the first of these buttons or links, and look at the page to which it leads."""
        with self.page.expect_navigation():
            self._use(one)
        self.look(status=status)

    def _use(self, one: Locator) -> None:
        if self.keys:
            self.reach(one)
            self.page.keyboard.press("Enter")
        else:
            one.first.click()

    def unfold(self, words: str) -> None:
        """Open the first folded part that is headed by these words."""
        self._use(self.page.locator("summary", has_text=self.say(words)))

    def reach(self, one: Locator) -> None:
        """Press Tab until the first of these has the focus; at every stop one sees where one is."""
        found = one.first.element_handle()
        for _ in range(STOPS):
            self.page.keyboard.press("Tab")
            there, seen, at = self.page.evaluate(AT, found)
            assert seen, f"the focus is not seen: {at}"
            if there:
                return
        raise AssertionError(f"no way to {one} on {self.page.url}")

    def tick(self, one: Locator) -> None:
        """Tick a box, or choose one of several."""
        if not self.keys:
            one.check()
        elif not one.is_checked():
            name = one.get_attribute("name")
            group = self.page.locator(f'main [type="radio"][name="{name}"]')
            chosen = group.and_(self.page.locator(":checked"))
            self.reach(chosen if chosen.count() else group if group.count() else one)
            self.page.keyboard.press("Space")
            for _ in range(group.count()):  # the arrows go from one to the next
                if not one.is_checked():
                    self.page.keyboard.press("ArrowDown")
        assert one.is_checked()

    def fetch(self, sentence: str, folder: Path, **values: object) -> Path:
        """Press the link or button that says this and keep the file that it gives."""
        name = self.say(sentence, **values)
        found = self.page.get_by_role("link", name=name, exact=True).or_(
            self.page.get_by_role("button", name=name, exact=True)
        )
        with self.page.expect_download() as download:
            self._use(found)
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def fill(self, values: dict[str, str]) -> None:
        """Fill in fields, or choose in lists, by the names of the fields."""
        for name, value in values.items():
            field = self.page.locator(f'main [name="{name}"]')
            if self.keys:
                self._type(field, value)
            elif field.evaluate("element => element.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def _type(self, field: Locator, value: str) -> None:
        """Go to a field and type; from a list one chooses with the arrows."""
        self.reach(field)
        keyboard = self.page.keyboard
        kind = field.evaluate("one => one.type")
        if kind == "select-one":
            keyboard.press("Home")
            values = field.evaluate("one => [...one.options].map(each => each.value)")
            for _ in range(values.index(value)):
                keyboard.press("ArrowDown")
        elif kind == "datetime-local":
            field.fill(value)  # the browser's own parts of it, in the order of its own language
        else:
            keyboard.press("Control+A")
            keyboard.type(value)
        assert field.input_value() == value, f"{field} has {field.input_value()}, not {value}"

    def answer(self, values: dict[str, str] | None = None) -> None:
        """Answer a question of a form that asks one after the other on small screens, and go on."""
        self.fill(values or {})
        if self.page.get_by_role("button", name=self.say("Go on"), exact=True).count():
            self.press("Go on", status=self.status)  # the next question stands on the same page

    def attach(self, name: str, file: str, data: bytes) -> None:
        """Choose a file for an upload."""
        kind = "image/jpeg" if file.endswith(".jpg") else "application/octet-stream"
        upload: Any = {"name": file, "mimeType": kind, "buffer": data}
        self.page.locator(f'main [name="{name}"]').set_input_files(upload)

    def log_in(self, login: str, password: str = DEMONSTRATION_PASSWORD) -> None:
        """Log in through the page."""
        self.page.goto("/login")
        assert self.status == 200, self.page.content()
        self.known = login, password
        self._log_in()

    def _log_in(self) -> None:
        assert self.known
        self.fill(dict(zip(("login", "password"), self.known, strict=True)))
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=self.say("Log in"), exact=True).click()

    def look(self, *, status: int = 200) -> None:
        """What holds on every page: see `faults`."""
        faults = self.faults(status=status)
        assert not faults, f"{self.page.url}\n" + "\n".join(faults)

    def faults(self, *, status: int = 200) -> list[str]:
        """What is wrong with the page: status, console, policy, language, width, axe-core."""
        self.page.wait_for_load_state("load")
        found = [text for text in self.complaints if not _expected(text, status)]
        self.complaints.clear()
        if self.status != status:
            found.append(f"status {self.status} instead of {status}")
        lang = self.page.locator("html").get_attribute("lang")
        ours = self.page.url.startswith(self.stage.url)
        if ours and lang != {"zh": "zh-CN", "en": "en"}[self.language]:
            found.append(f"the page says that its language is {lang}")
        if self.device in ("phone", "enlarged"):
            wide, screen = self.page.evaluate(WIDTH)
            if max(wide, screen) > DEVICES[self.device]["viewport"]["width"]:
                found.append(f"the {self.device} scrolls sideways: {wide} in {screen}")
        return found + self._axe()

    def _axe(self) -> list[str]:
        violations = AXE.run(self.page, options=MORE).response["violations"]
        return [
            f"axe {one['id']}: {one['help']}: {node['target']} {node['html'][:200]}"
            for one in violations
            for node in one["nodes"]
        ]

    def shoot(self, name: str) -> Path:
        """Keep a picture of the whole page."""
        path = SHOTS / f"{name}-{self.device}-{self.language}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def text(self, selector: str = "main") -> str:
        """The text of a part of the page as it is seen."""
        return self.page.locator(selector).inner_text()


def _expected(text: str, status: int) -> bool:
    """Chromium complains of a refused form as of a missing file."""
    said = _SERVER_SAID.match(text)
    return said is not None and int(said[1]) == status and status >= 400
