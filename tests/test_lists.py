"""List pages ask the database as often for 30 rows as for one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import String, UniqueConstraint, event, func, insert, select
from sqlalchemy.engine import Connection

from exam_system.access import Role
from exam_system.accounts.models import Account, Person
from exam_system.approvals.models import Approval
from exam_system.database import Base
from exam_system.exams.models import District, Exam, ExamSession, FeeItem, Post, Room, Site
from exam_system.fees.models import Order, Payment
from exam_system.interviews.models import Interviewer
from exam_system.registration.models import Application
from tests.fees.books import ordered, paid, taken_in
from tests.registration.setting import CODE, add_candidate, add_exam, approved, submitted
from tests.world import World

ROWS = 30
BUNDLES: tuple[tuple[type[Base], ...], ...] = (
    (Account, Person, Application, Order, Payment),
    (Exam, District, Site, Room, Post, FeeItem, ExamSession),
    (Approval,),
    (Interviewer,),
)
"""Tables whose rows belong together: what a row of the first one is, with all that hangs on it."""
PAGES = {
    Role.OFFICER: (
        "/office/exams", f"/office/exams/{CODE}", f"/exams/{CODE}/applicants",
        f"/exams/{CODE}/ledger", f"/exams/{CODE}/refunds", f"/exams/{CODE}/waivers",
        f"/exams/{CODE}/counter", "/fees/statements", "/fees/bank-files", "/office/interviewers",
        f"/office/exams/{CODE}/interviews", f"/office/exams/{CODE}/interviews/avoidances",
        f"/office/exams/{CODE}/seats", f"/office/exams/{CODE}/tickets",
        f"/office/exams/{CODE}/invigilators", f"/office/exams/{CODE}/rosters",
        f"/exams/{CODE}/draws/office", f"/exams/{CODE}/results/office", "/approvals",
        "/office/messages", "/barred",
    ),
    Role.REVIEWER: ("/review", "/today"),
    Role.ADMIN: ("/users",),
    Role.INSPECTOR: (
        "/oversight", "/oversight/acts", "/oversight/alerts", "/oversight/reports", "/approvals",
        f"/oversight/exams/{CODE}/timeline",
    ),
    Role.MARKER: ("/marking", "/today"),
    Role.CANDIDATE: ("/applications", "/messages"),
    Role.PUBLIC: (
        "/", f"/exams/{CODE}", f"/exams/{CODE}/posts", f"/exams/{CODE}/draws",
        f"/exams/{CODE}/results", "/log", "/api/v1/exams", f"/api/v1/exams/{CODE}/posts",
        f"/api/v1/exams/{CODE}/notices",
    ),
}  # fmt: skip


def _one_of_each(world: World) -> None:
    """An exam with a candidate who has paid twice, one who waits for the review, and so on."""
    exam = add_exam(world)
    who = add_candidate(world, 11)
    order = ordered(world, who, approved(world, who))
    taken_in(world, paid(world, order, "t1"))
    taken_in(world, paid(world, order, "t2"))
    submitted(world, add_candidate(world, 21))
    officer, at = world.people[Role.OFFICER], world.clock.now()
    with world.context(officer).session as db:
        rules = json.loads(exam.rules)
        rules["age_day"]["value"] = "2026-03-10"  # as every announcement writes it out
        db.get_one(Exam, exam.id).rules = json.dumps(rules)
        district = db.scalars(select(District)).first()
        site = Site(district_id=district.id, code=1, name="一中", address="路1号", school="一中")
        db.add(site)
        db.flush()
        db.add(Room(site_id=site.id, code=1, name="101", layout="5x6", capacity=30, use="written"))
        db.add(ExamSession(exam_id=exam.id, subject="xc", starts_at=at + timedelta(days=30),
                           ends_at=at + timedelta(days=30, hours=2)))  # fmt: skip
        db.add(Interviewer(label="i-1", certificate="c-1", name="王", sex="male", chief=True,
                           area_code="520100", employer="某校"))  # fmt: skip
        db.add(Approval(ref="a1", verb="examday.move_candidate", exam=CODE, subject="seat:x",
                        digest="0" * 64, summary="[]", nonce="0" * 64, state="asked",
                        asked_by=officer.account_id, asked_at=at))  # fmt: skip
        db.commit()
    world.seal()


def _texts_that_differ(model: type[Base]) -> set[str]:
    """Columns of text in which no two rows are alike, one for each thing that must be unique."""
    table: Any = model.__table__
    keys = [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    keys += [list(index.columns) for index in table.indexes if index.unique]
    keys += [[column] for column in table.columns if column.unique]
    texts = [[one.name for one in key if isinstance(one.type, String)] for key in keys]
    chosen: set[str] = set()
    for names in sorted(texts, key=len):
        if names and not chosen & set(names):
            chosen.add(names[-1])
    return chosen


def _multiply(db: Connection, bundle: tuple[type[Base], ...], copies: int) -> None:
    """Copy everything in the tables of a bundle, each copy hanging on copies."""
    for n in range(copies):
        new: dict[str, dict[int, int]] = {}
        for model in bundle:
            table: Any = model.__table__
            differ, mine = _texts_that_differ(model), new.setdefault(table.name, {})
            for row in db.execute(
                select(table).where(table.c.id <= _ORIGINAL[table.name])
            ).mappings():
                values = {key: value for key, value in row.items() if key != "id"}
                for column in table.columns:
                    for key in column.foreign_keys:
                        known = new.get(key.column.table.name, {})
                        values[column.name] = known.get(
                            values.get(column.name), values.get(column.name)
                        )
                values |= {key: f"{values[key]}{n}" for key in differ if values[key] is not None}
                made = db.execute(insert(table).values(values).returning(table.c.id))
                mine[row["id"]] = made.scalar_one()


_ORIGINAL: dict[str, int] = {}


@contextmanager
def _counted(world: World, app: Any) -> Iterator[list[str]]:
    statements: list[str] = []
    engine = app.extensions["office"].engine

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def _asked(world: World, app: Any) -> dict[str, list[str]]:
    """The statements of every page, asked a second time, so that nothing is looked up for ever."""
    found = {}
    for role, paths in PAGES.items():
        client = _client(world, app, role)
        for path in paths:
            assert client.get(path).status_code == 200, path
            with _counted(world, app) as statements:
                client.get(path)
            found[f"{role.value} {path}"] = statements
    return found


def _client(world: World, app: Any, role: Role) -> Any:
    from tests.registration.setting import id_number
    from tests.world import PASSWORD

    if role is Role.CANDIDATE:
        client = app.test_client()
        client.post("/login", data={"login": id_number(11), "password": PASSWORD})
        return client
    return world.client(app, None if role is Role.PUBLIC else role)


@pytest.mark.parametrize("database", ["sqlite"])
def test_no_list_asks_more_often_for_more_rows(world: World) -> None:
    _one_of_each(world)
    app = world.app()
    few = _asked(world, app)
    with world.engine.begin() as db:
        for bundle in BUNDLES:
            for model in bundle:
                _ORIGINAL[model.__tablename__] = db.scalar(select(func.max(model.id)))  # type: ignore[attr-defined]
        for bundle in BUNDLES:
            _multiply(db, bundle, ROWS - 1)
    many = _asked(world, app)
    more = {
        page: (len(few[page]), len(asked))
        for page, asked in many.items()
        if len(asked) > len(few[page])
    }
    assert more == {}
