"""What an inspector should look at: pure rules over acts and rows; nothing here reads anything.

Every rule gives alerts whose id follows from what they name, so that an acknowledgment in the log
keeps belonging to the same alert; when another act joins in, it is a new alert.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exam_system.access import Role
from exam_system.trust.canonical import jcs, sha256_hex

ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Limits:
    """Every number that the rules use, each with its reason."""

    exports_a_day: int = 5
    """An office hands out a list now and then; whoever takes six in a day is collecting."""
    unmasked_a_day: int = 10
    """A reviewer asks a candidate back now and then; eleven full numbers in a day are a list."""
    night_from: int = 22
    night_until: int = 6
    """Offices are closed and nobody looks on: from 22:00 to 6:00 in the bureau's zone."""
    backwards: timedelta = timedelta(minutes=2)
    """Transactions that run side by side may commit out of order; the longest waits 30 s."""
    ahead: timedelta = timedelta(minutes=10)
    """Two machines' clocks kept by hand agree within minutes; witnesses sign soon after."""
    in_favour: int = 3
    """One or two mistakes in a favourable direction happen; three by one hand are looked at."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Seen:
    """An act as the rules see it; `details` is empty when they were erased."""

    id: int
    at: datetime
    kind: str
    exam: str
    actor: str
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """What a rule found. `red` is what must not be at all, the rest is to be looked at.

    `acts` are act ids, `rows` names of rows (payment:…, approval:…); `values` go into the sentence
    of the rule.
    """

    rule: str
    red: bool
    exam: str
    at: datetime
    acts: tuple[int, ...] = ()
    rows: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """16 hex digits that follow from the rule and what it names."""
        return sha256_hex(jcs([self.rule, list(self.acts), list(self.rows)]))[:16]


def _alert(rule: str, acts: Sequence[Seen], *, red: bool = False, **values: object) -> Alert:
    shown = tuple((name, str(value)) for name, value in values.items())
    last = acts[-1]
    return Alert(rule, red, last.exam, last.at, tuple(act.id for act in acts), (), shown)


def second_attempts(acts: Iterable[Seen]) -> Iterator[Alert]:
    """A draw frozen once more: every attempt after the first."""
    for act in acts:
        draw, _colon, number = act.subject.removeprefix("draw:").rpartition(":")
        if act.kind == "draws.freeze_draw" and number != "1":
            yield _alert("second_attempt", [act], draw=draw, n=number)


_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Closing:
    """When an exam's registration and payment closed, by one version of its announced rules.

    `since` is the act that published the version and `at` its time; before the first version
    nothing is in force.
    """

    registration: datetime
    payment: datetime
    since: int = 0
    at: datetime = _EVER


def in_force(closings: Sequence[Closing], act_id: int) -> Closing:
    """The version that held when an act was written; `closings` in the order of versions.

    A later extension does not excuse what came too late by the version of its own time.
    """
    return [closings[0], *(one for one in closings if one.since <= act_id)][-1]


def in_force_at(closings: Sequence[Closing], at: datetime) -> Closing:
    """The same by time, for rows."""
    return [closings[0], *(one for one in closings if one.at <= at)][-1]


UNTIL_REGISTRATION = (
    "registration.apply", "registration.add_photo", "registration.submit_application",
)  # fmt: skip
UNTIL_PAYMENT = ("fees.create_order",)
BEFORE_ANNOUNCEMENT = (
    "exams.set_rules", "exams.import_places", "exams.set_sessions", "exams.add_fee_item",
    "exams.import_posts",
)  # fmt: skip


def after_deadline(
    acts: Iterable[Seen], closing: Mapping[str, Sequence[Closing]], announced: Mapping[str, int]
) -> Iterator[Alert]:
    """Acts of candidates after their deadline, and changes of an exam after its announcement.

    `announced` is the id of the act that published each exam's first announcement.
    """
    for act in acts:
        versions = closing.get(act.exam)
        until = in_force(versions, act.id) if versions else None
        late = until is not None and (
            (act.kind in UNTIL_REGISTRATION and act.at >= until.registration)
            or (act.kind in UNTIL_PAYMENT and act.at >= until.payment)
        )
        changed = act.kind in BEFORE_ANNOUNCEMENT and act.id > announced.get(act.exam, act.id)
        if late or changed:
            yield _alert("after_deadline", [act], red=True, said=act.kind, about=act.subject)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that must not be as it is: its name, its exam, when it came to be, what it is."""

    name: str
    exam: str
    at: datetime
    what: str


def bad_rows(rule: str, rows: Iterable[Row]) -> Iterator[Alert]:
    """An alert for each row, whatever the log says."""
    for row in rows:
        yield Alert(rule, True, row.exam, row.at, (), (row.name,), (("row", row.what),))


MARKING = ("marking.import_written_scores", "marking.correct_written_scores")


def score_changes(acts: Iterable[Seen], corrections: Mapping[str, str]) -> Iterator[Alert]:
    """Marks changed by a later table, and corrected releases (`corrections`: subject → reason)."""
    for act in acts:
        if act.kind in MARKING and act.details.get("changed"):
            yield _alert("score_change", [act], n=len(act.details["changed"]))
        elif act.kind == "results.prepare_release" and act.subject in corrections:
            yield _alert("correction", [act], about=act.subject, why=corrections[act.subject])


