"""Paper forms: a key and a sheet of each; a correction scores everybody anew in the open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.database import reading
from exam_system.draws.models import Attempt
from exam_system.errors import Conflict, Invalid
from exam_system.examday.models import Seat
from exam_system.exams.models import District, Room, Site
from exam_system.marking.answer_keys import newest_keys, set_key
from exam_system.marking.corrections import correct_key
from exam_system.marking.optical import explain_sheet, import_optical
from exam_system.marking.publishing import publish_marks
from exam_system.marking.written import differing, require_logged
from exam_system.registration.models import Application
from exam_system.sheets import SheetError, write_csv
from exam_system.trust.errors import Malformed
from exam_system.trust.marking_notes import KeyNote, parse_key
from exam_system.verify.run import verify
from tests.marking.blind_setting import KEY, PEOPLE, Marked, begin, seal
from tests.marking.test_blind_marking import NEAR, marks
from tests.results.setting import CODE, number_of
from tests.world import World, approve_in

KEY_B = "1 D 25\n2 AC 25\n3 B/C 25\n4 A 25"
SHEETS = ("A,B,AC,D", "D,AC,C,A", "A,C,AC,D", "D,AC,A,A", "A,B,A,D", "-,-,-,A")
FORMS = "ABABAB"
BY_FORM = (100, 100, 100, 75, 75, 25)


def take_sheets(stage: Marked, forms: str = FORMS) -> None:
    rows = [(number_of(n), form, SHEETS[n]) for n, form in enumerate(forms)]
    with stage.world.acting(Role.MARKER) as ctx:
        data = write_csv(("准考证号", "卷型", "答案"), rows)
        import_optical(ctx, code=CODE, question="xc1", name="omr.csv", data=data)


def give_seats(world: World) -> None:
    """Form A and B lie on the seats in turn."""
    with world.context(world.people[Role.OFFICER]).session as db:
        attempt = db.scalars(select(Attempt.id)).first()
        site = Site(district_id=db.scalars(select(District.id)).one(), code=7, name="七中")
        site.address, site.school = "路7号", "七中"
        db.add(site)
        db.flush()
        room = Room(site_id=site.id, code=1, name="1", layout="5x6", capacity=30, use="written")
        db.add(room)
        db.flush()
        people = db.scalars(select(Application.id).order_by(Application.number))
        for n, who in enumerate(people):
            at = {"room_id": room.id, "number": n + 1, "form": 1 + n % 2}
            db.add(Seat(application_id=who, attempt_id=attempt, **at))
        db.commit()


def forms_in_force(stage: Marked) -> Marked:
    """The sheets are in, and both keys."""
    take_sheets(stage)
    for form, text in ((1, KEY), (2, KEY_B)):
        with stage.world.acting(Role.OFFICER) as ctx:
            set_key(ctx, code=CODE, question="xc1", text=text, form=form)
    return stage


@pytest.mark.parametrize("database", ["sqlite"])
def test_every_sheet_is_scored_by_the_key_of_its_form_and_strangers_see_it_corrected(
    world: World, tmp_path: Path
) -> None:
    stage = forms_in_force(seal(begin(world, tmp_path, paper_forms=2)))
    stage.give_all(NEAR)
    assert stage.close() == PEOPLE
    before = marks(world)
    assert [before[number_of(n)]["xc"] for n in range(PEOPLE)] == [f"{x}.00" for x in BY_FORM]
    with world.acting(Role.OFFICER) as ctx:
        publish_marks(ctx, code=CODE)
    new: dict[str, Any] = {"code": CODE, "question": "xc1", "form": 2, "reason": "B卷第3题答案有误"}
    new["text"] = KEY_B.replace("3 B/C", "3 A")
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "marking.correct_key", **new)
        row = correct_key(ctx, **new)
        assert (row.form, row.version, row.changed) == (2, 2, 2)  # one loses, one wins, A keeps
        require_logged(ctx.session, stage.exam)
        folder = publish_marks(ctx, code=CODE, reason="B卷标准答案更正")
    after = marks(world)
    assert {n for n in before if before[n] != after[n]} == {number_of(1), number_of(3)}
    names = {path.name for path in folder.glob("key-*")}
    assert names == {"key-xc1-A-v1.note", "key-xc1-B-v1.note", "key-xc1-B-v2.note"}
    world.seal()
    outcome = verify([world.config.published])
    assert outcome.refused == []
    assert any("2 marks of keys are others than in version 1" in one for one in outcome.lines)
    # A mark of a key that changed without one: the office could sign it, a stranger would see it.
    for name in ("key-xc1-B-v2.note", "key-xc1-A-v1.note"):
        (folder / name).rename(tmp_path / name)
        assert verify([folder]).refused, name
        (tmp_path / name).rename(folder / name)
    assert not verify([folder]).refused


@pytest.mark.parametrize("database", ["sqlite"])
def test_one_key_for_all_forms_or_one_of_each_with_the_same_items(
    world: World, tmp_path: Path
) -> None:
    stage = forms_in_force(begin(world, tmp_path, paper_forms=2))
    key: dict[str, Any] = {"code": CODE, "question": "xc1"}
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="not both"):
            set_key(ctx, **key, text=KEY)
        with pytest.raises(Invalid, match="no form C"):
            set_key(ctx, **key, text=KEY, form=3)
        short: dict[str, Any] = {**key, "form": 1, "text": "1 A 50\n2 B 50", "reason": "题数有误"}
        with pytest.raises(Conflict, match="same number of items"):
            correct_key(ctx, **short)
    take = write_csv(("准考证号", "卷型", "答案"), [(number_of(0), "甲", "ABCD")])
    with world.acting(Role.MARKER) as ctx, pytest.raises(SheetError, match="letter from A to I"):
        import_optical(ctx, code=CODE, question="xc1", name="omr.csv", data=take)
    with reading(world.engine) as db:
        assert list(differing(db, stage.exam)) == []


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_sheet_of_another_form_than_the_seats_is_named_and_counts_once_explained(
    world: World, tmp_path: Path
) -> None:
    stage = seal(begin(world, tmp_path, paper_forms=2))
    give_seats(world)
    forms_in_force(stage)
    take_sheets(stage, "ABABAA")
    stage.give_all(NEAR)
    with pytest.raises(Conflict, match=f"{number_of(5)}, xc1: form A is on the sheet, form B"):
        stage.close()
    with world.acting(Role.OFFICER) as ctx:
        explain_sheet(ctx, code=CODE, number=number_of(5), subject="xc", reason="错领A卷，已核")
    assert stage.close() == PEOPLE
    assert marks(world)[number_of(5)]["xc"] == "0.00"


def test_the_text_about_a_key_names_its_form_and_older_texts_stay_readable() -> None:
    one = KeyNote("E1", "xc1", 1, "a" * 64, 6, 0, "", "B")
    assert parse_key(one.text("o.example")) == one
    old = "o.example/answer-key/v1\nexam E1\nquestion xc1\nversion 1\nkey " + "a" * 64
    plain = parse_key(f"{old}\nsheets 6\nchanged 0\n")
    assert (plain.form, plain.name) == ("", "key-xc1-v1.note")
    for bad in ("AB", "J", ""):
        with pytest.raises(Malformed):
            parse_key(one.text("o.example").replace("form B", f"form {bad}"))


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_page_takes_a_key_of_each_form_and_a_marker_out(world: World, tmp_path: Path) -> None:
    stage = seal(begin(world, tmp_path, announced=False, paper_forms=2))
    take_sheets(stage)
    client = world.client(world.app(), Role.OFFICER)
    page = f"/office/exams/{CODE}/marking"
    assert 'id="form-xc1"' in client.get(page).text
    for form, text in (("A", KEY), ("B", KEY_B)):
        sent = {"question": "xc1", "form": form, "text": text}
        client.post(f"{page}/key", data=sent)
    words = {"code": CODE, "marker": "P002", "reason": "突发疾病"}
    with world.acting(Role.OFFICER) as ctx:
        assert {form for _, form in newest_keys(ctx.session, stage.exam)} == {1, 2}
        approve_in(ctx, "marking.replace_marker", **words)
    client.post(f"{page}/replace", data=words)
    for language, told in (("zh", "已退出"), ("en", "dropped out")):
        client.set_cookie("language", language)
        text = client.get(page).text
        assert all(f'id="key-xc1{form}"' in text for form in "AB")
        assert told in text
