"""Pages of registration: the way of a candidate on the phone, the reviewer's, the officer's."""

from __future__ import annotations

import re
import threading
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from exam_system.access import Role
from exam_system.context import PUBLIC, Actor
from exam_system.errors import Conflict
from exam_system.registration.models import Application
from exam_system.sheets import Column, read_table
from tests.registration.setting import (
    CODE,
    add_candidate,
    add_exam,
    applied,
    approved,
    fresh,
    id_number,
    photo,
    refused,
    submitted,
)
from tests.world import PASSWORD, World

FORM = {
    "post": "101",
    "district": "1",
    "education": "bachelor",
    "major": "法学 030101K",
    "school": "测试大学",
    "employer": "",
}


def log_in(world: World, serial: int = 11) -> FlaskClient:
    """A browser logged in as the candidate with this serial, pages in Chinese."""
    client = world.app().test_client()
    client.set_cookie("language", "zh")
    data = {"login": id_number(serial), "password": PASSWORD}
    assert client.post("/login", data=data).status_code == 302
    return client


def _upload(client: FlaskClient, ref: str, data: bytes):  # type: ignore[no-untyped-def]
    files = {"photo": (BytesIO(data), "me.jpg")}
    return client.post(f"/applications/{ref}/photo", data=files)


def test_a_candidate_walks_from_the_list_to_a_submitted_application(world: World) -> None:
    add_exam(world)
    add_candidate(world, name="欧阳𬭎")
    client = log_in(world)
    assert f"/exams/{CODE}/apply" in client.get("/applications").text
    page = client.get(f"/exams/{CODE}/apply?post=102")
    assert 'value="102" checked' in page.text
    answer = client.post(f"/exams/{CODE}/apply", data=FORM)
    assert answer.status_code == 302
    path = answer.location
    ref = path.rsplit("/", 1)[1]
    assert "欧阳𬭎" in client.get(path).text
    assert client.post(f"{path}/submit", follow_redirects=True).text.count("请先上传照片") == 1
    assert _upload(client, ref, photo()).status_code == 302
    picture = client.get(f"{path}/photo.jpg")
    assert (picture.content_type, picture.data[:2]) == ("image/jpeg", b"\xff\xd8")
    assert picture.headers["Cache-Control"] == "no-store"
    page = client.post(f"{path}/submit", follow_redirects=True)
    assert "待审查" in page.text
    assert "2026年3月10日为29周岁" in page.text


def test_what_was_typed_is_kept_when_it_is_refused(world: World) -> None:
    add_exam(world)
    add_candidate(world)
    answer = log_in(world).post(f"/exams/{CODE}/apply", data={**FORM, "post": "999"})
    assert answer.status_code == 422
    assert "没有代码为999的职位" in answer.text
    assert 'value="法学 030101K"' in answer.text


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"GIF89a", "JPEG或PNG"), (photo(400, 300), "竖幅"), (photo(100, 130), "至少需要")],
)
def test_a_bad_photo_is_explained_beside_the_field(world: World, data: bytes, words: str) -> None:
    add_exam(world)
    application = applied(world, add_candidate(world))
    answer = _upload(log_in(world), application.ref, data)
    assert answer.status_code == 422
    assert words in answer.text
    assert fresh(world, application).photo is None


def test_another_candidates_pages_look_exactly_like_pages_that_do_not_exist(
    world: World,
) -> None:
    add_exam(world)
    application = approved(world, add_candidate(world))
    add_candidate(world, 21, "李四")
    client = log_in(world, 21)
    paths = ("", "/photo.jpg", "/payment", "/payment/status.json")
    acts = ("/photo", "/submit", "/withdraw", "/payment", "/payment/refresh")
    for method, tails in (("GET", paths), ("POST", acts)):
        for tail in tails:
            own = client.open(f"/applications/{application.ref}{tail}", method=method)
            none = client.open(f"/applications/{'a' * 26}{tail}", method=method)
            assert own.status_code == none.status_code == 404, tail
            assert _bare(own.text.replace(application.ref, "a" * 26)) == _bare(none.text)
    assert fresh(world, application).state == "approved"


def _bare(text: str) -> str:
    """A page without its form tokens, which carry the second in which they were made, and without
    the number of its error."""
    return re.sub('name="csrf_token" value="[^"]+"|r-number">[A-Z0-9-]+<', "", text)


