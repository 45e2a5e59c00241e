"""Pages of custody by hand: scan, open, be refused, sign, hand a sheet in, look at a photo."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.context import Actor
from exam_system.custody.models import HandOver
from exam_system.violations.models import Incident
from tests.custody.stage import CODE, FIRST, SECOND, Day, stage
from tests.custody.test_custody_chain import picture
from tests.importing import take_in
from tests.world import PASSWORD, World

pytestmark = pytest.mark.parametrize("database", ["sqlite"])
HOME = f"/custody/{CODE}"


def log_in(world: World, app: Flask, actor: Actor) -> FlaskClient:
    client = app.test_client()
    with world.context(actor).session as db:
        name = db.get_one(Account, actor.account_id).username
    answer = client.post("/login", data={"login": name, "password": PASSWORD})
    assert answer.status_code in (302, 303)
    return client


def test_a_room_scans_opens_and_uses_a_spare(world: World) -> None:
    day = stage(world)
    day.at(FIRST, -60)
    bag, later = day.bring(FIRST), day.bag(SECOND)
    app = world.app()
    one, two = (log_in(world, app, actor) for actor in day.rooms[bag.room_id or 0])
    found = one.get(f"{HOME}/find", query_string={"barcode": f" {bag.barcode.lower()} "})
    assert found.headers["Location"].endswith(bag.barcode)
    assert one.get(f"{HOME}/find?barcode=%3F").headers["Location"].endswith(HOME)
    place = f"{HOME}/bag/{bag.barcode}"
    day.at(FIRST, -9)
    wrong = one.post(
        f"{HOME}/bag/{later.barcode}/open", data={"subject": FIRST, "seal": later.seal}
    )
    assert wrong.status_code == 303
    with world.context(day.site[0]).session as db:
        [incident] = db.scalars(select(Incident)).all()
        assert later.barcode in incident.facts
    for client in (one, two):
        page = client.get(place).get_data(as_text=True)
        assert "/open" in page
        client.post(f"{place}/open", data={"subject": FIRST, "seal": bag.seal.lower()})
    assert day.bag().state == "opened"
    day.allow(bag, "spare")
    data = {"seat": "7", "cause": "faulty", "reason": "缺页"}
    file = {"photo": (BytesIO(picture()), "photo.jpg")}
    one.post(f"{place}/spare", data={**data, **file}, content_type="multipart/form-data")
    page = two.get(place).get_data(as_text=True)
    photo = next(part for part in page.split('"') if part.endswith(".jpg"))
    assert two.get(photo).data.startswith(b"\xff\xd8\xff")
    other = next(room for room in day.rooms if room != bag.room_id)
    stranger = log_in(world, app, day.rooms[other][0])
    assert stranger.get(photo).status_code == stranger.get(place).status_code == 403
    assert stranger.get(f"{HOME}/room/{bag.room_id}").status_code == 404
    assert bag.barcode not in stranger.get(f"{HOME}/bags").get_data(as_text=True)
    for path in ("", "/bags", f"/room/{bag.room_id}", "/devices", "/hand"):
        assert one.get(HOME + path).status_code == 200, path


def test_the_office_registers_hands_over_and_is_told_what_is_missing(world: World) -> None:
    day = stage(world)
    day.at(FIRST, -45)
    app = world.app()
    office = log_in(world, app, world.people[Role.OFFICER])
    table = "条码,类别,科目,考区,考点,考场号,份数,备用份数,封条号\nN0001,试卷,xc,1,1,01,30,1,F1\n"
    answer = take_in(office, f"{HOME}/register", table.encode())
    assert answer.status_code in (302, 303)
    assert office.post(f"{HOME}/labels.pdf", data={"subject": FIRST}).data.startswith(b"%PDF")
    devices = "设备编号,设备类别,考区,考点,考场号\nD-01,手机探测器,1,1,01\n"
    take_in(office, f"{HOME}/devices/import", devices.encode())
    people = "编号,姓名,工作单位,行政区划代码\nM1,王某,外省大学,430100\n"
    take_in(office, f"{HOME}/specialists", people.encode())
    named = {"number": "M1", "subject": "sl", "task": "sets"}
    office.post(f"{HOME}/specialists/assign", data=named)
    assert "外省大学" in office.get(f"{HOME}/specialists").get_data(as_text=True)
    assert "N0001" in office.get(HOME).get_data(as_text=True)  # late: not at its site
    ref = _hand_over(day, office)
    with world.context(day.keepers[0]).session as db:
        over = db.scalars(select(HandOver).where(HandOver.ref == ref)).one()
        assert over.done_at is not None
        assert over.sheet is not None
    assert office.get(f"{HOME}/hand/{ref}").status_code == 200
    assert office.get(f"{HOME}/bag/N0001").status_code == 200


def _hand_over(day: Day, office: FlaskClient) -> str:
    """Begun on the page, two supervisors on paper; the reference."""
    form = {"step": "escort", "barcodes": "N0001\n"}
    for party, some in (("giver", day.keepers), ("receiver", day.escorts)):
        form |= {f"{party}-{n}-account": actor.ref for n, actor in enumerate(some)}
    for n, name in enumerate(("钱乙", "孙丙")):
        form |= {f"supervisor-{n}-name": name, f"supervisor-{n}-office": "市保密局"}
    ref = office.post(f"{HOME}/hand", data=form).headers["Location"].rpartition("/")[2]
    for actor in (*day.keepers, *day.escorts):
        client = log_in(day.world, office.application, actor)
        assert ref in client.get(HOME).get_data(as_text=True)
        client.post(f"{HOME}/sign", data={"ref": ref})
    file = {"photo": (BytesIO(picture()), "sheet.jpg")}
    office.post(f"{HOME}/hand/{ref}/sheet", data=file, content_type="multipart/form-data")
    return ref
