"""Bags along their chain: hand-overs, openings, counts, and the failures that rules are made of."""

from __future__ import annotations

import itertools
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from exam_system.access import Role
from exam_system.custody.deeds import destroy_waste, report_refusal, report_seal
from exam_system.custody.handing import (
    Named,
    begin_hand_over,
    drop_hand_over,
    hand_in_sheet,
    sign_hand_overs,
)
from exam_system.custody.lookup import open_photo
from exam_system.custody.models import Bag, HandOver
from exam_system.custody.spares import use_spare
from exam_system.custody.statements import publish_statement, show_statements
from exam_system.custody.states import KINDS, MOVES, STATES, move
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.verify.run import verify
from exam_system.violations.models import Incident
from tests.custody.stage import CODE, FIRST, SECOND, Day, stage
from tests.world import World

sqlite_only = pytest.mark.parametrize("database", ["sqlite"])


def picture() -> bytes:
    """A photo whose metadata tell where it was taken."""
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", (60, 40)).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_every_move_that_is_not_in_the_table_raises(kind: str) -> None:
    moved = 0
    for state, to in itertools.product(STATES, STATES):
        bag = Bag(barcode="P1", kind=kind, state=state)
        if to in MOVES[kind][state]:
            move(bag, to)
            assert bag.state == to
            moved += 1
            continue
        with pytest.raises(Conflict):
            move(bag, to)
        assert bag.state == state
    assert moved >= 8


def test_a_bag_from_the_secrecy_room_to_the_statement(world: World) -> None:
    day = stage(world)
    rooms = len(day.rooms)
    assert len(day.bags(FIRST)) == len(day.bags(SECOND, "answer")) == rooms
    assert [bag.room_id for bag in day.bags(FIRST, "duty")] == [None]
    assert (day.bag().papers, day.bag().spares) == (30, 1)  # the bag of 31, RULES 2.4
    day.at(FIRST, -180)
    bag = day.bring(FIRST)
    assert bag.state == "room"
    other = day.bags(FIRST)[1]
    one, two = day.rooms[bag.room_id or 0]
    day.at(FIRST, -11)
    with pytest.raises(Conflict, match="may be opened from"):
        day.open_as(one, bag)
    day.at(FIRST, -10)
    assert day.open_as(one, bag) is False
    assert day.open_as(one, bag) is False  # the same person is not two
    assert day.bag().opened_at is None
    with pytest.raises(Forbidden):
        day.open_as(day.rooms[other.room_id or 0][0], bag)
    with pytest.raises(Conflict, match="not the seal"):
        day.open_as(two, bag, seal="S00")
    assert day.open_as(two, bag) is True
    assert (day.bag().state, day.bag().opened_at) == ("opened", world.clock.now())
    with pytest.raises(Conflict):
        day.open_as(two, bag)
    _spare(world, day, bag)
    _counts(world, day, bag)
    day.hand("returned", [bag.barcode], bag.room_id)
    day.hand("centre", [bag.barcode], bag.room_id)
    _statement(world, day)
    for actor, done in zip(day.site, (False, True), strict=True):
        with world.acting(actor) as ctx:
            held = {"code": CODE, "barcode": bag.barcode}
            with pytest.raises(Invalid):
                destroy_waste(ctx, papers=30, **held)
            assert destroy_waste(ctx, papers=31, **held) is done
    assert day.bag().state == "destroyed"


def _spare(world: World, day: Day, bag: Bag) -> None:
    """A faulty paper is replaced with leave and photo; no second spare is in the bag."""
    about = {"code": CODE, "barcode": bag.barcode, "seat": 7, "reason": "缺页"}
    watch = day.rooms[bag.room_id or 0][0]
    with world.acting(watch) as ctx, pytest.raises(Conflict, match="leave of the office"):
        use_spare(ctx, cause="faulty", photo=("a.jpg", picture()), **about)
    day.allow(bag, "spare")
    with world.acting(watch) as ctx:
        with pytest.raises(Invalid, match="photo"):
            use_spare(ctx, cause="faulty", **about)
        used = use_spare(ctx, cause="faulty", photo=("a.jpg", picture()), **about)
        kept, kind = open_photo(ctx.config, ctx.keys.vault, used.photo or "")
    assert kind == "image/jpeg"
    assert b"secret place" not in kept
    stored = world.config.instance / "custody" / (used.photo or "")[:2] / f"{used.photo}.sealed"
    assert kept not in stored.read_bytes()
    with pytest.raises(Conflict, match="nothing of the kind"):
        day.allow(bag, "spare")


