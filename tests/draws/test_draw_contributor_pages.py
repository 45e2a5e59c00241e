"""The pages of further contributors: the choice, the link shown once, their own page, a phone."""

from __future__ import annotations

import html
import json
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.demo.beacon import Beacon
from exam_system.draws import outside
from exam_system.draws.models import Invitation
from exam_system.records.models import Act
from tests.draws import ceremony
from tests.draws.ceremony import DRAW, EXAM, SECRETS, attempt, choose, commitment, link, run
from tests.draws.test_draw_browser import page, site  # noqa: F401
from tests.world import World

HERE = f"/draws/{DRAW}/1"
OFFICE = f"/exams/{EXAM}/draws/office"
BEACON = Beacon("a beacon of the tests", 1_700_000_000)
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def text(client: FlaskClient, url: str) -> str:
    client.set_cookie("language", "en")
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def kinds(office: World) -> list[str]:
    with office.context(office.people[Role.OFFICER]).session as db:
        return list(db.scalars(select(Act.kind).order_by(Act.id)))


def test_the_choice_is_kept_shown_and_frozen(office: World) -> None:
    (office.folder / outside.CHAIN_FILE).write_text(json.dumps(asdict(BEACON.chain)))
    app = office.app()
    officer = office.client(app, Role.OFFICER)
    at = office.clock.now().astimezone(office.config.zone) + timedelta(hours=1)
    chosen = {"contributor": ["candidate", "journalist"], "drand_at": f"{at:%Y-%m-%dT%H:%M}"}
    sources = f"/exams/{EXAM}/draws/order/sources"
    assert officer.post(sources, data=chosen).status_code == 302
    shown = text(officer, OFFICE)
    assert shown.count(" checked") == 2
    assert f'value="{at:%Y-%m-%dT%H:%M}"' in shown
    assert "A journalist contributes a secret" in shown
    number = outside.drand.first_from(BEACON.chain, int(at.replace(second=0).timestamp())).number
    assert f"Round {number} of drand" in shown
    officer.post(sources, data={"drand_at": "tomorrow"})
    assert "This is not a date with a time" in text(officer, OFFICE)
    office.clock.advance(hours=2)
    assert "choose a later one" in text(officer, OFFICE)
    assert officer.post(sources, data={}).status_code == 302
    assert " checked" not in text(officer, OFFICE)
    inspector = office.client(app, Role.INSPECTOR)
    assert inspector.post(sources, data=chosen).status_code == 403


def test_a_contributor_goes_all_the_way_without_an_account(office: World) -> None:
    choose(office, "candidate")
    run(office, last=3)
    app = office.app()
    officer, guest = office.client(app, Role.OFFICER), app.test_client()
    assert "the candidates' representative" in text(officer, f"{HERE}/ceremony")
    made = officer.post(f"{HERE}/invite/candidate")
    assert made.headers["Cache-Control"] == "no-store"
    (where,) = re.findall(r"(/draws/contribute/[a-z2-7]{26})", html.unescape(made.text))
    with office.context(office.people[Role.OFFICER]).session as db:
        row = db.scalars(select(Invitation)).one()
        assert where[-26:] not in json.dumps([row.token_digest, row.role])
    seen = guest.get(where)
    assert seen.headers["Cache-Control"] == "no-store"
    assert seen.headers["Referrer-Policy"] == "no-referrer"
    assert officer.get(where).status_code == 403  # nobody of the office takes part by a link
    bad = guest.post(f"{where}/commit", data={"commitment": "12"})
    assert bad.status_code == 422
    assert 'value="12"' in bad.text
    good = {"commitment": commitment("candidate")}
    assert guest.post(f"{where}/commit", data=good).status_code == 302
    assert attempt(office).state == "committed"
    assert commitment("candidate") in text(guest, where)
    run(office, 3, 5)
    assert "Reveal your secret" in text(guest, where)
    assert guest.post(f"{where}/reveal", data={"secret": "0" * 64}).status_code == 409
    assert guest.post(f"{where}/reveal", data={"secret": SECRETS["candidate"]}).status_code == 302
    run(office, 5, 7)
    assert "Your part is done" in text(guest, where)
    assert guest.get(f"{where[:-1]}x").status_code == 404
    with office.context(office.people[Role.OFFICER]).session as db:
        whose = db.scalars(select(Act.actor).where(Act.kind == "draws.reveal_secret")).all()
    assert whose[0] == "public"


