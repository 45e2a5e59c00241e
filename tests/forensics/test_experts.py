"""Three experts decide by themselves, blind to names and to one another; only then a case opens."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.forensics.experts import appoint_expert, decide_case, give_opinion
from exam_system.forensics.models import CaseFile, FlaggedPair
from exam_system.forensics.screening import publish_figures
from exam_system.marking.models import WrittenMark
from exam_system.registration.models import Application
from exam_system.violations.models import ScoreEffect, ViolationCase
from tests.forensics.stage import appoint, screened
from tests.results.setting import CODE
from tests.world import PASSWORD, World

WHY = "相同错误过多，且座位相邻"


def printed(pdf: bytes) -> str:
    """The text of a PDF."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True)
    assert done.returncode == 0
    return done.stdout.decode()


def opine(world: World, who: Any, ref: str, finding: str) -> None:
    with world.acting(who) as ctx:
        give_opinion(ctx, ref=ref, finding=finding, reason=f"{WHY}（{finding}）")


def rows(world: World, table: Any) -> int:
    with world.acting(Role.OFFICER) as ctx:
        return ctx.session.scalars(select(func.count()).select_from(table)).one()


def test_the_majority_decides_and_opens_the_cases(world: World) -> None:
    _stage, row = screened(world)
    with world.acting(Role.OFFICER) as ctx:
        first, second, third = ctx.session.scalars(select(CaseFile.ref).order_by(CaseFile.number))
    group = appoint(world, 2)
    with world.acting(group[0]) as ctx, pytest.raises(Conflict, match="has 2 members and needs 3"):
        give_opinion(ctx, ref=first, finding="confirm", reason=WHY)
    with world.acting(Role.ADMIN) as ctx:
        group.append(world.hire(ctx, Role.MARKER, "expert2", "外地考试院"))
    with world.acting(Role.OFFICER) as ctx:
        new = {"code": CODE, "username": "expert2", "unit": "外地考试院"}
        with pytest.raises(Invalid, match="another area"):
            appoint_expert(ctx, **new, area_code="520402")
        appoint_expert(ctx, **new, area_code="530100")
        with pytest.raises(Conflict, match="in the group already"):
            appoint_expert(ctx, **new, area_code="530100")
        with pytest.raises(Invalid, match="no marker's account"):
            appoint_expert(ctx, **{**new, "username": "officer"}, area_code="530100")
    opine(world, group[0], first, "confirm")
    with world.acting(group[0]) as ctx:
        with pytest.raises(Conflict, match="is in already"):
            give_opinion(ctx, ref=first, finding="dismiss", reason=WHY)
        with pytest.raises(Conflict, match="1 of 3"):
            decide_case(ctx, ref=first, reason=WHY)
        with pytest.raises(Invalid, match="Say whether"):
            give_opinion(ctx, ref=second, finding="guilty", reason=WHY)
    with world.acting(Role.MARKER) as ctx, pytest.raises(Forbidden):  # a marker, but no expert
        give_opinion(ctx, ref=first, finding="confirm", reason=WHY)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Forbidden):
            decide_case(ctx, ref=first, reason=WHY)
        with pytest.raises(Conflict, match="nobody joins"):
            appoint_expert(ctx, **{**new, "username": "marker"}, area_code="530100")
    opine(world, group[1], first, "dismiss")
    opine(world, group[2], first, "confirm")
    assert rows(world, ViolationCase) == 0
    with world.acting(group[1]) as ctx:
        decide_case(ctx, ref=first, reason=WHY)
        with pytest.raises(Conflict, match="has decided"):
            decide_case(ctx, ref=first, reason=WHY)
    for ref, findings in ((second, "cdd"), (third, "ddd")):
        for who, letter in zip(group, findings, strict=True):
            opine(world, who, ref, "confirm" if letter == "c" else "dismiss")
        with world.acting(group[0]) as ctx:
            decide_case(ctx, ref=ref, reason=WHY)
    with world.acting(Role.OFFICER) as ctx:
        states = ctx.session.scalars(select(CaseFile.state).order_by(CaseFile.number)).all()
        assert states == ["confirmed", "dismissed", "dismissed"]
        pair = ctx.session.scalars(select(FlaggedPair).order_by(FlaggedPair.id)).first()
        assert pair is not None
        cases = ctx.session.scalars(select(ViolationCase)).all()
        assert {case.application_id for case in cases} == {pair.first_id, pair.second_id}
        assert {(case.kind, case.source, case.subject) for case in cases} == {
            ("similar", "forensics", "xc")
        }
        assert all(f"casefile:{first}" in json.loads(case.documents) for case in cases)
        assert all(WHY in case.facts and "2票" in case.facts for case in cases)
        publish_figures(ctx, ref=row.ref)
        with pytest.raises(Conflict, match="already"):
            publish_figures(ctx, ref=row.ref)
    # A case is the beginning of a procedure: scores are as they were.
    assert (rows(world, ScoreEffect), rows(world, WrittenMark)) == (0, 0)
    page = world.client(world.app()).get(f"/exams/{CODE}/similarity").text
    assert "14,280" in page
    assert "<b>3</b>筛出的对数" in page
    assert "<b>1</b>认定雷同" in page


@pytest.mark.parametrize("database", ["sqlite"])
def test_experts_see_codes_and_no_opinions_until_all_are_in(world: World) -> None:
    screened(world)
    group = appoint(world)
    with world.acting(Role.OFFICER) as ctx:
        ref = ctx.session.scalars(select(CaseFile.ref).order_by(CaseFile.number)).first() or ""
        pair = ctx.session.scalars(select(FlaggedPair).order_by(FlaggedPair.id)).first()
        assert pair is not None
        people = [ctx.session.get_one(Application, one) for one in (pair.first_id, pair.second_id)]
        numbers = [str(one.number) for one in people]
        codes = [json.loads(pair.statistics)[key] for key in ("first", "second")]
    app = world.app()
    expert = app.test_client()
    expert.post("/login", data={"login": "expert0", "password": PASSWORD})
    stranger = world.client(app, Role.MARKER)
    office = world.client(app, Role.OFFICER)
    address = f"/experts/cases/{ref}"

    def seen() -> str:
        return str(expert.get(address).text)

    assert stranger.get(address).status_code == 404
    assert stranger.get(f"{address}.pdf").status_code == 404
    page = seen()
    assert all(code in page for code in codes)
    assert not any(number in page for number in (*numbers, "考场</", "号考场"))
    assert all(number in office.get(address).text for number in numbers)
    hidden = printed(expert.get(f"{address}.pdf").data)
    assert all(code in hidden for code in codes)
    assert "证据材料，不是结论" in hidden
    assert not any(number in hidden for number in numbers)
    opine(world, group[1], ref, "confirm")
    answer = expert.post(f"{address}/opinion", data={"finding": "dismiss", "reason": "题目太少"})
    assert answer.status_code == 303
    for page in (seen(), office.get(address).text):
        assert WHY not in page
        assert "题目太少" not in page
    opine(world, group[2], ref, "confirm")
    page = seen()
    assert WHY in page
    assert "题目太少" in page
    assert numbers[0] not in page
    answer = expert.post(f"{address}/decision", data={"reason": "多数意见"}, follow_redirects=True)
    assert all(number in answer.text for number in numbers)
    assert "专家组认定雷同" in answer.text
    assert expert.get("/experts/cases").text.count("专家组尚未认定") == 2
    shown = printed(expert.get(f"{address}.pdf").data)
    assert all(number in shown for number in numbers)
    assert "题目太少" in shown
