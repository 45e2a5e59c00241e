"""The bundle of a group's sealed lots: every file from rows, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from exam_system.config import Config
from exam_system.draws.bundle import proved_acts
from exam_system.draws.lookup import cosigning
from exam_system.errors import Conflict
from exam_system.exams.models import Exam
from exam_system.interviews.models import InterviewGroup, LotPick, Lots
from exam_system.records.folders import check_folder, write_whole
from exam_system.records.heads import cosigned_head
from exam_system.records.keys import keys_text
from exam_system.records.models import Act, ActDetail, Head, Leaf
from exam_system.records.notes import note_bytes
from exam_system.records.tree import write_durable
from exam_system.trust import lots
from exam_system.verify.text import to_csv

KINDS = tuple(
    f"interviews.{name}" for name in ("commit_lots", "pick_lot", "void_lots", "open_lots")
)


def subject_of(exam: str, group: str) -> str:
    """The name of a group's lots in the log, the same for all attempts."""
    return f"lots:{exam}:{group}"


def folder_name(exam: str, group: str) -> str:
    """The bundle's folder below `published`."""
    return f"lots-{exam}-{group}"


def write_lots(
    session: Session, config: Config, exam: Exam, group: InterviewGroup, row: Lots
) -> Path:
    """Write the bundle's folder durably; a folder that is there already must be the same.

    Raises Conflict while no head of the log that covers the opening is cosigned.
    """
    target = config.published / folder_name(exam.code, group.code)
    files = _files(session, config, exam, group, row)
    if target.exists():
        check_folder(target, {name: files[name] for name in ("list.json", "result.json")})
        return target
    write_whole(target, files)
    write_durable(config.published / "keys.txt", keys_text(session).encode())
    return target


def _files(
    session: Session, config: Config, exam: Exam, group: InterviewGroup, row: Lots
) -> dict[str, bytes]:
    listed = json.loads(row.listed)
    query = select(LotPick.envelope).where(LotPick.lots_id == row.id).order_by(LotPick.turn)
    picks = list(session.scalars(query))
    settled = lots.settle(row.secret, listed["labels"], picks)
    return {
        "list.json": row.listed.encode(),
        "picks.csv": to_csv(pick_rows(listed["labels"], picks)),
        "result.json": row.result.encode(),
        "result.csv": to_csv(lots.result_rows(settled)),
        "draw.note": note_bytes(session, row.note_id or 0),
        "certificate.pdf": row.certificate or b"",
        **_acts(session, config.published / "log", subject_of(exam.code, group.code), listed),
    }


def pick_rows(labels: Sequence[str], picks: Sequence[int | None]) -> list[tuple[str, ...]]:
    """The rows of picks.csv, the header first; an absent person's envelope is empty."""
    rows = [
        (str(turn), label, "" if pick is None else str(pick))
        for turn, (label, pick) in enumerate(zip(labels, picks, strict=True), 1)
    ]
    return [("turn", "label", "envelope"), *rows]


def own_acts(session: Session, subject: str) -> Sequence[Row[Act, ActDetail, int]]:
    """The sequenced acts of a group's lots, of all attempts, in the log's order."""
    query = (
        select(Act, ActDetail, Leaf.position)
        .join(ActDetail, ActDetail.act_id == Act.id)
        .join(Leaf, Leaf.act_id == Act.id)
        .where(Act.subject == subject, Act.kind.in_(KINDS))
        .order_by(Leaf.position)
    )
    return session.execute(query).all()


def covering_head(session: Session, subject: str, listed: dict[str, Any]) -> Head | None:
    """The cosigned head that covers the opening; None while there is none."""
    rows = own_acts(session, subject)
    if not rows or rows[-1][0].kind != "interviews.open_lots":
        return None
    return cosigned_head(session, rows[-1][2] + 1, **cosigning(listed))


def _acts(session: Session, log: Path, subject: str, listed: dict[str, Any]) -> dict[str, bytes]:
    head = covering_head(session, subject, listed)
    if head is None:
        raise Conflict(
            "Not published: the inspector has not signed a head of the log that covers this draw"
        )
    return proved_acts(session, log, own_acts(session, subject), head)