def test_the_inspector_opens_a_contributors_copy_on_the_page(office: World) -> None:
    choose(office, "candidate")
    run(office, last=3)
    ceremony.commit_by(office, link(office, "candidate"), "candidate")
    run(office, 3, 7)
    app = office.app()
    officer, inspector = office.client(app, Role.OFFICER), office.client(app, Role.INSPECTOR)
    assert "Open the sealed copy" not in text(officer, f"{HERE}/ceremony")
    asked = "Open the sealed copy: the candidates' representative"
    assert asked in text(inspector, f"{HERE}/ceremony")
    wrong = inspector.post(f"{HERE}/reveal/candidate", data={"secret": "1" * 64})
    assert wrong.status_code == 409
    assert f'value="{"1" * 64}"' in wrong.text
    right = {"secret": SECRETS["candidate"]}
    assert inspector.post(f"{HERE}/reveal/candidate", data=right).status_code == 302
    assert attempt(office).state == "revealed"


def test_the_round_of_drand_is_typed_in_on_the_page(office: World) -> None:
    (office.folder / outside.CHAIN_FILE).write_text(json.dumps(asdict(BEACON.chain)))
    choose(office, drand_at=office.clock.now() + timedelta(minutes=20))
    run(office, last=5)
    number = json.loads(attempt(office).manifest)["drand"]["round"]
    officer = office.client(office.app(), Role.OFFICER)
    assert f"Round {number} of the beacon" in text(officer, f"{HERE}/ceremony")
    office.clock.advance(minutes=30)
    wrong = officer.post(f"{HERE}/drand", data={"signature": BEACON.sign(number + 1)})
    assert wrong.status_code == 422
    assert officer.post(f"{HERE}/drand", data={"signature": BEACON.sign(number)}).status_code == 302
    assert "Reveal your secret" in text(officer, f"{HERE}/ceremony")


def test_a_refused_second_start_is_on_record(office: World) -> None:
    run(office, last=3)
    officer = office.client(office.app(), Role.OFFICER)
    officer.set_cookie("language", "en")
    for data in ({}, {"ask": "1"}):
        officer.post(f"/exams/{EXAM}/draws/order/freeze", data=data)
        assert "can be carried on, not begun again" in html.unescape(officer.get(OFFICE).text)
    assert kinds(office).count("draws.refuse_start") == 2
    with office.context(office.people[Role.OFFICER]).session as db:
        subjects = db.scalars(select(Act.subject).where(Act.kind == "draws.refuse_start")).all()
    assert set(subjects) == {f"draw:{DRAW}:1"}


@pytest.mark.browser
def test_a_contributor_on_a_phone(office: World, site: str, page: Any) -> None:  # noqa: F811
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    choose(office, "candidate")
    run(office, last=3)
    where = f"{site}/draws/contribute/{link(office, 'candidate')}"
    page.set_viewport_size({"width": 390, "height": 844})
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    page.goto(where)
    page.click("[data-make]")
    page.wait_for_function("document.getElementById('commitment').value.length === 64")
    secret = page.inner_text("[data-secret]").replace(" ", "")
    found = axe.Axe().run(page, "#main")
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click("#submit")
    page.wait_for_selector("text=Leave this page open")
    assert len(secret) == 64
    assert not any(secret in one for one in sent)
    run(office, 3, 5)
    page.wait_for_selector("text=Reveal your secret", timeout=15_000)  # the page tells by itself
    assert page.input_value("#secret") == secret
    page.click("#submit")
    page.wait_for_selector("text=Leave this page open")
    run(office, 5, 7)
    page.wait_for_selector("text=Your part is done", timeout=15_000)
    assert attempt(office).state == "revealed"
