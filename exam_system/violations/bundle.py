"""The decision as a file to keep: signed text, paper, and the proof that it stands in the log."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.records.heads import act_proof, cosigned_head
from exam_system.records.models import Act, Leaf
from exam_system.trust import notes
from exam_system.trust.decision_note import NOTE, PAPER, PROOF, subject_of
from exam_system.violations.models import Decision, ViolationCase
from exam_system.violations.papers import kept

_EPOCH = (1980, 1, 1, 0, 0, 0)


def decision_zip(ctx: Context, case: ViolationCase, decision: Decision) -> tuple[str, bytes]:
    """Name and bytes of the file; the proof is in it once an inspector has cosigned a head."""
    data = decision.note or b""
    files = {NOTE: data, PAPER: kept(ctx, decision.ref)}
    proof = _proof(ctx.session, ctx.config.published / "log", data)
    if proof is not None:
        files[PROOF] = proof
    name = f"decision-{case.number}-v{decision.version}"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(files):
            info = zipfile.ZipInfo(f"{name}/{file}", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[file])
    return f"{name}.zip", buffer.getvalue()


def _proof(session: Session, folder: Path, note: bytes) -> bytes | None:
    subject = subject_of(notes.parse(note).text)
    query = select(Act.id, Leaf.position).join(Leaf, Leaf.act_id == Act.id)
    row = session.execute(query.where(Act.subject == subject)).first()
    head = cosigned_head(session, row.position + 1) if row else None
    return act_proof(session, folder, row.id, head) if row and head else None