def _counts(world: World, day: Day, bag: Bag) -> None:
    with pytest.raises(Conflict, match="session is over"):
        day.pack(bag, 28, 2, 0)
    day.at(FIRST, 121)
    with pytest.raises(Conflict, match="are 30, but the bag held 31"):
        day.pack(bag, 27, 2, 0)
    with pytest.raises(Conflict, match="must have 0 unopened"):
        day.pack(bag, 27, 2, 1)
    with pytest.raises(Conflict, match="new seal"):
        day.pack(bag, 28, 2, 0, seal=bag.seal)
    one, two = day.rooms[bag.room_id or 0]
    day.rooms[bag.room_id or 0] = [one]
    assert day.pack(bag, 28, 2, 0) == [False]
    day.rooms[bag.room_id or 0] = [two]
    with pytest.raises(Conflict, match="typed something else"):
        day.pack(bag, 29, 1, 0)
    assert day.pack(bag, 28, 2, 0) == [True]
    day.rooms[bag.room_id or 0] = [one, two]
    assert (day.bag().state, day.bag().seal, day.bag().issued) == ("packed", "T1", 28)


def _statement(world: World, day: Day) -> None:
    """The counts of the session are published once and hold before a stranger."""
    with world.acting(Role.OFFICER) as ctx:
        publish_statement(ctx, code=CODE, subject=FIRST)
        [name] = show_statements(ctx.session, ctx.config)
    world.seal()
    path = world.config.published / name
    outcome = verify([path])
    assert not outcome.refused
    assert "custody" in outcome.lines[-1]
    lines = path.read_text().splitlines()
    assert "handovers 5 30" in lines
    assert "counted 28 2 0 1 0" in lines
    assert day.bag().barcode not in path.read_text()
    early = path.read_text().replace("opened 1 2026-04-01T00:50", "opened 1 2026-04-01T00:49")
    assert early != path.read_text()
    path.write_text(early)
    assert "V5" in str(verify([path]).refused[0])
    with pytest.raises(Conflict, match="published already"), world.acting(Role.OFFICER) as ctx:
        publish_statement(ctx, code=CODE, subject=FIRST)


@sqlite_only
def test_zhuji_2011_and_zhongxian_2007_no_afternoon_paper_in_the_morning(world: World) -> None:
    """RULES 2.12: the afternoon's papers were handed out and opened in the morning."""
    day = stage(world)
    day.at(FIRST, -60)
    morning, afternoon = day.bring(FIRST), day.bring(SECOND, upto="site")
    with pytest.raises(Conflict, match="belongs to"):  # it does not even get into the room
        day.begin("room", [afternoon.barcode], afternoon.room_id)
    with world.context(world.people[Role.OFFICER]).session as db:  # it got there all the same
        db.get_one(Bag, afternoon.id).state = "room"
        db.commit()
    day.at(FIRST, -5)
    watch = day.rooms[morning.room_id or 0][0]
    for subject in (FIRST, SECOND):
        with pytest.raises(Conflict):
            day.open_as(watch, afternoon, subject)
    with pytest.raises(Conflict, match="belongs to another session"):
        day.open_as(watch, morning, SECOND)
    assert day.bag(SECOND).opened_at is None
    with world.acting(watch) as ctx:
        about = {"code": CODE, "barcode": afternoon.barcode, "subject": FIRST}
        report_refusal(ctx, why="另一场次的试卷袋", **about)
    day.at(SECOND, -8)
    with pytest.raises(Conflict, match="over"):  # and the morning's not in the afternoon
        day.open_as(watch, morning, FIRST)
    assert day.open(afternoon, SECOND) == [False, True]
    with world.context(world.people[Role.OFFICER]).session as db:
        [incident] = db.scalars(select(Incident)).all()
    assert (incident.kind, afternoon.barcode in incident.facts) == ("custody", True)