@pytest.mark.parametrize(
    "path", ["/applications", f"/exams/{CODE}/apply", "/review", f"/exams/{CODE}/applicants"]
)
def test_strangers_must_log_in(world: World, path: str) -> None:
    add_exam(world)
    assert world.app().test_client().get(path).location.startswith("/login")


def test_the_reviewer_goes_through_the_queue_oldest_first(world: World) -> None:
    add_exam(world)
    first = submitted(world, add_candidate(world, 11, "王一"))
    world.clock.advance(hours=1)
    second = submitted(world, add_candidate(world, 21, "李二"))
    world.clock.advance(days=3)
    client = world.client(world.app(), Role.REVIEWER)
    client.set_cookie("language", "zh")
    text = client.get("/review").text
    assert text.index("王一") < text.index("李二")
    assert text.count("state-bad") == 2  # due on 4 March, looked at on the 5th
    assert "2026-03-04" in text
    page = client.get(f"/review/{first.ref}").text
    assert "520402********" in page
    assert id_number(11) not in page
    assert client.get(f"/review/{first.ref}/photo.jpg").data[:2] == b"\xff\xd8"
    answer = client.post(f"/review/{first.ref}", data={"decision": "refuse", "reason": ""})
    assert answer.status_code == 422
    answer = client.post(f"/review/{first.ref}", data={"decision": "refuse", "reason": "专业不符"})
    assert answer.location == f"/review/{second.ref}"
    assert client.post(f"/review/{second.ref}", data={}).status_code == 422
    answer = client.post(f"/review/{second.ref}", data={"decision": "approve"})
    assert answer.location == "/review"
    assert [fresh(world, row).state for row in (first, second)] == ["refused", "approved"]
    assert client.post(f"/review/{first.ref}", data={"decision": "approve"}).status_code == 409


def test_a_refused_candidate_reads_why_and_submits_again(world: World) -> None:
    add_exam(world)
    application = refused(world, add_candidate(world), reason="<b>学历</b>证明不清晰")
    client = log_in(world)
    assert "&lt;b&gt;学历&lt;/b&gt;证明不清晰" in client.get("/applications").text
    page = client.post(f"/applications/{application.ref}/submit", follow_redirects=True)
    assert "待审查" in page.text


def test_the_officer_lists_filters_and_exports_masked(world: World) -> None:
    add_exam(world)
    submitted(world, add_candidate(world, 11, "王一"))
    applied(world, add_candidate(world, 21, "李二"), post="103")
    client = world.client(world.app(), Role.OFFICER)
    client.set_cookie("language", "zh")
    text = client.get(f"/exams/{CODE}/applicants").text
    assert "王一" in text
    assert "李二" in text
    assert id_number(11) not in text
    assert "王一" not in client.get(f"/exams/{CODE}/applicants?state=draft").text
    assert "李二" not in client.get(f"/exams/{CODE}/applicants?words=王").text
    assert "王一" not in client.get(f"/exams/{CODE}/applicants?words=%25&page=x").text
    for format in ("csv", "xlsx"):
        answer = client.post(f"/exams/{CODE}/applicants/export", data={"format": format})
        columns = (Column("name", ("姓名",)), Column("id", ("身份证号",)))
        rows = read_table(f"list.{format}", answer.data, columns).rows
        assert [row["name"] for row in rows] == ["王一", "李二"]
        assert all("********" in row["id"] for row in rows)


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.REVIEWER, "/review"),
        (Role.OFFICER, f"/exams/{CODE}/applicants"),
    ],
)
def test_a_list_takes_as_many_queries_for_30_rows_as_for_one(
    world: World, role: Role, path: str
) -> None:
    add_exam(world)
    submitted(world, add_candidate(world, 1))
    app = world.app()
    client = world.client(app, role)
    engine = app.extensions["office"].engine
    one = queries(engine, client, path)
    for serial in range(2, 31):
        submitted(world, add_candidate(world, serial))
    assert queries(engine, client, path) == one


def queries(engine: object, client: FlaskClient, path: str) -> int:
    """How many statements a page takes."""
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    assert client.get(path).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_windows_at_once_make_one_application(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    gate, outcomes = threading.Barrier(4), []

    def run(actor: Actor) -> None:
        gate.wait()
        try:
            outcomes.append(applied(world, actor).ref)
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=run, args=(who,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with world.context(PUBLIC).session as db:
        refs = db.scalars(select(Application.ref)).all()
    assert len(refs) == 1
    assert set(outcomes) <= {refs[0], "conflict"}
    assert len(outcomes) == 4
