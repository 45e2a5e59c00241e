"""The alerts of an instance: what the rules of `alerts` need, read from the database."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import String, and_, cast, exists, extract, func, or_, select
from sqlalchemy.orm import Session

from exam_system.access import VERBS
from exam_system.accounts.models import Account
from exam_system.database import UtcTime
from exam_system.exams.models import Exam
from exam_system.oversight import alerts as rules
from exam_system.oversight import watch_rows
from exam_system.oversight.alerts import LIMITS, Alert, Closing, Cosigned, Limits, Seen, Step
from exam_system.oversight.kept import kept
from exam_system.oversight.watch_rows import ACTS
from exam_system.records.keys import keys_of
from exam_system.records.models import (
    Act,
    ActDetail,
    Head,
    Leaf,
    Note,
    NoteSignature,
    Release,
    ReleaseFile,
)
from exam_system.records.notes import note_bytes
from exam_system.registration.lookup import rules_from
from exam_system.trust.notes import open_note

WITH_DETAILS = (
    "draws.freeze_draw", "draws.commit_secret", "draws.record_dice", "draws.confirm_dice",
    *rules.MARKING, "results.prepare_release", *rules.CLOCK,
)  # fmt: skip
NOTED = "oversight.note_alert"
_ANNOUNCE = ("exams.publish_announcement", "exams.publish_change")
_COMINGS = ("accounts.log_in", "accounts.log_out")
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An inspector's note on an alert."""

    by: str
    at: datetime
    note: str


def find_alerts(session: Session, zone: ZoneInfo, limits: Limits = LIMITS) -> list[Alert]:
    """Every alert of the instance, newest first."""
    found = [*_from_acts(session, zone, limits), *_from_rows(session)]
    found += rules.clock_moved(_backward_steps(session, limits), _cosigned(session), limits)
    return sorted(found, key=lambda alert: (alert.at, alert.id), reverse=True)


def open_alerts(session: Session, zone: ZoneInfo) -> list[Alert]:
    """The alerts that no inspector has acknowledged."""
    noted = acknowledged(session)
    return [one for one in find_alerts(session, zone) if one.id not in noted]


def find_late(session: Session) -> list[Alert]:
    """Only what came in, or was changed, after its deadline."""
    until = closings(session)
    late = rules.after_deadline(_late_acts(session, until), until, _announced(session))
    return [*late, *rules.bad_rows("late_row", watch_rows.late_rows(session, until))]


def acknowledged(session: Session) -> dict[str, Acknowledged]:
    """The newest note on each alert, by the alert's id; found in the log itself."""
    query = (
        select(Act.subject, Act.at, Account.name, ActDetail.details)
        .outerjoin(Account, Account.ref == Act.actor)
        .outerjoin(ActDetail, ActDetail.act_id == Act.id)
        .where(Act.kind == NOTED)
        .order_by(Act.id)
    )
    return {
        subject.removeprefix("alert:"): Acknowledged(
            name or "", at, json.loads(details or "{}").get("note", "")
        )
        for subject, at, name, details in session.execute(query)
    }


def _from_acts(session: Session, zone: ZoneInfo, limits: Limits) -> Iterator[Alert]:
    acts = kept(session, ACTS, "details", (), lambda after: _acts(session, after))
    yield from rules.second_attempts(acts)
    yield from rules.score_changes(acts, _corrections(session))
    yield from rules.in_favour(acts, limits)
    yield from rules.one_hand(acts)
    yield from rules.clock_doubts(acts)
    yield from find_late(session)
    exports = [kind for kind in VERBS if rules.is_export(kind)]
    yield from rules.many_exports(_plain(session, "exports", Act.kind.in_(exports)), zone, limits)
    unmasked = _plain(session, "unmasked", Act.kind == rules.UNMASK)
    yield from rules.many_unmasked(unmasked, zone, limits)
    staff = exists().where(Account.ref == Act.actor, Account.role != "candidate")
    hours = _night_hours(zone, limits)
    working = and_(Act.kind.not_in(_COMINGS), _at_hours(session, hours), staff)
    yield from rules.at_night(_plain(session, "night", working, hours), zone, limits)


