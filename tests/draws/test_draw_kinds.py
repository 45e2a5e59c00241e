"""Draws about papers and scripts, and what a confidential draw tells before its hour."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.access_pages import PAGES
from exam_system.clock import rfc3339
from exam_system.draws import confidential, pages
from exam_system.draws import service as draws
from exam_system.draws.lookup import find
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.lookup import exam_by_code
from exam_system.marking.destinations import Markers, drawn_bundles, enter_marking_groups
from exam_system.marking.models import PaperSet, ScriptCode
from exam_system.marking.papers import enter_paper_sets
from exam_system.marking.scripts import export_codes, picked
from exam_system.marking.service import import_written_scores
from exam_system.oversight.acts import Filter
from exam_system.oversight.service import make_evidence
from exam_system.records.models import Act
from exam_system.registration.models import Application
from exam_system.results.service import prepare_release
from exam_system.sheets import write_csv
from exam_system.verify.run import verify
from tests.examday import hall
from tests.examday.hall import CODE
from tests.interviews.envelopes import cosign
from tests.world import World

SETS = {"xc": [("QQ7A", "0003917"), ("QQ7B", "0003918"), ("QQ7C", "ab" * 32)]}
SETS |= {"sl": [("ZZ8A", "0004001"), ("ZZ8B", "0004002")]}
PAPERS = f"{CODE}-papers"


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def begin(world: World, **rules: object) -> None:
    """The standard exam under these rules, before any draw."""
    exam = hall.add_exam(world, **rules)  # type: ignore[arg-type]
    hall.add_places(world, exam)
    hall.add_people(world, exam, 1, 40)
    hall.add_people(world, exam, 2, 7)


def name_sets(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        assert enter_paper_sets(ctx, code=CODE, sets=SETS) == 5


def labels_of(world: World, kind: str) -> dict[str, list[str]]:
    """What was drawn, by group and slot."""
    with world.acting(Role.OFFICER) as ctx:
        result = json.loads(find(ctx.session, f"{CODE}-{kind}", 1).attempt.result)
    return {
        f"{group['id']}/{slot['id']}": slot["labels"]
        for group in result["groups"]
        for slot in group["slots"]
    }


def public_texts(world: World, client: FlaskClient, draw: str) -> Iterator[tuple[str, str]]:
    """Every page about draws, exams and what is published that anybody may open."""
    app = client.application
    for rule in app.url_map.iter_rules():
        open_to_all = Role.PUBLIC in PAGES[rule.endpoint] and "GET" in (rule.methods or ())
        known = {"draw", "number", "code", "exam"} >= rule.arguments
        if not open_to_all or not known or "events" in rule.endpoint or not rule.arguments:
            continue
        url = re.sub(r"<(?:[^<>]*:)?number>", "1", rule.rule)
        url = re.sub(r"<(?:[^<>]*:)?draw>", draw, url)
        url = re.sub(r"<(?:[^<>]*:)?(code|exam)>", CODE, url)
        yield url, client.get(url).text
    for path in world.config.published.rglob("*"):
        if path.is_file() and draw in str(path):
            yield str(path), path.read_bytes().decode("latin-1")


def told_to_the_public(world: World, draw: str) -> set[str]:
    """Which of the attempt's secrets some public page shows."""
    with world.acting(Role.OFFICER) as ctx:
        held = find(ctx.session, draw, 1)
        attempt = held.attempt
        labels = {label for group in held.manifest["groups"] for label in group["labels"]}
    planted = {*labels, *hall.SECRETS.values(), attempt.seed, "0003917"} - {""}
    texts = dict(public_texts(world, world.app().test_client(), draw))
    assert any(url.endswith(f"/draws/{draw}/1") for url in texts)
    assert any("manifest.json" in url for url in texts)
    return {one for one in planted for text in texts.values() if one in text}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_papers_stay_hidden_until_the_last_session_begins(world: World) -> None:
    begin(world)
    name_sets(world)
    hall.finish(world, "papers")
    cosign(world)
    assert told_to_the_public(world, PAPERS) == set()
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="stays confidential"):
        draws.publish_draw(ctx, draw=PAPERS, number=1)
    world.clock.advance(days=31)
    hall.publish(world, "papers")
    assert {"0003917", "xc-QQ7A", hall.SECRETS[Role.OFFICER]} <= told_to_the_public(world, PAPERS)
    outcome = verify([world.config.published])
    assert outcome.refused == [], outcome.lines
    assert any(f"draw-{PAPERS}-1 (order/v1, 5 labels" in line for line in outcome.lines)
    page = world.client(world.app(), Role.OFFICER).get(f"/office/exams/{CODE}/papers").text
    assert all(seal in page for sets in SETS.values() for _, seal in sets)
    with world.acting(Role.OFFICER) as ctx:
        used = set(ctx.session.scalars(select(PaperSet.label).where(PaperSet.place == 1)))
    drawn = labels_of(world, "papers")
    assert {f"xc-{one}" for one in used} & set(drawn["xc/used"])
    assert {f"sl-{one}" for one in used} & set(drawn["sl/used"])


