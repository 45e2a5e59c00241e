"""Figures of letters by exam and by year: counts, lateness, the median of working days, content."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.cases.calendar import calendar_around
from exam_system.cases.engine import number
from exam_system.cases.kinds import COMPLAINTS, PROCEDURE
from exam_system.cases.models import Letter
from exam_system.cases.states import WAITING
from exam_system.indicators.sums import Zone
from exam_system.workdays import office_table

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters of one exam or year. `days`: the median of working days until the answer;
    `overdue`: answered late, or late and still waiting; `complaints` about how an exam is held."""

    letters: int = 0
    answered: int = 0
    days: float | None = None
    overdue: int = 0
    complaints: int = 0
    graded: int = 0
    content: float | None = None

    def figures(self) -> dict[str, Any]:
        """By name, as `Indicators` has them."""
        return {name: getattr(self, name) for name in self.__slots__}


class ByBoth(NamedTuple):
    """The figures by exam id, and by the year in which letters came."""

    exams: dict[int, Letters]
    years: dict[int, Letters]


class _Row(NamedTuple):
    """A letter as the figures need it; `took` in working days and `late` once it is answered."""

    exam: int | None
    year: int
    took: int | None
    late: bool
    complaint: bool
    grade: int | None


def letters_by(session: Session, now: datetime, zone: Zone) -> ByBoth:
    """Every letter, once by the exam that it names and once by its year; one statement."""
    columns = (Letter.exam_id, Letter.kind, Letter.topic, Letter.state, Letter.day, Letter.due)
    query = select(*columns, Letter.replied_at, Letter.satisfaction)
    found = session.execute(query).all()
    if not found:
        return ByBoth({}, {})
    today = now.astimezone(zone).date()
    calendar = calendar_around(today, min(row.day for row in found), office_table(session))
    ends = [(row.replied_at or now).astimezone(zone).date() for row in found]
    took = calendar.passed(_days(ends)) - calendar.passed(_days(row.day for row in found))
    rows = [
        _Row(
            row.exam_id,
            row.day.year,
            days if row.replied_at else None,
            end > row.due and (row.replied_at is not None or row.state in WAITING),
            row.kind in COMPLAINTS and row.topic in PROCEDURE,
            row.satisfaction,
        )
        for row, end, days in zip(found, ends, took.tolist(), strict=True)
    ]
    named = [row for row in rows if row.exam is not None]
    return ByBoth(_grouped(named, lambda row: row.exam or 0), _grouped(rows, lambda row: row.year))


def _days(dates: Iterable[Any]) -> NDArray[np.int64]:
    return np.array([number(day) for day in dates], dtype=np.int64)


def _grouped(rows: Iterable[_Row], key: Callable[[_Row], Key]) -> dict[Key, Letters]:
    groups: dict[Key, list[_Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return {one: _told(group) for one, group in groups.items()}


def _told(rows: list[_Row]) -> Letters:
    took = [row.took for row in rows if row.took is not None]
    grades = [row.grade for row in rows if row.grade is not None]
    return Letters(
        len(rows),
        len(took),
        float(np.median(took)) if took else None,
        sum(row.late for row in rows),
        sum(row.complaint for row in rows),
        len(grades),
        sum(grades) / len(grades) if grades else None,
    )
