"""Rows of a choice of places and of a corrected list, which the first exam has not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.appointing.models import Proposed
from exam_system.appointing.place_models import PlaceFollow
from exam_system.choosing.models import (
    ChoiceEvent,
    ChoicePick,
    ChoicePlace,
    ChoiceProxy,
    ChoiceSession,
    ChoiceTurn,
)


def add_choice(db: Session, exam: int, now: datetime) -> None:
    """One row in each table of the choice of places, and a list that was followed."""
    account = db.scalars(select(Account.id).limit(1)).one()
    who = db.scalars(select(Proposed).where(Proposed.exam_id == exam)).first()
    assert who is not None
    based = {"exam_id": exam, "release_id": who.release_id}
    db.add(PlaceFollow(**based, why="更正", told="[]", by=account, at=now))
    row = ChoiceSession(ref="choice1", **based, post_id=who.post_id, state="closed", version=1)
    row.starts_at, row.seconds, row.late_seconds, row.missed = now, 300, 1800, "gives_up"
    row.left_out, row.opened_by, row.opened_at = "[]", account, now
    row.closed_at, row.document, row.note = now, "{}", b"note"
    db.add(row)
    db.flush()
    place = ChoicePlace(session_id=row.id, code="A", name="第一中学", announced=2, free=2)
    turn = ChoiceTurn(session_id=row.id, position=0, rank=1, lot=1, proposed_id=who.id)
    turn.application_id = who.application_id
    proxy = ChoiceProxy(ref="proxy1", application_id=who.application_id, kind="pdf")
    proxy.name_sealed, proxy.id_sealed, proxy.sha256 = b"name", b"id", "c" * 64
    proxy.noted_by, proxy.noted_at, proxy.ended_at = account, now, now
    db.add_all((place, turn, proxy))
    db.flush()
    about = {"session_id": row.id, "turn_id": turn.id, "at": now, "by": account}
    db.add_all(
        (
            ChoiceEvent(**about, seq=1, kind="arrive", proxy_id=proxy.id),
            ChoiceEvent(**about, seq=2, kind="choose", place_id=place.id),
            ChoiceEvent(**about, seq=3, kind="sign", signature="paper"),
            ChoiceEvent(**about, seq=4, kind="reopen", position=0, present=1, why="误记"),
        )
    )
    pick = ChoicePick(session_id=row.id, turn_id=turn.id, application_id=who.application_id)
    pick.place_id, pick.free, pick.slot, pick.standing = place.id, 2, 1, "closed"
    pick.chosen_at = now
    db.add(pick)
