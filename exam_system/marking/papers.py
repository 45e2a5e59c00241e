"""Which of several sealed sets of papers is used: sets by name and seal, never their content."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.draws.lookup import begun
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import Groups, Recipe, register
from exam_system.errors import Conflict, Invalid
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam, ExamSession
from exam_system.marking.models import PaperSet
from exam_system.trust.canonical import sha256_hex

BEFORE = ("announced", "closed", "seated")
USED = "used"
_LABEL = re.compile(r"[0-9A-Za-z]{1,20}")
_SEAL = re.compile(r"[0-9A-Za-z-]{1,64}")
Sets = Mapping[str, Sequence[tuple[str, str]]]
"""(label, seal) of every sealed set by the code of its subject."""


@verb
def enter_paper_sets(ctx: Context, *, code: str, sets: Sets) -> int:
    """Name the sealed sets of every subject, in the place of those named before; their number.

    Raises Invalid for a subject with fewer than two sets, Conflict once the draw has begun.
    """
    exam = open_exam(ctx.session, code, *BEFORE)
    if begun(ctx.session, exam, "papers"):
        raise Conflict("The draw of the paper sets has begun: its list can no longer change")
    for subject in rules_of(exam).subjects:
        _require_sets(subject.name, sets.get(subject.code, ()))
    rows = [
        PaperSet(exam_id=exam.id, subject=subject.code, label=label, seal=seal)
        for subject in rules_of(exam).subjects
        for label, seal in sets[subject.code]
    ]
    ctx.session.execute(delete(PaperSet).where(PaperSet.exam_id == exam.id))
    ctx.session.add_all(rows)
    ctx.session.flush()
    listed = "".join(f"{row.subject} {row.label} {row.seal}\n" for row in rows)
    ctx.record(exam=code, subject=f"exam:{code}", sets=len(rows), list=sha256_hex(listed.encode()))
    return len(rows)


def _require_sets(subject: str, named: Sequence[tuple[str, str]]) -> None:
    if len(named) < 2:
        raise Invalid("%(subject)s: name at least two sealed sets", subject=subject).about(
            f"sets-{subject}"
        )
    labels = [label for label, _ in named]
    if len({*labels}) < len(labels) or len({seal for _, seal in named}) < len(named):
        raise Invalid("%(subject)s: a set or a seal is named twice", subject=subject)
    for label, seal in named:
        if not _LABEL.fullmatch(label) or not _SEAL.fullmatch(seal):
            raise Invalid(
                "%(subject)s: a set is a name of letters and digits and the number or SHA-256 on "
                "its seal, like “A 0003917”; this is none: %(given)s",
                subject=subject,
                given=f"{label} {seal}"[:80],
            )


def sets_of(session: Session, exam: Exam) -> list[PaperSet]:
    """The sealed sets by subject and drawn place, then name."""
    query = select(PaperSet).where(PaperSet.exam_id == exam.id)
    return list(session.scalars(query.order_by(PaperSet.subject, PaperSet.place, PaperSet.label)))


def build(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """A group for each subject: one set is used, the others stand in reserve in drawn order."""
    open_exam(ctx.session, exam.code, *BEFORE)
    known: dict[str, dict[str, str]] = {}
    for row in sets_of(ctx.session, exam):
        known.setdefault(row.subject, {})[f"{row.subject}-{row.label}"] = row.seal
    if not known:
        raise Conflict("Name the sealed paper sets of every subject first")
    groups = [
        {"id": subject, "labels": sorted(named), "slots": [{"id": USED, "capacity": 1}]}
        for subject, named in sorted(known.items())
    ]
    seals = {label: seal for named in known.values() for label, seal in named.items()}
    return groups, {"seals": seals, "reserve": "the next set, if the one before cannot be used"}


def apply(ctx: Context, exam: Exam, attempt: Attempt, groups: Groups) -> None:
    """Write every set's drawn place."""
    ids = {f"{row.subject}-{row.label}": row.id for row in sets_of(ctx.session, exam)}
    rows = [
        {"id": ids[label], "place": place, "attempt_id": attempt.id}
        for group in groups
        for place, label in enumerate([*group["slots"][0]["labels"], *group["reserve"]], 1)
    ]
    ctx.session.execute(update(PaperSet), rows)


def opens(ctx: Context, exam: Exam) -> datetime | None:
    """Until the last session begins."""
    query = select(func.max(ExamSession.starts_at)).where(ExamSession.exam_id == exam.id)
    return ctx.session.scalar(query)


register(
    Recipe(*("papers", "order/v1", "paper", build, apply), relies_on=("paper_set",), opens=opens)
)
