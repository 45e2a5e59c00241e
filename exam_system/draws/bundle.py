"""The bundle of a finished attempt: every file from rows, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session

from exam_system.config import Config
from exam_system.draws.computing import ticket_rows, transcript_of
from exam_system.draws.lookup import Held, contributions, cosigning, subject
from exam_system.draws.parties import values_of
from exam_system.errors import Conflict, Fault
from exam_system.records.folders import write_whole
from exam_system.records.heads import act_proof, cosigned_head
from exam_system.records.keys import keys_text
from exam_system.records.models import Act, ActDetail, Head, Leaf
from exam_system.records.notes import note_bytes
from exam_system.records.tree import write_durable
from exam_system.trust.canonical import jcs, parse_jcs
from exam_system.verify.text import to_csv

CEREMONY = (
    "draws.freeze_draw",
    "draws.commit_secret",
    "draws.record_dice",
    "draws.confirm_dice",
    "draws.record_drand",
    "draws.reveal_secret",
    "draws.finish_draw",
)
EARLIER = ("draws.freeze_draw", "draws.void_draw", "draws.approve_redraw")


def folder_name(held: Held) -> str:
    """The bundle's folder below `published`."""
    return f"draw-{held.draw.code}-{held.attempt.number}"


def write_bundle(session: Session, config: Config, held: Held) -> Path:
    """Write the bundle's folder durably; a folder that is there already stays as it is.

    Can be repeated after a crash at any point. Raises Conflict while the inspector has not signed
    a head of the log that covers the ceremony, Fault when the folder holds another draw.
    """
    target = config.published / folder_name(held)
    if target.exists():
        _require_same(session, held, target)
        return target
    write_whole(target, bundle_files(session, config, held))
    write_durable(config.published / "keys.txt", keys_text(session).encode())
    return target


def bundle_files(session: Session, config: Config, held: Held) -> dict[str, bytes]:
    """Every file of the bundle by its path in the folder."""
    attempt, manifest = held.attempt, held.manifest
    result = json.loads(attempt.result)
    rows = contributions(session, attempt)
    return {
        "manifest.json": attempt.manifest.encode(),
        "transcript.txt": transcript_of(
            manifest, attempt.manifest_digest, values_of(attempt, rows)
        ),
        "tickets.csv": to_csv(
            chain([("purpose", "label", "ticket")], ticket_rows(manifest, attempt.seed))
        ),
        "result.json": attempt.result.encode(),
        "result.csv": to_csv([("group", "slot", "place", "label"), *place_rows(result["groups"])]),
        "draw.note": note_bytes(session, _note_id(held)),
        "certificate.pdf": attempt.certificate or b"",
        **_acts(session, config.published / "log", held),
    }


def place_rows(groups: Sequence[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    """(group, slot, place from 1, label); the reserve stands last with an empty slot."""
    return [
        (group["id"], slot, str(place), label)
        for group in groups
        for slot, labels in (
            *((slot["id"], slot["labels"]) for slot in group["slots"]),
            ("", group["reserve"]),
        )
        for place, label in enumerate(labels, 1)
    ]


def _note_id(held: Held) -> int:
    if held.attempt.note_id is None:
        raise Conflict("The draw is not finished")
    return held.attempt.note_id


def ceremony_acts(session: Session, held: Held) -> Sequence[Row[Act, ActDetail, int]]:
    """The acts of the ceremony in the log's order, after those that ended earlier attempts."""
    before = [subject(held.draw.code, n) for n in range(1, held.attempt.number)]
    query = (
        select(Act, ActDetail, Leaf.position)
        .join(ActDetail, ActDetail.act_id == Act.id)
        .join(Leaf, Leaf.act_id == Act.id)
        .where(
            or_(
                and_(Act.subject == held.subject, Act.kind.in_(CEREMONY)),
                and_(Act.subject.in_(before), Act.kind.in_(EARLIER)),
            )
        )
        .order_by(Leaf.position)
    )
    return session.execute(query).all()


def _acts(session: Session, log: Path, held: Held) -> dict[str, bytes]:
    rows = ceremony_acts(session, held)
    if not rows or rows[-1][0].kind != "draws.finish_draw":
        raise Conflict("The log has not been signed since the draw was finished")
    head = cosigned_head(session, rows[-1][2] + 1, **cosigning(held.manifest))
    if head is None:
        raise Conflict(
            "Not published: the inspector has not signed a head of the log that covers this draw"
        )
    return proved_acts(session, log, rows, head)


def proved_acts(
    session: Session, log: Path, rows: Iterable[Row[Act, ActDetail, int]], head: Head
) -> dict[str, bytes]:
    """commits.json with these acts and their details, and the proof of each against the head."""
    files = {}
    acts = []
    for number, (act, detail, _) in enumerate(rows):
        name = f"log/{number}.tlog-proof"
        files[name] = act_proof(session, log, act.id, head)
        acts.append(
            {
                "entry": parse_jcs(act.entry),
                "salt": detail.salt.hex(),
                "details": parse_jcs(detail.details.encode()),
                "proof": name,
            }
        )
    return {"commits.json": jcs({"acts": acts}), **files}


def _require_same(session: Session, held: Held, target: Path) -> None:
    text = note_bytes(session, _note_id(held)).rpartition(b"\n\n")[0]
    if (target / "draw.note").read_bytes().rpartition(b"\n\n")[0] != text:
        raise Fault(f"{target} holds another draw than the database: nothing is overwritten")
