"""Who sits in which panel is sealed until the hour; an inspector who looks is on record."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.errors import Conflict, Forbidden
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews import service
from exam_system.interviews.models import Interviewer, PanelSeat
from exam_system.interviews.papers import group_lists, panel_sheets
from exam_system.records.models import Act, ActDetail
from tests.interviews import setting
from tests.interviews.setting import CODE
from tests.world import World

OFFICE = f"/office/exams/{CODE}/interviews"
HOUR = "2026-06-01T00:30:00Z"


def sealed(world: World) -> list[str]:
    """Drawn and sealed; returns the names of everybody who sits in a panel."""
    setting.add_exam(world, panels_open_at=HOUR)
    setting.fill_pool(world, 2, 7, local=1)
    with world.acting(Role.OFFICER) as ctx:
        service.create_panels(ctx, code=CODE)
    for kind in ("interviewers", "groups", "order"):
        setting.hold(world, kind)
    with world.acting(Role.OFFICER) as ctx:
        query = select(Interviewer.name).join(PanelSeat, PanelSeat.interviewer_id == Interviewer.id)
        return list(ctx.session.scalars(query))


def test_before_the_hour_no_page_and_no_paper_tells(world: World) -> None:
    names = sealed(world)
    client = world.client(world.app(), Role.OFFICER)
    for page in ("", "?panel=01", "/substitutes"):
        text = client.get(OFFICE + page).get_data(as_text=True)
        assert not [name for name in names if name in text]
        assert "封存" in text
    assert client.get(f"{OFFICE}/panels.pdf").status_code == 409
    assert client.get(f"{OFFICE}/groups.pdf").data.startswith(b"%PDF")
    with pytest.raises(Conflict, match="sealed until"), world.acting(Role.OFFICER) as ctx:
        service.issue_accounts(ctx, code=CODE)
    world.clock.advance(days=200)
    opened = world.client(world.app(), Role.OFFICER).get(f"{OFFICE}?panel=01")
    assert all(name in opened.get_data(as_text=True) for name in names)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        assert panel_sheets(ctx, exam).startswith(b"%PDF")
        assert group_lists(ctx, exam).startswith(b"%PDF")


def test_an_inspector_looks_with_a_reason_on_record(world: World) -> None:
    names = sealed(world)
    client = world.client(world.app(), Role.INSPECTOR)
    text = client.get(f"{OFFICE}/sealed").get_data(as_text=True)
    assert not [name for name in names if name in text]
    answer = client.post(f"{OFFICE}/sealed", data={"reason": "核对回避"})
    assert all(name in answer.get_data(as_text=True) for name in names)
    with world.acting(Role.OFFICER) as ctx:
        query = select(ActDetail.details).join(Act, Act.id == ActDetail.act_id)
        (told,) = ctx.session.scalars(query.where(Act.kind == "interviews.look_at_panels")).all()
    assert json.loads(told)["why"] == "核对回避"


def test_nobody_else_looks_and_afterwards_nobody_needs_to(world: World) -> None:
    sealed(world)
    with pytest.raises(Forbidden), world.acting(Role.OFFICER) as ctx:
        service.look_at_panels(ctx, code=CODE, reason="想看")
    world.clock.advance(days=200)
    with pytest.raises(Conflict, match="not sealed"), world.acting(Role.INSPECTOR) as ctx:
        service.look_at_panels(ctx, code=CODE, reason="核对")
