"""Every cell of both access tables: role × verb and role × page."""

from __future__ import annotations

import re
from itertools import combinations, product

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from exam_system import access, access_pages
from exam_system.access import Role
from exam_system.access_pages import PAGES
from exam_system.accounts.service import register_candidate
from exam_system.context import PUBLIC, VERBS, Actor
from exam_system.errors import Fault, Forbidden
from exam_system.records.models import Act
from tests.world import PASSWORD, World

NO_ARGUMENTS = {
    *("interviews.export_pool", "oversight.register_server_keys", "tips.enter_reports"),
    *("messages.collect", "messages.drop_address", "duties.check_lines"),
}
DUMMIES = {"int": "1", "path": "none"}


@pytest.fixture(scope="module")
def database() -> str:
    return "sqlite"


def test_every_verb_asks_for_the_role_first(world: World) -> None:
    for verb, role in product(sorted(access.VERBS), Role):
        ctx = world.context(Actor(f"test-{role}", role, pledged=True))
        expected = TypeError if role in access.VERBS[verb].roles else Forbidden
        with ctx.session as db:
            # Without its arguments a verb cannot run: TypeError shows that it was let in.
            # Three have none and are tried elsewhere.
            if verb in NO_ARGUMENTS and expected is TypeError:
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


def candidate(world: World, app: Flask) -> FlaskClient:
    """Somebody registered and logged in."""
    who = {"name": "欧阳一", "id_number": "11010519491231002X", "phone": "13800138000"}
    with world.acting(PUBLIC) as ctx:
        register_candidate(ctx, **who, password=PASSWORD)
    client = app.test_client()
    client.post("/login", data={"login": who["id_number"], "password": PASSWORD})
    return client


def ended(world: World, app: Flask) -> FlaskClient:
    """An officer's browser whose session was ended elsewhere."""
    client, other = world.client(app, Role.OFFICER), app.test_client()
    cookie = client.get_cookie("exam")
    assert cookie is not None
    other.set_cookie("exam", cookie.value)
    other.post("/logout")
    return client


def expected(endpoint: str, role: Role, method: str) -> str:
    """What the table of pages says: in, forbidden, or log in first."""
    if role in PAGES[endpoint]:
        return "in"
    if role is not Role.PUBLIC:
        return "forbidden"
    # a program is not sent to a form
    by_page = method == "GET" and not endpoint.startswith("api.")
    return "login" if by_page else "unauthorised"


def found(answer: TestResponse) -> str:
    """The same, as the page answered."""
    if answer.status_code == 302 and answer.location.startswith("/login"):
        return "login"
    return {401: "unauthorised", 403: "forbidden"}.get(answer.status_code, "in")


def test_every_page_lets_in_exactly_its_roles(world: World) -> None:
    app = world.app()
    who = [(role, role.value, world.client(app, role)) for role in world.people]
    who.append((Role.CANDIDATE, "candidate", candidate(world, app)))
    who.append((Role.PUBLIC, "anonymous", app.test_client()))
    who.append((Role.PUBLIC, "ended session", ended(world, app)))
    assert {role for role, _, _ in who} == set(Role) - {Role.SYSTEM}
    wrong, asked = [], 0
    for endpoint in PAGES:
        url, method = address(app, endpoint)
        for role, name, client in who:
            if endpoint == "accounts.logout" and role is not Role.PUBLIC:
                continue  # it would end the session that the next page needs
            asked += 1
            got = found(client.open(url, method=method))
            if got != expected(endpoint, role, method):
                wrong.append((endpoint, name, got))
    assert wrong == []
    assert asked > 1000


