"""What a decision does beyond its paper: scores, bars, the integrity archive, exam work.

Rows come in with the decision and are ended, never deleted, when a review takes it away.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from sqlalchemy import select

from exam_system.accounts.models import Person
from exam_system.chance import reference
from exam_system.context import Context
from exam_system.errors import Conflict
from exam_system.exams.models import Exam
from exam_system.registration.models import Barred
from exam_system.violations import words
from exam_system.violations.cases import person_of, regime_of_case
from exam_system.violations.kinds import kind_of
from exam_system.violations.models import (
    BarredStaff,
    Decision,
    IntegrityRecord,
    ScoreEffect,
    ViolationCase,
)
from exam_system.violations.regimes import LIFE, Tier

T = TypeVar("T", ScoreEffect, IntegrityRecord, BarredStaff)


@dataclass(frozen=True, slots=True)
class Term:
    """From which to which day, both included; `ends` None: for life, or for good."""

    begins: date
    ends: date | None


def years_from(begins: date, years: int) -> date:
    """The last day of a term of full years; one that begins on 29 February ends on the 28th."""
    last = calendar.monthrange(begins.year + years, begins.month)[1]
    if begins.day > last:
        return date(begins.year + years, begins.month, last)
    return begins.replace(year=begins.year + years) - timedelta(days=1)


def term_of(years: int | str, begins: date) -> Term:
    """The term of a bar or a record."""
    return Term(begins, None if years == LIFE else years_from(begins, int(years)))


def stop_of(tier: Tier, begins: date) -> Term:
    """How long somebody of the staff does no exam work: this year and the next, or for good."""
    ends = date(begins.year + 1, 12, 31) if tier.stop == "next_year" else None
    return Term(begins, ends)


def require_effect(case: ViolationCase, tier: Tier) -> None:
    """Raise Conflict where the sanction does not fit whom or what the case is about."""
    if (tier.stop is not None) != (case.staff_no is not None):
        raise Conflict("This sanction is for other people than the case concerns")
    if tier.experts != kind_of(case.kind).experts and (tier.experts or case.source == "forensics"):
        raise Conflict(
            "Identical answers alone void the subject; anything more needs other evidence, told "
            "in a case of its own"
        )
    if tier.effect == "subject" and case.subject is None:
        raise Conflict("Name the subject whose score the sanction concerns")


def end_effects(ctx: Context, case: ViolationCase, why: str) -> int:
    """End everything that stands by earlier decisions of the case; returns how many rows."""
    now, count = ctx.clock.now(), 0
    standing: list[ScoreEffect | IntegrityRecord | BarredStaff] = [
        *_standing(ctx, ScoreEffect, case),
        *_standing(ctx, IntegrityRecord, case),
        *_standing(ctx, BarredStaff, case),
    ]
    for row in standing:
        row.ended_at, count = now, count + 1
    bars = select(Barred).where(
        Barred.source == "case",
        Barred.basis.startswith(f"{case.number} "),
        Barred.lifted_at.is_(None),
    )
    for bar in ctx.session.scalars(bars):
        bar.lifted_at, bar.lifted_why, count = now, why, count + 1
    ctx.session.flush()
    return count


def _standing(ctx: Context, model: type[T], case: ViolationCase) -> list[T]:
    query = select(model).where(model.case_ref == case.ref, model.ended_at.is_(None))
    return list(ctx.session.scalars(query))


def begin_effects(
    ctx: Context, exam: Exam, case: ViolationCase, decision: Decision, day: date
) -> dict[str, int]:
    """Enter what the decision does; returns how many rows of which kind."""
    if decision.tier is None:
        return {}
    tier = regime_of_case(case).tier(decision.tier)
    if case.staff_no is not None:
        _stop(ctx, case, tier, decision, day)
        return {"stopped": 1}
    person = person_of(ctx.session, case)
    scores = _scores(ctx, case, tier)
    bars = _bar(ctx, case, person, tier, decision, day) if person and tier.bar else 0
    records = _record(ctx, case, person, tier, decision, day) if person and tier.record else 0
    ctx.session.flush()
    return {"scores": scores, "bars": bars, "records": records}


def basis_of(case: ViolationCase, decision: Decision) -> str:
    """The document that an entry rests on; begins with the number of the case."""
    regime = regime_of_case(case)
    article = regime.tier(decision.tier).article if decision.tier else words.NONE
    return f"{case.number} 处理决定书（第{decision.version}版），《{regime.name}》{article}"


def _scores(ctx: Context, case: ViolationCase, tier: Tier) -> int:
    """A tier that takes everything and gives zero in one subject makes a row of each kind."""
    rows: list[tuple[str | None, str]] = []
    if tier.effect == "subject" or (tier.mark == "zero" and case.subject is not None):
        rows.append((case.subject, tier.mark))
    if tier.effect == "all":
        rows.append((None, "void"))
    for subject, effect in rows:
        ctx.session.add(
            ScoreEffect(
                application_id=case.application_id,
                subject=subject,
                effect=effect,
                case_ref=case.ref,
                begun_at=ctx.clock.now(),
            )
        )
    return len(rows)


def _why(case: ViolationCase, tier: Tier, decision: Decision) -> str:
    return tier.item(decision.item or 0)


def _bar(
    ctx: Context, case: ViolationCase, person: Person, tier: Tier, decision: Decision, day: date
) -> int:
    regime = regime_of_case(case)
    term = term_of(tier.bar or LIFE, day)
    for exam_type in regime.bars:
        ctx.session.add(
            Barred(
                ref=reference(ctx.chance),
                id_blind=person.id_blind,
                id_sealed=ctx.keys.vault.seal(ctx.keys.vault.open(person.id_sealed)),
                name=person.name,
                regime=exam_type,
                basis=basis_of(case, decision),
                why=_why(case, tier, decision),
                begins=term.begins,
                ends=term.ends,
                source="case",
                approval=decision.approval,
                entered_at=ctx.clock.now(),
            )
        )
    return len(regime.bars)


def _record(
    ctx: Context, case: ViolationCase, person: Person, tier: Tier, decision: Decision, day: date
) -> int:
    term = term_of(tier.record or LIFE, day)
    ctx.session.add(
        IntegrityRecord(
            ref=reference(ctx.chance),
            case_ref=case.ref,
            id_blind=person.id_blind,
            basis=basis_of(case, decision),
            why=_why(case, tier, decision),
            begins=term.begins,
            ends=term.ends,
            entered_at=ctx.clock.now(),
        )
    )
    return 1


def _stop(ctx: Context, case: ViolationCase, tier: Tier, decision: Decision, day: date) -> None:
    term = stop_of(tier, day)
    ctx.session.add(
        BarredStaff(
            case_ref=case.ref,
            staff_no=case.staff_no,
            name=case.staff_name,
            basis=basis_of(case, decision),
            begins=term.begins,
            ends=term.ends,
            entered_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()


def effect_lines(case: ViolationCase, tier: Tier, subject: str, day: date) -> Sequence[str]:
    """What a sanction means, in the words of the papers, if it is decided on `day`."""
    lines = [words.EFFECT_SUBJECT.format(subject=subject)] if tier.effect == "subject" else []
    for years, limited, whole in (
        (tier.bar, words.BARRED, words.BARRED_LIFE),
        (tier.record, words.RECORDED, words.RECORDED_LIFE),
    ):
        if years is not None:
            lines.append(_told(term_of(years, day), limited, whole))
    if tier.stop is not None:
        lines.append(_told(stop_of(tier, day), words.STOPPED, words.STOPPED_LIFE))
    return lines


def _told(term: Term, limited: str, whole: str) -> str:
    if term.ends is None:
        return whole.format(begins=term.begins.isoformat())
    return limited.format(begins=term.begins.isoformat(), ends=term.ends.isoformat())