def many_exports(acts: Iterable[Seen], zone: ZoneInfo, limits: Limits = LIMITS) -> Iterator[Alert]:
    """More lists taken away by one person on one day than anybody needs."""
    for (actor, day), some in _by_day(acts, zone).items():
        if len(some) > limits.exports_a_day:
            yield _alert("many_exports", some, actor=actor, n=len(some), day=day)


UNMASK = "registration.unmask"


def many_unmasked(acts: Iterable[Seen], zone: ZoneInfo, limits: Limits = LIMITS) -> Iterator[Alert]:
    """More full ID numbers and phones looked at by one person on one day than a case needs."""
    for (actor, day), some in _by_day(acts, zone).items():
        if len(some) > limits.unmasked_a_day:
            yield _alert("many_unmasked", some, actor=actor, n=len(some), day=day)


def is_export(kind: str) -> bool:
    """Whether a kind of act takes data out of the system."""
    name = kind.rpartition(".")[2]
    return name.startswith("export_") or name in ("make_evidence", "take_out", "take_tickets")


def _by_day(acts: Iterable[Seen], zone: ZoneInfo) -> dict[tuple[str, date], list[Seen]]:
    found: dict[tuple[str, date], list[Seen]] = defaultdict(list)
    for act in acts:
        found[act.actor, act.at.astimezone(zone).date()].append(act)
    return found


def at_night(acts: Iterable[Seen], zone: ZoneInfo, limits: Limits = LIMITS) -> Iterator[Alert]:
    """Acts of staff while the office is closed, those of one night and person together."""
    nights: dict[tuple[str, date], list[Seen]] = defaultdict(list)
    for act in acts:
        local = act.at.astimezone(zone)
        if local.hour >= limits.night_from:
            nights[act.actor, local.date()].append(act)
        elif local.hour < limits.night_until:
            nights[act.actor, local.date() - timedelta(days=1)].append(act)
    for (actor, day), some in nights.items():
        yield _alert("at_night", some, actor=actor, n=len(some), day=day)


def one_hand(acts: Iterable[Seen]) -> Iterator[Alert]:
    """Both parts of a draw's ceremony by one person: what two must do, one did."""
    pairs: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for act in acts:
        if act.actor == Role.PUBLIC.value:
            continue  # a further contributor, whoever that is
        if act.kind in ("draws.commit_secret", "draws.record_dice", "draws.confirm_dice"):
            step = "commit" if act.kind == "draws.commit_secret" else "dice"
            pairs[act.subject, step].append(act)
    for (subject, _step), some in pairs.items():
        roles = {act.details.get("role", act.kind) for act in some}
        if len(roles) > 1 and len({act.actor for act in some}) == 1:
            yield _alert("one_hand", some, red=True, about=subject, actor=some[0].actor)


@dataclass(frozen=True, slots=True)
class Step:
    """Two acts that follow one another in the log."""

    before: Seen
    after: Seen


@dataclass(frozen=True, slots=True)
class Cosigned:
    """When an inspector's own clock signed a head, and the last act under it."""

    name: str
    at: datetime
    last: Seen


def clock_moved(
    steps: Iterable[Step], heads: Iterable[Cosigned], limits: Limits = LIMITS
) -> Iterator[Alert]:
    """Time that goes back in the log's order; acts dated after a witness had signed them."""
    for step in steps:
        back = step.before.at - step.after.at
        if back > limits.backwards:
            yield _alert("clock_back", [step.before, step.after], red=True, by=_span(back))
    for head in heads:
        ahead = head.last.at - head.at
        if ahead > limits.ahead:
            yield _alert("clock_ahead", [head.last], red=True, by=_span(ahead), name=head.name)


CLOCK = ("oversight.report_clock", "oversight.accept_time")


def clock_doubts(acts: Iterable[Seen]) -> Iterator[Alert]:
    """Deadlines that were not judged because no clock was right, and times that were accepted."""
    for act in acts:
        if act.kind == CLOCK[0]:
            rule = "time_ahead" if act.details.get("ahead") else "time_low"
            yield _alert(rule, [act], red=True, by=act.details.get("by", ""))
        elif act.kind == CLOCK[1]:
            why = act.details.get("reason", "")
            yield _alert("time_accepted", [act], actor=act.actor, why=why)


def _span(span: timedelta) -> str:
    return str(timedelta(seconds=int(span.total_seconds())))


def in_favour(acts: Iterable[Seen], limits: Limits = LIMITS) -> Iterator[Alert]:
    """Marks that one person raised by later tables of one exam (THREATS S11)."""
    raised: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    for act in acts:
        up = {number for number, _s, old, new in act.details.get("changed", ())
              if _points(new) > _points(old)}  # fmt: skip
        if act.kind in MARKING and up:
            raised[act.exam, act.actor].append(act)
            people[act.exam, act.actor] |= up
    for (exam, actor), some in raised.items():
        n = len(people[exam, actor])
        if n >= limits.in_favour:
            yield _alert("in_favour", some, actor=actor, n=n)


def _points(mark: str) -> float:
    return -1.0 if mark == ABSENT else float(mark)
