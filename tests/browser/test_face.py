"""The look of pages: in the dark, by keyboard alone, at 200 % zoom, without motion, on paper."""

from __future__ import annotations

from playwright.sync_api import Browser

from exam_system.demo.road import PASSWORD
from exam_system.results.models import Result
from tests.browser.fair import Fair, id_of, one_ref
from tests.browser.visitor import AXE, Visitor

PUBLIC = (
    *("/design", "/", "/exams/{held}", "/exams/{open}/posts", "/draws/{held}-seats/1"),
    *("/exams/{held}/results/3", "/log", "/letters/topics", "/register", "/check", "/no-such-page"),
)
NIGHT = ("/design", "/exams/{held}", "/draws/{held}-seats/1", "/letters/topics", "/register")
OFFICE = ("/review", "/office/exams/{held}/rooms/1/1/1")
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


def contrast_of(person: Visitor) -> list[str]:
    """Texts that are too pale; everything else is looked at in light colours, on every page."""
    found = AXE.run(person.page, options={"runOnly": ["color-contrast"]}).response["violations"]
    return [f"{node['target']} {node['html'][:200]}" for one in found for node in one["nodes"]]


def test_pages_are_legible_in_the_dark(chromium: Browser, fair: Fair) -> None:
    faults = []
    for who, paths in (("", NIGHT), ("officer", OFFICE)):
        person = Visitor(chromium, fair.stage, "phone", "zh", scheme="dark")
        if who:
            person.log_in(who)
        for path in addresses(fair, paths):
            person.page.goto(path)
            assert person.page.evaluate(GROUND) == DARK
            faults += [f"{path}: {one}" for one in contrast_of(person)]
        person.context.close()
    assert not faults, "\n".join(faults)


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


def test_at_200_percent_nothing_scrolls_sideways(chromium: Browser, fair: Fair) -> None:
    """A window of 1280 pixels at 200 % is 640 wide: on both sides of the change to one column."""
    person = Visitor(chromium, fair.stage, "desktop", "en")
    wide = []
    for path in addresses(fair, PUBLIC):
        person.page.goto(path)
        for width in (640, 660):
            person.page.set_viewport_size({"width": width, "height": 450})
            if person.page.evaluate("() => document.documentElement.scrollWidth") > width:
                wide.append((path, width))
    person.context.close()
    assert not wide


def test_nothing_moves_for_whoever_wants_it_so(chromium: Browser, fair: Fair) -> None:
    person = Visitor(chromium, fair.stage, "desktop", "en")
    person.page.goto("/register")
    moving = """() => [...document.querySelectorAll("*")].filter((one) => {
      const style = getComputedStyle(one);
      return style.transitionDuration !== "0s" || style.animationName !== "none";
    }).map((one) => one.outerHTML.slice(0, 80))"""
    assert person.page.evaluate(moving) == []
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
