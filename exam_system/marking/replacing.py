"""A marker drops out after the numbers were sealed: the reserves of each script take over.

Who comes next stands since the sealing (`allotment`), where area, marking place and declared
relations were kept; nobody chooses, and nobody learns whose script it is. Where the reserves of a
script have run out, a marker of the same place who declared no relation to anybody takes it. Two
people put it on record. Marks that were given stay; what is left is somebody else's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import Wanted, use
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Sentence
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.marking.blind import marker_of, markers_of, require_marking
from exam_system.marking.blind_models import (
    Marker,
    MarkerConflict,
    Script,
    ScriptMark,
    ScriptReserve,
)
from exam_system.people import reason_line
from exam_system.trust.canonical import jcs, sha256_hex

VERB = "marking.replace_marker"
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """One task that passes on: the id of the mark's row, and of the reserve who takes it over."""

    mark: int
    marker: int
    number: str
    question: str
    turn: int


@verb
def replace_marker(ctx: Context, *, code: str, marker: str, reason: str) -> dict[str, int]:
    """A marker marks no more, as an inspector approved; the reserves get what is not marked.

    Returns how many tasks each of them got, by label. Raises Conflict when a script has no reserve
    left; then nothing is done.
    """
    wanted = wanted_dropping_out(ctx, code=code, marker=marker, reason=reason)
    exam = open_exam(ctx.session, code, "seated")
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    require_marking(ctx.session, exam, lock=True)  # nobody saves marks meanwhile
    own = _serving(ctx.session, exam, marker)
    taken = _taken(ctx.session, exam, own)
    own.out_at, own.out_reason = ctx.clock.now(), reason_line(reason, LONGEST_REASON)
    ctx.session.flush()
    _pass_on(ctx.session, exam, taken)
    labels = {one.id: one.label for one in markers_of(ctx.session, exam)}
    told = [[one.number, one.question, str(one.turn), labels[one.marker]] for one in taken]
    ctx.record(
        exam=code,
        subject=wanted.subject,
        reason=own.out_reason,
        digest=sha256_hex(jcs([list(row) for row in told])),
        tasks=told,
    )
    return dict(sorted(Counter(labels[one.marker] for one in taken).items()))


def wanted_dropping_out(ctx: Context, *, code: str, marker: str, reason: str) -> Wanted:
    """What an inspector approves: that this marker drops out, and why. Marks go on meanwhile."""
    exam = open_exam(ctx.session, code, "seated")
    require_marking(ctx.session, exam)
    own = _serving(ctx.session, exam, marker)
    why = reason_line(reason, LONGEST_REASON)
    count = len(_taken(ctx.session, exam, own))
    return Wanted(
        VERB,
        code,
        f"marker:{code}:{marker}",
        sha256_hex(jcs({"marker": marker, "reason": why})),
        (
            Sentence(
                "Marker %(marker)s marks no more; of the scripts given to them %(count)s tasks are "
                "not marked and go to the reserves of each script",
                marker=marker,
                count=count,
            ),
            Sentence("Reason: %(reason)s", reason=why),
        ),
    )


def _serving(session: Session, exam: Exam, label: str) -> Marker:
    found = marker_of(session, exam, label)
    if found.out_at is not None:
        raise Conflict("Marker %(label)s has dropped out already", label=label)
    return found


def _taken(session: Session, exam: Exam, own: Marker) -> list[Taken]:
    """Every task without a mark, and who takes it over; raises Conflict where nobody may."""
    reserves, busy = _reserves(session, exam, own), _busy(session, own)
    free, load = _unrelated(session, exam, own), Counter[int]()
    found, without = [], []
    for mark, number in session.execute(_tasks(own)):
        at = (mark.script_id, mark.question)
        others = [one for one in free if one not in busy[at]]
        who = reserves.get(at) or min(others, key=lambda one: load[one], default=None)
        if who is None:
            without.append(number)
            continue
        load[who] += 1
        found.append(Taken(mark.id, who, number, mark.question, mark.turn))
    if without:
        raise Conflict(
            "%(count)s tasks have no reserve left who may take them over, first of all script "
            "%(number)s: nothing was done",
            count=len(without),
            number=without[0],
        )
    return found


def _tasks(own: Marker) -> Select[ScriptMark, str]:
    return (
        select(ScriptMark, Script.number)
        .join(Script, Script.id == ScriptMark.script_id)
        .where(ScriptMark.marker_id == own.id, ScriptMark.mark.is_(None))
        .order_by(Script.number, ScriptMark.question)
    )


def _mine(own: Marker) -> Select[int]:
    return select(ScriptMark.script_id).where(
        ScriptMark.marker_id == own.id, ScriptMark.mark.is_(None)
    )


At = tuple[int, str]
"""A script's id and a question."""


def _reserves(session: Session, exam: Exam, own: Marker) -> dict[At, int]:
    """The first reserve who still serves, where this marker has something to do."""
    query = (
        select(ScriptReserve)
        .join(Marker, Marker.id == ScriptReserve.marker_id)
        .where(Marker.exam_id == exam.id, Marker.out_at.is_(None), Marker.id != own.id)
        .where(ScriptReserve.script_id.in_(_mine(own)))
        .order_by(ScriptReserve.place)
    )
    found: dict[At, int] = {}
    for row in session.scalars(query):
        found.setdefault((row.script_id, row.question), row.marker_id)
    return found


def _busy(session: Session, own: Marker) -> dict[At, set[int]]:
    """Who has a task or a mark of each question of the same scripts."""
    found: dict[At, set[int]] = {}
    query = select(ScriptMark).where(ScriptMark.script_id.in_(_mine(own)))
    for row in session.scalars(query):
        found.setdefault((row.script_id, row.question), set()).add(row.marker_id)
    return found


def _unrelated(session: Session, exam: Exam, own: Marker) -> list[int]:
    """Whoever serves at the same marking place and has declared no relation to anybody may take
    any of its scripts, where the reserves have run out."""
    related = select(MarkerConflict.marker_id)
    query = select(Marker.id).where(
        Marker.exam_id == exam.id,
        Marker.out_at.is_(None),
        Marker.id != own.id,
        Marker.marking_group_id.is_not_distinct_from(own.marking_group_id),
        Marker.id.not_in(related),
    )
    return list(session.scalars(query.order_by(Marker.label)))


def _pass_on(session: Session, exam: Exam, taken: Sequence[Taken]) -> None:
    """Each task to its reserve, who is none any more: nobody has two tasks of one question."""
    if not taken:
        return
    session.execute(
        update(ScriptMark), [{"id": one.mark, "marker_id": one.marker} for one in taken]
    )
    busy = exists().where(
        ScriptMark.script_id == ScriptReserve.script_id,
        ScriptMark.question == ScriptReserve.question,
        ScriptMark.marker_id == ScriptReserve.marker_id,
    )
    ours = select(Script.id).where(Script.exam_id == exam.id)
    session.execute(delete(ScriptReserve).where(ScriptReserve.script_id.in_(ours), busy))
