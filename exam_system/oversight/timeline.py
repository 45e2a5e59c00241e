"""An exam's acts as a picture: stages against days, with draws, releases, deadlines and gaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.exams.models import Exam, ExamSession
from exam_system.oversight.acts import Filter, Told, find_acts
from exam_system.records.models import Act
from exam_system.registration.lookup import rules_from

LANES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Set-up", ("exams",)),
    ("Registration", ("registration",)),
    ("Fees", ("fees",)),
    ("Draws", ("draws",)),
    ("Exam day and marking", ("examday", "marking")),
    ("Interviews", ("interviews",)),
    ("Results", ("results",)),
    ("Oversight", ("oversight", "approvals")),
)
"""The stages in their order, and whose acts stand in each."""
TURNS = (
    "exams.create_exam", "exams.prepare_announcement", "exams.publish_announcement",
    "exams.prepare_change", "exams.publish_change", "exams.drop_change",
    "exams.close_registration", "draws.freeze_draw", "draws.finish_draw", "draws.publish_draw",
    "draws.void_draw", "draws.approve_redraw", "marking.import_written_scores",
    "marking.correct_written_scores",
    "results.prepare_release", "results.publish_release", "interviews.create_panels",
    "oversight.make_evidence",
)  # fmt: skip
"""Kinds of which every single act is told in the list of days."""
_LEFT, _TOP, _LANE, _DAY, _FOOT = 160, 34, 34, 26, 66
_MOST_TURNS = 500


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time that the rules set; `number` stands in the picture, `name` beside it in words."""

    number: int
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dot:
    """The acts of a stage on a day."""

    x: int
    y: int
    radius: int
    count: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day with acts or a deadline. `gap` is how many days without any lie before it."""

    day: date
    x: int
    gap: int
    counts: tuple[tuple[str, int], ...]
    deadlines: tuple[Deadline, ...]
    turns: tuple[Told, ...]

    @property
    def total(self) -> int:
        """All acts of the day."""
        return sum(count for _kind, count in self.counts)


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the page draws; lengths in pixels."""

    width: int
    height: int
    lanes: tuple[tuple[str, int], ...]
    days: tuple[Day, ...]
    dots: tuple[Dot, ...]


def draw_timeline(session: Session, exam: Exam, zone: ZoneInfo) -> Picture:
    """The exam's acts by day and stage, with the deadlines of its rules."""
    counts = _counts(session, exam.code, zone)
    turns = _turns(session, exam.code, zone)
    days = _days(counts, deadlines_of(session, exam), turns, zone)
    lanes = tuple((name, _TOP + _LANE * at + _LANE // 2) for at, (name, _f) in enumerate(LANES))
    width = _LEFT + _DAY * (len(days) + sum(day.gap > 0 for day in days)) + _DAY
    height = _TOP + _LANE * len(LANES) + _FOOT
    return Picture(width, height, lanes, tuple(days), tuple(_dots(days)))


def deadlines_of(session: Session, exam: Exam) -> list[Deadline]:
    """Registration, payment and the sessions, in the order of time; `name` is a sentence."""
    rules = rules_from(exam.rules) if exam.state != "draft" else None
    found: list[tuple[datetime, str]] = []
    if rules is not None:
        found = [
            (rules.registration_opens, "Registration opens"),
            (rules.registration_closes, "Registration closes"),
            (rules.payment_closes, "Payment closes"),
        ]
    query = select(ExamSession.starts_at).where(ExamSession.exam_id == exam.id)
    found += [(at, "A session begins") for at in session.scalars(query)]
    return [Deadline(n, name, at) for n, (at, name) in enumerate(sorted(found), 1)]


def _counts(session: Session, code: str, zone: ZoneInfo) -> dict[date, dict[str, int]]:
    """Acts by day of the bureau's zone and kind; counted in the database by hours of UTC, so a
    zone must lie whole hours from it, as China's does."""
    if session.get_bind().dialect.name == "postgresql":
        hour = func.to_char(func.timezone("UTC", Act.at), "YYYY-MM-DD HH24")
    else:
        hour = func.strftime("%Y-%m-%d %H", Act.at)
    query = select(hour, Act.kind, func.count()).where(Act.exam == code).group_by(hour, Act.kind)
    found: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for text, kind, count in session.execute(query):
        at = datetime.strptime(text, "%Y-%m-%d %H").replace(tzinfo=UTC)
        found[at.astimezone(zone).date()][kind] += count
    return found


def _turns(session: Session, code: str, zone: ZoneInfo) -> list[Told]:
    found: list[Told] = []
    for kind in TURNS:
        found += find_acts(session, Filter(exam=code, kind=kind), zone, limit=_MOST_TURNS)
    return sorted(found, key=lambda act: act.id)


def _days(
    counts: Mapping[date, Mapping[str, int]],
    deadlines: Sequence[Deadline],
    turns: Iterable[Told],
    zone: ZoneInfo,
) -> list[Day]:
    told: dict[date, list[Told]] = defaultdict(list)
    for act in turns:
        told[act.at.astimezone(zone).date()].append(act)
    ends: dict[date, list[Deadline]] = defaultdict(list)
    for deadline in deadlines:
        ends[deadline.at.astimezone(zone).date()].append(deadline)
    made: list[Day] = []
    x = _LEFT
    for day in sorted({*counts, *ends}):
        gap = (day - made[-1].day).days - 1 if made else 0
        x += _DAY * (2 if gap and made else 1 if made else 0)
        rows = tuple(sorted(counts.get(day, {}).items()))
        made.append(Day(day, x, gap, rows, tuple(ends[day]), tuple(told[day])))
    return made


def _dots(days: Iterable[Day]) -> Iterable[Dot]:
    for day in days:
        for at, (_name, features) in enumerate(LANES):
            count = sum(n for kind, n in day.counts if kind.partition(".")[0] in features)
            if count:
                y = _TOP + _LANE * at + _LANE // 2
                yield Dot(day.x, y, min(12, 3 + 2 * len(str(count))), count)
