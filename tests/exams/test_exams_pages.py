"""Pages of exams: what the public sees, what the office sets up, what is refused."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, insert, select

from exam_system.access import Role
from exam_system.accounts.models import Person
from exam_system.accounts.service import register_candidate
from exam_system.context import PUBLIC
from exam_system.exams import service
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import District, Exam, ExamSession, FeeItem, Post, Room
from exam_system.exams.place_table import COLUMNS
from exam_system.exams.rules_form import fields
from exam_system.registration.models import Application
from exam_system.sheets import read_table
from tests.exams.samples import CODE, FEE, PLACES, POSTS, announce, cosign, create, set_up
from tests.importing import take_in
from tests.world import World

OFFICE = f"/office/exams/{CODE}"
NUMBERS = ("110101199003070070", "110101199003070134", "110101199003070214")


def officer(world: World) -> FlaskClient:
    client = world.client(world.app(), Role.OFFICER)
    client.set_cookie("language", "en")
    return client


def english(world: World) -> FlaskClient:
    client = world.app().test_client()
    client.set_cookie("language", "en")
    return client


def upload(text: str, name: str = "table.csv") -> dict[str, Any]:
    return {"file": (io.BytesIO(text.encode()), name)}


def typed(world: World) -> dict[str, str]:
    """What a browser would send for the rules as they are."""
    with world.acting(Role.OFFICER) as ctx:
        document = json.loads(exam_by_code(ctx.session, CODE).rules)
    sent = {}
    for group in fields(document, world.config.zone).values():
        for field in group:
            sent[f"{field.key}.basis"] = field.basis
            if field.kind != "subjects":
                sent[field.key] = field.value
                continue
            for number, subject in enumerate(field.value):
                sent |= {f"subjects.{number}.{key}": value for key, value in subject.items()}
    return sent


def apply(world: World, states: list[str]) -> None:
    """Applications for the first post in these states."""
    with world.acting(PUBLIC) as ctx:
        post = ctx.session.scalars(select(Post).order_by(Post.code)).first()
        district = ctx.session.scalars(select(District)).first()
        assert post is not None
        assert district is not None
        for number, state in zip(NUMBERS, states, strict=False):
            account = register_candidate(
                ctx, name="考生甲", id_number=number, phone="13800000000", password="long enough 1"
            )
            person = ctx.session.scalars(
                select(Person.id).where(Person.account_id == account.id)
            ).one()
            row = {"ref": number, "label": f"k-{number}", "exam_id": post.exam_id}
            row |= {"person_id": person, "post_id": post.id, "district_id": district.id}
            row |= {"education": "bachelor", "major": "法学", "school": "某校", "employer": ""}
            row |= {"state": state, "checks": "[]", "created_at": world.clock.now()}
            ctx.session.execute(insert(Application), [row])


def test_the_front_page_without_exams_says_so(world: World) -> None:
    answer = english(world).get("/")
    assert answer.status_code == 200
    assert "No exam is announced at the moment" in answer.text


def test_a_draft_is_shown_to_its_officers_only(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
    public = english(world)
    for path in (f"/exams/{CODE}", f"/exams/{CODE}/posts", "/exams/none"):
        assert public.get(path).status_code == 404
    assert CODE not in public.get("/").text
    assert world.client(world.app(), Role.REVIEWER).get(f"/exams/{CODE}").status_code == 404
    assert officer(world).get(f"/exams/{CODE}").status_code == 200


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_announced_exam_shows_everything_it_must(world: World, language: str) -> None:
    folder = announce(world)
    client = english(world)
    client.set_cookie("language", language)
    front, page = client.get("/").text, client.get(f"/exams/{CODE}").text
    assert f"/exams/{CODE}" in front
    for text in (FEE["licence"], FEE["standard"], FEE["authority"], FEE["hotline"], "¥100.00"):
        assert str(text) in page
    for file in ("posts.csv", "posts.json", "rules.json", "notice.pdf", "publication.note"):
        assert f"/published/{folder.name}/{file}" in page
    assert "行政职业能力测验" in page
    assert "《中华人民共和国公务员法》第三十二条" in page
    assert ("Posts" in page) is (language == "en")


def test_the_apply_button_is_there_while_registration_is_open(world: World) -> None:
    announce(world)
    with world.acting(Role.OFFICER) as ctx:
        rules = rules_of(exam_by_code(ctx.session, CODE))
    client = english(world)
    pages = (f"/exams/{CODE}", f"/exams/{CODE}/posts")
    for path in pages:
        assert ">Apply</a>" not in client.get(path).text
    world.clock.set(rules.registration_opens)
    for path in pages:
        assert ">Apply</a>" in client.get(path).text
        assert ">Apply</a>" not in officer(world).get(path).text  # staff do not apply
    assert "Registration open" in client.get("/").text
    world.clock.set(rules.registration_closes)
    for path in pages:
        assert ">Apply</a>" not in client.get(path).text


def test_posts_are_searched_and_show_their_competition(world: World) -> None:
    announce(world)
    apply(world, ["paid", "submitted", "withdrawn"])
    client = english(world)
    page = client.get(f"/exams/{CODE}/posts").text
    assert re.findall('who applied">([0-9]+)<', page) == ["2", "0", "0"]
    assert re.findall('who paid">([0-9]+)<', page) == ["1", "0", "0"]
    assert "0.5 : 1" in page
    found = client.get(f"/exams/{CODE}/posts?q=公安").text
    assert "10020101" in found
    assert "10010101" not in found
    college = client.get(f"/exams/{CODE}/posts?education=college").text
    assert "10020101" in college  # 大专及以上
    assert "10030101" in college  # 不限
    assert "10010101" not in college  # 本科及以上
    for text in ("%25", "_", "<script>"):
        assert "No post fits this search" in client.get(f"/exams/{CODE}/posts?q={text}").text
    assert "<script>" not in client.get(f"/exams/{CODE}/posts?q=<script>").text


def test_posts_are_downloaded_as_tables(world: World) -> None:
    announce(world)
    client = english(world)
    answer = client.get(f"/exams/{CODE}/posts?format=csv&q=公安")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("10020101,市公安局,警员,3,")
    assert f"posts-{CODE}.csv" in answer.headers["Content-Disposition"]
    book = client.get(f"/exams/{CODE}/posts?format=xlsx").data
    assert book.startswith(b"PK")


def test_posts_are_paged_in_the_database(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        set_up(ctx)
        head, row = POSTS.splitlines()[0], POSTS.splitlines()[2]
        rows = [row.replace("10020101", f"2{number:05}") for number in range(120)]
        data = "\n".join([head, *rows]).encode()
        service.import_posts(ctx, code=CODE, name="p.csv", data=data)
    client = officer(world)
    for asked, shown in (("1", 50), ("3", 20), ("99", 20), ("-4", 50), ("x", 50)):
        page = client.get(f"/exams/{CODE}/posts?page={asked}").text
        assert page.count("警员") == shown


def test_lists_take_the_same_number_of_queries_for_one_and_for_three(world: World) -> None:
    announce(world)

    def queries(path: str) -> int:
        app = world.app()
        seen: list[str] = []
        engine = app.extensions["office"].engine
        event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        assert app.test_client().get(path).status_code == 200
        return len(seen)

    before = queries("/"), queries(f"/exams/{CODE}/posts")
    for code in ("b-2026", "c-2026"):
        announce(world, code)
    assert (queries("/"), queries(f"/exams/{CODE}/posts")) == before


def test_an_exam_is_set_up_through_the_pages(world: World) -> None:
    client = officer(world)
    form = {"code": CODE, "name": "公务员考试", "name_en": "Exam", "area_code": "520400"}
    answer = client.post("/office/exams/new", data=form | {"exam_type": "civil_service"})
    assert (answer.status_code, answer.location) == (302, OFFICE)
    assert "There are no posts" in client.get(OFFICE).text
    changed = typed(world) | {"opening_ratio": "4", "registration_opens": "2026-03-09T08:30"}
    assert client.post(f"{OFFICE}/rules", data=changed).status_code == 302
    assert take_in(client, f"{OFFICE}/places", PLACES.encode()).status_code == 302
    times = {"xc.starts": "2026-04-25T09:00", "xc.ends": "2026-04-25T11:00"}
    times |= {"sl.starts": "2026-04-25T14:00", "sl.ends": "2026-04-25T16:30"}
    assert client.post(f"{OFFICE}/sessions", data=times).status_code == 302
    fee = {key: str(value) for key, value in FEE.items() if key != "fen"} | {"amount": "80.5"}
    assert client.post(f"{OFFICE}/fees", data=fee).status_code == 302
    assert take_in(client, f"{OFFICE}/posts", POSTS.encode()).status_code == 302
    assert "Prepare the announcement" in client.get("/office/exams").text
    assert client.post(f"{OFFICE}/prepare").location == f"{OFFICE}/publish"
    assert "Waiting for the inspectors" in client.get(f"{OFFICE}/publish").text
    client.post(f"{OFFICE}/publish")
    assert "tests.example/inspector is missing" in client.get(f"{OFFICE}/publish").text
    cosign(world)
    world.approved("exams.publish_announcement", code=CODE)
    assert client.post(f"{OFFICE}/publish").location == f"/exams/{CODE}"
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        rules = rules_of(exam)
        assert (exam.state, rules.opening_ratio) == ("announced", 4)
        assert rules.registration_opens.isoformat() == "2026-03-09T00:30:00+00:00"
        assert ctx.session.scalars(select(FeeItem.fen)).all() == [8050]
        starts = ctx.session.scalars(select(ExamSession.starts_at).order_by(ExamSession.starts_at))
        assert [at.hour for at in starts] == [1, 6]
    assert "can be closed when" in client.get(f"{OFFICE}/close").text
    client.post(f"{OFFICE}/close")
    assert "cannot be closed before" in client.get(f"{OFFICE}/close").text
    world.clock.set(rules.payment_closes)
    client = officer(world)
    assert client.post(f"{OFFICE}/close").location == OFFICE
    assert "Apply the opening ratio" in client.get(OFFICE).text


def test_wrong_rules_are_marked_and_nothing_typed_is_lost(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
        before = exam_by_code(ctx.session, CODE).rules
    sent = typed(world) | {"notice_days": "three", "subjects.0.weight": "0.9", "age_min.basis": ""}
    answer = officer(world).post(f"{OFFICE}/rules", data=sent)
    assert answer.status_code == 422
    for text in ("whole number from 5 to 30", "it must be 100", "The legal basis is missing"):
        assert text in answer.text
    assert 'value="three"' in answer.text
    assert 'value="0.9"' in answer.text
    with world.acting(Role.OFFICER) as ctx:
        assert exam_by_code(ctx.session, CODE).rules == before


def test_problems_of_a_table_are_shown_by_row_and_column(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
    client = officer(world)
    answer = client.post(f"{OFFICE}/posts", data=upload(POSTS.replace("10020101,3", "10020101,x")))
    assert answer.status_code == 422
    assert '<td class="num">3</td><td>D 招录人数</td>' in answer.text
    answer = client.post(f"{OFFICE}/places", data=upload(PLACES.replace("5x6,25", "5x6,99")))
    assert answer.status_code == 422
    assert "The layout has fewer seats than this capacity." in answer.text
    for path in ("posts", "places"):
        assert "Choose a file first" in client.post(f"{OFFICE}/{path}", data={}).text
    with world.acting(Role.OFFICER) as ctx:
        assert ctx.session.scalars(select(Post)).all() == []
        assert ctx.session.scalars(select(Room)).all() == []


def test_the_empty_table_of_places_has_the_columns_that_are_read(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
    book = officer(world).get(f"{OFFICE}/places?format=xlsx").data
    with pytest.raises(ValueError, match="a header but no rows"):
        read_table("places.xlsx", book, COLUMNS)


def test_sessions_that_overlap_are_refused_and_kept_on_the_page(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
    times = {"xc.starts": "2026-04-25T09:00", "xc.ends": "2026-04-25T11:00"}
    client = officer(world)
    for wrong in ("2026-04-25T10:00", "tomorrow"):
        sent = times | {"sl.starts": wrong, "sl.ends": "2026-04-25T12:00"}
        answer = client.post(f"{OFFICE}/sessions", data=sent)
        assert answer.status_code == 422
        assert f'value="{wrong}"' in answer.text


def test_a_frozen_exam_can_only_be_read(world: World) -> None:
    announce(world)
    client = officer(world)
    for page in ("rules", "sessions"):
        assert "<fieldset disabled>" in client.get(f"{OFFICE}/{page}").text
    for page in ("rules", "places", "sessions", "fees"):
        assert "can only be read" in client.get(f"{OFFICE}/{page}").text
    sent = typed(world) | {"opening_ratio": "1"}
    assert client.post(f"{OFFICE}/rules", data=sent).status_code == 409
    assert client.post(f"{OFFICE}/places", data=upload(PLACES)).status_code == 409
    assert client.post(f"{OFFICE}/posts", data=upload(POSTS)).status_code == 409


def test_a_code_that_is_taken_is_refused_beside_what_was_typed(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
    form = {"code": CODE, "name": "另一考试", "name_en": "Other", "area_code": "520400"}
    answer = officer(world).post("/office/exams/new", data=form | {"exam_type": "police"})
    assert answer.status_code == 409
    assert "already" in answer.text
    assert "另一考试" in answer.text
    with world.acting(Role.OFFICER) as ctx:
        assert len(ctx.session.scalars(select(Exam)).all()) == 1


@pytest.mark.parametrize("role", [None, Role.REVIEWER, Role.INSPECTOR, Role.ADMIN])
def test_the_office_is_for_officers(world: World, role: Role | None) -> None:
    announce(world)
    client = world.client(world.app(), role)
    expected = 302 if role is None else 403
    pages = ("", "/rules", "/places", "/sessions", "/fees", "/prepare", "/publish", "/close")
    for path in pages:
        assert client.get(OFFICE + path).status_code == expected
    for path in ("/rules", "/posts", "/prepare", "/publish", "/close"):
        assert client.post(OFFICE + path).status_code == (401 if role is None else 403)


def test_every_page_of_the_office_is_there_in_both_languages(world: World) -> None:
    announce(world)
    client = officer(world)
    for language in ("zh", "en"):
        client.set_cookie("language", language)
        pages = ("", "/rules", "/places", "/sessions", "/fees", "/prepare", "/publish", "/close")
        for path in ("/office/exams", "/office/exams/new", *(OFFICE + page for page in pages)):
            assert client.get(path).status_code == 200, path
