"""Another attempt: approved with a reason, counted, and never hidden."""

from __future__ import annotations

import pytest

from exam_system.access import Role
from exam_system.draws import service
from exam_system.draws.lookup import contributions, find
from exam_system.errors import Conflict, Fault, Forbidden
from exam_system.trust.draw_note import parse
from exam_system.verify.run import verify
from tests.draws import ceremony
from tests.draws.ceremony import DRAW, acts_of, published, run
from tests.world import World


def _second_attempt(office: World) -> None:
    run(office, last=3)
    with office.acting(Role.OFFICER) as ctx:
        ceremony.void(ctx, 1)
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="inspector's approval"):
        ceremony.freeze(ctx, 2)
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Forbidden):
        ceremony.approve(ctx, 1)
    with office.acting(Role.INSPECTOR) as ctx:
        ceremony.approve(ctx, 1)
    with office.acting(Role.INSPECTOR) as ctx, pytest.raises(Conflict, match="approved already"):
        ceremony.approve(ctx, 1)


def test_a_second_attempt_is_approved_counted_and_shown(office: World) -> None:
    _second_attempt(office)
    folder = published(office, 2)
    note = parse((folder / "draw.note").read_text().rpartition("\n\n")[0] + "\n")
    assert (note.attempt, note.attempts) == (2, 2)
    acts = [(act["entry"]["subject"], act["entry"]["kind"]) for act in acts_of(folder)]
    assert acts[:4] == [
        (f"draw:{DRAW}:1", "draws.freeze_draw"),
        (f"draw:{DRAW}:1", "draws.void_draw"),
        (f"draw:{DRAW}:1", "draws.approve_redraw"),
        (f"draw:{DRAW}:2", "draws.freeze_draw"),
    ]
    assert len(acts) == 11
    assert verify([folder]).refused == []


def test_an_old_commitment_is_worth_nothing_in_a_new_attempt(office: World) -> None:
    _second_attempt(office)
    run(office, last=1, number=2)
    with office.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="used before"):
        service.commit_secret(
            ctx, draw=DRAW, number=2, commitment=ceremony.commitment("officer", 1)
        )


def test_an_attempt_deleted_from_the_tables_is_still_known_to_the_log(office: World) -> None:
    _second_attempt(office)
    run(office, last=7, number=2)
    with office.context(office.people[Role.OFFICER]).session as db:
        for row in contributions(db, find(db, DRAW, 1).attempt).values():
            db.delete(row)
        db.flush()
        db.delete(find(db, DRAW, 1).attempt)
        db.flush()
        find(db, DRAW, 2).attempt.number = 1
        db.commit()
    with pytest.raises(Fault, match="knows 2 attempts"), office.acting(Role.OFFICER) as ctx:
        ceremony.finish(ctx, 1)
