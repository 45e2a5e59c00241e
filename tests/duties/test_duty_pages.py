"""Duty sheets for everybody, the inspector's findings, the register and its public numbers."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.approvals.models import Approval
from exam_system.cases.models import Letter
from exam_system.cases.service import handle_case, reply_case
from exam_system.context import SYSTEM
from exam_system.duties import sheets
from exam_system.duties.models import RedLineCase
from exam_system.duties.register import numbers, register_of
from tests.cases import test_letters as letters
from tests.duties.test_redlines import another_sheet, hire
from tests.registration import setting
from tests.world import World, give_approval


@pytest.fixture
def database() -> str:
    return "sqlite"


def pairs(one: sheets.Sheet) -> list[list[str]]:
    """The risks of a sheet with what prevents them."""
    found = [list(map(str, pair)) for pair in one.lines("risks", "zh") if isinstance(pair, list)]
    assert all(len(pair) == 2 for pair in found)
    return found


def test_every_post_has_a_sheet_in_both_languages_and_as_pdf(world: World) -> None:
    client = world.app().test_client()
    text = client.get("/duties").text
    for post, one in sheets.first_sheets().items():
        assert one.name("zh") in text
        assert len(one.lines("duties", "zh")) == len(one.lines("duties", "en"))
        assert len(one.lines("risks", "zh")) == len(one.lines("risks", "en")) > 0
        page = client.get(f"/duties/{post}").text
        assert all(f'<td class="whole">{pair[0]}' in page for pair in pairs(one))
        assert one.digest in page
    assert client.get("/duties/cashier.pdf").data.startswith(b"%PDF")
    assert client.get("/duties/nobody").status_code == 404


def test_the_office_writes_a_sheet_and_another_office_puts_it_in_force(world: World) -> None:
    office = world.client(world.app(), Role.OFFICER)
    risky = {"risks_zh": "没有写措施的风险"}
    for wrong in (risky, {"duties_en": "one line only"}, {"name_zh": ""}, {}):
        office.post("/duties/cashier/draft", data=another_sheet(**wrong))
    with world.acting(SYSTEM) as ctx:
        assert sheets.draft_of(ctx.session, "cashier") is None
    office.post("/duties/cashier/draft", data=another_sheet(name_zh="收银岗"))
    assert "收银岗" not in world.app().test_client().get("/duties").text
    assert office.post("/duties/cashier/publish").status_code == 303  # nobody has approved it
    office.post("/duties/cashier/publish", data={"ask": "1"})
    with world.acting(Role.INSPECTOR) as ctx:
        give_approval(ctx, ctx.session.scalars(select(Approval.ref)).one())
    assert "收银岗" not in world.app().test_client().get("/duties").text
    office.post("/duties/cashier/publish")
    page = world.app().test_client().get("/duties/cashier").text
    assert "收银岗" in page
    assert sheets.first_sheets()["cashier"].digest in page  # earlier versions stay


def test_a_finding_goes_from_the_desk_to_the_register_and_the_public_numbers(world: World) -> None:
    setting.add_exam(world)
    hire(world, Role.OFFICER, "boss", "分管领导", "局领导")
    app = world.app()
    office, inspector = world.client(app, Role.OFFICER), world.client(app, Role.INSPECTOR)
    office.post(f"/exams/{setting.CODE}/applicants/export", data={"format": "csv"})
    inspector.post("/oversight/red-lines")
    with world.acting(SYSTEM) as ctx:
        case = ctx.session.scalars(select(RedLineCase)).one()
    assert "未经批准" in inspector.get("/oversight/red-lines").text
    page = inspector.get(f"/oversight/red-lines/{case.ref}").text
    assert "查实，列入问责台账" in page
    assert "查实，列入问责台账" not in office.get(f"/oversight/red-lines/{case.ref}").text
    inspector.post(
        f"/oversight/red-lines/{case.ref}", data={"outcome": "confirmed", "reason": "未办许可"}
    )
    boss = app.test_client()
    boss.post("/login", data={"login": "boss", "password": "correct horse battery"})
    typed: dict[str, Any] = {"measure": "criticism", "why": "擅自导出"}
    place = f"/oversight/accountability/line/{case.ref}"
    assert office.post(place, data=typed).status_code == 303  # whom it concerns
    boss.post(place, data=typed | {"ask": "1"})
    with world.acting(Role.INSPECTOR) as ctx:
        give_approval(ctx, ctx.session.scalars(select(Approval.ref)).one())
    assert 'value="criticism"' in boss.get("/oversight/accountability").text
    boss.post(place, data=typed)
    assert "通报批评" in inspector.get("/oversight/accountability").text
    with world.acting(SYSTEM) as ctx:
        (year,) = numbers(ctx.session, world.config.zone)
        assert (year.found, year.unfounded, year.lines["export"]) == (1, 0, 1)
        assert {name for name, count in year.measures.items() if count} == {"criticism"}
    public = app.test_client().get("/accountability").text
    assert "通报批评" in public
    assert "测试甲" not in public
    table = inspector.post("/lists/accountability/csv")
    assert table.status_code == 200


def test_a_letter_that_ran_past_its_day_stands_there_with_its_owner(world: World) -> None:
    letters.second_officer(world)
    ref = letters.write(world).letter.ref
    letters.assign(world, ref)
    world.clock.advance(days=20)
    letters.run(world)
    with world.acting(SYSTEM) as ctx:
        (entry,) = register_of(ctx.session)
        letter = ctx.session.scalars(select(Letter)).one()
        assert (entry.source, entry.about) == ("letter", letter.number)
        assert entry.account_id == world.people[Role.OFFICER].account_id
    with world.acting(Role.OFFICER) as ctx:
        handle_case(ctx, ref=ref, finding="已核对公告。")
        reply_case(ctx, ref=ref, text="照片为295×413像素。")
    with world.acting(SYSTEM) as ctx:
        assert [one.about for one in register_of(ctx.session)] == [letter.number]  # answered, late