# Pages that act and that two roles of staff have in common, each with its reason.
NAMED = {"incidents.evidence", "custody.sign", "custody.sheet"}
ON_THE_SPOT = NAMED | {
    *("incidents.act", "incidents.record", "attendance.marks", "attendance.step"),
    *("custody.act", "custody.drop", "custody.hand", "custody.note_device"),
}
SHARED = {
    frozenset({Role.OFFICER, Role.INSPECTOR}): {
        # the ceremony has two sides
        *("draws.commit", "draws.drand", "draws.reveal", "draws.void"),
        *("approvals.approve", "approvals.refuse"),  # whoever is of another office
        *("sealed.look", "waivers.document", "accounts.open_takeover"),  # acts that only read
        *("accounts.add_factor", "accounts.confirm_factor"),  # and their own second factors
        "archive.make",  # whoever keeps the archive
        "live.rehearse",  # a dry run writes nothing
        "notices.act",  # a level of approval is passed by another hand each, also the inspector's
        *("incidents.evidence", "cases.act"),  # an act that only reads; keeping away from a case
        *("letters.enter", "letters.away", "letters.act"),  # each desk has letters of its own
        *("custody.sign", "custody.sheet"),  # whoever is named in a hand-over
        *("forensics.bundle", "results.look"),  # acts that only read
    },
    # Numbers looked at for a reason on record; absences, of oneself or of a reviewer.
    # Photos of two people that look alike.
    frozenset({Role.OFFICER, Role.REVIEWER}): {
        *("registration.unmask", "registration.absence"),
        *("photos.compare", "photos.judge"),
    },
    # One's own request.
    **{
        frozenset(pair): {"approvals.withdraw"}
        for pair in combinations((Role.OFFICER, Role.MARKER, Role.ADMIN), 2)
    },
    # Whoever is there records, signs and hands over: the room, the site, the office.
    **{
        frozenset(pair): ON_THE_SPOT
        | ({"attendance.settle"} if Role.INVIGILATOR not in pair else set())
        for pair in combinations((Role.INVIGILATOR, Role.SITE, Role.OFFICER), 2)
    },
    frozenset({Role.INSPECTOR, Role.INVIGILATOR}): NAMED,
    frozenset({Role.INSPECTOR, Role.SITE}): NAMED,
    frozenset({Role.INSPECTOR, Role.AUDITOR}): {"oversight.export_acts"},  # an act that only reads
}
STAFF = set(Role) - {Role.PUBLIC, Role.SYSTEM, Role.CANDIDATE}


def acting_pages(app: Flask) -> set[str]:
    """Pages of staff that can do something; what everybody of the staff does is no power."""
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    return {name for name in posts if not PAGES[name] >= access.PLEDGED}


def test_no_two_roles_of_staff_act_on_the_same_pages(world: World) -> None:
    acting = acting_pages(world.app())
    assert len(acting) > 40
    common = {}
    for one, other in combinations(sorted(STAFF), 2):
        both = {name for name in acting if {one, other} <= PAGES[name]}
        if both:
            common[frozenset({one, other})] = both
    assert common == SHARED


def test_the_three_administrations_do_not_overlap() -> None:
    own = {
        role: {name for name, roles in PAGES.items() if role in roles and not roles >= STAFF}
        for role in (Role.ADMIN, Role.AUDITOR)
    }
    assert own == {
        Role.ADMIN: {
            *("accounts.users", "accounts.create_user", "accounts.close_user"),
            *("accounts.inspector_key", "accounts.retire_inspector", "accounts.remove_factors"),
            *("approvals.index", "approvals.withdraw", "homes.today"),
        },
        Role.AUDITOR: {
            *("accounts.users", "oversight.acts", "oversight.act", "oversight.export_acts"),
            *("oversight.newer", "oversight.board", "oversight.timeline", "homes.today"),
        },
    }


def test_whoever_approves_has_the_verb_to_approve() -> None:
    needing = {name: verb.approvers for name, verb in access.VERBS.items() if verb.approvers}
    assert set(needing) >= {
        *("draws.freeze_draw", "draws.publish_draw", "exams.publish_announcement"),
        *("results.publish_release", "marking.correct_written_scores"),
    }
    for name, approvers in needing.items():
        assert approvers <= access.VERBS["approvals.approve"].roles, name
        assert access.VERBS[name].roles <= access.VERBS["approvals.ask_approval"].roles, name
        assert Role.INSPECTOR in approvers, name


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
        access_pages.check_tables(verbs, pages)
