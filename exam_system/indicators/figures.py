"""The indicators of every exam and every year, from sums that the database makes.

A bounded number of statements whatever the number of exams and candidates. Money is integer fen,
times are whole seconds, answers take working days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.exams.figures import announced
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.indicators import sums
from exam_system.indicators.letters import Letters, letters_by
from exam_system.indicators.models import Intake
from exam_system.notices.disclosures import Posted, disclosures, everything_of

FEWEST = 5
"""The public reads of medians and grades only where they are those of so many people."""


@dataclass(frozen=True, slots=True)
class Indicators:
    """The indicators of one exam, or of a year (`code` is the year; `exams` how many it has).

    `applicants` handed in an application and did not withdraw, `paid` take part. None: not known,
    or, on the public page, not to be said yet. `intake` is everybody taken in within a year.
    """

    code: str
    name: str
    name_en: str
    year: int
    exams: int = 1
    applicants: int | None = 0
    paid: int | None = 0
    vacancies: int = 0
    appointed: int = 0
    intake: int | None = None
    asked: int = 0
    waived: int = 0
    refunded: int = 0
    letters: int = 0
    answered: int = 0
    days: float | None = None
    overdue: int = 0
    complaints: int = 0
    seconds: int | None = None
    late: int = 0
    graded: int = 0
    content: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many take part for one place."""
        return None if self.paid is None or not self.vacancies else self.paid / self.vacancies

    @property
    def filled(self) -> float | None:
        """Announced places that are filled, of 1."""
        return self.appointed / self.vacancies if self.vacancies else None

    @property
    def share(self) -> float | None:
        """Of everybody taken in within the year, those who came by an exam, of 1."""
        return self.appointed / self.intake if self.intake else None


@dataclass(frozen=True, slots=True)
class Board:
    """All indicators at one moment: exams, the newest first, and years, the newest first."""

    exams: tuple[Indicators, ...]
    years: tuple[Indicators, ...]

    def of(self, code: str) -> Indicators | None:
        """Those of one exam."""
        return next((one for one in self.exams if one.code == code), None)


def board(session: Session, now: datetime, zone: sums.Zone, *, public: bool) -> Board:
    """Every indicator; with `public` only what may be said to everybody by now."""
    exams = announced(session)
    if not exams:
        return Board((), ())
    rules = {exam.id: rules_of(exam) for exam in exams}
    made = _by_exam(session, exams, rules, now, zone)
    if public:
        closes = {exam.code: rules[exam.id].registration_closes for exam in exams}
        made = [_public(one, closes[one.code] <= now) for one in made]
    years = _by_year(session, made, now, zone)
    return Board(tuple(made), tuple(_public(one) if public else one for one in years))


def _by_exam(
    session: Session,
    exams: Sequence[Exam],
    rules: Mapping[int, RuleSet],
    now: datetime,
    zone: sums.Zone,
) -> list[Indicators]:
    applied, money = sums.applications(session), sums.money(session)
    places, seconds = sums.places(session), sums.lock_to_publication(session)
    letters = letters_by(session, now, zone).exams
    posted = everything_of(session, exams)
    return [
        replace(
            _named(exam, zone),
            **_sums_of(exam.id, applied, money, places),
            **letters.get(exam.id, Letters()).figures(),
            seconds=seconds.get(exam.id),
            late=_late(rules[exam.id], posted[exam.id], now),
        )
        for exam in exams
    ]


def _sums_of(exam: int, *tables: Mapping[int, Mapping[str, int]]) -> dict[str, Any]:
    return {name: number for table in tables for name, number in table.get(exam, {}).items()}


def _named(exam: Exam, zone: sums.Zone) -> Indicators:
    at = (exam.announced_at or exam.created_at).astimezone(zone)
    return Indicators(exam.code, exam.name, exam.name_en, at.year)


def _late(rules: RuleSet, posted: Posted, now: datetime) -> int:
    return sum(one.state in ("late", "posted_late") for one in disclosures(rules, posted, now))


def _public(one: Indicators, counted: bool = True) -> Indicators:
    """Without what may not be said: numbers while people register, opinions of very few."""
    return replace(
        one,
        applicants=one.applicants if counted else None,
        paid=one.paid if counted else None,
        days=one.days if one.answered >= FEWEST else None,
        content=one.content if one.graded >= FEWEST else None,
    )


_ADDED = ("vacancies", "appointed", "asked", "waived", "refunded", "late")


def _by_year(
    session: Session, exams: Iterable[Indicators], now: datetime, zone: sums.Zone
) -> list[Indicators]:
    """Years of exams and of letters; a letter counts in the year in which it came."""
    grouped: dict[int, list[Indicators]] = defaultdict(list)
    for one in exams:
        grouped[one.year].append(one)
    letters = letters_by(session, now, zone).years
    intake = {row.year: row.people for row in session.scalars(select(Intake))}
    years = sorted({*grouped, *letters, *intake}, reverse=True)
    return [
        replace(
            _sum(year, grouped[year]),
            **letters.get(year, Letters()).figures(),
            intake=intake.get(year),
        )
        for year in years
    ]


def _sum(year: int, exams: Sequence[Indicators]) -> Indicators:
    known = [one for one in exams if one.applicants is not None]
    times = [one.seconds for one in exams if one.seconds is not None]
    return Indicators(
        str(year),
        str(year),
        str(year),
        year,
        len(exams),
        sum(one.applicants or 0 for one in known) if known or not exams else None,
        sum(one.paid or 0 for one in known) if known or not exams else None,
        **{name: sum(getattr(one, name) for one in exams) for name in _ADDED},
        seconds=round(median(times)) if times else None,
    )
