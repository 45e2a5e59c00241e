"""An evidence bundle: the acts that a filter finds, with proofs, details and files, as one zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from exam_system.clock import rfc3339
from exam_system.context import Context
from exam_system.draws.confidential import withheld
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.oversight.acts import Filter, narrow
from exam_system.oversight.files import CONFIDENTIAL
from exam_system.records.heads import cosigned_head, read_head
from exam_system.records.keys import every_key, keys_text
from exam_system.records.models import Act, ActDetail, Head, Leaf
from exam_system.records.notes import note_bytes
from exam_system.records.tree import TileStore
from exam_system.trust.canonical import JSON, jcs, parse_jcs, sha256_hex
from exam_system.trust.merkle import inclusion_proof
from exam_system.trust.proof import TlogProof
from exam_system.verify.evidence import ACTS, HEAD, KEYS, MANIFEST, README, SUMS, spoken_of

MOST_ACTS = 10_000
"""A case has tens of acts; more than this is a copy of the record, which export is for."""
MOST_BYTES = 256 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
_README = Path(__file__).with_name("evidence_readme.txt")

ActRow = Row[Act, ActDetail | None, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A finished bundle: `name` of the file, its bytes, and how many acts it holds."""

    name: str
    data: bytes
    acts: int

    @property
    def digest(self) -> str:
        """SHA-256 of the file (hex)."""
        return sha256_hex(self.data)


def build_evidence(ctx: Context, asked: Filter) -> Evidence:
    """Everything the filter finds, ready to verify offline.

    Raises NotFound when nothing fits, Invalid when it is too much, Conflict while the newest of
    the acts is under no head that an inspector has cosigned.
    """
    rows = _rows(ctx.session, asked, ctx)
    head = cosigned_head(ctx.session, rows[-1][2] + 1)
    if head is None:
        raise Conflict(
            "The newest of these acts is under no head that an inspector has cosigned: "
            "sign the newest head first, or choose an earlier end"
        )
    files = _files(ctx, rows, head)
    _close(ctx, files, asked, len(rows))
    digest = sha256_hex(files[SUMS])
    name = f"evidence-{digest[:12]}"
    return Evidence(f"{name}.zip", _zip(name, files), len(rows))


def _rows(session: Session, asked: Filter, ctx: Context) -> list[ActRow]:
    """The sequenced acts of the filter with their details, in the log's order."""
    zone = ctx.config.zone
    found = narrow(select(Act.id).join(Leaf, Leaf.act_id == Act.id), asked, zone)
    count = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    if count == 0:
        raise NotFound("No act in the signed log fits this filter")
    if count > MOST_ACTS:
        raise Invalid(
            "%(count)s acts fit, a bundle holds at most %(most)s: narrow the filter",
            count=count,
            most=MOST_ACTS,
        )
    query = (
        select(Act, ActDetail, Leaf.position)
        .outerjoin(ActDetail, ActDetail.act_id == Act.id)
        .join(Leaf, Leaf.act_id == Act.id)
    )
    return list(session.execute(narrow(query, asked, zone).order_by(Leaf.position)).all())


def _files(ctx: Context, rows: Sequence[ActRow], head: Head) -> dict[str, bytes]:
    folder = ctx.config.published / "log"
    shown = read_head(folder, *every_key(ctx.session, "log"))
    store = TileStore(folder, shown.size if shown else 0)
    note = note_bytes(ctx.session, head.note_id)
    files = {
        README: _README.read_bytes(),
        KEYS: keys_text(ctx.session).encode(),
        HEAD: note,
        ACTS: b"".join(_line(ctx.session, row) + b"\n" for row in rows),
    }
    for act, _detail, position in rows:
        hashes = tuple(inclusion_proof(position, head.size, store.node))
        proof = TlogProof(position, hashes, note, act.entry).encode()
        files[f"proofs/{position}.tlog-proof"] = proof
    for name in spoken_of([act.subject for act, _detail, _position in rows]):
        _add_folder(files, ctx.config.published / name)
    return files


def _line(session: Session, row: ActRow) -> bytes:
    act, detail, position = row
    if withheld(session, act):
        detail = None
    return jcs(
        {
            "position": position,
            "entry": parse_jcs(act.entry),
            "details": None if detail is None else parse_jcs(detail.details.encode()),
            "salt": None if detail is None else detail.salt.hex(),
        }
    )


def _add_folder(files: dict[str, bytes], folder: Path) -> None:
    """The public files of a published folder; what is not published yet is not there."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and path.name != CONFIDENTIAL and not path.name.startswith("."):
            files[f"files/{folder.name}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    if sum(map(len, files.values())) > MOST_BYTES:
        raise Invalid("The files that these acts speak of are too large: narrow the filter")


def _close(ctx: Context, files: dict[str, bytes], asked: Filter, count: int) -> None:
    """Add the manifest and the list of digests, which covers the manifest too."""
    digests = cast(JSON, {name: sha256_hex(data) for name, data in files.items()})
    files[MANIFEST] = jcs(
        {
            "v": 1,
            "origin": ctx.config.origin,
            "made": rfc3339(ctx.clock.now()),
            "filter": cast(JSON, asked.words()),
            "acts": count,
            "head": sha256_hex(files[HEAD]),
            "files": digests,
        }
    )
    rows = (f"{sha256_hex(files[name])}  {name}\n" for name in sorted(files))
    files[SUMS] = "".join(rows).encode()


def _zip(folder: str, files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(f"{folder}/{name}", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return buffer.getvalue()
