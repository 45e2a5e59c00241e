"""What an inspector is asked to sign: read, named, told in words; refused with a status."""

from __future__ import annotations

import re

from exam_system.trust import checkpoint, draw_note, interview_note, notes, publication, witness
from exam_system.trust.canonical import b64
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import Malformed, TrustError
from exam_system.trust.witness import Request


class Declined(TrustError):
    """The inspector does not sign.

    `status` and `body` are what a tlog-witness answers with, the sentence is for people.
    """

    def __init__(self, status: int, sentence: str, body: str = "") -> None:
        super().__init__(f"{status}: {sentence}")
        self.status = status
        self.body = body or f"{sentence}\n"


def read_request(data: bytes) -> Request:
    """A witness request; Declined with 400."""
    try:
        return witness.parse(data)
    except Malformed as error:
        raise Declined(400, str(error)) from None


def note_text(data: bytes) -> str:
    """The text of a note, unverified; Declined with 400."""
    try:
        return notes.parse(data).text
    except Malformed as error:
        raise Declined(400, str(error)) from None


def declined(verdict: witness.Verdict, head: Checkpoint | None, request: Request) -> Declined:
    """A verdict as a refusal; the protocol's body for 409 is a bare number."""
    if verdict.status != 409:
        return Declined(verdict.status, verdict.body.rstrip("\n"), verdict.body)
    seen = head.size if head else 0
    new = checkpoint.parse(note_text(request.checkpoint)).size
    if new < seen:
        return Declined(
            409,
            f"this desk has signed {seen} acts and is now shown {new}: the log was cut or "
            "restored from an old copy. Nothing is signed; this must be looked into",
            verdict.body,
        )
    return Declined(
        409,
        f"this desk has signed {seen} acts, the proof begins at {request.old}: hand in the note "
        "signed last, then fetch a new request",
        verdict.body,
    )


def understood(text: str) -> tuple[str, str, str]:
    """(what it is, ending of the name of the key that must have signed, in words)."""
    header = text.partition("\n")[0]
    try:
        if header == draw_note.HEADER:
            return _draw(draw_note.parse(text))
        if header.endswith("/publication/v1"):
            return _publication(publication.parse(text))
        if header.endswith("/interview/v1"):
            said = interview_note.parse(text)
            return _interview(said, said.scores)
        if header.endswith("/interview/v2"):
            sheets = interview_note.parse_sheets(text)
            return _interview(sheets, sheets.totals)
        root = checkpoint.parse(text)
    except TrustError as error:
        raise Declined(400, f"this is nothing that an inspector signs: {error}") from None
    match = re.fullmatch(r"(.+)/results/[^/]+/v[1-9][0-9]*", root.origin)
    if match is None:
        raise Declined(404, f"this desk does not watch the log {root.origin}")
    told = f"root of {root.size} records of {root.origin}: {b64(root.root)}"
    return f"root {root.origin}", f"{match[1]}/publisher", told


def _draw(note: draw_note.DrawNote) -> tuple[str, str, str]:
    told = (
        f"draw {note.draw}, attempt {note.attempt} of {note.attempts}, {note.algorithm}: "
        f"seed {note.seed}, list {note.manifest}, result {note.result}"
    )
    return f"draw {note.draw} {note.attempt}", "/officer", told


def _publication(said: publication.Publication) -> tuple[str, str, str]:
    name = f"{said.chain} of {said.exam} version {said.version}"
    why = f", corrects because: {said.reason}" if said.reason else ""
    told = f"{name}, stage {said.stage}, {len(said.files)} files, rules {said.rules}{why}"
    return f"publication {said.origin} {name}", f"{said.origin}/publisher", told


def _interview(
    said: interview_note.InterviewNote | interview_note.SheetNote, scores: tuple[str, ...]
) -> tuple[str, str, str]:
    name = f"interview of {said.number} in {said.exam}"
    told = f"{name}: {' '.join(scores)} gives {said.result}"
    return f"{said.origin} {name}", f"{said.origin}/publisher", told
