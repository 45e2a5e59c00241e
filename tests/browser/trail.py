"""Breadcrumbs: every page but homes and screens says where it is, and each way back is open."""

from __future__ import annotations

from tests.browser.visitor import Visitor

HOMES = {"exams.index", "registration.mine", "exams.office", "oversight.desk", "homes.today"}
SCREENS = {"live.hall", "live.printed", "interviews.hall", "accounts.home", "report.write"}
"""Nothing to press there, another page's address, and the island of the anonymous reports."""
READ = """() => [...document.querySelectorAll("ol.breadcrumb > li")].map((item) =>
  [item.innerText.trim(), item.querySelector("a")?.getAttribute("href") ?? ""])"""
NAMED = "() => `${document.title} ${document.querySelector('h1')?.innerText ?? ''}`"


def trail_faults(person: Visitor, endpoint: str) -> list[str]:
    """What is wrong with the breadcrumbs of the page; each link is tried once by each person."""
    if endpoint in HOMES | SCREENS:
        return []
    items: list[tuple[str, str]] = [tuple(one) for one in person.page.evaluate(READ)]
    if len(items) < 2 or items[-1][1]:
        return [f"the breadcrumbs do not end with the page: {items}"]
    found, known = [], person.tried
    if items[-1][0] not in person.page.evaluate(NAMED):
        found.append(f"the last breadcrumb is not the page: {items[-1][0]}")
    for label, href in items[:-1]:
        if href and href not in known:
            known[href] = person.context.request.get(href).status
        if href and known[href] != 200:
            found.append(f"the breadcrumb {label} leads to {href}: {known[href]}")
    return found
