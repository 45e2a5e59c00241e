"""What of a draw somebody of another office approves, in plain words and as a digest."""

from __future__ import annotations

from typing import Any

from exam_system.approvals.lookup import Wanted
from exam_system.context import Context
from exam_system.draws.lookup import find, subject
from exam_system.draws.manifest import next_manifest
from exam_system.draws.states import require
from exam_system.errors import Conflict, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.records.models import Note
from exam_system.trust.canonical import jcs, sha256_hex

KIND_NAMES = {
    "seats": "Draw of the seats",
    "invigilators": "Draw of the invigilators",
    "interviewers": "Draw of the interviewers",
    "groups": "Draw of the interview groups",
    "order": "Draw of the interview order",
    "codes": "Draw of the script codes",
    "papers": "Draw of the paper sets",
    "recount": "Draw of the scripts to recount",
    "markers": "Draw of where scripts are marked",
    "turns": "Draw of who draws first",
}


_JOINS = {
    "candidate": "The candidates' representative contributes a secret",
    "candidate-2": "A second representative of the candidates contributes a secret",
    "journalist": "A journalist contributes a secret",
    "notary": "A notary contributes a secret",
    "guest": "A guest contributes a secret",
}


def wanted_freeze(ctx: Context, *, code: str, kind: str) -> Wanted:
    """The start of the next attempt: exactly the manifest that freezing would fix now.

    Raises what keeps the draw from beginning.
    """
    return freezing(next_manifest(ctx, exam_by_code(ctx.session, code), kind))


def freezing(manifest: dict[str, Any]) -> Wanted:
    """The same from a manifest; its digest is the approval's."""
    groups, kind = manifest["groups"], manifest["kind"]
    outside = [Sentence(_JOINS[role]) for role in manifest["sources"] if role in _JOINS]
    if "drand" in manifest:
        outside.append(
            Sentence(
                "Round %(number)s of drand, which is out at %(at)s, is an outside source",
                number=manifest["drand"]["round"],
                at=manifest["drand"]["time"],
            )
        )
    people = sum(len(group["labels"]) for group in groups)
    places = sum(slot["capacity"] for group in groups for slot in group["slots"])
    return Wanted(
        "draws.freeze_draw",
        manifest["exam"],
        subject(manifest["draw"], manifest["attempt"]),
        sha256_hex(jcs(manifest)),
        (
            Sentence(KIND_NAMES[kind]),
            Sentence("Attempt %(number)s", number=manifest["attempt"]),
            Sentence(
                "%(people)s in the draw, in %(groups)s groups, for %(places)s places",
                people=people,
                groups=len(groups),
                places=places,
            ),
            *outside,
            Sentence("The digest is that of manifest.json, which lists every label and place"),
        ),
    )


def wanted_publish(ctx: Context, *, draw: str, number: int) -> Wanted:
    """The publication of a finished attempt: the text of its signed result."""
    held = find(ctx.session, draw, number)
    require(held.attempt, "finished")
    if held.attempt.note_id is None:
        raise Conflict("The draw is not finished")
    return Wanted(
        "draws.publish_draw",
        held.exam.code,
        held.subject,
        ctx.session.get_one(Note, held.attempt.note_id).digest,
        (
            Sentence(KIND_NAMES[held.draw.kind]),
            Sentence("Attempt %(number)s", number=number),
            Sentence("The signed result becomes public; that cannot be taken back"),
            Sentence("The digest is that of the text of draw.note"),
        ),
    )
