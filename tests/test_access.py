"""Every cell of both access tables: role × verb and role × page."""

from __future__ import annotations

import re
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import func, select

from exam_system import access
from exam_system.access import PAGES, Role
from exam_system.context import VERBS, Actor
from exam_system.errors import Fault, Forbidden
from exam_system.records.models import Act
from tests.world import World

DUMMIES = {"int": "1", "path": "none"}


@pytest.fixture(scope="module")
def database() -> str:
    return "sqlite"


def test_every_verb_asks_for_the_role_first(world: World) -> None:
    for verb, role in product(sorted(access.VERBS), Role):
        ctx = world.context(Actor(f"test-{role}", role))
        expected = TypeError if role in access.VERBS[verb].roles else Forbidden
        with ctx.session as db:
            # Without its arguments a verb cannot run: TypeError shows that it was let in.
            # Only register_server_keys has none; it is tried by the world itself.
            if verb == "oversight.register_server_keys" and expected is TypeError:
                continue
            before = db.scalar(select(func.count()).select_from(Act))
            with pytest.raises(expected):
                VERBS[verb](ctx)
            assert db.scalar(select(func.count()).select_from(Act)) == before


def _dummy(match: re.Match[str]) -> str:
    if match[1] == "any":
        return match[2].split(",")[0].strip("'\" ")
    return DUMMIES.get(match[1] or "", "none")


def address(app: Flask, endpoint: str) -> tuple[str, str]:
    """A URL and method of a page, its parameters filled with things that do not exist."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    rule = min(rules, key=lambda rule: len(rule.arguments))
    url = re.sub(r"<(?:(\w+)(?:\(([^)]*)\))?:)?\w+>", _dummy, rule.rule)
    return url, "GET" if "GET" in (rule.methods or set()) else "POST"


def test_every_page_lets_in_exactly_its_roles(world: World) -> None:
    app = world.app()
    clients = {role: world.client(app, role) for role in world.people}
    clients[Role.PUBLIC] = world.client(app)
    wrong = []
    for endpoint in PAGES:
        url, method = address(app, endpoint)
        for role, client in clients.items():
            if endpoint == "accounts.logout" and role is not Role.PUBLIC:
                continue  # it would end the session that the next page needs
            answer = client.open(url, method=method)
            login = answer.status_code == 302 and answer.location.startswith("/login")
            let_in = answer.status_code not in (401, 403) and not login
            if let_in != (role in PAGES[endpoint]):
                wrong.append((endpoint, role.value, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize(
    ("verbs", "pages", "words"),
    [
        ([*access.VERBS, "fees.forgive"], PAGES, "the verb fees.forgive has no rule"),
        ([*access.VERBS][1:], PAGES, "has no verb"),
        (access.VERBS, [*PAGES, "fees.secret"], "the page fees.secret has no rule"),
        (access.VERBS, [*PAGES][1:], "has no page"),
    ],
)
def test_the_app_refuses_to_start_with_a_gap(
    verbs: list[str], pages: list[str], words: str
) -> None:
    with pytest.raises(Fault, match=words):
        access.check_tables(verbs, pages)
