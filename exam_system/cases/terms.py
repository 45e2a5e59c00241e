"""The deadline of one case, by the same engine that goes through all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

import numpy as np
from sqlalchemy.orm import Session

from exam_system.cases.calendar import calendar_around
from exam_system.cases.engine import EPOCH, Clocks, Columns, deadlines, number
from exam_system.cases.kinds import kind_of, kinds, places
from exam_system.cases.models import Letter
from exam_system.cases.states import PHASES
from exam_system.workdays import is_announced, office_table


def clocks() -> list[Clocks]:
    """The clocks of all kinds in the order of `places`."""
    return [one.clocks for one in kinds().values()]


def columns_of(
    letters: Sequence[Letter], replied: Sequence[date | None], away: Collection[int] = ()
) -> Columns:
    """Open cases as the engine takes them; `replied` gives the bureau's day of each answer,
    `away` the accounts that are absent."""
    whole = np.int64
    return Columns(
        kind=np.array([places()[one.kind] for one in letters], dtype=whole),
        phase=np.array([PHASES[one.state] for one in letters], dtype=whole),
        begun=np.array([number(one.day) for one in letters], dtype=whole),
        extended=np.array([one.extended for one in letters], dtype=np.bool_),
        replied=np.array([number(day) if day else -1 for day in replied], dtype=whole),
        marks=np.array([one.marks for one in letters], dtype=whole),
        away=np.array([_hands_over(one, away) for one in letters], dtype=np.bool_),
        stored=np.array([number(one.due) for one in letters], dtype=whole),
    )


def _hands_over(letter: Letter, away: Collection[int]) -> bool:
    there = letter.deputy_id is not None and letter.deputy_id not in away
    return there and letter.owner_id in away


def set_due(session: Session, letter: Letter) -> None:
    """Set the deadline of what a case waits for now; what was done for an earlier one is over."""
    with session.no_autoflush:  # day and deadline of a case are one change
        table = office_table(session)
    columns = columns_of([letter], [None])
    (end,) = deadlines(columns, clocks(), calendar_around(letter.day, table=table))
    letter.due, letter.marks = EPOCH + timedelta(days=int(end)), 0


def is_sure(session: Session, letter: Letter) -> bool:
    """Whether the holidays of every year that the term touches are announced."""
    term = kind_of(letter.kind).clocks.answer
    years, table = range(letter.day.year, letter.due.year + 1), office_table(session)
    return not term.working or all(is_announced(year, table) for year in years)
