"""What each indicator is called, how it is written, and whether it has a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from exam_system.indicators.figures import Indicators
from exam_system.language import yuan

Number = int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """One indicator: its label (to be translated), its value, how it is shown, its explanation."""

    label: str
    value: Callable[[Indicators], Number]
    shown: Callable[[Number], str]
    said: str
    years: bool = False
    """Known of a year only."""


def _whole(value: Number) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _tenth(value: Number) -> str:
    return "–" if value is None else f"{value:.1f}"


def _percent(value: Number) -> str:
    return "–" if value is None else f"{value * 100:.1f}%"


def _yuan(value: Number) -> str:
    return "–" if value is None else yuan(int(value))


def _time(value: Number) -> str:
    """Seconds as they are, and from two minutes on as hours and minutes as well."""
    if value is None:
        return "–"
    minutes = int(value) // 60
    if minutes < 2:
        return str(_("%(seconds)s s", seconds=f"{value:,.0f}"))
    clock = f"{minutes // 60}:{minutes % 60:02d}"
    return str(_("%(seconds)s s (%(clock)s h)", seconds=f"{value:,.0f}", clock=clock))


COLUMNS: Mapping[str, Column] = {
    "applicants": Column(
        "Number of applicants",
        lambda one: one.applicants,
        _whole,
        "handed in an application and kept it",
    ),
    "paid": Column("Taking part", lambda one: one.paid, _whole, "have paid, or need not"),
    "ratio": Column(
        "People for one place", lambda one: one.ratio, _tenth, "taking part, by announced places"
    ),
    "appointed": Column(
        "Appointments", lambda one: one.appointed, _whole, "after the whole chain, to the last link"
    ),
    "filled": Column(
        "Announced places filled", lambda one: one.filled, _percent, "appointments by places"
    ),
    "share": Column(
        "Taken in by exam",
        lambda one: one.share,
        _percent,
        "of everybody taken in within the year, in every way",
        years=True,
    ),
    "asked": Column("Fees asked", lambda one: one.asked, _yuan, "orders that were not closed"),
    "waived": Column("Fees waived", lambda one: one.waived, _yuan, "by decision"),
    "refunded": Column("Fees refunded", lambda one: one.refunded, _yuan, "gone back"),
    "letters": Column(
        "Letters", lambda one: one.letters, _whole, "letters and other cases that name the exam"
    ),
    "days": Column(
        "Working days to the answer",
        lambda one: one.days,
        _tenth,
        "median; for everybody to see from five answers on",
    ),
    "overdue": Column(
        "Letters overdue", lambda one: one.overdue, _whole, "answered late, or late and waiting"
    ),
    "complaints": Column(
        "Complaints about procedure",
        lambda one: one.complaints,
        _whole,
        "complaints, petitions and reports about how the exam is held; the target is 0",
    ),
    "seconds": Column(
        "From lock to publication",
        lambda one: one.seconds,
        _time,
        "of the written scores; of a year, the median of its exams",
    ),
    "late": Column(
        "Disclosures late", lambda one: one.late, _whole, "of the five, posted late or not yet"
    ),
    "content": Column(
        "Satisfaction of 5",
        lambda one: one.content,
        _tenth,
        "mean of those who wrote; for everybody to see from five grades on",
    ),
}
TARGETS = {"overdue": 0, "complaints": 0, "late": 0}
"""What should be none: any is drawn in red."""
