"""Every page without a mouse, and enlarged: what the walk over the page list looks at besides axe.

WCAG 2.2: 2.1.1, 2.1.2, 2.4.1, 2.4.3, 2.4.7 and 2.4.11 by keyboard, 1.4.10 and 200 % by width,
2.4.2 by titles. The size of targets (2.5.8) and contrast are axe's.
"""

from __future__ import annotations

from pathlib import Path

from tests.browser.visitor import DEVICES, Visitor

SCRIPT = (Path(__file__).parent / "hands.js").read_text(encoding="utf-8")
WIDTHS = (640, 320)
"""A window of 1280 pixels at 200 % and at 400 %: 320 is where pages must still reflow."""
AT = "() => document.activeElement.id || document.activeElement.className"
SKIPS = "() => Boolean(document.querySelector('.skip'))"
BEGINS = "() => document.querySelector('[autofocus]') && document.querySelector('.skip').focus()"
"""A page that begins in a field, for a scanner: its link that skips comes first all the same."""


def watch(person: Visitor) -> None:
    """Before the first page: note what listens for a mouse."""
    person.context.add_init_script(SCRIPT)


def by_keyboard(person: Visitor) -> list[str]:
    """Tab, and the link that skips, with real keys; then every place where the focus can be."""
    page, found = person.page, list[str]()
    page.keyboard.press("Tab")
    if page.evaluate(SKIPS):
        page.evaluate(BEGINS)
        if "skip" in (at := page.evaluate(AT)):
            page.keyboard.press("Enter")
            at = page.evaluate(AT)
            page.keyboard.press("Tab")
        if at != "main":
            found.append(f"the first Tab and Enter lead to {at}")
    found.extend(page.evaluate("() => hands()"))
    return found


def enlarged(person: Visitor) -> list[str]:
    """At 200 % and at 320 pixels nothing scrolls sideways and nothing is cut off."""
    found = list[str]()
    for width in WIDTHS:
        person.page.set_viewport_size({"width": width, "height": 450})
        found += person.page.evaluate("width => enlarged(width)", width)
    person.page.set_viewport_size(DEVICES["phone"]["viewport"])
    return found