def test_who_looks_before_the_hour_is_on_record(world: World) -> None:
    begin(world)
    name_sets(world)
    with world.acting(Role.OFFICER) as ctx:
        hall.freeze(ctx, "papers")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="not finished"):
        confidential.look_at_result(ctx, draw=PAPERS, number=1, reason="开封前核对")
    hall.reveal(world, "papers")
    with world.acting(Role.OFFICER) as ctx:
        draws.finish_draw(ctx, draw=PAPERS, number=1)
    client = world.client(world.app(), Role.INSPECTOR)
    url = f"/draws/{PAPERS}/1/sealed"
    assert "QQ7" not in client.get(url).text
    assert client.post(url, data={"reason": " "}).status_code == 422
    answer = client.post(url, data={"reason": "核对启用卷袋"})
    assert labels_of(world, "papers")["xc/used"][0] in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert "核对启用卷袋" in world.client(world.app(), Role.OFFICER).get(url).text
    assert "核对启用卷袋" in client.get("/oversight").text
    with world.acting(Role.INSPECTOR) as ctx:
        looks = confidential.glances(ctx.session, f"draw:{PAPERS}:1")
        assert [(one.office, one.why) for one in looks] == [("派驻纪检监察组", "核对启用卷袋")]
    with world.acting(Role.MARKER) as ctx, pytest.raises(Forbidden):
        confidential.look_at_result(ctx, draw=PAPERS, number=1, reason="x")


def test_the_record_of_acts_tells_no_confidential_secret(world: World) -> None:
    begin(world)
    name_sets(world)
    hall.finish(world, "papers")
    cosign(world)
    seen = 0
    client = world.client(world.app(), Role.INSPECTOR)
    with world.acting(Role.INSPECTOR) as ctx:
        size = len(ctx.session.scalars(select(Act.id)).all())
        bundle = make_evidence(ctx, asked=Filter(kind="draws"))
    for position in range(size):
        text = client.get(f"/oversight/acts/{position}").text
        seen += "draws.reveal_secret" in text
        assert not any(secret in text for secret in hall.SECRETS.values()), position
    assert seen == 2
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as files:
        acts = next(files.read(name) for name in files.namelist() if name.endswith("acts.jsonl"))
    assert not any(secret.encode() in acts for secret in hall.SECRETS.values())
    assert b"draws.record_dice" in acts


def test_the_office_sees_its_own_step_of_a_hidden_ceremony(world: World) -> None:
    begin(world)
    name_sets(world)
    with world.acting(Role.OFFICER) as ctx:
        hall.freeze(ctx, "papers")
    hall.reveal(world, "papers")
    with world.acting(Role.OFFICER) as ctx:
        story = pages.story_of(ctx.session, find(ctx.session, PAPERS, 1))
        assert pages.task_of(story, "officer") == "finish"
        assert (story.people, story.transcript, story.groups) == (5, "", [])
        assert story.hidden_until is not None
        assert {part.secret for part in story.parts.values()} == {None}
        assert all(part.revealed_at for part in story.parts.values())


def test_sets_are_named_whole_or_not_at_all(world: World) -> None:
    begin(world)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="Name the sealed"):
        hall.freeze(ctx, "papers")
    wrong = {
        "at least two": {"xc": SETS["xc"][:1], "sl": SETS["sl"]},
        "named twice": {"xc": [("A", "1"), ("A", "2")], "sl": SETS["sl"]},
        "letters and digits": {"xc": [("A", "1"), ("=B", "2")], "sl": SETS["sl"]},
    }
    for why, sets in wrong.items():
        with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match=why):
            enter_paper_sets(ctx, code=CODE, sets=sets)
    name_sets(world)
    with world.acting(Role.OFFICER) as ctx:
        hall.freeze(ctx, "papers")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="has begun"):
        enter_paper_sets(ctx, code=CODE, sets=SETS)


@pytest.fixture
def seated(world: World) -> World:
    """Seats are published; codes are asked for, and two in a hundred scripts are recounted."""
    closes = rfc3339(world.clock.now() + timedelta(days=60))
    begin(world, marking_closes=closes, recount_percent=2)
    hall.seat(world)
    return world


def marks(world: World) -> None:
    """Everybody has marks, but the first who was absent."""
    with world.acting(Role.OFFICER) as ctx:
        query = select(Application.number).where(Application.number.is_not(None))
        numbers = sorted(str(one) for one in ctx.session.scalars(query))
        rules = json.loads(exam_by_code(ctx.session, CODE).rules)["subjects"]["value"]
    header = ["准考证号", *(one["name"] for one in rules)]
    rows = [[number, *["70.00" if n else "缺考"] * 2] for n, number in enumerate(numbers)]
    with world.acting(Role.MARKER) as ctx:
        import_written_scores(ctx, code=CODE, name="m.csv", data=write_csv(header, rows))


