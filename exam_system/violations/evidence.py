"""Evidence as it was received: judged like a candidate's document, kept to the byte, sealed."""

from __future__ import annotations

from hashlib import sha256

from exam_system.context import Context
from exam_system.registration.documents import Document, open_document, take_in_document
from exam_system.violations.models import Evidence

FOLDER = "violations"  # of an instance: evidence, notices and decisions, sealed
MEDIA = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
_PNG = b"\x89PNG\r\n\x1a\n"


def take_in_evidence(name: str, data: bytes) -> Document:
    """The file as it came, with its digest; raises Invalid for what is no PDF, JPEG or PNG.

    Unlike a candidate's document a picture is not encoded anew: it is evidence as it stands.
    """
    kind = take_in_document(name, data).kind
    if data.startswith(_PNG):
        kind = "png"
    return Document(kind, data, sha256(data).hexdigest())


def evidence_bytes(ctx: Context, evidence: Evidence) -> bytes:
    """The bytes of a piece of evidence; NotFound when deleted, Fault when changed."""
    return open_document(ctx.config, ctx.keys.vault, evidence.ref, FOLDER)
