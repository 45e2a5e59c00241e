"""What was typed is not lost: refused, after a login that ran out, in an older window, by steps."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from exam_system.access import Role
from exam_system.errors import Gathered, Invalid, Several
from exam_system.people import read_day, read_moment
from exam_system.refilling import Refusal, refill
from exam_system.typed import FOLDER
from tests.registration.setting import CODE, add_candidate, add_exam, id_number
from tests.world import PASSWORD, World

HOST = {"Accept": "text/html", "Origin": "http://localhost"}
NEW = "/office/bulletins/new"
TYPED = {"exam": "", "title": "没有打完的公告<b>", "body": "第一行\n\n第三行"}


@pytest.fixture
def database() -> str:
    return "sqlite"


def log_in(app: Flask, login: str) -> FlaskClient:
    """A browser with this person's login, pages in Chinese."""
    client = app.test_client()
    client.set_cookie("language", "zh")
    answer = client.post("/login", data={"login": login, "password": PASSWORD})
    assert answer.status_code == 302
    return client


PAGE = """<details><form method="post" action="/a"><input type="hidden" name="ref" value="1">
<input name="x"></form></details><details><form method="post" action="/a">
<input type="hidden" name="csrf_token" value="t"><input type="hidden" name="ref" value="2">
<input name="x" value="old" required><input type="password" name="x"><input type="file" name="x">
<input type="checkbox" name="b" value="1" checked><input type="checkbox" name="b" value="2">
<select name="s"><option value="1" selected>a<option value="2">b</select><textarea name="t">&lt;
</textarea><input name="x"></form></details><form action="/a"><input name="x"></form>"""


def test_the_form_that_was_sent_is_filled_and_no_other() -> None:
    typed = [("ref", "2"), ("x", '"><script>'), ("x", "&"), ("b", "2"), ("s", "2"), ("t", "</t>")]
    found = refill(PAGE, "/p", "/a", typed, "again <here>", files="not files")
    assert found.startswith(PAGE[: PAGE.index("<details><form", 10)])
    assert found.endswith('</details><form action="/a"><input name="x"></form>')
    for part in (
        '<details open=""><form method="post" action="/a"><p class="alert alert-info"',
        "again &lt;here&gt; not files</p>",
        '<input name="x" required value="&quot;&gt;&lt;script&gt;">',
        '<input type="password" name="x"><input type="file" name="x">',
        '<input type="checkbox" name="b" value="1">',
        '<input type="checkbox" name="b" value="2" checked="">',
        '<option value="1">a<option value="2" selected="">b',
        '<textarea name="t">\n&lt;/t&gt;</textarea><input name="x" value="&amp;"></form>',
    ):
        assert part in found, part
    assert refill(PAGE, "/p", "/a", [("ref", "3"), ("x", "1")], "") == PAGE
    assert refill(PAGE, "/p", "/b", typed, "") == PAGE


WRONG = """<ul data-problems-list><li>old</li></ul><form method="post" action="/a">
<label for="n">Number of <b>papers</b>&#58;</label><input id="n" name="n" type="number" max="30">
<label>Place <select name="s" required><option value="">none<option value="1">one</select></label>
<fieldset><legend>Way</legend><input type="radio" name="w" value="1" required id="w1">
<input type="radio" name="w" value="2" required id="w2"></fieldset>
<label for="r">Reason</label><textarea id="r" name="r" aria-describedby="h" required></textarea>
<label for="d">Day</label><input id="d" name="d" type="date"><input name="off" disabled required>
<input name="c" pattern="[0-9]{3}" title="Three digits" aria-label="Code"></form>"""


def test_all_that_is_wrong_stands_on_top_and_beside_its_field() -> None:
    typed = [("n", "３１"), ("s", ""), ("r", " "), ("d", "2026年3月5日"), ("c", "１ 23")]
    problems = [("", "Closed"), ("gone why r", "Say <why>")]
    refusal = Refusal(problems, lambda kind, label, bound: f"{kind} {label} {bound}", "Error:")
    page = refill(WRONG, "/a", "/a", typed, "note", refusal, files="not files")
    assert "note</p>" in page
    listed = re.findall('<li><a class="alert-link" href="#([^"]+)">(.*?)</a></li>', page)
    assert listed == [
        ("typed-again", "Closed"),
        ("n", "most Number of papers 30"),
        (listed[2][0], "choose Place "),
        ("w1", "choose Way "),
        ("r", "Say &lt;why&gt;"),  # and not once more that it is empty
    ]
    assert f'id="{listed[2][0]}" class="is-invalid" aria-describedby="{listed[2][0]}-error"' in page
    beside = '<span class="field-error" id="r-error"><span class="visually-hidden">Error:</span> '
    assert f"{beside}Say &lt;why&gt;</span><textarea" in page
    assert 'aria-describedby="h r-error"' in page
    assert page.count("aria-invalid") == 3  # a radio button cannot be invalid by itself
    assert "old" not in page
    assert refill(WRONG, "/a", "/b", typed, "note", refusal) == WRONG


