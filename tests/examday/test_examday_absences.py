"""An invigilator does not come: logged first, then the next reserve who keeps the rules."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.errors import Conflict, NotFound
from exam_system.examday.absences import (
    Replacement,
    record_invigilator_absence,
    replace_invigilator,
    wanted_replacement,
)
from exam_system.examday.duties import Stand, stands
from exam_system.examday.letters import letters_pdf
from exam_system.examday.listing import import_invigilators
from exam_system.exams.lookup import exam_by_code
from exam_system.records.models import Act, ActDetail
from tests.examday import hall
from tests.examday.test_examday_invigilators import OTHERS, table
from tests.world import WANTED, World, approve_in

WANTED["examday.replace_invigilator"] = wanted_replacement


@pytest.fixture
def drawn(world: World) -> World:
    """Four rooms at three sites, two sessions with four reserves each: published.

    Everybody is of a school of their own and may lead, so that every reserve may go anywhere.
    """
    exam = hall.add_exam(world, invigilator_reserves=50, invigilator_never_again=[])
    hall.add_places(world, exam)
    hall.add_people(world, exam, 1, 65)
    hall.add_people(world, exam, 2, 7)
    hall.seat(world)
    with world.acting(Role.OFFICER) as ctx:
        schools = [f"外地第{n}中学" for n in range(30)]
        import_invigilators(ctx, code=hall.CODE, name="i.csv", data=table(*schools))
    hall.finish(world, "invigilators")
    hall.publish(world, "invigilators")
    return world


def now(world: World) -> list[Stand]:
    with world.context(world.people[Role.OFFICER]).session as db:
        return stands(db, exam_by_code(db, hall.CODE))


def lead(world: World, number: int = 0) -> Stand:
    """The lead of a room in the first session, who is there."""
    found = [one for one in now(world) if one.room and one.place == 1 and not one.absence]
    return found[number]


def about(one: Stand) -> dict[str, str]:
    return {
        "code": hall.CODE,
        "session": one.session.subject,
        "label": one.invigilator.label,
    }


def miss(world: World, one: Stand) -> None:
    with world.acting(Role.OFFICER) as ctx:
        record_invigilator_absence(ctx, **about(one), reason="突发疾病")


def come(world: World, one: Stand) -> Replacement:
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "examday.replace_invigilator", **about(one))
        return replace_invigilator(ctx, **about(one))


def acts(world: World) -> list[tuple[str, dict[str, Any]]]:
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(Act.kind, ActDetail.details).join(ActDetail).order_by(Act.id)
        rows = db.execute(query).all()
    return [(kind, json.loads(text)) for kind, text in rows if "invigilator" in kind]


def test_the_absence_is_logged_before_the_substitute_is_named(drawn: World) -> None:
    one = lead(drawn)
    with drawn.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="Record the absence"):
        wanted_replacement(ctx, **about(one))
    miss(drawn, one)
    with drawn.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="recorded already"):
        record_invigilator_absence(ctx, **about(one), reason="再次登记")
    with drawn.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="approval of somebody"):
        replace_invigilator(ctx, **about(one))
    found = come(drawn, one)
    assert found.coming.room is None
    with drawn.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="substitute is in this"):
        wanted_replacement(ctx, **about(one))
    after = {
        stand.invigilator.label: stand for stand in now(drawn) if stand.session.id == one.session.id
    }
    coming = after[found.coming.invigilator.label]
    assert coming.room is not None
    assert one.room is not None
    assert (coming.room.id, coming.place) == (one.room.id, 1)
    assert coming.instead is not None
    assert coming.instead.id == one.invigilator.id
    assert after[one.invigilator.label].absence is not None
    kinds = acts(drawn)[-2:]
    assert [kind.split(".")[1] for kind, _ in kinds] == [
        "record_invigilator_absence",
        "replace_invigilator",
    ]
    assert "substitute" not in kinds[0][1]
    assert kinds[1][1]["substitute"] == coming.invigilator.label
    assert kinds[1][1]["approval"]


def test_when_no_reserve_is_left_nobody_is_put_in(drawn: World) -> None:
    """Four reserves in the session: the fifth absence finds nobody."""
    came, said = [], ""
    while not said:
        one = lead(drawn)
        miss(drawn, one)
        try:
            came.append((one, come(drawn, one).coming))
        except Conflict as error:
            said = str(error)
    assert "No reserve of this session is left" in said
    assert len(came) == 4
    at_home = [one.site.id == coming.site.id for one, coming in came]
    assert at_home[:2] == [True, True]  # the site of the first room has two reserves
    assert len({coming.invigilator.id for _, coming in came}) == len(came)


def test_a_substitute_who_does_not_come_either_is_replaced(drawn: World) -> None:
    one = lead(drawn)
    miss(drawn, one)
    first = come(drawn, one).coming
    second = next(s for s in now(drawn) if s.duty.id == first.duty.id)
    assert second.room is not None
    miss(drawn, second)
    third = come(drawn, second).coming
    final = next(s for s in now(drawn) if s.duty.id == third.duty.id)
    assert one.room is not None
    assert final.room is not None
    assert final.room.id == one.room.id
    with drawn.context(drawn.people[Role.OFFICER]).session as db:
        seen = stands(db, exam_by_code(db, hall.CODE))
    there = [s for s in seen if s.room and s.room.id == one.room.id and not s.absence]
    assert sorted(s.place for s in there if s.session.id == one.session.id) == [1, 2]


def test_a_reserve_who_is_away_is_passed_over(drawn: World) -> None:
    one = lead(drawn)
    miss(drawn, one)
    with drawn.acting(Role.OFFICER) as ctx:
        told = wanted_replacement(ctx, **about(one))
    away = next(
        s
        for s in now(drawn)
        if s.session.id == one.session.id
        and any(s.invigilator.staff_no in str(x) for x in told.summary[3:])
    )
    assert away.room is None
    miss(drawn, away)
    with drawn.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="needs no substitute"):
        wanted_replacement(ctx, **about(away))
    with drawn.acting(Role.OFFICER) as ctx:
        assert wanted_replacement(ctx, **about(one)).digest != told.digest
    assert come(drawn, one).coming.invigilator.id != away.invigilator.id


@pytest.mark.parametrize("database", ["sqlite"])
def test_only_a_published_draw_has_absences(world: World) -> None:
    hall.standard(world, first=5, second=5)
    hall.seat(world)
    with world.acting(Role.OFFICER) as ctx:
        import_invigilators(ctx, code=hall.CODE, name="i.csv", data=table(*OTHERS * 6))
    hall.finish(world, "invigilators")
    one = lead(world)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="not published yet"):
        record_invigilator_absence(ctx, **about(one), reason="生病")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="is published"):
        letters_pdf(ctx, exam_by_code(ctx.session, hall.CODE))
    hall.publish(world, "invigilators")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(NotFound, match="has a duty"):
        record_invigilator_absence(
            ctx, code=hall.CODE, session="xc", label="i-nobody", reason="生病"
        )


def test_officers_see_rosters_letters_and_what_happened(drawn: World) -> None:
    client = drawn.client(drawn.app(), Role.OFFICER)
    base = f"/office/exams/{hall.CODE}"
    page = client.get(f"{base}/rosters")
    assert page.status_code == 200
    assert f"{base}/rosters/1/1/xc" in page.text
    one = next(s for s in now(drawn) if s.room and s.site.code == 1 and s.district.code == 1)
    roster = client.get(f"{base}/rosters/1/1/{one.session.subject}").text
    assert one.invigilator.name in roster
    person = f"{base}/duties/{one.session.subject}/{one.invigilator.label}"
    answer = client.post(f"{person}/absence", data={"reason": ""}, follow_redirects=True)
    assert "请" in answer.text
    answer = client.post(f"{person}/absence", data={"reason": "突发疾病"}, follow_redirects=True)
    assert "缺勤已登记" in answer.text
    assert "由候补" in answer.text
    asked = client.post(f"{person}/replace", data={"ask": "1"}, follow_redirects=True)
    assert "等待" in asked.text
    refused = client.post(f"{person}/replace", follow_redirects=True)
    assert "须先" in refused.text or "批准" in refused.text
    rows = list(
        csv.reader(io.StringIO(client.post(f"{base}/rosters/export/csv").data.decode("utf-8-sig")))
    )
    assert len(rows) == 1 + 24 + sum(row[-2] == "未安排" for row in rows)
    assert [row[-2] for row in rows].count("不能到岗：突发疾病") == 1
    pdf = client.get(f"{base}/invigilators/letters.pdf")
    assert pdf.data.startswith(b"%PDF")
    serving = {s.invigilator.id for s in now(drawn) if not s.absence}
    assert pdf.data.count(b"/Type /Page\n") == len(serving)
    assert client.get(f"{base}/rosters/9/9/xc").status_code == 404
    assert drawn.client(drawn.app(), Role.INSPECTOR).get(f"{base}/rosters").status_code == 403
