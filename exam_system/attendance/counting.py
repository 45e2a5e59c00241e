"""What the marks of a room come to: written down with every batch, read by phones and boards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from exam_system.attendance.merging import Merged, Said, merge, standing
from exam_system.attendance.models import Attendance, Mark
from exam_system.attendance.rooms import Hall
from exam_system.registration.models import Application


def write_down(session: Session, hall: Hall, applications: set[int]) -> None:
    """Write what all marks of these candidates come to; the room is locked."""
    told = _said(session, hall, applications)
    mine = Attendance.session_id == hall.session.id
    query = select(Attendance).where(mine, Attendance.application_id.in_(applications))
    present = {one.application_id: one for one in session.scalars(query)}
    added, changed = [], []
    for application, marks in told.items():
        merged = merge(marks)
        row = present.get(application)
        if merged is None:
            continue
        values = {"state": merged.state, "disputed": merged.disputed}
        if row is None:
            ids = {"session_id": hall.session.id, "room_id": hall.room.id}
            added.append({**ids, "application_id": application, **values})
        elif Merged(row.state, row.disputed) != merged:
            changed.append({"id": row.id, **values})
    if added:
        session.execute(insert(Attendance), added)
    if changed:
        session.execute(update(Attendance), changed)


def _said(session: Session, hall: Hall, applications: set[int]) -> dict[int, list[Said]]:
    return _by_application(
        session,
        select(Mark.application_id, Mark.id, Mark.client, Mark.kind, Mark.outcome)
        .add_columns(Mark.replaces, Mark.settles)
        .where(Mark.session_id == hall.session.id, Mark.application_id.in_(applications))
        .order_by(Mark.id),
    )


def _by_application(session: Session, query: Select[*tuple[Any, ...]]) -> dict[int, list[Said]]:
    found: dict[int, list[Said]] = {}
    for row in session.execute(query):
        found.setdefault(row[0], []).append(
            Said(row[1], row[2], row[3], row[4], _words(row[5]), bool(row[6]))
        )
    return found


def _words(text: str | None) -> tuple[str, ...]:
    return tuple((text or "").split())


def states_of(session: Session, hall: Hall) -> dict[str, dict[str, Any]]:
    """By admission number what counts of whoever was marked, and the marks that stand for it."""
    marks = (
        select(Mark.application_id, Mark.id, Mark.client, Mark.kind, Mark.outcome)
        .add_columns(Mark.replaces, Mark.settles)
        .where(Mark.session_id == hall.session.id, Mark.room_id == hall.room.id)
        .order_by(Mark.id)
    )
    said = _by_application(session, marks)
    query = (
        select(Application.id, Application.number, Attendance.state, Attendance.disputed)
        .join(Attendance, Attendance.application_id == Application.id)
        .where(Attendance.session_id == hall.session.id, Attendance.room_id == hall.room.id)
    )
    return {
        str(number): {
            "state": state,
            "disputed": disputed,
            "marks": [one.client for one in standing(said.get(key, []))],
        }
        for key, number, state, disputed in session.execute(query)
    }


def newest_marks(session: Session, hall: Hall) -> dict[int, list[tuple[Mark, bool]]]:
    """The marks of a room's session by application, each with whether it still stands."""
    query = (
        select(Mark)
        .where(Mark.session_id == hall.session.id, Mark.room_id == hall.room.id)
        .order_by(Mark.id)
    )
    found: dict[int, list[Mark]] = {}
    for one in session.scalars(query):
        found.setdefault(one.application_id, []).append(one)
    return {key: _with_standing(rows) for key, rows in found.items()}


def _with_standing(rows: Sequence[Mark]) -> list[tuple[Mark, bool]]:
    said = [
        Said(one.id, one.client, one.kind, one.outcome, _words(one.replaces), bool(one.settles))
        for one in rows
    ]
    stand = {one.id for one in standing(said)}
    return [(one, one.id in stand) for one in rows]
