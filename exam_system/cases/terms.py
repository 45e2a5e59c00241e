"""The deadline of one case, by the same engine that goes through all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

import numpy as np

from exam_system.cases.calendar import calendar_around, is_announced
from exam_system.cases.engine import EPOCH, Clocks, Columns, deadlines, number
from exam_system.cases.kinds import kind_of, kinds, places
from exam_system.cases.models import Letter
from exam_system.cases.states import PHASES


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


def set_due(letter: Letter) -> None:
    """Set the deadline of what a case waits for now; what was done for an earlier one is over."""
    columns = columns_of([letter], [None])
    (end,) = deadlines(columns, clocks(), calendar_around(letter.day))
    letter.due, letter.marks = EPOCH + timedelta(days=int(end)), 0


def is_sure(letter: Letter) -> bool:
    """Whether the holidays of every year that the term touches are announced."""
    term = kind_of(letter.kind).clocks.answer
    years = range(letter.day.year, letter.due.year + 1)
    return not term.working or all(map(is_announced, years))
