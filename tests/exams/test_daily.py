"""The figures of each day: when they are published, what they say, what a false one is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.errors import Conflict, Fault
from exam_system.exams import daily
from exam_system.exams.commands import _missed, publish_all
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.service import close_registration
from exam_system.office import Office
from exam_system.records import audit
from exam_system.records.models import Act
from exam_system.trust import figures, notes
from exam_system.verify.run import verify
from tests.exams import samples
from tests.exams.test_changes import CODE, both, rules, sqlite
from tests.exams.test_opening import HEALTH, LAW, POLICE, paying
from tests.world import World

FIRST = date(2026, 3, 10)  # registration opens on the 9th at nine


def nine(day: int, *, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, 1, minute, tzinfo=UTC)


def office(world: World) -> Office:
    return Office(world.config, world.keys, world.engine, world.clock, world.chance)


def note(world: World, day: int) -> Path:
    return world.config.published / f"figures-{CODE}" / f"2026-03-{day}.note"


def said(world: World, day: int) -> figures.Figures:
    return figures.parse(notes.parse(note(world, day).read_bytes()).text)


@pytest.fixture
def open_exam(world: World) -> World:
    """Registration is open: 8 have paid for 3 police posts, 2 for the doctor's, none for law."""
    samples.announce(world)
    world.clock.set(rules(world).registration_opens)
    for post, count, start in ((POLICE, 8, 101), (HEALTH, 2, 141)):
        for n in range(count):
            paying(world, 2 * n + start, post)
    return world


@both
def test_every_day_at_nine(open_exam: World) -> None:
    world, parts = open_exam, office(open_exam)
    world.clock.set(datetime(2026, 3, 10, 0, 59, 59, tzinfo=UTC))
    with pytest.raises(Conflict, match="not nine yet"):
        publish_all(parts)
    world.clock.set(nine(10))
    assert publish_all(parts) == [f"figures-{CODE}/2026-03-10.note"]
    assert publish_all(parts) == []
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="no figures to publish"):
        daily.publish_figures(ctx, code=CODE)
    one = said(world, 10)
    assert one.counted == "approved"
    assert [post.line for post in one.posts] == [
        f"post {LAW} 2 3 0 0 0\n",
        f"post {POLICE} 3 3 8 8 8\n",
        f"post {HEALTH} 1 3 2 2 2\n",
    ]
    assert one.totals == figures.Totals(3, 6, 10, 10, 10, idle=1, below=3)
    assert [post.code for post in daily.most_applied(one)] == [POLICE, HEALTH]
    assert [post.code for post in daily.idle(one)] == [LAW]
    (line,) = verify([note(world, 10)]).lines[-1:]
    assert line.startswith("ok")
    assert "figures of gy-2026 on 2026-03-10: 3 posts, 10 paid" in line
    with world.acting(Role.INSPECTOR) as ctx:
        kind = "exams.publish_figures"
        assert ctx.session.scalar(select(func.count()).where(Act.kind == kind)) == 1
        assert list(audit.faults(ctx.session)) == []


@sqlite
def test_to_the_last_day_and_what_was_missed(open_exam: World) -> None:
    world, parts = open_exam, office(open_exam)
    world.clock.set(nine(10, minute=40))  # late is better than never
    publish_all(parts)
    world.clock.set(nine(12))
    assert publish_all(parts) == [f"figures-{CODE}/2026-03-12.note"]
    assert _missed(parts) == [f"{CODE}: no figures were published on 2026-03-11"]
    world.clock.set(rules(world).payment_closes)
    with world.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=CODE)
    world.clock.set(nine(28))  # the last day is the 27th, and nobody was there
    assert publish_all(parts) == [f"figures-{CODE}/2026-03-28.note"]
    last = said(world, 28)
    assert last.counted == "paid"
    assert [post.code for post in daily.below(last)] == [LAW, POLICE, HEALTH]
    world.clock.set(nine(29))
    assert publish_all(parts) == []
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        assert [one.day.day for one in daily.history(ctx.session, exam)] == [28, 12, 10]
    assert daily.days_of(rules(world), world.config.zone)[0] == FIRST
    assert not verify([world.config.published / f"figures-{CODE}"]).refused


@sqlite
def test_a_file_that_is_lost_is_written_again_and_no_other_is_taken(open_exam: World) -> None:
    world, parts = open_exam, office(open_exam)
    world.clock.set(nine(10))
    publish_all(parts)
    whole = note(world, 10).read_bytes()
    note(world, 10).unlink()  # the power went between the commit and the file
    assert publish_all(parts) == [f"figures-{CODE}/2026-03-10.note"]
    assert note(world, 10).read_bytes() == whole
    note(world, 10).write_bytes(whole.replace(b" 8 8 8\n", b" 9 8 8\n"))
    with pytest.raises(Fault, match="not what was published"):
        publish_all(parts)
    (refused,) = verify([note(world, 10)]).refused
    assert refused.check.id == "V5"


FALSE = [
    ("total 3 6 10 10 10", "total 3 6 11 10 10"),
    ("idle 1", "idle 0"),
    ("below 3", "below 2"),
    (" 3 3 8 8 8", " 3 3 8 9 8"),
    ("counted approved", "counted everybody"),
    (f"post {LAW} 2 3 0 0 0\n", ""),
]


@sqlite
def test_figures_that_do_not_add_up_are_refused(open_exam: World, tmp_path: Path) -> None:
    """Signed by the publisher's own key: only adding up again finds it."""
    world = open_exam
    world.clock.set(nine(10))
    publish_all(office(world))
    text = notes.parse(note(world, 10).read_bytes()).text
    for number, (old, new) in enumerate(FALSE):
        assert old in text
        false = tmp_path / f"{number}.note"
        false.write_bytes(notes.sign(text.replace(old, new), world.keys.publisher))
    false_ones = [tmp_path / f"{number}.note" for number in range(len(FALSE))]
    outcome = verify(false_ones, world.config.published / "keys.txt")
    assert [error.check.id for error in outcome.refused] == ["V70"] * len(FALSE)


@sqlite
def test_the_page(open_exam: World) -> None:
    world = open_exam
    client = world.client(world.app())
    page = f"/exams/{CODE}/figures"
    english = {"Accept-Language": "en"}
    assert "No figures have been published yet." in client.get(page, headers=english).text
    for day in (10, 11):
        world.clock.set(nine(day))
        publish_all(office(world))
    text = client.get(page, headers=english).text
    assert "2026-03-11" in text
    assert "<svg" in text
    assert "No figures were published on" not in text
    assert "无人报考" in client.get(f"{page}/2026-03-10", headers={"Accept-Language": "zh"}).text
    rows = client.get(f"{page}/2026-03-10?format=csv").text.splitlines()
    assert rows[1] == f"{LAW},市人力资源和社会保障局,一级科员,2,0,0,0,3∶1,未达到"
    assert client.get(f"{page}/2026-03-10?format=xlsx").data.startswith(b"PK")
    for wrong in ("2026-03-09", "x", "2026-3-10"):
        assert client.get(f"{page}/{wrong}").status_code == 404
    assert client.get(f"/published/figures-{CODE}/2026-03-10.note").status_code == 200