def _night_hours(zone: ZoneInfo, limits: Limits) -> tuple[int, ...]:
    """Hours of UTC that may be night in the zone."""
    moments = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 7)]
    hours = set()
    for moment, minute in itertools.product(moments, range(0, 24 * 60, 15)):
        at = moment + timedelta(minutes=minute)
        local = at.astimezone(zone).hour
        if local >= limits.night_from or local < limits.night_until:
            hours.add(at.hour)
    return tuple(sorted(hours))


def _at_hours(session: Session, hours: Sequence[int]) -> Any:
    """Acts in these hours of UTC: the database leaves out the rest."""
    sqlite = session.get_bind().dialect.name == "sqlite"  # it keeps UTC and knows no zones
    at_utc = Act.at if sqlite else func.timezone("UTC", Act.at)
    return extract("hour", at_utc).in_(hours)


def _from_rows(session: Session) -> Iterator[Alert]:
    yield from rules.bad_rows("own_case", watch_rows.own_cases(session))
    yield from rules.bad_rows("own_approval", watch_rows.own_approvals(session))


_COLUMNS = (Act.id, Act.at, Act.kind, Act.exam, Act.actor, Act.subject)


def _acts(session: Session, after: int) -> Iterator[tuple[int, Seen]]:
    """Acts with their details, in the order in which they were written."""
    query = (
        select(*_COLUMNS, ActDetail.details)
        .outerjoin(ActDetail, ActDetail.act_id == Act.id)
        .where(Act.kind.in_(WITH_DETAILS), Act.id > after)
        .order_by(Act.id)
    )
    for row in session.execute(query):
        told = json.loads(row.details or "{}")
        yield row.id, Seen(row.id, row.at, row.kind, row.exam, row.actor, row.subject, told)


def _seen(act: Act) -> Seen:
    return Seen(act.id, act.at, act.kind, act.exam, act.actor, act.subject)


def _plain(session: Session, name: str, condition: Any, question: Hashable = ()) -> list[Seen]:
    """Acts without entries and details."""

    def read(after: int) -> Iterator[tuple[int, Seen]]:
        query = select(*_COLUMNS).where(Act.id > after, condition).order_by(Act.id)
        for row in session.execute(query.execution_options(yield_per=_BATCH)):
            yield row.id, Seen(*row)

    return kept(session, ACTS, name, question, read)


def closings(session: Session) -> dict[str, list[Closing]]:
    """When registration and payment of each exam close, by every published version of its rules.

    By the rules in the tables where nothing is published.
    """
    found: dict[str, list[Closing]] = defaultdict(list)
    for code, act_id, at, published in session.execute(_published_rules()):
        found[code].append(_closing(published.decode(), act_id, at))
    for exam in session.scalars(select(Exam).where(Exam.state != "draft")):
        if exam.code not in found:
            found[exam.code] = [_closing(exam.rules)]
    return found


def _closing(rules: str, *since: Any) -> Closing:
    return Closing(*_closes(rules), *since)


@lru_cache(maxsize=1_000)
def _closes(rules: str) -> tuple[datetime, datetime]:
    """When registration and payment close by a set of rules."""
    read = rules_from(rules)
    return read.registration_closes, read.payment_closes


def _published_rules() -> Any:
    """Exam, publishing act, its time and the published rules.json, in the order of versions."""
    subject = "release:" + Exam.code + ":announcement:v" + cast(Release.version, String)
    return (
        select(Exam.code, Act.id, Act.at, ReleaseFile.data)
        .select_from(Release)
        .join(Exam, Exam.id == Release.exam_id)
        .join(
            ReleaseFile,
            and_(ReleaseFile.release_id == Release.id, ReleaseFile.name == "rules.json"),
        )
        .join(Act, and_(Act.subject == subject, Act.kind.in_(_ANNOUNCE)))
        .where(Release.chain == "announcement", Release.state == "published")
        .order_by(Exam.id, Release.version)
    )


def _announced(session: Session) -> dict[str, int]:
    query = select(Act.exam, func.min(Act.id)).where(Act.kind == _ANNOUNCE[0]).group_by(Act.exam)
    return {row[0]: row[1] for row in session.execute(query)}


