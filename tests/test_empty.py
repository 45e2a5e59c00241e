"""An office on its first days: every page answers, and says what will be here and how it comes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from exam_system.access import Role
from exam_system.exams.models import Exam
from tests.browser.fair import DRAFT, create_draft
from tests.browser.test_pages import SEEN
from tests.registration.setting import CODE, add_candidate, add_exam, id_number
from tests.world import PASSWORD, World

WHO = {
    "": None,
    "candidate": Role.CANDIDATE,
    "applicant": Role.CANDIDATE,
    "officer2": Role.OFFICER,
    "expert1": Role.MARKER,
}
"""Those of the page list whose name is not that of their role."""
EXAMS = {"draft": DRAFT, "held": CODE, "today": CODE, "open": CODE}
LISTS = {"tbody", "ul", "ol", "dl"}
HEADS = ("h1", "h2", "h3", "h4")
SAID = re.compile(r'<p class="empty">(.*?)</p>', re.S)
HIDDEN = re.compile(r"<div[^>]* hidden>.*?</div>", re.S)
DENIAL = re.compile(r"(?:(?! once | when | until )[^.,:;])*[.,:;]?")
"""One clause: it says that something is not there, and not how it comes."""


@dataclass
class Gaps(HTMLParser):
    """Lists without a line, and headings below which nothing stands, in the content of a page."""

    found: list[str] = field(default_factory=list)
    inside: bool = False
    open: list[tuple[str, int]] = field(default_factory=list)
    head: tuple[str, str] | None = None
    naming: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside |= tag == "main"
        if not self.inside:
            return
        if self.open and tag in ("tr", "li", "dt"):
            name, lines = self.open.pop()
            self.open.append((name, lines + 1))
        if tag in LISTS:
            by_script = any(name.startswith("data-") for name, _ in attrs)
            self.open.append((tag, int(by_script)))
        if tag in HEADS:
            self._close_head(tag)
            self.head, self.naming = (tag, ""), tag
        elif tag in ("input", "img", "svg"):
            self.head = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self._close_head("h1")
            self.inside = False
        if not self.inside:
            return
        if tag in LISTS and self.open:
            name, lines = self.open.pop()
            if not lines:
                self.found.append(f"<{name}> has no line")
        if tag == self.naming:
            self.naming = ""

    def handle_data(self, data: str) -> None:
        if not self.inside or not data.strip():
            return
        if self.naming and self.head:
            self.head = self.head[0], self.head[1] + data.strip()
        elif not self.naming:
            self.head = None

    def _close_head(self, tag: str) -> None:
        """A heading of the same or a higher level follows one that had nothing below it."""
        if self.head and tag <= self.head[0]:
            self.found.append(f"nothing below the heading {self.head[1]!r}")
        self.head = None


def gaps(page: str) -> list[str]:
    """What is empty on a page without a word about it."""
    parser = Gaps()
    parser.feed(HIDDEN.sub("", page))
    said = [unescape(one).strip() for one in SAID.findall(page)]
    return parser.found + [f"says only {one!r}" for one in said if DENIAL.fullmatch(one)]


def test_gaps_are_seen() -> None:
    assert gaps("<main><h2>A</h2><h2>B</h2><table><tbody></tbody></table></main>") == [
        "nothing below the heading 'A'",
        "<tbody> has no line",
        "nothing below the heading 'B'",
    ]
    assert gaps("<main><h1>A</h1><h2>B</h2><ul><li>x</ul></main><ul></ul>") == []
    assert gaps('<p class="empty">No mark yet.</p>') == ["says only 'No mark yet.'"]
    assert gaps('<p class="empty">No mark yet. The markers send them.</p>') == []


@pytest.fixture
def database() -> str:
    return "sqlite"


@contextmanager
def people(world: World, app: Flask) -> Iterator[dict[str, FlaskClient]]:
    """A browser for everybody of the page list."""
    add_candidate(world)
    clients = {}
    for name in dict.fromkeys(who for who, _ in SEEN.values()):
        role = WHO[name] if name in WHO else Role(name)
        if role is Role.CANDIDATE:
            clients[name] = app.test_client()
            clients[name].post("/login", data={"login": id_number(11), "password": PASSWORD})
        else:
            clients[name] = world.client(app, role)
    yield clients


def addresses(names: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Endpoint, who and path of every address that needs these names only."""
    for endpoint, (who, paths) in SEEN.items():
        for path in paths:
            if set(re.findall(r"{(\w+)}", path)) <= set(names):
                yield endpoint, who, path.format(**names)


def faults(clients: dict[str, FlaskClient], names: dict[str, str]) -> list[str]:
    """Pages that break, or are empty without a word."""
    found = []
    for endpoint, who, path in addresses(names):
        answer = clients[who].get(path, headers={"Accept-Language": "en"})
        if answer.status_code not in (200, 302, 403, 404, 409):
            found.append(f"{endpoint} {path} ({who}): {answer.status_code}")
        if answer.status_code == 200 and endpoint != "look.design":  # that one shows parts
            found += [f"{endpoint} {path}: {one}" for one in gaps(answer.text)]
    return found


def test_an_office_without_an_exam_says_what_will_come(world: World) -> None:
    with people(world, world.app()) as clients:
        found = faults(clients, {})
    assert not found, "\n".join(found)


def test_an_exam_without_a_candidate_says_what_will_come(world: World) -> None:
    empty(world)
    with people(world, world.app()) as clients:
        found = faults(clients, EXAMS)
    assert not found, "\n".join(found)


def empty(world: World) -> None:
    """A draft as it is created, and an announced exam for which nobody has applied."""
    with world.acting(Role.OFFICER) as ctx:
        create_draft(ctx)
    exam = add_exam(world)
    with world.context(world.people[Role.OFFICER]).session as db:
        rules = json.loads(exam.rules)
        rules["age_day"]["value"] = "2026-03-10"  # as every announcement writes it out
        db.get_one(Exam, exam.id).rules = json.dumps(rules)
        db.commit()