def test_several_wrong_inputs_are_refused_together() -> None:
    wrong = Gathered()
    with wrong.about("a"):
        raise Invalid("Enter the name.").about("own")
    with pytest.raises(Invalid, match=r"^Enter the name\.$") as one:
        wrong.tell()
    assert one.value.field == "a"
    with wrong.about():
        raise Several([Invalid("One").about("b"), Invalid("Two %(n)s", n=2)])
    with pytest.raises(Several, match=r"Enter the name\.\nOne\nTwo 2") as more:
        wrong.tell()
    assert [error.field for error in more.value.errors] == ["a", "b", ""]


def test_a_refused_form_lists_everything_and_links_to_it(world: World) -> None:
    client = log_in(world.app(), "officer")
    new = {"code": "gy 1", "name": "", "name_en": "E", "exam_type": "civil", "area_code": "12"}
    answer = client.post("/office/exams/new", data=new)
    assert answer.status_code == 422
    listed = re.findall('<li><a class="alert-link" href="#([^"]+)">', answer.text)
    assert listed == ["name", "exam_type"]
    for field in listed:
        assert f'id="{field}-error"' in answer.text
    assert "请填写“中文名称”" in answer.text
    answer = client.post(
        "/office/exams/new", data={**new, "name": "甲", "exam_type": "civil_service"}
    )
    assert re.findall('<a class="alert-link" href="#([^"]+)">', answer.text) == [
        "code",
        "area_code",
    ]
    assert answer.text.count("data-problems>") == 1
    assert 'value="gy 1"' in answer.text


def test_a_form_survives_a_login_that_ran_out(world: World) -> None:
    app = world.app()
    client = log_in(app, "officer")
    world.clock.advance(hours=13)
    sent = client.post(NEW, data=TYPED, headers=HOST | {"Referer": f"http://localhost{NEW}?a=1"})
    assert (sent.status_code, sent.location) == (303, f"/login?next={NEW}?a%3D1")
    assert "登录已过期" in client.get(sent.location).text
    kept = [path for path in (world.folder / FOLDER).rglob("*") if path.is_file()]
    assert len(kept) == 1
    assert TYPED["title"].encode() not in kept[0].read_bytes()
    other = log_in(app, "inspector")
    assert TYPED["title"][:4] not in other.get("/oversight").text
    back = client.post(sent.location, data={"login": "officer", "password": PASSWORD})
    page = client.get(back.location).text
    assert 'value="没有打完的公告&lt;b&gt;"' in page
    assert "第一行\n\n第三行</textarea>" in page
    assert "需要重新选择文件" in page
    assert "没有打完的公告" in client.get(NEW).text  # also when it is loaded once more


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/html", "Origin": "http://elsewhere.example"},
        {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"},
        {"Accept": "*/*", "Origin": "http://localhost"},
        HOST | {"Sec-Fetch-Mode": "cors"},
    ],
)
def test_what_another_site_or_a_script_sends_is_not_kept(
    world: World, headers: dict[str, str]
) -> None:
    client = log_in(world.app(), "officer")
    world.clock.advance(hours=13)
    assert client.post(NEW, data=TYPED, headers=headers).status_code in (401, 403)
    assert not (world.folder / FOLDER).exists()


def test_who_logged_out_leaves_nothing_behind(world: World) -> None:
    client = log_in(world.app(), "officer")
    with client.session_transaction() as before:
        token = before["token"]
    client.post("/logout")
    with client.session_transaction() as after:
        after["token"] = token
    assert client.post(NEW, data=TYPED, headers=HOST).status_code == 401
    assert not (world.folder / FOLDER).exists()


