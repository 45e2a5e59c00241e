"""The published API: what it tells everybody and each candidate, and that no address breaks it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from exam_system import language
from exam_system.access import Role
from exam_system.api.document import DESCRIPTION, document, operations
from exam_system.exams.commands import publish_all
from exam_system.office import Office
from exam_system.trust.checkpoint import parse
from exam_system.trust.merkle import Levels, leaf_hash
from exam_system.trust.notes import parse as parse_note
from exam_system.trust.tiles import unpack_entries
from tests.exams import samples
from tests.exams.test_changes import CODE, rules
from tests.exams.test_opening import HEALTH, LAW, POLICE, paying
from tests.registration import setting
from tests.world import World

API = "/api/v1"
DAY = "2026-03-10"
sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@dataclass(frozen=True)
class Running:
    """An application with an announced exam, a draft, figures of a day and two who have paid."""

    world: World
    app: Flask
    refs: tuple[str, str]

    def get(self, path: str, client: FlaskClient | None = None, **args: Any) -> Any:
        return (client or self.app.test_client()).get(f"{API}{path}", query_string=args)

    def log_in(self, serial: int) -> FlaskClient:
        client = self.app.test_client()
        login = {"login": setting.id_number(serial), "password": setting.PASSWORD}
        assert client.post("/login", data=login).status_code == 302
        return client


@pytest.fixture
def running(world: World) -> Running:
    with world.acting(Role.OFFICER) as ctx:
        samples.create(ctx, "draft-2026")
    samples.announce(world)
    world.clock.set(rules(world).registration_opens)
    refs = paying(world, 101, POLICE)[1], paying(world, 103, HEALTH)[1]
    world.clock.set(datetime(2026, 3, 10, 1, tzinfo=UTC))
    publish_all(Office(world.config, world.keys, world.engine, world.clock, world.chance))
    return Running(world, world.app(), refs)


@sqlite
def test_what_everybody_reads(running: Running) -> None:
    assert [one["code"] for one in running.get("/exams").json["items"]] == [CODE]
    assert running.get(f"/exams/{CODE}").json["age_day"] == "2026-03-19"
    page = running.get(f"/exams/{CODE}/posts", sort="-applied", size=2, page=1).json
    assert [post["code"] for post in page["items"]] == [POLICE, HEALTH]
    assert (page["pages"], page["total"], page["size"]) == (2, 3, 2)
    law = running.get(f"/exams/{CODE}/posts/{LAW}").json
    assert (law["sex"], law["major_codes"], law["opening_ratio"]) == ("male", ["0301"], 3)
    women = running.get(f"/exams/{CODE}/posts", sex="female").json["items"]
    assert LAW not in [post["code"] for post in women]
    assert len(women) == 2
    numbers = {"posts": 3, "vacancies": 6, "applied": 2, "approved": 2, "paid": 2}
    assert running.get(f"/exams/{CODE}/statistics").json == numbers
    (day,) = running.get(f"/exams/{CODE}/figures").json["items"]
    assert (day["day"], day["idle"], day["below"], day["paid"]) == (DAY, 1, 3, 2)
    assert running.app.test_client().get(day["file"]).status_code == 200
    idle = running.get(f"/exams/{CODE}/figures/{DAY}", list="idle").json["items"]
    assert [post["code"] for post in idle] == [LAW]
    (notice,) = running.get(f"/exams/{CODE}/notices").json["items"]
    assert (notice["kind"], notice["version"], notice["changes"]) == ("announcement", 1, [])
    assert "rules.json" in [file["name"] for file in notice["files"]]
    assert running.app.test_client().get(notice["note"]).status_code == 200
    assert running.get(f"/exams/{CODE}/releases").json["items"] == []


@sqlite
def test_the_log_is_whole(running: Running) -> None:
    """A stranger builds the signed root again from what the API gives."""
    head = running.get("/log").json
    signed = parse(parse_note(running.get("/log/checkpoint").data).text)
    assert (signed.origin, signed.size) == (head["origin"], head["size"])
    entries = unpack_entries(running.get("/log/entries/0", width=head["size"]).data)
    tree = Levels(leaf_hash(entry) for entry in entries)
    assert tree.root() == signed.root
    assert len(running.get("/log/tile/0/0", width=head["size"]).data) == 32 * head["size"]
    for wrong in ("/log/tile/64/0", "/log/tile/0/7", "/log/entries/999999999999"):
        assert running.get(wrong).status_code == 404


@sqlite
def test_a_candidate_reads_only_what_is_theirs(running: Running) -> None:
    mine, theirs = running.refs
    client = running.log_in(101)
    answer = running.get("/me/applications", client)
    (one,) = answer.json["items"]
    assert (one["ref"], one["post"], one["state"], one["paid_fen"]) == (mine, POLICE, "paid", 10000)
    assert answer.headers["Cache-Control"] == "no-store"
    assert running.get(f"/me/applications/{mine}", client).json == one
    foreign, unknown = (
        running.get(f"/me/applications/{ref}", client) for ref in (theirs, "nobody")
    )
    assert (foreign.status_code, foreign.data) == (unknown.status_code, unknown.data)
    assert foreign.status_code == 404
    nobody = running.get(f"/me/applications/{mine}")
    assert (nobody.status_code, nobody.json["status"]) == (401, 401)
    staff = running.world.client(running.app, Role.OFFICER)
    assert running.get("/me/applications", staff).status_code == 403
    assert running.get("/exams", staff).headers["Cache-Control"] == "no-store"


@sqlite
def test_refusals_are_problems_and_answers_may_be_kept(running: Running) -> None:
    client = running.app.test_client()
    for path, status in (
        ("/exams/draft-2026", 404),
        ("/exams/none/posts", 404),
        ("/nothing", 404),
        (f"/exams/{CODE}/posts?page=0", 422),
        (f"/exams/{CODE}/posts?size=101", 422),
        (f"/exams/{CODE}/posts?sort=salary", 422),
        (f"/exams/{CODE}/posts?q=%00", 422),
        ("/exams/%00", 404),
    ):
        answer = client.get(f"{API}{path}")
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
        problem = json.loads(answer.data)
        assert problem["detail"] != problem["detail_zh"]
        assert problem["status"] == status
        assert "errors" not in problem or status == 422
    posted = client.post(f"{API}/exams")
    assert (posted.status_code, posted.content_type) == (405, "application/problem+json")
    assert "GET" in posted.headers["Allow"]
    first = client.get(f"{API}/exams")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    again = client.get(f"{API}/exams", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "Set-Cookie" not in first.headers


def test_the_document_and_its_page_are_whole() -> None:
    found = document()
    assert found["openapi"].startswith("3.1")
    known = language.translations("zh")
    said = [DESCRIPTION]
    for operation in operations(found).values():
        said.append(operation["summary"])
        said += [one["description"] for one in operation["parameters"] if "description" in one]
    assert [text for text in said if known.gettext(text) == text] == []


@sqlite
def test_the_page_for_people(running: Running) -> None:
    text = running.get("/").get_data(as_text=True)
    for path in document()["paths"]:
        assert path in text
    assert running.get("/openapi.json").json == document()


@postgresql
def test_no_address_breaks_it(running: Running) -> None:
    """Every operation with values that the document allows, and with others."""
    schema = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", running.app)
    real = {"code": CODE, "post": POLICE, "day": DAY, "ref": "none", "level": 0, "number": 0}
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        names = {one.name for one in operation.path_parameters}
        there = {name: real[name] for name in names}
        _fuzz(operation.as_strategy())
        _fuzz(operation.as_strategy(path_parameters=there))
        if list(operation.query):
            _fuzz(operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=there))
        tried += 1
    assert tried == len(document()["paths"])


def _fuzz(strategy: Any) -> None:
    @given(case=strategy)
    @settings(
        max_examples=5,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Any) -> None:
        case.call_and_validate()

    call()
