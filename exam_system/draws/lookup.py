"""Finding draws and attempts, for looking and, locked, for acting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from exam_system.draws.models import Attempt, Contribution, Draw
from exam_system.errors import NotFound
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.exams.states import STATES
from exam_system.trust.canonical import parse_jcs


class Cosigning(TypedDict):
    """How many of which inspectors (vkeys) must cosign a draw, as its manifest says."""

    needed: int
    among: list[str]


@dataclass(frozen=True, slots=True)
class Held:
    """An attempt with its draw and exam."""

    exam: Exam
    draw: Draw
    attempt: Attempt

    @property
    def subject(self) -> str:
        """The attempt's name in the log."""
        return subject(self.draw.code, self.attempt.number)

    @property
    def manifest(self) -> dict[str, Any]:
        """The frozen manifest, read."""
        return cast(dict[str, Any], parse_jcs(self.attempt.manifest.encode()))


def cosigning(manifest: Mapping[str, Any]) -> Cosigning:
    """What a frozen manifest says about cosignatures."""
    keys = manifest["keys"].items()
    inspectors = [vkey for name, vkey in keys if name.startswith("inspector")]
    return {"needed": manifest["cosigners"], "among": inspectors}


def subject(draw: str, number: int) -> str:
    """The name of an attempt in the log."""
    return f"draw:{draw}:{number}"


def find(session: Session, draw: str, number: int, *, lock: bool = False) -> Held:
    """An attempt; raises NotFound. With `lock` nobody else acts on it meanwhile."""
    query = (
        select(Exam, Draw, Attempt)
        .join(Draw, Draw.exam_id == Exam.id)
        .join(Attempt, Attempt.draw_id == Draw.id)
        .where(Draw.code == draw, Attempt.number == number)
    )
    if lock:  # SQLite's writer is alone anyway
        query = query.with_for_update(key_share=True, of=Attempt)
        query = query.execution_options(populate_existing=True)
    row = session.execute(query).first()
    if row is None:
        raise NotFound("There is no such attempt of a draw")
    return Held(row[0], row[1], row[2])


def lock_exam(session: Session, code: str) -> Exam:
    """The exam in whatever state, locked until the transaction ends; raises NotFound."""
    return open_exam(session, code, *STATES)


def attempts_of(session: Session, exam: Exam) -> list[tuple[Draw, list[Attempt]]]:
    """Every draw of an exam with its attempts, oldest first; their lists are not loaded."""
    draws = session.scalars(select(Draw).where(Draw.exam_id == exam.id).order_by(Draw.id)).all()
    rows = session.scalars(
        select(Attempt)
        .join(Draw, Draw.id == Attempt.draw_id)
        .where(Draw.exam_id == exam.id)
        .options(defer(Attempt.manifest), defer(Attempt.result))
        .order_by(Attempt.number)
    ).all()
    return [(draw, [row for row in rows if row.draw_id == draw.id]) for draw in draws]


def contributions(session: Session, attempt: Attempt) -> dict[str, Contribution]:
    """What each role has committed to, by role."""
    query = select(Contribution).where(Contribution.attempt_id == attempt.id)
    return {row.role: row for row in session.scalars(query)}


def begun(session: Session, exam: Exam, *kinds: str, applied: bool | None = None) -> bool:
    """Whether an attempt of such a draw stands (is not void).

    `applied` asks for those whose result is computed (True) or still under way (False).
    """
    query = (
        select(Attempt.id)
        .join(Draw, Draw.id == Attempt.draw_id)
        .where(Draw.exam_id == exam.id, Draw.kind.in_(kinds), Attempt.state != "void")
    )
    done = Attempt.state.in_(("finished", "published"))
    if applied is not None:
        query = query.where(done if applied else ~done)
    return session.scalar(query.limit(1)) is not None