def test_script_codes(seated: World) -> None:
    world, draw = seated, f"{CODE}-codes"
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="have not been drawn"):
        export_codes(ctx, code=CODE, reason="贴密号")
    hall.finish(world, "codes")
    assert told_to_the_public(world, draw) == set()
    with world.acting(Role.OFFICER) as ctx:
        rows = export_codes(ctx, code=CODE, reason="贴密号")
        codes = [row[0] for row in rows]
        assert len(set(codes)) == len(codes) == 94
        assert {len(one) for one in codes} == {6}
        looks = confidential.glances(ctx.session, f"draw:{draw}:1")
        assert [one.why for one in looks] == ["贴密号"]
        by_label = dict(
            ctx.session.execute(
                select(Application.label, ScriptCode.code)
                .join(ScriptCode, ScriptCode.application_id == Application.id)
                .where(ScriptCode.subject == "sl")
            ).all()
        )
    drawn = labels_of(world, "codes")["sl/2"]
    assert by_label == {label.removesuffix("-sl"): f"2{n:05d}" for n, label in enumerate(drawn, 1)}
    first = [one.removesuffix("-xc") for one in labels_of(world, "codes")["xc/1"]]
    assert first != [one.removesuffix("-sl") for one in drawn], "each subject is drawn for itself"
    world.clock.advance(days=61)
    hall.publish(world, "codes")
    assert verify([world.config.published]).refused == []


def test_the_sample_comes_before_the_written_release(seated: World) -> None:
    world = seated
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="taken in first"):
        hall.freeze(ctx, "recount")
    marks(world)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="scripts to recount"):
        prepare_release(ctx, code=CODE, stage="written")
    hall.finish(world, "recount")
    drawn = labels_of(world, "recount")
    assert {where: len(labels) for where, labels in drawn.items()} == {
        "xc/recount": 1,
        "sl/recount": 1,
    }
    with world.acting(Role.OFFICER) as ctx:
        sample = picked(ctx.session, exam_by_code(ctx.session, CODE))
        assert [(one.subject, one.place) for one in sample] == [("sl", 1), ("xc", 1)]
        assert {one.mark for one in sample} == {"70.00"}, "nobody absent is recounted"
    page = world.client(world.app(), Role.OFFICER).get(f"/office/exams/{CODE}/recount").text
    assert all(one.number in page for one in sample)
    hall.publish(world, "recount")
    assert verify([world.config.published]).refused == []


def test_nobody_marks_scripts_of_their_own_area(seated: World) -> None:
    world = seated
    groups = [Markers("第一阅卷点", 1, 9), Markers("第二阅卷点", 2, 9), Markers("外市", None, 9)]
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="Name the marking"):
        hall.freeze(ctx, "markers")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match="no district 7"):
        enter_marking_groups(ctx, code=CODE, groups=[Markers("甲", 7, 3)])
    with world.acting(Role.OFFICER) as ctx:
        enter_marking_groups(ctx, code=CODE, groups=[Markers("甲", 1, 9)])
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match="cannot be made"):
        hall.freeze(ctx, "markers")
    with world.acting(Role.OFFICER) as ctx:
        assert enter_marking_groups(ctx, code=CODE, groups=groups) == 3
    hall.finish(world, "markers")
    with world.acting(Role.OFFICER) as ctx:
        found = drawn_bundles(ctx.session, exam_by_code(ctx.session, CODE))
    assert not any(label.startswith("01-") for label in found.get("M01", []))
    assert not any(label.startswith("02-") for label in found.get("M02", []))
    assert sum(map(len, found.values())) == 6  # three rooms in use, two subjects
    page = world.client(world.app(), Role.OFFICER).get(f"/office/exams/{CODE}/markers").text
    assert all(label in page for labels in found.values() for label in labels)
    hall.publish(world, "markers")
    outcome = verify([world.config.published])
    assert outcome.refused == [], outcome.lines


def test_pages_of_papers_and_codes(seated: World) -> None:
    client = seated.client(seated.app(), Role.OFFICER)
    url = f"/office/exams/{CODE}/papers"
    typed = {"xc": "QQ7A 0003917\nQQ7B 0003918", "sl": "ZZ8A 0004001"}
    refused = client.post(url, data=typed)
    assert "QQ7B 0003918" in refused.text, "what was typed stays"
    assert client.post(url, data={**typed, "sl": "A 1\nB 2"}).status_code == 302
    hall.finish(seated, "papers")
    assert "0003917" not in client.get(url).text
    hall.finish(seated, "codes")
    answer = client.post(f"/office/exams/{CODE}/codes", data={"reason": "贴密号"})
    assert answer.data.startswith(b"PK")
    lines = client.get(f"/exams/{CODE}/draws/office").text
    assert f"{CODE}-codes" in lines
    table = csv.reader(io.StringIO(client.get(f"/office/exams/{CODE}/codes").text))
    assert not any(cell == "100001" for row in table for cell in row)