@sqlite_only
def test_e04_a_leak_has_a_chain_and_no_bag_opens_with_one_key_or_a_broken_seal(
    world: World,
) -> None:
    """THREATS E04: opened before its time, by one alone, or behind a seal that was broken."""
    day = stage(world)
    day.at(FIRST, -60)
    bag = day.bring(FIRST)
    one, two = day.rooms[bag.room_id or 0]
    with world.acting(one) as ctx:
        report_seal(ctx, code=CODE, barcode=bag.barcode, why="封条裂开")
    day.at(FIRST, -5)
    with pytest.raises(Conflict, match="leave of the office"):
        day.open_as(one, bag)
    day.allow(bag, "broken", "两人当场复核，封口完好")
    assert day.open_as(one, bag) is False
    for outsider in (world.people[Role.OFFICER], day.site[0], day.inspectors[0]):
        with pytest.raises(Forbidden):
            day.open_as(outsider, bag)
    assert day.bag().state == "room"
    assert day.open_as(two, bag) is True
    duty = day.bag(FIRST, "duty")
    for step in ("escort", "site"):
        day.hand(step, [duty.barcode])
    with pytest.raises(Conflict, match="leave of the office"):
        day.open_as(day.site[0], duty)
    day.allow(duty, "duty", "第一考场试卷受潮")
    with pytest.raises(Forbidden):
        day.open_as(one, duty)
    assert [day.open_as(actor, duty) for actor in day.site] == [False, True]


@sqlite_only
def test_a_hand_over_needs_three_parties_of_two_who_all_sign(world: World) -> None:
    day = stage(world)
    codes = [bag.barcode for bag in day.bags(FIRST)]
    good = day.named("escort")
    with world.context(world.people[Role.OFFICER]).session as db:
        before = len(db.scalars(select(HandOver)).all())

    def begin(people: list[Named], step: str = "escort") -> str:
        with world.acting(Role.OFFICER) as ctx:
            return begin_hand_over(ctx, code=CODE, step=step, barcodes=codes, people=people).ref

    paper = [Named("supervisor", name=name, office="市保密局") for name in ("钱乙", "孙丙")]
    wrong = {
        "at least 2 people": good[:-1],
        "Nobody signs twice": [*good[:-1], Named("supervisor", good[0].account)],
        "another office": [
            *good[:4],
            Named("supervisor", name="赵甲", office="市公安局"),
            paper[0],
        ],
        "on accounts of their own": [
            Named(party, name=f"{party[0].upper()}人{n}", office=party)
            for party in ("giver", "receiver", "supervisor")
            for n in ("甲", "乙")
        ],
    }
    for sentence, people in wrong.items():
        with pytest.raises(Invalid, match=sentence):
            begin(people)
    with pytest.raises(Conflict, match="cannot become"):
        begin(good, "site")
    ref = begin([*good[:4], *paper])
    with pytest.raises(Conflict, match="on its way there already"):
        begin(good)
    for actor in (*day.keepers, *day.escorts):
        assert day.bag().state == "secrecy"
        with world.acting(actor) as ctx:
            assert sign_hand_overs(ctx, refs=[ref]) == 0
            with pytest.raises(Conflict, match="signed this hand-over already"):
                sign_hand_overs(ctx, refs=[ref])
    with world.acting(day.site[0]) as ctx, pytest.raises(Forbidden):
        sign_hand_overs(ctx, refs=[ref])
    with world.acting(day.keepers[0]) as ctx:
        assert hand_in_sheet(ctx, ref=ref, name="签名.jpg", data=picture()) is True
    assert {bag.state for bag in day.bags(FIRST)} == {"escort"}
    with world.context(world.people[Role.OFFICER]).session as db:
        over = db.scalars(select(HandOver).where(HandOver.ref == ref)).one()
        assert len(over.sheet or "") == 64
        assert len(db.scalars(select(HandOver)).all()) == before + 1
    dropped = day.begin("site", codes[:1])
    with world.acting(Role.OFFICER) as ctx:
        drop_hand_over(ctx, ref=dropped, reason="点错了试卷袋")
    assert day.hand("site", codes[:1])
    room = day.bag()
    other = next(key for key in day.rooms if key != room.room_id)
    with pytest.raises(Forbidden, match="not on duty in the room"):
        day.begin("room", [room.barcode], other)
