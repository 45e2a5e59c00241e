"""What waits for an inspector: notes to cosign, steps of draws."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.draws.models import Attempt, Contribution, Draw
from exam_system.errors import Invalid
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.records.heads import newest_head, witness_request
from exam_system.records.keys import keys_of
from exam_system.records.models import Act, Head, Leaf, Note, NoteSignature
from exam_system.records.notes import missing_cosigners, note_bytes

COSIGNED = ("draw", "publication", "root")
HOUSEKEEPING = (
    "oversight.cosign_notes",
    "oversight.gather_cosignature",
    "oversight.check_board",
    "accounts.log_in",
    "accounts.log_out",
)
_MOST_BYTES = 1_000_000
_MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """A note that lacks inspectors' signatures."""

    note: Note
    missing: list[str]


def waiting_notes(session: Session) -> list[Waiting]:
    """Draw results and publications that too few have cosigned, and the log's newest head until
    every inspector has."""
    inspectors = [key.name for key in keys_of(session, "inspector")]
    signed = (
        select(NoteSignature.note_id)
        .where(NoteSignature.key_name.in_(inspectors))
        .group_by(NoteSignature.note_id)
    )
    query = select(Note).where(Note.purpose.in_(COSIGNED)).order_by(Note.id)
    if len(inspectors) == 1:  # the usual case needs no look at every old note
        query = query.where(Note.id.not_in(signed))
    needed = _needed(session)
    found = [
        Waiting(note, missing_cosigners(session, note.id, needed=needed.get(note.exam)))
        for note in session.scalars(query)
    ]
    head = newest_head(session)
    if head is not None and _acts_since(session, head, len(inspectors)):
        note = session.get_one(Note, head.note_id)
        found.append(Waiting(note, missing_cosigners(session, note.id)))
    return [item for item in found if item.missing]


def _needed(session: Session) -> dict[str, int]:
    """How many inspectors must cosign what is published of each exam."""
    return {exam.code: rules_of(exam).cosigners for exam in session.scalars(select(Exam))}


def _acts_since(session: Session, head: Head, inspectors: int) -> bool:
    """Whether the log has grown since the last cosigned head by more than housekeeping.

    The cosignature is an act itself: without this there would be a head to sign for ever.
    """
    cosigned = (
        select(Head.size)
        .join(NoteSignature, NoteSignature.note_id == Head.note_id)
        .group_by(Head.size)
        .having(func.count() > inspectors)  # all of them and the log's own signature
    ).subquery()
    last = session.scalar(select(func.max(cosigned.c.size))) or 0
    query = (
        select(Leaf.position)
        .join(Act, Act.id == Leaf.act_id)
        .where(Leaf.position.between(last, head.size - 1), Act.kind.not_in(HOUSEKEEPING))
        .limit(1)
    )
    return session.scalar(query) is not None


def to_cosign(session: Session, folder: Path) -> bytes:
    """Everything that waits as one zip for the inspector's own machine.

    Notes as they are; for the head one witness request an inspector, with the proof that it
    continues what this inspector signed last.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in waiting_notes(session):
            for name, data in _files(session, folder, item):
                archive.writestr(name, data)
    return buffer.getvalue()


def _files(session: Session, folder: Path, item: Waiting) -> list[tuple[str, bytes]]:
    stem = re.sub(r"[^0-9A-Za-z._-]+", "-", item.note.title)
    if item.note.purpose != "checkpoint":
        return [(f"{stem}-{item.note.digest[:8]}.note", note_bytes(session, item.note.id))]
    head = newest_head(session)
    assert head is not None
    return [
        (
            f"{stem}-for-{re.sub(r'[^0-9A-Za-z._-]+', '-', name)}.request",
            witness_request(session, folder, name, head),
        )
        for name in item.missing
    ]


def unpack(files: list[tuple[str, bytes]]) -> list[bytes]:
    """Uploaded notes, singly or in a zip; Invalid when a zip is damaged or too large."""
    found: list[bytes] = []
    for _name, data in files:
        found += _members(data) if data.startswith(b"PK") else [data]
    return found


def _members(data: bytes) -> list[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > _MOST_FILES or any(info.file_size > _MOST_BYTES for info in infos):
                raise Invalid("The zip holds more than signed notes can be")
            return [archive.open(info).read(_MOST_BYTES) for info in infos]
    except zipfile.BadZipFile:
        raise Invalid("The zip file is damaged: make it again") from None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a draw that is the inspector's. `what` is commit, confirm, reveal or approve."""

    draw: str
    number: int
    what: str


def waiting_steps(session: Session) -> list[Step]:
    """Draws that wait for the inspector, oldest first."""
    rows = session.execute(
        select(Draw.code, Attempt, Contribution)
        .join(Draw, Draw.id == Attempt.draw_id)
        .outerjoin(
            Contribution,
            (Contribution.attempt_id == Attempt.id) & (Contribution.role == "inspector"),
        )
        .where(Attempt.state.in_(("frozen", "rolled", "confirmed", "void")))
        .order_by(Attempt.id)
    ).all()
    newest = {attempt.draw_id: attempt.number for _code, attempt, _mine in rows}
    steps = []
    for code, attempt, mine in rows:
        what = _due(attempt, mine)
        if what and newest[attempt.draw_id] == attempt.number:
            steps.append(Step(code, attempt.number, what))
    return steps


def _due(attempt: Attempt, mine: Contribution | None) -> str:
    if attempt.state == "frozen":
        return "" if mine else "commit"
    if attempt.state == "rolled":
        return "confirm"
    if attempt.state == "confirmed":
        return "reveal" if mine and mine.secret is None else ""
    return "" if attempt.redraw_approved else "approve"
