"""The log looked through for crossed red lines, from where the last look ended; each finding opens
a case on the inspector's desk, once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.duties import redlines
from exam_system.duties.lines import document_of, read_rules
from exam_system.duties.models import RedLineCase, RedLineMark
from exam_system.duties.redlines import Finding, Log, Person, Relation, Rules
from exam_system.duties.related import DECLARED, chunks, relations_of
from exam_system.oversight.alerts import Seen
from exam_system.records.models import Act, ActDetail, Leaf
from exam_system.trust.canonical import jcs, sha256_hex

_SESSIONS = (redlines.OPENED, redlines.CLOSED)


@dataclass(frozen=True, slots=True)
class Looked:
    """One look through the log: up to how many leaves, what was found anew."""

    size: int
    opened: tuple[RedLineCase, ...]
    grown: tuple[RedLineCase, ...]


def mark_of(session: Session) -> RedLineMark | None:
    """How far the log was looked through, and when."""
    return session.scalar(select(RedLineMark))


def waiting(session: Session) -> int:
    """How many findings no inspector has judged."""
    query = select(func.count(RedLineCase.id)).where(RedLineCase.state == "open")
    return session.scalar(query) or 0


def is_behind(session: Session) -> bool:
    """Whether a kind of act that is watched has come into the log since the last look."""
    mark, rules = mark_of(session), read_rules(document_of(session)[1])
    query = _leaves(mark.size if mark else 0).where(Act.kind.in_(_kinds(rules)))
    return session.scalar(query.limit(1)) is not None


def _leaves(since: int) -> Any:
    return select(Act.id).join(Leaf, Leaf.act_id == Act.id).where(Leaf.position >= since)


def _kinds(rules: Rules) -> set[str]:
    return redlines.watched_kinds(rules) | set(DECLARED)


@verb
def check_lines(ctx: Context) -> Looked:
    """Look through what has come into the log since the last time, open a case for each finding,
    and add to the open case of a finding what belongs to it."""
    session = ctx.session
    mark = session.scalar(select(RedLineMark).with_for_update())
    size = session.scalar(select(func.max(Leaf.position))) or 0
    rules = read_rules(document_of(session)[1])
    log = read_log(session, rules, mark.size if mark else 0, size + 1)
    opened: list[RedLineCase] = []
    grown: list[RedLineCase] = []
    for found in redlines.findings(log, rules, ctx.config.zone):
        case, is_new = _open(ctx, found, rules)
        (opened if is_new else grown).append(case)
    _move(ctx, mark, size + 1)
    session.flush()
    ctx.record(
        exam="",
        subject="lines",
        size=size + 1,
        opened=[case.ref for case in opened],
        grown=[case.ref for case in grown],
    )
    return Looked(size + 1, tuple(opened), tuple(grown))


def _move(ctx: Context, mark: RedLineMark | None, size: int) -> None:
    if mark is None:
        mark = RedLineMark()
        ctx.session.add(mark)
    mark.size, mark.checked_at = size, ctx.clock.now()


def _open(ctx: Context, found: Finding, rules: Rules) -> tuple[RedLineCase, bool]:
    """The case of a finding, and whether it is new; what was decided on stays as it is."""
    case = ctx.session.scalar(select(RedLineCase).where(RedLineCase.key == found.key))
    if case is not None and case.state == "open":
        acts = sorted({*json.loads(case.acts), *found.acts})
        case.acts, case.happened_at = jcs(acts).decode(), found.at
        case.facts = jcs({**dict(found.values), "n": str(len(acts))}).decode()
        return case, False
    key = found.key if case is None else sha256_hex(jcs([found.key, list(found.acts)]))[:16]
    who = select(Account.id).where(Account.ref == found.actor)
    case = RedLineCase(
        ref=reference(ctx.chance),
        key=key,
        line=found.line,
        exam=found.exam,
        post=rules.lines[found.line].post,
        account_id=ctx.session.scalar(who),
        acts=jcs(list(found.acts)).decode(),
        facts=jcs(dict(found.values)).decode(),
        happened_at=found.at,
        found_at=ctx.clock.now(),
        state="open",
        reason="",
    )
    ctx.session.add(case)
    ctx.session.flush()
    return case, True


def read_log(session: Session, rules: Rules, since: int, until: int) -> Log:
    """The acts that are watched from a leaf to another, and the earlier ones that they refer to."""
    fresh = list(_fresh(session, rules, since, until))
    earlier = {act.id: act for act in _earlier(session, rules, fresh)}
    relations = relations_of(session, rules, fresh)
    for one in relations:
        earlier |= {act.id: act for act in _done(session, one)} if one.act else {}
    acts = sorted({**earlier, **{act.id: act for act in fresh}}.values(), key=lambda act: act.id)
    return Log(acts, {act.id for act in fresh}, _people(session, acts), relations)


def _fresh(session: Session, rules: Rules, since: int, until: int) -> Iterator[Seen]:
    inside = Leaf.position >= since, Leaf.position < until
    query = _ACTS.join(Leaf, Leaf.act_id == Act.id).where(Act.kind.in_(_kinds(rules)), *inside)
    return _seen(session, query)


_COLUMNS = (Act.id, Act.at, Act.kind, Act.exam, Act.actor, Act.subject, ActDetail.details)
_ACTS = select(*_COLUMNS).outerjoin(ActDetail, ActDetail.act_id == Act.id)


def _seen(session: Session, query: Any) -> Iterator[Seen]:
    for row in session.execute(query.order_by(Act.id)):
        told = json.loads(row.details or "{}")
        yield Seen(row.id, row.at, row.kind, row.exam, row.actor, row.subject, told)


def _earlier(session: Session, rules: Rules, fresh: Sequence[Seen]) -> Iterator[Seen]:
    """The first acts of pairs, the sessions of panels, the leaves for exports."""
    seconds = {second for _first, second in rules.pairs}
    firsts = [first for first, _second in rules.pairs]
    subjects = [act.subject for act in fresh if act.kind in seconds]
    for some in chunks(subjects):
        yield from _seen(session, _ACTS.where(Act.kind.in_(firsts), Act.subject.in_(some)))
    exams = {act.exam for act in fresh if act.kind == redlines.SCORED}
    for some in chunks(sorted(exams)):
        yield from _seen(session, _ACTS.where(Act.kind.in_(_SESSIONS), Act.exam.in_(some)))
    if any(redlines.export_of(act) in rules.lines["export"].acts for act in fresh):
        yield from _seen(session, _ACTS.where(Act.kind == redlines.LEAVE))


def _done(session: Session, one: Relation) -> Iterator[Seen]:
    return _seen(session, _ACTS.where(Act.actor == one.actor, Act.subject == one.subject))


def _people(session: Session, acts: Collection[Seen]) -> dict[str, Person]:
    columns = Account.ref, Account.name, Account.role, Account.office
    found = {}
    for some in chunks(sorted({act.actor for act in acts})):
        for ref, name, role, unit in session.execute(select(*columns).where(Account.ref.in_(some))):
            found[ref] = Person(name, role, unit or "")
    return found
