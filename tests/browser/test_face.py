"""The look of pages: the switch to dark, paper, forced colours, and one way by keyboard alone.

What holds on every page (dark, keyboard, 200 % zoom, no motion) is looked at in test_pages.
"""

from __future__ import annotations

from playwright.sync_api import Browser

from exam_system.demo.road import PASSWORD
from exam_system.results.models import Result
from tests.browser.fair import Fair, id_of, one_ref
from tests.browser.hands import by_keyboard, enlarged, watch
from tests.browser.visitor import Visitor

PICTURES = ("/design", "/exams/{held}", "/exams/{held}/results/3", "/draws/{held}-seats/1")
STRANGE = """() => [...document.querySelectorAll("main .drawn text, main .picture text")].filter(
  (one) => getComputedStyle(one).fill !== getComputedStyle(document.body).color
).map((one) => one.outerHTML)"""
UNREADABLE = """() => [...document.querySelectorAll("main .steps li")].filter((one) => {
  const style = getComputedStyle(one, "::before");
  return style.color === style.backgroundColor;
}).length"""
OBSTACLES = """() => {
  document.querySelector("main").innerHTML = `<h1>1</h1><h1>2</h1><a>nowhere</a>
    <p id="mouse">press</p><b class="state state-bad"></b><p><a href="#1" tabindex="1">first</a></p>
    <p><a href="#2" id="ringless">no ring</a></p><p><a href="#3" id="below">below</a></p>
    <p><input id="trap" aria-label="trap"></p><p><a href="#4" id="up">up</a></p>
    <p id="cut">123456789012345678901234567890123456789012345678901234567890</p>
    <p id="wide">wide</p><div id="lid"></div>`;
  const styled = (id, style) => Object.assign(document.getElementById(id).style, style);
  document.getElementById("mouse").addEventListener("click", () => {});
  document.getElementById("trap").addEventListener("keydown", (event) => event.preventDefault());
  styled("ringless", {outline: "none"});
  styled("up", {position: "relative", top: "-9rem"});
  styled("cut", {overflow: "hidden", whiteSpace: "nowrap", width: "10rem"});
  styled("wide", {width: "500px"});
  const box = document.getElementById("below").getBoundingClientRect();
  styled("lid", {position: "fixed", top: `${box.top}px`, left: 0, width: "100%",
    height: `${box.height}px`, background: "red"});
}"""
VISIBLE = """() => {
  const style = getComputedStyle(document.activeElement);
  return document.activeElement.matches("body, main") || style.outlineStyle !== "none"
    && parseFloat(style.outlineWidth) >= 2;
}"""
AT = "() => document.activeElement.textContent.trim() || document.activeElement.name"
EARLY = """new MutationObserver(() => {
  if (document.body && !window.early) window.early = document.documentElement.dataset.bsTheme;
}).observe(document, {childList: true, subtree: true});"""
GROUND = "() => getComputedStyle(document.body).backgroundColor"
DARK, LIGHT = "rgb(16, 21, 27)", "rgb(245, 247, 250)"
STOPS = 60  # presses of Tab on one page at most


def addresses(fair: Fair, paths: tuple[str, ...]) -> list[str]:
    return [path.format(held=fair.held.code, open=fair.open.code) for path in paths]


def test_the_switch_is_kept_and_no_page_flashes(chromium: Browser, fair: Fair) -> None:
    person = Visitor(chromium, fair.stage, "desktop", "en")
    person.context.add_init_script(EARLY)
    person.visit("/")
    assert person.page.evaluate(GROUND) == LIGHT
    switch = person.page.get_by_role("button", name="Dark colours", exact=True)
    assert switch.get_attribute("aria-pressed") == "false"
    switch.focus()
    person.page.keyboard.press("Enter")
    assert person.page.evaluate(GROUND) == DARK
    person.visit("/log")
    assert person.page.evaluate("() => window.early") == "dark"  # before anything was drawn
    assert switch.get_attribute("aria-pressed") == "true"
    person.page.emulate_media(media="print")
    assert person.page.evaluate(GROUND) == "rgb(255, 255, 255)"
    assert person.page.locator(".print-head").is_visible()
    assert not person.page.locator(".masthead").is_visible()
    person.context.close()


def test_the_devices_own_colours_are_enough(chromium: Browser, fair: Fair) -> None:
    """Forced colours: pictures, which browsers leave alone, follow them; steps keep their marks."""
    person = Visitor(chromium, fair.stage, "desktop", "zh")
    person.page.emulate_media(forced_colors="active")
    for path in addresses(fair, PICTURES):
        person.page.goto(path)
        assert person.page.evaluate(STRANGE) == [], path
        assert person.page.evaluate(UNREADABLE) == 0, path
        person.page.keyboard.press("Tab")
        assert person.page.evaluate(VISIBLE), path
    person.context.close()


def test_what_stands_in_the_way_of_a_keyboard_is_seen(chromium: Browser, fair: Fair) -> None:
    """The walk over all pages finds nothing of this; here it stands on one page."""
    person = Visitor(chromium, fair.stage, "phone", "en")
    watch(person)
    person.page.goto("/log")
    person.page.evaluate(OBSTACLES)
    assert [fault.split(":")[0] for fault in by_keyboard(person)] == [
        "the first Tab and Enter lead to ",
        *("2 headings h1", "order of its own", "a link to nowhere", "only for a mouse"),
        *("a colour without a word", "focus is not seen", "focus is covered"),
        *("Tab does not lead away", "before what precedes it"),
    ]
    told = [" ".join(fault.split()[:2]) for fault in enlarged(person)]
    assert told == ["cut off", "scrolls sideways", "cut off"]
    person.context.close()


def tab_to(person: Visitor, words: str) -> None:
    """Press Tab until what says this has the focus; at every stop one sees where one is."""
    for _ in range(STOPS):
        person.page.keyboard.press("Tab")
        assert person.page.evaluate(VISIBLE), person.page.evaluate(AT)
        if person.page.evaluate(AT) == words:
            return
    raise AssertionError(f"no way to {words} on {person.page.url}")


def enter(person: Visitor) -> None:
    with person.page.expect_navigation():
        person.page.keyboard.press("Enter")


def test_a_candidate_reaches_their_result_by_keyboard_alone(chromium: Browser, fair: Fair) -> None:
    person = Visitor(chromium, fair.stage, "desktop", "en")
    person.page.goto("/")
    tab_to(person, "Skip to the content")
    person.page.keyboard.press("Enter")
    assert person.page.evaluate("() => document.activeElement.id") == "main"
    tab_to(person, fair.held.plan.name_en)
    enter(person)
    tab_to(person, "Log in")
    enter(person)
    ref = one_ref(fair, Result.outcome == "proposed", fair.held)
    tab_to(person, "login")
    person.page.keyboard.type(id_of(fair.held, ref))
    tab_to(person, "password")
    person.page.keyboard.type(PASSWORD)
    enter(person)
    tab_to(person, "Scores")
    enter(person)
    assert person.page.url.endswith(f"/my/applications/{ref}/results")
    tab_to(person, "中文")
    enter(person)
    assert person.page.locator("html").get_attribute("lang") == "zh-CN"
    tab_to(person, "退出")
    enter(person)
    person.context.close()
