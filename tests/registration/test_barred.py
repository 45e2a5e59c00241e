"""The register of barred people, and the checks by area and register."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import PUBLIC
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.registration import cases, integrity
from exam_system.registration.checks import Applicant, Check, Conditions, run_checks
from exam_system.registration.models import Application, Barred
from exam_system.sheets import SheetError
from tests.registration.setting import add_candidate, add_exam, fresh, id_number, submitted
from tests.registration.test_review import ONE, decide, hire, set_rule
from tests.world import World

HEAD = "姓名,身份证号,适用考试,依据文书,情形,起始日期,截止日期\n"
BASIS = "省人社厅令〔2025〕3号处理决定"


def table(*rows: str) -> bytes:
    """A table as officers send it."""
    return (HEAD + "\n".join(rows)).encode()


def row(serial: int = 11, regime: str = "公务员", until: str = "2030-12-31") -> str:
    """One line of it."""
    return f"王小明,{id_number(serial)},{regime},{BASIS},抄袭他人答案,2026/1/1,{until}"


def enter(world: World, *rows: str) -> int:
    """Enter people, with the approval of the inspector."""
    world.approved("registration.bar_people", name="b.csv", data=table(*rows))
    with world.acting(Role.OFFICER) as ctx:
        return integrity.bar_people(ctx, name="b.csv", data=table(*rows))


def _check(application: Application, rule: str) -> dict[str, object]:
    return next(one for one in json.loads(application.checks) if one["rule"] == rule)


def test_entries_need_two_people_and_a_table_only_adds(world: World) -> None:
    add_exam(world)
    data = table(row(), row(21, "全部", "终身"))
    with pytest.raises(Conflict, match="approval"), world.acting(Role.OFFICER) as ctx:
        integrity.bar_people(ctx, name="b.csv", data=data)
    world.approved("registration.bar_people", name="b.csv", data=data)
    with pytest.raises(Conflict), world.acting(Role.OFFICER) as ctx:  # another table
        integrity.bar_people(ctx, name="b.csv", data=table(row(31)))
    with world.acting(Role.OFFICER) as ctx:
        assert integrity.bar_people(ctx, name="b.csv", data=data) == 2
    with pytest.raises(Conflict, match="changes nothing"), world.acting(Role.OFFICER) as ctx:
        integrity.wanted_bars(ctx, name="b.csv", data=data)
    assert enter(world, row(), row(31)) == 1
    with world.context(PUBLIC).session as db:
        rows = db.scalars(select(Barred).order_by(Barred.id)).all()
        assert [(one.regime, one.ends) for one in rows] == [
            ("civil_service", date(2030, 12, 31)),
            ("all", None),
            ("civil_service", date(2030, 12, 31)),
        ]
        assert id_number(11) not in str([vars(one) for one in rows])


@ONE
@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (row(11).replace("公务员", "高考"), "专业技术资格"),
        (row(11).replace("2030-12-31", ""), "截止日期"),
        (row(11).replace("2026/1/1", "2031-1-1"), "before the first"),
        (row(11).replace(id_number(11), "520402199701010000"), "mistyped"),
        (row(11).replace(BASIS, ""), "依据文书"),
    ],
)
def test_a_bad_table_is_refused_with_the_place(world: World, bad: str, words: str) -> None:
    with world.acting(Role.OFFICER) as ctx, pytest.raises(SheetError) as caught:
        integrity.wanted_bars(ctx, name="b.csv", data=table(row(21), bad))
    assert words in str(caught.value)
    assert "row 3" in str(caught.value)


@ONE
def test_a_barred_person_is_flagged_and_two_reviewers_decide(world: World) -> None:
    add_exam(world)  # a civil service exam; the rules ask for a second reviewer of bans
    enter(world, row(11), row(21, "卫生"), row(31, until="2026-01-31"))
    barred, other, over = (submitted(world, add_candidate(world, one)) for one in (11, 21, 31))
    found = _check(barred, "barred")
    assert found["ok"] is False
    assert found["params"] == {
        "basis": BASIS,
        "why": "抄袭他人答案",
        "begins": "2026-01-01",
        "ends": "2030-12-31",
    }
    assert _check(other, "barred")["ok"] is _check(over, "barred")["ok"] is True
    with pytest.raises(Invalid, match="register"):
        decide(world, Role.REVIEWER, barred, approve=True)
    with pytest.raises(Conflict, match="look at this one"), world.acting(Role.REVIEWER) as ctx:
        cases.decide_together(ctx, refs=[barred.ref, other.ref], approve=True, reason="同名")
    assert decide(world, Role.REVIEWER, barred, approve=False, ground="barred") == "second"
    with world.acting(hire(world, "second", "李二")) as ctx:
        assert cases.confirm_decision(ctx, ref=barred.ref).state == "refused"
    assert decide(world, Role.REVIEWER, other, approve=True) == "approved"


def test_who_is_barred_after_submitting_is_seen_when_it_is_decided(world: World) -> None:
    add_exam(world)
    application = submitted(world, add_candidate(world, 11))
    assert _check(application, "barred")["ok"] is True
    enter(world, row(11))
    with pytest.raises(Conflict, match="look at this one"), world.acting(Role.REVIEWER) as ctx:
        cases.decide_together(ctx, refs=[application.ref], approve=True, reason="齐全")
    with pytest.raises(Invalid, match="register"):
        decide(world, Role.REVIEWER, application, approve=True)
    with world.context(PUBLIC).session as db:
        ref = db.scalars(select(Barred.ref)).one()
    world.approved("registration.lift_bar", ref=ref, reason="处理决定被撤销")
    with pytest.raises(Conflict), world.acting(Role.OFFICER) as ctx:
        integrity.lift_bar(ctx, ref=ref, reason="说情")
    with world.acting(Role.OFFICER) as ctx:
        assert integrity.lift_bar(ctx, ref=ref, reason="处理决定被撤销").lifted_why
    assert decide(world, Role.REVIEWER, application, approve=True) == "approved"
    assert fresh(world, application).state == "approved"
    with pytest.raises(Forbidden), world.acting(Role.REVIEWER) as ctx:
        integrity.bar_people(ctx, name="b.csv", data=table(row(41)))


@ONE
def test_the_area_of_the_id_number_is_a_hint_for_the_reviewer(world: World) -> None:
    add_exam(world)
    set_rule(world, "area_codes", ["5204", "522501"])
    local = submitted(world, add_candidate(world, 11))
    assert _check(local, "area")["ok"] is True
    set_rule(world, "area_codes", ["5203"])
    found = _check(submitted(world, add_candidate(world, 21)), "area")
    assert (found["ok"], found["params"]) == (None, {"code": "520402", "areas": "5203"})


def _area(areas: tuple[str, ...], words: str = "", area: str = "522501") -> Check:
    applicant = Applicant(date(1990, 1, 1), "female", "bachelor", "法学", area)
    conditions = Conditions(
        date(2026, 3, 1), 18, 35, "", None, None, "college", "", None, None, "", frozenset(),
        areas, words,
    )  # fmt: skip
    return run_checks(applicant, conditions)[4]


@pytest.mark.parametrize(
    ("areas", "words", "ok"),
    [
        ((), "", True),
        (("5204", "522501"), "", True),  # 安顺市 before 2000: the code is abolished, the card holds
        (("52",), "", True),
        (("5204",), "", None),
        ((), "限安顺市户籍", None),
    ],
)
def test_an_area_never_fails_by_itself(areas: tuple[str, ...], words: str, ok: bool | None) -> None:
    assert _area(areas, words).ok is ok
