"""Finding reports, answers and sealing keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from exam_system.records.keys import keys_of
from exam_system.records.models import Act
from exam_system.tips.models import ArrivedTip, SealingKey, Tip, TipAnswer
from exam_system.trust.canonical import unb64
from exam_system.trust.errors import TrustError
from exam_system.trust.report import open_sealing_key
from exam_system.trust.sealed import Recipient

ENTERED = "tips.enter_reports"
PREFIX = "tip:"
_LISTED_FRESH = (ArrivedTip.digest, ArrivedTip.day, ArrivedTip.size, ArrivedTip.lookup)
_LISTED = (Tip.digest, Tip.day, Tip.size, Tip.lookup)


@dataclass(frozen=True, slots=True)
class Row:
    """A report in a list; `number` is None while the log does not know it yet."""

    number: int | None
    digest: str
    day: date
    size: int
    answers: int


@dataclass(frozen=True, slots=True)
class Entered:
    """What the log says of one report."""

    number: int
    digest: str


def recipients(db: Session) -> list[Recipient]:
    """The sealing keys of all registered inspectors who have one.

    Believed for the inspector's signature, at every use: a row that was slipped in is passed over.
    """
    inspectors = keys_of(db, "inspector")
    found = []
    for row in db.scalars(select(SealingKey).order_by(SealingKey.name)):
        try:
            signed = open_sealing_key(row.note.encode(), inspectors)
        except TrustError:
            continue
        if signed == Recipient(row.name, unb64(row.key)):
            found.append(signed)
    return found


def sealing_notes(db: Session) -> list[SealingKey]:
    """The rows behind `recipients`."""
    names = [to.name for to in recipients(db)]
    query = select(SealingKey).where(SealingKey.name.in_(names)).order_by(SealingKey.name)
    return list(db.scalars(query))


def reports(db: Session) -> list[Row]:
    """All reports, newest first: those of today, then those in the log."""
    grouping = select(TipAnswer.lookup, func.count()).group_by(TipAnswer.lookup)
    answered = {lookup: int(count) for lookup, count in db.execute(grouping)}
    fresh = db.execute(
        select(literal(None), *_LISTED_FRESH).order_by(ArrivedTip.day.desc(), ArrivedTip.digest)
    )
    known = db.execute(select(Tip.number, *_LISTED).order_by(Tip.number.desc()))
    return [
        Row(number, digest, day, size, answered.get(lookup, 0))
        for number, digest, day, size, lookup in (*fresh, *known)
    ]


def waiting(db: Session) -> int:
    """How many reports nobody has answered yet, for the inspector's desk."""
    return sum(not row.answers for row in reports(db))


def by_digest(db: Session, digest: str) -> Tip | ArrivedTip | None:
    """One report, entered or not."""
    fresh = db.get(ArrivedTip, digest)
    return fresh or db.scalar(select(Tip).where(Tip.digest == digest))


def thread(db: Session, lookup: str) -> Sequence[Tip | ArrivedTip]:
    """All reports under one receipt, oldest first."""
    known = db.scalars(select(Tip).where(Tip.lookup == lookup).order_by(Tip.number))
    fresh = db.scalars(
        select(ArrivedTip).where(ArrivedTip.lookup == lookup).order_by(ArrivedTip.day)
    )
    return [*known, *fresh]


def answers(db: Session, lookup: str) -> Sequence[TipAnswer]:
    """The sealed answers under one receipt, oldest first."""
    query = select(TipAnswer).where(TipAnswer.lookup == lookup).order_by(TipAnswer.id)
    return db.scalars(query).all()


def entered(db: Session) -> list[Entered]:
    """Every report as the log has it, in order."""
    query = select(Act.subject).where(Act.kind == ENTERED).order_by(Act.id)
    rows = [subject.removeprefix(PREFIX).split(":") for subject in db.scalars(query)]
    return [Entered(int(number), digest) for number, digest in rows]