def _late_acts(session: Session, until: Mapping[str, Sequence[Closing]]) -> list[Seen]:
    changes: list[Any] = [Act.kind.in_(rules.BEFORE_ANNOUNCEMENT)]
    firsts = watch_rows.first_closings(until)
    for code, registration, payment in firsts:
        for kinds, at in ((rules.UNTIL_REGISTRATION, registration),
                          (rules.UNTIL_PAYMENT, payment)):  # fmt: skip
            changes.append(and_(Act.exam == code, Act.kind.in_(kinds), Act.at >= at))
    return _plain(session, "late", or_(*changes), firsts)


@dataclass(frozen=True, slots=True)
class Unmasking:
    """How often somebody looked at full ID numbers or phones, and when last."""

    name: str
    office: str
    count: int
    last: datetime


def unmaskings(session: Session) -> list[Unmasking]:
    """Everybody who did, most often first."""
    count = func.count()
    query = (
        select(Account.name, Account.office, count, func.max(Act.at, type_=UtcTime()))
        .join(Account, Account.ref == Act.actor)
        .where(Act.kind == rules.UNMASK)
        .group_by(Account.id, Account.name, Account.office)
        .order_by(count.desc(), Account.id)
    )
    return [Unmasking(name, unit or "", n, at) for name, unit, n, at in session.execute(query)]


def _corrections(session: Session) -> dict[str, str]:
    query = (
        select(Exam.code, Release.version, Release.reason)
        .join(Exam, Exam.id == Release.exam_id)
        .where(Release.chain == "results", Release.reason != "")
    )
    return {f"release:{code}:results:v{n}": why for code, n, why in session.execute(query)}


def _backward_steps(session: Session, limits: Limits) -> Iterator[Step]:
    """Neighbours in the log's order of which the later act bears the earlier time.

    The database looks for them.
    """
    pairs = kept(session, ACTS, "steps", (), lambda after: _pairs_back(session, after))
    for one, other in _acts_of(session, pairs):
        if one.at - other.at > limits.backwards:
            yield Step(_seen(one), _seen(other))


def _pairs_back(session: Session, after: int) -> Iterator[tuple[int, tuple[int, int]]]:
    last = func.lag(Act.at, type_=UtcTime()).over(order_by=Act.id).label("last")
    before = func.lag(Act.id).over(order_by=Act.id).label("before")
    pairs = select(Act.id, Act.at, before, last).where(Act.id >= after).subquery()
    query = select(pairs.c.before, pairs.c.id).where(pairs.c.last > pairs.c.at)
    for one, other in session.execute(query.order_by(pairs.c.id)):
        yield other, (one, other)


def _acts_of(session: Session, pairs: Collection[tuple[int, int]]) -> Iterator[tuple[Act, Act]]:
    ids = {one for pair in pairs for one in pair}
    found = {act.id: act for act in session.scalars(select(Act).where(Act.id.in_(ids)))}
    for one, other in sorted(pairs):
        if one in found and other in found:
            yield found[one], found[other]


def _cosigned(session: Session) -> Iterator[Cosigned]:
    """Heads with the times of their cosignatures, which no clock of the bureau has made."""
    inspectors = keys_of(session, "inspector")
    names = [key.name for key in inspectors]
    signed = (
        select(NoteSignature.note_id, func.count().label("count"))
        .where(NoteSignature.key_name.in_(names))
        .group_by(NoteSignature.note_id)
        .subquery()
    )
    query = (
        select(Head, Act, Note.digest, signed.c.count)
        .join(Note, Note.id == Head.note_id)
        .join(signed, signed.c.note_id == Note.id)
        .join(Leaf, Leaf.position == Head.size - 1)
        .join(Act, Act.id == Leaf.act_id)
    )
    for head, act, digest, count in session.execute(query):
        key = (digest, count, *names)
        if key not in _TIMES:
            _TIMES[key] = open_note(note_bytes(session, head.note_id), inspectors).times
        for name, seconds in _TIMES[key].items():
            signed_at = datetime.fromtimestamp(seconds, tz=act.at.tzinfo)
            yield Cosigned(name, signed_at, _seen(act))


_TIMES: dict[tuple[object, ...], Mapping[str, int]] = {}
"""The times of cosignatures by the note's digest: each signature is checked once in a process."""
