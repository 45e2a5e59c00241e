"""The register of accountability (问责台账): who answered for what, with post, measure and day.

Its lines are read from where they were decided: confirmed findings on red lines, decisions on
violations of staff, letters that ran past their last day. Nothing is kept twice.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.context import Context
from exam_system.duties.judging import MEASURES, overdue_letters
from exam_system.duties.models import Accountability, RedLineCase
from exam_system.duties.words import (
    LINE_WORDS,
    MEASURE_WORDS,
    SOURCE_WORDS,
    STATES,
    finding_sentence,
)
from exam_system.exams.models import Exam
from exam_system.language import when
from exam_system.sheets import Cell
from exam_system.violations.models import Decision, ViolationCase
from exam_system.violations.regimes import regime_of

NAMES = (
    *("Time", "Source", "Exam", "Duty post", "Name", "What happened", "Measure", "Reason"),
    "Measure entered at",
)
FOUND = ("Time", "Red line", "What the rule found", "Who", "Exam", "State", "Reason")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the register. `measure` is "" while none is entered; `words` is a sanction in
    the words of its regime, `about` what the office names to take a measure."""

    source: str
    about: str
    at: datetime
    exam: str
    post: str
    name: str
    account_id: int | None
    what: str
    measure: str = ""
    words: str = ""
    why: str = ""
    decided_at: datetime | None = None


def register_of(session: Session) -> list[Entry]:
    """Every line, the newest first."""
    taken = {(row.source, row.about): row for row in session.scalars(select(Accountability))}
    found = [*_lines(session, taken), *_letters(session, taken), *_sanctions(session)]
    return sorted(found, key=lambda one: (one.at, one.about), reverse=True)


_Taken = Mapping[tuple[str, str], Accountability]


def _lines(session: Session, taken: _Taken) -> Iterator[Entry]:
    query = (
        select(RedLineCase, Account)
        .outerjoin(Account, Account.id == RedLineCase.account_id)
        .where(RedLineCase.state == "confirmed")
    )
    for case, account in session.execute(query):
        told = json.loads(case.facts)
        yield _entry(
            taken, "line", case.ref, case.happened_at, account, _said(case.line, told), case.exam
        )


def _said(line: str, told: Mapping[str, str]) -> str:
    said = _("%(line)s: %(told)s", line=LINE_WORDS[line], told=finding_sentence(line, told))
    return str(said)


def _letters(session: Session, taken: _Taken) -> Iterator[Entry]:
    for letter, at in overdue_letters(session):
        owner = session.get(Account, letter.owner_id) if letter.owner_id else None
        said = _("The letter %(number)s ran past its last day", number=letter.number)
        yield _entry(taken, "letter", letter.number, at, owner, said, "")


def _entry(
    taken: _Taken, source: str, about: str, at: datetime, who: Account | None, what: str, exam: str
) -> Entry:
    row = taken.get((source, about))
    role, name, account = (who.role, who.name, who.id) if who else ("", "", None)
    rest = (row.measure, "", row.why, row.decided_at) if row else ("", "", "", None)
    return Entry(source, about, at, exam, role, name, account, what, *rest)


def _sanctions(session: Session) -> Iterator[Entry]:
    """Decisions on violations of staff as they stand."""
    query = (
        select(ViolationCase, Decision, Exam.code)
        .join(Decision, Decision.case_id == ViolationCase.id)
        .join(Exam, Exam.id == ViolationCase.exam_id)
        .where(ViolationCase.staff_no.is_not(None), Decision.decided_at.is_not(None))
        .order_by(Decision.version)
    )
    newest = {case.id: (case, made, code) for case, made, code in session.execute(query)}
    for case, made, code in newest.values():
        if made.tier is None or made.decided_at is None:
            continue
        words = regime_of(case.regime).tier(made.tier).sanction
        told = (case.opened_at, code, "site", case.staff_name or "", None, made.facts)
        yield Entry("violation", case.number, *told, "", words, made.reasons, made.decided_at)


def register_rows(ctx: Context, _fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """The register as a table to be taken out."""
    for one in register_of(ctx.session):
        told = (str(SOURCE_WORDS[one.source]), one.exam, _(one.post) if one.post else "", one.name)
        measure = str(MEASURE_WORDS[one.measure]) if one.measure else one.words
        yield when(one.at), *told, one.what, measure, one.why, when(one.decided_at)


def finding_rows(ctx: Context, _fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """Every finding as a table to be taken out."""
    query = (
        select(RedLineCase, Account.name)
        .outerjoin(Account, Account.id == RedLineCase.account_id)
        .order_by(RedLineCase.id)
    )
    for case, name in ctx.session.execute(query):
        told = finding_sentence(case.line, json.loads(case.facts))
        found = (when(case.happened_at), str(LINE_WORDS[case.line]), told, name or "", case.exam)
        yield *found, str(STATES[case.state]), case.reason


@dataclass(frozen=True, slots=True)
class Year:
    """The numbers of a year; nobody is named."""

    year: int
    found: int
    unfounded: int
    lines: Mapping[str, int]
    letters: int
    violations: int
    measures: Mapping[str, int]


def numbers(session: Session, zone: ZoneInfo) -> list[Year]:
    """Every year in which something was found, the newest first."""
    entries: dict[int, list[Entry]] = defaultdict(list)
    cases: dict[int, list[RedLineCase]] = defaultdict(list)
    for one in register_of(session):
        entries[one.at.astimezone(zone).year].append(one)
    for case in session.scalars(select(RedLineCase)):
        cases[case.happened_at.astimezone(zone).year].append(case)
    years = sorted({*entries, *cases}, reverse=True)
    return [_year(year, entries[year], cases[year]) for year in years]


def _year(year: int, entries: Sequence[Entry], cases: Sequence[RedLineCase]) -> Year:
    states = Counter(case.state for case in cases)
    lines = Counter(case.line for case in cases if case.state == "confirmed")
    sources = Counter(one.source for one in entries)
    measures = Counter(one.measure for one in entries)
    return Year(
        year,
        len(cases),
        states["unfounded"],
        {line: lines[line] for line in LINE_WORDS},
        sources["letter"],
        sources["violation"],
        {measure: measures[measure] for measure in MEASURES},
    )
