"""A session from the final list to its signed result: order, time, refusals, corrections."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.appointing.models import Proposed
from exam_system.choosing import closing, opening, proxies, service
from exam_system.choosing.lookup import find
from exam_system.choosing.models import ChoicePick, ChoicePlace
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.registration.models import Application
from exam_system.trust import choice_note, notes
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.verify.run import Outcome, verify
from tests.choosing import setting
from tests.choosing.setting import FIRST, SECOND, THIRD
from tests.results.setting import CODE, candidate
from tests.world import World, approve_in

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n"


@pytest.fixture
def database() -> str:
    """The database's own part is in test_race, on PostgreSQL."""
    return "sqlite"


def picked(world: World) -> dict[str, str]:
    """Place by number of who has chosen."""
    with world.context(world.people[Role.OFFICER]).session as db:
        query = (
            select(ChoicePick, ChoicePlace.code)
            .join(ChoicePlace, ChoicePlace.id == ChoicePick.place_id)
            .where(ChoicePick.standing != "void")
            .order_by(ChoicePick.id)
        )
        rows = db.execute(query).all()
        return {f"{row.ChoicePick.application_id}": row.code for row in rows}


def checked(world: World, folder: Path) -> Outcome:
    world.seal()
    return verify([folder])


def test_a_whole_session_is_replayed_by_a_stranger_who_notices_every_change(world: World) -> None:
    setting.finished(world)
    ref = setting.opened(world).ref
    setting.come(world, ref, THIRD, FIRST, SECOND)
    with world.acting(candidate(world, 0)) as ctx, pytest.raises(Conflict, match="not your turn"):
        service.choose(ctx, ref=ref, place="A")
    with world.acting(candidate(world, 2)) as ctx, pytest.raises(Conflict, match="not been called"):
        service.choose(ctx, ref=ref, place="A")
    setting.call(world, ref)
    with world.acting(candidate(world, 2)) as ctx:  # on the own phone
        service.choose(ctx, ref=ref, place="B")
        service.withdraw_choice(ctx, ref=ref)
        service.choose(ctx, ref=ref, place="A")
        with pytest.raises(Conflict, match="Another place"):
            service.sign_choice(ctx, ref=ref, place="B")
        service.sign_choice(ctx, ref=ref, place="A")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Forbidden):
        service.witness_choice(ctx, ref=ref, place="A")
    with world.acting(Role.INSPECTOR) as ctx:
        service.witness_choice(ctx, ref=ref, place="A")
    setting.call(world, ref)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="is taken"):
        service.choose(ctx, ref=ref, place="A")
    setting.choose(world, ref, "B")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="has not had a turn"):
        approve_in(ctx, "choosing.close_session", ref=ref)
    setting.call(world, ref)
    setting.choose(world, ref, "B")
    row = setting.close(world, ref)
    published = world.config.published
    folder = published / f"choice-{CODE}-v1"
    told = checked(world, folder)
    assert not told.refused
    assert "post 101, 3 of 3 chose)" in "".join(told.lines)
    made = json.loads(row.document or "")
    assert [one["free"] for one in made["results"]] == [{"A": 1, "B": 2}, {"B": 2}, {"B": 1}]
    assert [one["by"] for one in made["acts"] if one["act"] == "choose"][:2] == ["self", "self"]
    _damage(world, folder, made)


def _damage(world: World, folder: Path, made: dict) -> None:  # type: ignore[type-arg]
    """Each change, signed by the office's own key as it would sign it, names its check."""
    said = choice_note.parse(notes.parse((folder / "choice.note").read_bytes()).text)

    def late(told: dict) -> None:  # type: ignore[type-arg]
        for act in told["acts"][-3:]:  # named, signed and witnessed years after the call
            act["at"] = "2031-01-01T00:00:00Z"

    changes = {
        "V107": [
            lambda told: told["results"][1].update(place="A"),
            lambda told: told["acts"].pop(),
            lambda told: told["acts"][-1].update(by=told["acts"][-2]["by"]),
            late,
        ],
        "V106": [
            lambda told: told["queue"].reverse(),
            lambda told: told["queue"][0].update(rank=0),
            lambda told: told["places"][0].update(count=2, free=2),
            lambda told: told["rules"].update(seconds=3000),
            lambda told: told["queue"].pop(),
        ],
    }
    for check, ways in changes.items():
        for change in ways:
            told = json.loads(json.dumps(made))
            change(told)
            data = jcs(told)
            text = said.text.replace(said.choices, sha256_hex(data))
            (folder / "choice.json").write_bytes(data)
            (folder / "choice.note").write_bytes(notes.sign(text, world.keys.publisher))
            found = verify([folder])
            assert [one.check.id for one in found.refused] == [check], found.lines
    (folder / "choice.json").write_bytes(jcs(made) + b" ")
    assert [one.check.id for one in verify([folder]).refused] == ["V106"]