def test_what_was_refused_stands_in_its_form_again_until_it_is_taken(world: World) -> None:
    client = log_in(world.app(), "officer")
    words = {"title": "", "text": "这一段不该丢失"}
    answer = client.post("/office/letters", data={**words, "kind": "question", "name": "王"})
    assert answer.status_code == 302 or answer.status_code == 303
    page = client.get(answer.location).text
    assert "这一段不该丢失" in page
    world.clock.advance(hours=49)
    client = log_in(world.app(), "officer")
    assert "这一段不该丢失" not in client.get(answer.location).text


APPLY = f"/exams/{CODE}/apply"


def step(client: FlaskClient, name: str, **answers: str) -> tuple[int, str]:
    """Answer one step: the status, and where it leads or what it says."""
    answer = client.post(APPLY, data={"step": name, **answers})
    return answer.status_code, answer.location or answer.text


def test_one_applies_one_thing_at_a_time(world: World) -> None:
    add_exam(world)
    add_candidate(world)
    client = log_in(world.app(), id_number(11))
    assert "您要报考哪个职位" in client.get(APPLY).text
    status, said = step(client, "post")
    assert (status, said.count("请选择职位")) == (422, 2)
    assert 'href="#post"' in said
    assert step(client, "post", post="999")[0] == 422
    assert step(client, "post", post="101") == (303, f"{APPLY}?step=district")
    assert step(client, "district", district="1") == (303, f"{APPLY}?step=education")
    status, said = step(client, "education", major="法学")
    assert status == 422
    assert "请选择最高学历" in said
    assert "请填写毕业院校" in said
    assert 'value="法学"' in said
    assert step(client, "education", education="bachelor", major="法学", school="某大学")[0] == 303
    client = log_in(world.app(), id_number(11))  # elsewhere, later: what was typed is there
    world.clock.advance(hours=1)
    assert client.get(f"{APPLY}?step=check").location == f"{APPLY}?step=employer"
    assert 'value="某大学"' in client.get(f"{APPLY}?step=education").text
    step(client, "employer", employer="")
    assert step(client, "need", need="") == (303, f"{APPLY}?step=check")
    assert step(client, "district", district="1", back="1") == (303, f"{APPLY}?step=check")
    page = client.get(f"{APPLY}?step=check").text
    assert "某大学" in page
    assert "周岁" in page
    whole = {"post": "101", "district": "1", "education": "bachelor", "major": "法学"}
    refused = client.post(APPLY, data=whole)
    assert refused.status_code == 422
    assert f"{APPLY}?step=education&amp;back=1" in refused.text
    sent = client.post(APPLY, data={**whole, "school": "某大学", "employer": "", "need": ""})
    assert sent.location.startswith("/applications/")
    with world.acting(Role.OFFICER) as ctx:
        assert not list((ctx.config.instance / FOLDER).rglob("????????????????????????????????*"))
        ctx.session.rollback()
    assert "某大学" in client.get(APPLY).text  # what stands in the application, to be changed


def test_a_folder_of_an_old_day_is_removed(world: World) -> None:
    client = log_in(world.app(), "officer")
    for _ in range(2):
        world.clock.advance(hours=13)
        client.post(NEW, data=TYPED, headers=HOST)
        client = log_in(world.app(), "officer")
    world.clock.set(world.clock.now() + timedelta(days=5))
    client.post(NEW, data=TYPED, headers=HOST)
    days = [path.name for path in (world.folder / FOLDER).iterdir()]
    assert days == [world.clock.now().date().isoformat()]


@pytest.mark.parametrize(
    "text",
    ["2026-03-05", "2026/3/5", "2026.3.5", " 2026年3月5日 ", "20260305", "２０２６-０３-５"],
)
def test_a_day_is_read_as_people_write_it(text: str) -> None:
    assert read_day(text) == date(2026, 3, 5)


@pytest.mark.parametrize(
    "text", ["2026-03-05T09:00", "2026/3/5 9:00", "2026年3月5日 9：00", "２０２６-3-5　09:00"]
)
def test_a_moment_is_read_as_people_write_it(text: str) -> None:
    assert read_moment(text) == datetime(2026, 3, 5, 9)


@pytest.mark.parametrize("text", ["", "2026-13-05", "5.3.2026", "2026-3", "2026年2月30日"])
def test_what_is_no_day_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_day(text)
