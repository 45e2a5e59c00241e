"""The registers: bags from a table, devices with alarms, setters and markers from elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.custody import overview
from exam_system.custody.devices import import_devices, note_device, preview_devices
from exam_system.custody.outsiders import assign_specialist, import_specialists
from exam_system.custody.register import bag_rows, import_bags, preview_bags, print_labels
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import ExamSession
from exam_system.sheets import SheetError
from exam_system.violations.models import Incident
from tests.custody.stage import CODE, FIRST, SECOND, stage
from tests.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"])
HEAD = "条码,类别,科目,考区,考点,考场号,份数,备用份数,封条号\n"
NEW = "N0001,试卷,行政职业能力测验,考区1,1,01,30,1,F100\nN0002,备用卷,sl,1,,,1,0,F101\n"


def test_the_register_comes_in_from_a_table_and_leaves_on_labels(world: World) -> None:
    day = stage(world)
    with world.acting(Role.OFFICER) as ctx:
        data = (HEAD + NEW).encode()
        seen = preview_bags(ctx, CODE, "袋.csv", data)
        assert (seen.counts["added"], seen.counts["changed"]) == (2, 0)
        assert import_bags(ctx, code=CODE, name="袋.csv", data=data) == 2
        assert preview_bags(ctx, CODE, "袋.csv", data).counts["added"] == 0
        rows = {row[0]: row for row in bag_rows(ctx.session, exam_by_code(ctx.session, CODE))}
        assert rows["N0002"][1:7] == ("备用卷", "申论", "考区1", "", "", "1")
        for wrong in (
            "N003,试卷,xc,考区1,1,77,30,1,F1\n",
            "N003,试卷,yy,考区1,1,01,30,1,F1\n",
            "N003,试卷,xc,考区9,1,01,30,1,F1\n",
        ):
            with pytest.raises(Invalid):
                import_bags(ctx, code=CODE, name="a.csv", data=(HEAD + wrong).encode())
        with pytest.raises(SheetError):
            import_bags(ctx, code=CODE, name="a.csv", data=(HEAD + NEW + NEW).encode())
        pdf = print_labels(ctx, code=CODE, subject=FIRST)
    assert pdf.startswith(b"%PDF")
    day.at(FIRST, -180)
    day.hand("escort", ["N0001"])
    moved = NEW.replace("F100", "F999")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="changed no more"):
        import_bags(ctx, code=CODE, name="a.csv", data=(HEAD + moved).encode())


def test_what_is_missing_follows_the_rules_and_the_place(world: World) -> None:
    day = stage(world)
    rooms = len(day.rooms)

    def late(subject: str, minutes: int, who: object = Role.OFFICER) -> list[tuple[str, str]]:
        ctx = world.context(world.people[who] if isinstance(who, Role) else who)  # type: ignore[arg-type]
        with ctx.session:
            seen = overview.scene(ctx, CODE)
            query = select(ExamSession).where(ExamSession.subject == subject)
            now = ctx.session.scalars(query).one().starts_at + timedelta(minutes=minutes)
            found = overview.missing(seen.exam, seen.sessions, seen.bags, now)
            return sorted({(one.session.subject, one.to) for one in found})[:9]

    assert late(FIRST, -61) == []
    assert late(FIRST, -60) == [(FIRST, "site")]
    day.at(FIRST, -180)
    bag = day.bring(FIRST, upto="site")
    watch = day.rooms[bag.room_id or 0][0]
    assert late(FIRST, -21, watch) == [(FIRST, "site")]  # the answer sheets of the own room
    assert late(FIRST, -20, watch) == [(FIRST, "room"), (FIRST, "site")]
    with world.acting(Role.OFFICER) as ctx:
        seen = overview.scene(ctx, CODE)
        assert len(seen.bags) == 2 * (2 * rooms + 1)
    ctx = world.context(watch)
    with ctx.session:
        assert {one.room_id for one in overview.scene(ctx, CODE).bags} == {bag.room_id}


def test_an_alarm_of_a_device_is_an_incident_of_its_room(world: World) -> None:
    day = stage(world)
    room = min(day.rooms)
    one, other = (day.rooms[key][0] for key in (room, next(k for k in day.rooms if k != room)))
    data = (
        "设备编号,设备类别,考区,考点,考场号\nD-01,手机探测器,考区1,1,01\nJ-01,屏蔽仪,考区1,1,01\n"
    )
    with world.acting(Role.OFFICER) as ctx:
        assert preview_devices(ctx, CODE, "a.csv", data.encode()).counts["added"] == 2
        import_devices(ctx, code=CODE, name="a.csv", data=data.encode())
    day.at(FIRST, -30)
    about = {"code": CODE, "serial": "D-01", "subject": FIRST}
    with world.acting(one) as ctx:
        note_device(ctx, what="works", **about)
        with pytest.raises(Conflict, match="not switched on"):
            note_device(ctx, what="alarm", note="第7座", **about)
        note_device(ctx, what="on", **about)
        with pytest.raises(Conflict, match="already"):
            note_device(ctx, what="on", **about)
        with pytest.raises(Invalid):
            note_device(ctx, what="alarm", **about)
        note_device(ctx, what="alarm", note="第7座附近有手机信号", **about)
    with world.acting(other) as ctx, pytest.raises(Forbidden):
        note_device(ctx, what="off", **about)
    with world.context(one).session as db:
        [incident] = db.scalars(select(Incident)).all()
    assert (incident.kind, incident.room_id) == ("alarm", room)
    assert "D-01" in incident.facts


def test_setters_and_markers_come_from_elsewhere(world: World) -> None:
    day = stage(world)
    assert day.session(SECOND)
    data = "编号,姓名,工作单位,行政区划代码\nM1,王某,外省大学,430100\nM2,李某,本市学院,520402\n"
    with world.acting(Role.OFFICER) as ctx:
        assert import_specialists(ctx, name="a.csv", data=data.encode()) == 2
        near = {"code": CODE, "number": "M2", "subject": "sl", "task": "sets"}
        with pytest.raises(Conflict, match="from the area of this exam"):
            assign_specialist(ctx, **near)
        far = {**near, "number": "M1"}
        assign_specialist(ctx, **far)
        with pytest.raises(Conflict, match="already"):  # nobody sets and marks one subject
            assign_specialist(ctx, **{**far, "task": "marks"})
        home = data.replace("430100", "520400").encode()
        with pytest.raises(Conflict, match="from the area"):
            import_specialists(ctx, name="a.csv", data=home)
        ctx.session.rollback()