def equal_ranks(world: World) -> None:
    """By hand: the first two of the list are of the same rank."""
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(Proposed).join(Application, Application.id == Proposed.application_id)
        db.scalars(query.where(Application.number == SECOND)).one().rank = 1
        db.commit()


def test_lots_proxies_and_the_clock(world: World) -> None:
    setting.finished(world)
    about = {"code": CODE, "post": "101", "starts_at": setting.soon(world)}
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match="and no others"):
        opening.wanted_opening(ctx, lots=[FIRST], **about)  # nobody is of equal rank
    equal_ranks(world)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match="draw lots"):
        opening.wanted_opening(ctx, **about)
    ref = setting.opened(world, lots=[SECOND, FIRST]).ref
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="named beforehand"):
        service.note_arrivals(ctx, ref=ref, numbers=[SECOND], by_proxy=True)
    who = {"name": "王代表", "id_number": "11010519491231002X", "file": "委托书.pdf"}
    with world.acting(Role.OFFICER) as ctx:
        one = find(ctx.session, ref)
        queue = [(one.numbers[turn.id], turn.lot) for turn in one.turns]
        assert queue == [(SECOND, 1), (FIRST, 2), (THIRD, None)]
        row = proxies.name_proxy(ctx, code=CODE, number=SECOND, data=PDF, **who)
        assert proxies.authorisation(ctx, row.ref) == ("pdf", PDF)
        sealed = world.config.instance / "proxies" / row.ref[:2] / f"{row.ref}.sealed"
        assert b"PDF" not in sealed.read_bytes()
        service.note_arrivals(ctx, ref=ref, numbers=[SECOND], by_proxy=True)
    setting.call(world, ref)
    world.clock.advance(seconds=299)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="not over"):
        service.note_overtime(ctx, ref=ref)
    world.clock.advance(seconds=1)
    with world.acting(candidate(world, 0)) as ctx, pytest.raises(Conflict, match="time to choose"):
        service.choose(ctx, ref=ref, place="A")
    with world.acting(Role.OFFICER) as ctx:
        service.note_overtime(ctx, ref=ref)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="may still arrive"):
        service.note_absent(ctx, ref=ref)
    world.clock.advance(minutes=25)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="too late"):
        service.note_arrivals(ctx, ref=ref, numbers=[FIRST])
    with world.acting(Role.OFFICER) as ctx:
        service.note_absent(ctx, ref=ref)
        service.note_absent(ctx, ref=ref)
        results = find(ctx.session, ref).state.results
    assert [one.outcome for one in results] == ["overtime", "absent", "absent"]
    assert results[0].proxy == row.ref
    assert picked(world) == {}


def test_by_another_rule_who_misses_the_turn_chooses_after_all_others(world: World) -> None:
    setting.finished(world, choice_missed="last")
    ref = setting.opened(world).ref
    setting.come(world, ref, SECOND, THIRD)
    with world.acting(Role.OFFICER) as ctx:
        service.note_absent(ctx, ref=ref)
    for place in ("A", "B"):
        setting.call(world, ref)
        setting.choose(world, ref, place)
    setting.come(world, ref, FIRST)
    setting.call(world, ref)
    setting.choose(world, ref, "B")
    row = setting.close(world, ref)
    made = json.loads(row.document or "")
    assert [one["admission"] for one in made["results"]] == [SECOND, THIRD, FIRST]
    assert not checked(world, world.config.published / f"choice-{CODE}-v1").refused


def test_a_turn_is_taken_back_by_two_people_and_all_after_it(world: World) -> None:
    setting.finished(world)
    ref = setting.opened(world).ref
    setting.come(world, ref, FIRST, SECOND, THIRD)
    for place in ("A", "B"):
        setting.call(world, ref)
        setting.choose(world, ref, place)
    about = {"ref": ref, "number": FIRST, "why": "误按“第一中学”，本人当场提出"}
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="approval"):
        closing.reopen_turn(ctx, **about)
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "choosing.reopen_turn", **about)
        closing.reopen_turn(ctx, **about)
    assert picked(world) == {}
    for place in ("B", "B", "A"):
        setting.call(world, ref)
        setting.choose(world, ref, place)
    assert sorted(picked(world).values()) == ["A", "B", "B"]
    setting.close(world, ref)
    assert not checked(world, world.config.published / f"choice-{CODE}-v1").refused
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="closed"):
        closing.reopen_turn(ctx, **about)
