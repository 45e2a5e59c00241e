"""The pages: a phone's form, the head of the site, the office's case, the candidate's own."""

from __future__ import annotations

import io
import re
from math import inf

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from exam_system.access import Role
from exam_system.approvals.lookup import open_approval
from exam_system.context import PUBLIC
from exam_system.registration.documents import discard_documents
from exam_system.violations.models import Incident, ViolationCase
from tests.examday import hall
from tests.violations.setting import CODE, FACTS, REASONS, hall_of, own_actor, person_of
from tests.world import PASSWORD, World, give_approval

ENGLISH = {"Accept-Language": "en"}


def _door(app: Flask, username: str) -> FlaskClient:
    client = app.test_client()
    answer = client.post("/login", data={"login": username, "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return client


def _photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (90, 90, 120)).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_case_goes_its_way_through_the_pages(world: World) -> None:
    at = hall_of(world)
    own_actor(world, at.refs[0])
    app = world.app()
    first, second, head = (_door(app, name) for name in ("watch1", "watch2", "head1"))
    officer = world.client(app, Role.OFFICER)
    page = first.get(f"/day/{CODE}/incidents/new", headers=ENGLISH).text
    assert "Record and sign" in page
    given = {"subject": "xc", "room": str(at.room), "kind": "phone", "number": at.numbers[0]}
    empty = first.post(f"/day/{CODE}/incidents/new", data=given, headers=ENGLISH)
    assert "Write down what happened" in empty.text
    assert at.numbers[0] in empty.text  # what was typed stays
    made = first.post(f"/day/{CODE}/incidents/new", data={**given, "facts": FACTS})
    here = made.headers["Location"]
    file = {"file": (io.BytesIO(_photo()), "手机.jpg")}
    first.post(f"{here}/evidence", data=file, content_type="multipart/form-data")
    first.post(f"{here}/item", data={"what": "手机一部（黑色）", "kept": "考务办公室保险柜"})
    assert first.get(f"{here}/receipt.pdf").data.startswith(b"%PDF")
    second.post(f"{here}/sign")
    signed = {"name": "王小明", "id_end": _id_end(world), "words": "我没有看"}
    first.post(f"{here}/candidate", data=signed)
    shown = second.get(here, headers=ENGLISH).text
    assert "I was told this record" not in shown
    assert "王小明" in shown
    opened = re.search(r'action="(/incidents/evidence/[a-z0-9]+/open)"', shown)
    assert opened
    assert discard_documents(world.config, set(), inf) == 0  # the nightly sweep of the waivers
    assert second.post(opened[1]).data == _photo()
    asked = {"violation": "yes", "opinion": "属实"}
    first.post(f"{here}/confirm", data=asked, headers=ENGLISH)
    assert "Your role may not do this" in first.get(here, headers=ENGLISH).text
    head.post(f"{here}/confirm", data={"violation": "yes", "opinion": "情况属实"})
    officer.post(f"{here}/case")
    with world.context(PUBLIC).session as db:
        assert db.scalars(select(Incident)).one().state == "case"
        ref = db.scalars(select(ViolationCase)).one().ref
    _decide(world, app, officer, ref)


def _id_end(world: World) -> str:

    return world.keys.vault.open(person_of(world, "ref1-00000").id_sealed)[-4:]


def _decide(world: World, app: Flask, officer: FlaskClient, ref: str) -> None:
    case, own = f"/cases/{ref}", f"/my/cases/{ref}"
    candidate = _door(app, "candidate1-00000")
    assert candidate.get(own).status_code == 404  # nothing has been told yet
    told = {"tier": "CANCEL_5Y:3", "facts": FACTS, "reasons": REASONS}
    officer.post(f"{case}/notify", data=told)
    assert "Your right to be heard" in candidate.get(own, headers=ENGLISH).text
    assert candidate.get(f"{case}/notice-1.pdf").data.startswith(b"%PDF")
    candidate.post(own, data={"text": "手机关机放在袋内。"})
    officer.post(f"{case}/recheck", data={"finding": "照片显示屏幕亮着"})
    officer.post(f"{case}/draft", data={"facts": FACTS, "reasons": REASONS})
    officer.post(f"{case}/decide", data={"ask": "1"})
    with world.acting(Role.OFFICER) as ctx:
        found = open_approval(ctx.session, "violations.decide_case", f"case:{ref}:1")
        assert found
        give_approval(ctx, found.ref)
    officer.post(f"{case}/decide")
    assert candidate.get(f"{case}/decision-1.pdf").data.startswith(b"%PDF")
    assert "I have received the decision" in candidate.get(own, headers=ENGLISH).text
    candidate.post(own, data={"receive": "1"})
    shown = officer.get(case, headers=ENGLISH).text
    assert "review until" in shown
    public = app.test_client().get(f"/exams/{CODE}/violations", headers=ENGLISH).text
    assert "barred for five years" in public
    assert "王小明" not in public
    hall.name_candidate(world, "ref1-00001", "李小红")
    stranger = _door(app, "candidate1-00001")
    assert stranger.get(own).status_code == 404
    assert stranger.get(f"{case}/decision-1.pdf").status_code == 404
    listed = officer.get(f"/office/{CODE}/violations", headers=ENGLISH).text
    assert f"{CODE}-W001" in listed
