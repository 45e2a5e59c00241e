"""Verbs of the medical examination and the background check.

One re-check of a medical examination, within the days of the rules; items that the rules name are
re-checked on the same day only, or not at all. A failure that stands loses the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select

from exam_system.appointing.lookup import (
    account,
    by_ref,
    due_day,
    own_application,
    proposed_by_refs,
    text_of,
    today,
)
from exam_system.appointing.models import Background, Medical, Proposed
from exam_system.appointing.places import lose
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.people import reason_line
from exam_system.registration.models import Application

VERDICTS = {"passed": "Passed", "failed": "Not passed"}
LONGEST_PLACE = 120
_LOST = "体检不合格"


def rounds_of(ctx: Context, row: Proposed) -> list[Medical]:
    """The medical examinations of somebody, in their order."""
    query = select(Medical).where(Medical.proposed_id == row.id).order_by(Medical.round)
    return list(ctx.session.scalars(query))


@verb
def call_medical(ctx: Context, *, code: str, refs: Iterable[str], at: datetime, place: str) -> int:
    """Call proposed people to the medical examination, or to their one re-check."""
    exam = exam_by_code(ctx.session, code)
    if at <= ctx.clock.now():
        raise Invalid("The examination lies in the past").about("at")
    where = reason_line(place, LONGEST_PLACE, "place")
    people = proposed_by_refs(ctx.session, exam, refs)
    for row in people.values():
        _require_holder(row)
        _call(ctx, row, at, where)
    ctx.session.flush()
    ctx.record(exam=exam.code, subject=f"exam:{code}", people=sorted(people), place=where)
    return len(people)


def _call(ctx: Context, row: Proposed, at: datetime, place: str) -> None:
    last = next(reversed(rounds_of(ctx, row)), None)
    if last is None:
        last = Medical(ref=reference(ctx.chance), proposed_id=row.id, round=1)
        ctx.session.add(last)
    elif last.verdict is not None:
        raise Conflict("The medical examination of somebody in the list is over")
    last.called_for, last.place, last.called_at = at, place, ctx.clock.now()


def _require_holder(row: Proposed) -> None:
    if row.standing != "holds":
        raise Conflict("Somebody in the list has no place any more")


@verb
def note_medical(ctx: Context, *, code: str, findings: Mapping[str, Sequence[str]]) -> int:
    """Note what medical examinations came to, by reference: the items not passed, none: passed.

    Whoever has failed and can ask for no re-check loses the place with it.
    """
    exam = exam_by_code(ctx.session, code)
    people = proposed_by_refs(ctx.session, exam, findings)
    noted, offered = {}, []
    for ref, row in people.items():
        _require_holder(row)
        medical = _note(ctx, exam, row, [text_of(item) for item in findings[ref]])
        noted[ref] = medical.verdict
        if medical.verdict == "failed" and medical.recheck_until is None:
            offered += lose(ctx, exam, row, "medical", _LOST)
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", medical=noted, offered=offered)
    return len(noted)


def _note(ctx: Context, exam: Exam, row: Proposed, items: Sequence[str]) -> Medical:
    open_rounds = [one for one in rounds_of(ctx, row) if one.verdict is None]
    if not open_rounds or open_rounds[-1].called_for is None:
        raise Conflict("Somebody in the list was not called to a medical examination")
    medical = open_rounds[-1]
    if medical.called_for is not None and ctx.clock.now() < medical.called_for:
        raise Conflict("Somebody's medical examination has not begun")
    medical.verdict = "failed" if items else "passed"
    medical.items_sealed = ctx.keys.vault.seal("、".join(items)) if items else None
    medical.noted_by, medical.noted_at = account(ctx), ctx.clock.now()
    if items and medical.round == 1:
        medical.recheck_until = recheck_until(rules_of(exam), items, today(ctx))
    return medical


def recheck_until(rules: RuleSet, items: Iterable[str], told: date) -> date | None:
    """The last day on which a re-check of these items may be asked for; None: not at all."""
    failed = set(items)
    if failed & set(rules.medical_final):
        return None
    if failed & set(rules.medical_same_day):
        return told
    return told + timedelta(days=rules.medical_recheck_days)


@verb
def ask_medical_recheck(ctx: Context, *, ref: str) -> Medical:
    """The candidate asks for the one re-check, until its last day."""
    row = _own(ctx, own_application(ctx, ref))
    return _again(ctx, row)


@verb
def note_medical_recheck(ctx: Context, *, ref: str) -> Medical:
    """The office notes that somebody asked for the re-check on the spot."""
    account(ctx)
    return _again(ctx, by_ref(ctx.session, Proposed, ref))


def _own(ctx: Context, application: Application) -> Proposed:
    query = select(Proposed).where(Proposed.application_id == application.id).with_for_update()
    found = ctx.session.scalar(query)
    if found is None:
        raise NotFound("You are not proposed for a place")
    return found


def _again(ctx: Context, row: Proposed) -> Medical:
    _require_holder(row)
    rounds = rounds_of(ctx, row)
    if len(rounds) > 1:
        raise Conflict("There is one re-check only")
    if not rounds or rounds[0].verdict != "failed":
        raise Conflict("There is no failed examination to check again")
    until = rounds[0].recheck_until
    if until is None or due_day(ctx) > until:
        raise Conflict("The time to ask for a re-check is over")
    medical = Medical(ref=reference(ctx.chance), proposed_id=row.id, round=2, place="")
    medical.first_id, medical.first_verdict = rounds[0].id, "failed"
    medical.called_at = ctx.clock.now()
    ctx.session.add(medical)
    ctx.session.flush()
    code = ctx.session.get_one(Exam, row.exam_id).code
    ctx.record(exam=code, subject=f"proposed:{row.ref}", medical=medical.ref)
    return medical


@verb
def settle_medical(ctx: Context, *, ref: str) -> Proposed:
    """A failed examination stands, because no re-check was asked for in time: the place is lost."""
    row = by_ref(ctx.session, Proposed, ref)
    exam = ctx.session.get_one(Exam, row.exam_id)
    rounds = rounds_of(ctx, row)
    if len(rounds) != 1 or rounds[0].verdict != "failed":
        raise Conflict("There is no failed examination that could stand")
    until = rounds[0].recheck_until
    if until is not None and due_day(ctx) <= until:
        raise Conflict("A re-check may be asked for until %(day)s", day=until.isoformat())
    offered = lose(ctx, exam, row, "medical", _LOST)
    ctx.record(exam=exam.code, subject=f"proposed:{ref}", offered=offered)
    return row


@verb
def note_background(ctx: Context, *, code: str, findings: Mapping[str, str]) -> int:
    """Note background checks by reference: why somebody did not pass, "" who did."""
    exam = exam_by_code(ctx.session, code)
    people = proposed_by_refs(ctx.session, exam, findings)
    known = set(ctx.session.scalars(select(Background.proposed_id)))
    offered: list[str] = []
    for ref, row in people.items():
        _require_holder(row)
        if row.id in known:
            raise Conflict("The background check of somebody in the list is noted already")
        offered += _check(ctx, exam, row, findings[ref])
    ctx.session.flush()
    verdicts = {ref: "failed" if why else "passed" for ref, why in findings.items()}
    ctx.record(exam=code, subject=f"exam:{code}", background=verdicts, offered=offered)
    return len(people)


def _check(ctx: Context, exam: Exam, row: Proposed, why: str) -> list[str]:
    ctx.session.add(
        Background(
            ref=reference(ctx.chance),
            proposed_id=row.id,
            verdict="failed" if why else "passed",
            why=text_of(why) if why else "",
            noted_by=account(ctx),
            noted_at=ctx.clock.now(),
        )
    )
    return lose(ctx, exam, row, "background", "考察不合格") if why else []
