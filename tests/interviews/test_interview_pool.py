"""The pool and avoidance."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.interviews import service
from exam_system.interviews.models import Avoidance, Interviewer, PanelAbsence
from exam_system.registration.models import Application
from exam_system.sheets import SheetError, write_csv, write_xlsx
from tests.interviews import setting
from tests.interviews.setting import CODE, HEADER, number_of, pool_row
from tests.world import World


def send(world: World, rows: list[tuple[str, ...]], header: tuple[str, ...] = HEADER) -> None:
    with world.acting(Role.OFFICER) as ctx:
        service.import_interviewers(ctx, name="pool.csv", data=write_csv(header, rows))


def stored(world: World) -> dict[str, Interviewer]:
    with world.acting(Role.OFFICER) as ctx:
        return {row.certificate: row for row in ctx.session.scalars(select(Interviewer))}


def test_a_table_in_chinese_and_one_in_english(world: World) -> None:
    send(world, [pool_row(1, chief=True), pool_row(2)])
    english = ("certificate", "name", "sex", "area code", "employer", "chief")
    with world.acting(Role.OFFICER) as ctx:
        data = write_xlsx("pool", english, [("KG9", "Li Wei", "female", "410100", "X", "no")])
        taken = service.import_interviewers(ctx, name="pool.xlsx", data=data)
    assert (taken.added, taken.changed) == (1, 0)
    pool = stored(world)
    assert sorted(pool) == ["KG0001", "KG0002", "KG9"]
    assert (pool["KG0001"].chief, pool["KG0001"].sex, pool["KG0001"].area_code) == (
        True,
        "female",
        "410100",
    )
    assert not pool["KG9"].chief


def test_a_second_import_updates_by_certificate_and_removes_nobody(world: World) -> None:
    send(world, [pool_row(1), pool_row(2), pool_row(3)])
    before = stored(world)
    with world.acting(Role.OFFICER) as ctx:
        data = write_csv(HEADER, [pool_row(1), pool_row(2, chief=True), pool_row(4)])
        taken = service.import_interviewers(ctx, name="pool.csv", data=data)
    assert (taken.added, taken.changed) == (1, 1)
    after = stored(world)
    assert len(after) == 4
    assert after["KG0002"].chief
    assert after["KG0002"].label == before["KG0002"].label


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("at", "value"),
    [(1, "1<b>"), (2, "未知"), (3, "5204"), (3, "052040"), (4, "局" * 121), (5, "也许")],
)
def test_a_bad_cell_refuses_the_whole_table(world: World, at: int, value: str) -> None:
    bad = list(pool_row(2))
    bad[at] = value
    with pytest.raises(SheetError, match="row 3"):
        send(world, [pool_row(1), tuple(bad)])
    assert stored(world) == {}


def test_one_certificate_twice_is_refused(world: World) -> None:
    with pytest.raises(SheetError):
        send(world, [pool_row(1), pool_row(1)])


@pytest.mark.parametrize("role", [Role.ADMIN, Role.INSPECTOR, Role.INTERVIEWER, Role.MARKER])
def test_the_pool_is_the_officers(world: World, role: Role) -> None:
    with pytest.raises(Forbidden), world.acting(role) as ctx:
        service.import_interviewers(ctx, name="pool.csv", data=write_csv(HEADER, [pool_row(1)]))


def declare(world: World, **changes: str) -> None:
    values = {"code": CODE, "certificate": "KG0000", "number": number_of(0), "relation": "kinship"}
    with world.acting(Role.OFFICER) as ctx:
        service.declare_avoidance(ctx, **{**values, **changes})


def test_the_office_declares_an_avoidance_once(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 1, 1)
    declare(world)
    with pytest.raises(Conflict, match="already"):
        declare(world, relation="school")


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"relation": "friend"}, Invalid),
        ({"certificate": "KG0777"}, NotFound),
        ({"certificate": ""}, NotFound),
        ({"number": "777"}, NotFound),
        ({"code": "none"}, NotFound),
    ],
)
def test_what_an_avoidance_must_name(
    world: World, wrong: dict[str, str], refusal: type[Exception]
) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 1, 1)
    with pytest.raises(refusal):
        declare(world, **wrong)


def test_an_interviewer_declares_only_for_themselves(world: World) -> None:
    setting.ready(world, (3, 3), panels=2)
    actor, elsewhere = setting.interviewer(world, 2), number_in(world, "02")
    with world.acting(actor) as ctx:
        own = ctx.session.scalars(
            select(Interviewer).where(Interviewer.account_id == actor.account_id)
        ).one()
        other = ctx.session.scalars(select(Interviewer).where(Interviewer.id != own.id)).first()
        assert other is not None
        with pytest.raises(Forbidden):
            service.declare_avoidance(
                ctx, code=CODE, certificate=other.certificate, number=elsewhere, relation="school"
            )
        service.declare_avoidance(ctx, code=CODE, number=elsewhere, relation="school")
    with world.acting(Role.OFFICER) as ctx:
        assert ctx.session.scalars(select(Avoidance.interviewer_id)).all() == [own.id]


def number_in(world: World, panel: str) -> str:
    ref = setting.ref_of(world, 1, panel)
    with world.acting(Role.OFFICER) as ctx:
        query = select(Application.number).where(Application.ref == ref)
        return str(ctx.session.scalars(query).one())


def test_an_avoidance_in_the_own_panel_after_the_draws_ends_the_service(world: World) -> None:
    setting.begin(world, (3, 3), panels=2)
    actor, number = setting.interviewer(world, 2), number_in(world, "01")
    with world.acting(actor) as ctx:
        service.declare_avoidance(ctx, code=CODE, number=number, relation="kinship")
    with pytest.raises(Conflict, match="place 2 is absent"):
        setting.call(world, 1)
    with world.acting(Role.OFFICER) as ctx:
        (row,) = ctx.session.scalars(select(PanelAbsence))
    assert (row.cause, row.reason, row.substitute_id) == ("avoidance", "kinship", None)
