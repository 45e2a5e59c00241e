"""Indicators of exams and years: against the rows counted one by one, and as pages and pictures."""

from __future__ import annotations

import io
import re
from datetime import date, datetime, timedelta
from statistics import median

import openpyxl
import pytest
from sqlalchemy import event, select

from exam_system.access import Role
from exam_system.appointing.models import Appointment
from exam_system.cases.models import Letter
from exam_system.context import PUBLIC
from exam_system.errors import Forbidden, Invalid
from exam_system.exams.models import Post
from exam_system.fees.models import Order
from exam_system.indicators.figures import Board, board
from exam_system.indicators.service import enter_intake
from exam_system.records.models import Release
from exam_system.registration.models import Application
from exam_system.workdays import is_working_day
from tests.appointing import setting
from tests.cases.test_letters import answer, second_officer, write
from tests.results.setting import CODE
from tests.world import World


@pytest.fixture
def database() -> str:
    return "sqlite"


def boards(world: World) -> tuple[Board, Board]:
    """What everybody may see, and everything."""
    with world.context(PUBLIC).session as db:
        now, zone = world.clock.now(), world.config.zone
        return board(db, now, zone, public=True), board(db, now, zone, public=False)


def letters(world: World) -> list[str]:
    """Six cases about the exam, four answered within a day or two; one is a complaint."""
    second_officer(world)
    refs = []
    for number in range(6):
        kind = "complaint" if number == 5 else "letter"
        refs.append(write(world, kind=kind, topic="interview", exam=CODE).letter.ref)
    for days, ref in enumerate(refs[:4]):
        world.clock.advance(days=days % 2)
        answer(world, ref)
    world.clock.advance(days=12)
    return refs


def whole_road(world: World) -> None:
    setting.begun(world)
    setting.close(world, setting.noticed(world))
    setting.appointed(world)


def test_indicators_are_what_counting_row_by_row_gives(world: World) -> None:
    whole_road(world)
    letters(world)
    public, full = boards(world)
    one = full.of(CODE)
    assert one is not None
    with world.context(PUBLIC).session as db:
        states = list(db.scalars(select(Application.state)))
        places = sum(db.scalars(select(Post.vacancies).where(Post.cancelled.is_(None))))
        written = db.scalars(select(Release).where(Release.stage == "written")).one()
        assert one.applicants == sum(state not in ("draft", "withdrawn") for state in states)
        assert one.paid == states.count("paid")
        assert (one.vacancies, one.appointed) == (
            places,
            len(db.scalars(select(Appointment)).all()),
        )
        assert one.appointed > 0
        assert one.asked == sum(row.fen for row in db.scalars(select(Order)))
        assert written.published_at is not None
        assert one.seconds == (written.published_at - written.prepared_at).total_seconds()
        rows = list(db.scalars(select(Letter)))
    zone = world.config.zone
    took = [slowly(row.day, row.replied_at.astimezone(zone)) for row in rows if row.replied_at]
    assert (one.letters, one.answered, one.days) == (6, 4, median(took))
    assert (one.complaints, one.overdue) == (1, 1)  # one letter waits past its third working day
    shown = public.of(CODE)
    assert shown is not None
    assert (shown.days, shown.content, shown.letters) == (None, None, 6)  # four answers are few
    assert sum(year.letters for year in full.years) == 6
    assert sum(year.appointed for year in full.years) == one.appointed


def slowly(begun: date, ended: datetime) -> int:
    days = (begun + timedelta(days=n + 1) for n in range((ended.date() - begun).days))
    return sum(map(is_working_day, days))


def test_the_share_of_those_who_came_by_an_exam(world: World) -> None:
    whole_road(world)
    year = boards(world)[1].years[0].year
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Invalid):
            enter_intake(ctx, year=year, people=0, basis="人事统计年报")
        with pytest.raises(Invalid, match="reason"):
            enter_intake(ctx, year=year, people=9, basis=" ")
        enter_intake(ctx, year=year, people=9, basis="人事统计年报")
        enter_intake(ctx, year=year, people=8, basis="人事统计年报（更正）")
    with pytest.raises(Forbidden), world.acting(Role.INSPECTOR) as ctx:
        enter_intake(ctx, year=year, people=9, basis="x")
    (row,) = boards(world)[0].years
    assert (row.intake, row.share) == (8, row.appointed / 8)


def test_the_pages_their_pictures_and_the_spreadsheet(world: World) -> None:
    setting.begun(world)
    letters(world)
    app = world.app()
    guest, office = world.client(app), world.client(app, Role.OFFICER)
    page = guest.get("/indicators")
    assert (
        guest.get("/indicators", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304
    )
    text = page.get_data(as_text=True)
    found = boards(world)[0].of(CODE)
    assert found is not None
    assert f">{found.applicants}<" in text
    pictures = re.findall(r'<svg class="drawn".*?</svg>', text, re.DOTALL)
    assert len(pictures) > 10
    assert f">{CODE}</text>" in pictures[0]
    assert guest.get(f"/indicators/{CODE}").status_code == 200
    assert guest.get("/indicators/none").status_code == 404
    assert guest.get("/office/indicators").status_code != 200
    assert office.get("/office/indicators").status_code == 200
    data = office.post("/lists/indicators/xlsx").get_data()
    rows = list(openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].values)
    assert any(CODE in row and found.applicants in row for row in rows)


def test_numbers_are_public_once_registration_has_closed(world: World) -> None:
    setting.begun(world)
    with world.context(PUBLIC).session as db:
        zone = world.config.zone
        early = board(db, datetime(2000, 1, 1, tzinfo=zone), zone, public=True)
    assert [(one.applicants, one.ratio) for one in (*early.exams, *early.years)] == [
        (None, None)
    ] * 2


def test_all_exams_take_as_many_statements_as_one(world: World) -> None:
    setting.begun(world)
    seen: list[str] = []
    with world.context(PUBLIC).session as db:
        event.listen(db.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2]))
        board(db, world.clock.now(), world.config.zone, public=False)
    assert len(seen) < 20
