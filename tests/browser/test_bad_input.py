"""What people really do: mistype, choose the wrong file, press twice, go back, come late."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect
from sqlalchemy import func, select

from exam_system.accounts.service import register_candidate
from exam_system.accounts.sessions import actor_for
from exam_system.context import PUBLIC
from exam_system.database import reading
from exam_system.demo import people
from exam_system.demo.road import PASSWORD
from exam_system.demo.sources import post_code
from exam_system.fees.models import Order
from exam_system.people import check_character
from exam_system.records.models import Act
from exam_system.registration import service as registration
from exam_system.registration.models import Application
from tests.browser.fair import DRAFT, Fair, id_of
from tests.browser.visitor import Visitor

Come = Callable[[str, str], Visitor]


@pytest.fixture
def come(chromium: Browser, fair: Fair) -> Iterator[Come]:
    """Visitors with a device and a language, who leave at the end."""
    here: list[Visitor] = []

    def arrive(device: str, language: str) -> Visitor:
        here.append(Visitor(chromium, fair.stage, device, language))
        return here[-1]

    yield arrive
    for visitor in here:
        visitor.context.close()


def draft_of(fair: Fair, number: int) -> tuple[str, str]:
    """A new candidate with a photo and an application not yet submitted: ID number, reference."""
    made = next(people.candidates("late", 1, year=2026, first=7_000 + number))
    with fair.stage.cast.acting(PUBLIC) as ctx:
        account = register_candidate(
            ctx, name=made.name, id_number=made.id_number, phone=made.phone, password=PASSWORD
        )
        mine = ctx.as_actor(actor_for(account))
        application = registration.apply(
            mine,
            exam_code=fair.open.code,
            post_code=post_code(0),
            district_code=1,
            education=made.education,
            major=made.major,
            school=made.school,
            employer="",
        )
        registration.add_photo(mine, ref=application.ref, data=people.photo(1))
    return made.id_number, application.ref


def acts(fair: Fair, kind: str, ref: str) -> int:
    """How many acts of a kind the log has about an application."""
    query = select(func.count()).where(Act.kind == kind, Act.subject == f"application:{ref}")
    with reading(fair.stage.cast.office.engine) as db:
        return db.scalar(query) or 0


def test_what_is_mistyped_is_explained_where_it_stands_and_the_rest_stays(come: Come) -> None:
    visitor = come("phone", "zh")
    visitor.visit("/register")
    typed = {"name": "郑飞欣7", "id_number": "520302200006245508", "phone": "１３８ 0013 8000"}
    visitor.fill({"name": typed["name"], "id_number": "520302200006245507"})
    visitor.page.locator("#id_number").press("Enter")
    expect(visitor.page.locator("[data-problems] a")).to_have_count(1)
    expect(visitor.page.locator("#id_number-error")).to_be_visible()
    visitor.look()
    typed["id_number"] = id_number_of(typed["id_number"])
    visitor.answer({"id_number": typed["id_number"]})
    visitor.answer({"phone": typed["phone"]})
    visitor.answer({"password": PASSWORD, "again": PASSWORD})
    for box in visitor.page.get_by_role("checkbox").all():
        box.check()
    visitor.answer()
    visitor.press("Register", status=422)  # only the server knows which signs are in no name
    expect(visitor.page.locator("#name-error")).to_be_visible()
    expect(visitor.page.locator("#phone")).to_be_hidden()
    assert visitor.page.locator("[data-problems] a").count() == 1
    assert visitor.page.locator("#id_number").input_value() == typed["id_number"]
    visitor.shoot("50-mistyped")
    visitor.answer({"name": "郑飞欣"})
    expect(visitor.page.locator("#password")).to_be_visible()  # which is never kept
    expect(visitor.page.locator("[data-problems]")).to_have_count(0)


def id_number_of(digits: str) -> str:
    """The number with the last character that belongs to its first 17."""
    return digits[:17] + check_character(digits)


@pytest.mark.parametrize(
    ("number", "name", "data"),
    [
        (1, "me.jpg", b"this is no picture"),
        (2, "me.png", b"GIF89a" + bytes(100)),
        (3, "wide.jpg", None),
    ],
)
def test_a_wrong_photo_is_refused(
    come: Come, fair: Fair, number: int, name: str, data: bytes | None
) -> None:
    login, ref = draft_of(fair, number)
    visitor = come("phone", "en")
    visitor.log_in(login, PASSWORD)
    visitor.visit(f"/applications/{ref}")
    before = photo_of(fair, ref)
    visitor.attach("photo", name, data if data is not None else wide())
    visitor.press("Upload the photo", status=422)
    expect(visitor.page.locator("main .field-error")).to_be_visible()
    visitor.shoot(f"51-{name.partition('.')[0]}")
    assert photo_of(fair, ref) == before


def wide() -> bytes:
    """A landscape, which no identity photo is."""
    buffer = io.BytesIO()
    Image.new("RGB", (1200, 300), "white").save(buffer, "JPEG")
    return buffer.getvalue()


def photo_of(fair: Fair, ref: str) -> str | None:
    with reading(fair.stage.cast.office.engine) as db:
        return db.scalars(select(Application.photo).where(Application.ref == ref)).one()


def test_a_wrong_table_names_row_and_column(come: Come) -> None:
    header = "考区代码,考区,考点代码,考点,地址,所属学校,考场代码,考场,座位布局,容量,用途\n"
    good = "1,西秀考区,1,一中考点,校园路1号,一中,1,第01考场,5x6,30,笔试\n"
    bad = "1,西秀考区,1,一中考点,校园路1号,一中,x,第02考场,5x6,31,笔试\n"
    visitor = come("desktop", "en")
    visitor.log_in("officer")
    visitor.visit(f"/office/exams/{DRAFT}/places")
    visitor.attach("file", "places.csv", (header + good + bad).encode())
    visitor.press("Check and import", status=422)
    cells = visitor.page.locator(".alert-danger tbody tr").first.locator("td").all_inner_texts()
    assert cells[1:3] == ["3", "G 考场代码"]
    assert visitor.page.locator("main table").count() == 1  # nothing was imported
    visitor.shoot("52-table")


@contextmanager
def slow_office(fair: Fair) -> Iterator[None]:
    """Somebody else writes for so long that no other act ends meanwhile."""
    ctx = fair.stage.cast.office.context(PUBLIC, write=True)
    with ctx.session:
        ctx.session.execute(select(1))
        yield


def press_twice(visitor: Visitor, fair: Fair, button: str, then: Locator) -> None:
    """As an impatient finger does: again, because the page has not changed yet."""
    place = visitor.page.get_by_role("button", name=button)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box
    with slow_office(fair):
        for _ in range(2):
            visitor.page.mouse.click(box["x"] + 9, box["y"] + 9)
            visitor.page.wait_for_timeout(400)
    expect(then).to_be_visible(timeout=20_000)
    visitor.look()
    assert visitor.page.locator(".alert-danger").count() == 0


def test_pressing_twice_submits_once(come: Come, fair: Fair) -> None:
    login, ref = draft_of(fair, 600)
    visitor = come("phone", "zh")
    visitor.log_in(login, PASSWORD)
    visitor.visit(f"/applications/{ref}")
    waiting = visitor.page.get_by_text(visitor.say("Waiting for review"))
    press_twice(visitor, fair, visitor.say("Submit for review"), waiting)
    assert acts(fair, "registration.submit_application", ref) == 1


def test_pressing_pay_twice_makes_one_order(come: Come, fair: Fair) -> None:
    _, ref = fair.open.applicants[1]
    visitor = come("phone", "zh")
    visitor.log_in(id_of(fair.open, ref), PASSWORD)
    visitor.visit(f"/applications/{ref}/payment")
    code = visitor.page.locator("#waiting img")
    press_twice(visitor, fair, visitor.say("Pay %(amount)s", amount="¥100.00"), code)
    with reading(fair.stage.cast.office.engine) as db:
        orders = db.scalars(
            select(Order.state)
            .join(Application, Application.id == Order.application_id)
            .where(Application.ref == ref)
        ).all()
    assert orders == ["paying"]


def test_the_back_button_shows_how_things_stand(come: Come, fair: Fair) -> None:
    login, ref = draft_of(fair, 601)
    visitor = come("phone", "en")
    visitor.log_in(login, PASSWORD)
    visitor.visit("/applications")
    visitor.visit(f"/applications/{ref}")
    visitor.press("Submit for review")
    visitor.page.go_back()
    visitor.look()
    assert visitor.page.get_by_role("button", name="Submit for review").count() == 0
    assert "Waiting for review" in visitor.text()


def test_nothing_private_is_left_after_logging_out(come: Come, fair: Fair) -> None:
    login, ref = draft_of(fair, 602)
    visitor = come("phone", "en")
    visitor.log_in(login, PASSWORD)
    visitor.visit(f"/applications/{ref}")
    visitor.press("Log out")
    visitor.page.go_back()
    visitor.page.wait_for_load_state("load")
    assert "/login" in visitor.page.url


def test_an_expired_form_is_not_believed(come: Come, fair: Fair) -> None:
    login, ref = draft_of(fair, 603)
    visitor = come("phone", "zh")
    visitor.log_in(login, PASSWORD)
    visitor.visit(f"/applications/{ref}")
    token = visitor.page.locator("main [name=csrf_token]").first
    visitor.page.evaluate(
        "() => document.querySelectorAll('[name=csrf_token]').forEach((one) => one.value = 'x')"
    )
    assert token.input_value() == "x"
    visitor.press("Submit for review", status=422)
    said = visitor.say("The form has expired: go back, reload the page and send it again")
    assert said in visitor.text()
    visitor.shoot("53-expired")
    assert acts(fair, "registration.submit_application", ref) == 0


def test_a_form_without_its_session_changes_nothing(come: Come, fair: Fair) -> None:
    login, ref = draft_of(fair, 604)
    visitor = come("phone", "zh")
    visitor.log_in(login, PASSWORD)
    visitor.visit(f"/applications/{ref}")
    visitor.context.clear_cookies()
    visitor.press("Submit for review", status=422)
    assert acts(fair, "registration.submit_application", ref) == 0


def test_an_interviewer_who_types_too_much_is_told(come: Come, fair: Fair) -> None:
    who = fair.interviewers[3]  # the fourth: the first three have scored
    visitor = come("phone", "zh")
    visitor.log_in(who.username, who.password)
    visitor.visit("/interview")
    visitor.fill({"score": "100.5"})
    visitor.page.get_by_role("button", name=visitor.say("Go on"), exact=True).click()
    visitor.look()
    assert visitor.page.locator("#score").input_value() == "100.5"
    assert "100" in visitor.page.locator("[data-problem]").inner_text()
    visitor.shoot("54-score")
