"""Verbs of the pool that bureaus share: a signed export, and taking another bureau's in.

Rows keep their bureau of origin: only that bureau's files change them, and an export holds a
bureau's own people alone. Older files than the last one taken in are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.chance import label
from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid
from exam_system.interviews.lookup import last_service
from exam_system.interviews.models import Bureau, Incompatibility, Interviewer
from exam_system.interviews.pool import COLUMNS
from exam_system.interviews.pool_file import PoolFile, Row, read_pool, signers, write_pool
from exam_system.people import clean_line
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.errors import BadKey
from exam_system.trust.keys import Verifier
from exam_system.violations.lookup import refuse_stopped

LONGEST_TITLE = 120
FIELDS = tuple(column.key for column in COLUMNS)
SUBJECT = "pool:interviewers"


@dataclass(frozen=True, slots=True)
class Change:
    """What a file says of somebody in the pool: the columns that differ, or why it is not taken."""

    row: Row
    fields: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What taking a file in would do; nothing is written. `conflicts` stay as they are here."""

    file: PoolFile
    title: str
    added: tuple[Row, ...]
    changed: tuple[Change, ...]
    same: int
    conflicts: tuple[Change, ...]
    missing: tuple[str, ...]
    """Certificates of this bureau's people here that the file does not have; they stay."""


@verb
def export_pool(ctx: Context) -> bytes:
    """The bureau's own interviewers, signed with the publisher's key; without scores."""
    people = ctx.session.scalars(
        select(Interviewer).where(Interviewer.bureau.is_(None)).order_by(Interviewer.certificate)
    ).all()
    if not people:
        raise Conflict("The pool has no interviewer of this bureau")
    served, apart = last_service(ctx.session), _apart(ctx.session)
    rows = [
        Row(
            {key: getattr(one, key) for key in FIELDS}
            | {"trained_on": one.trained_on, "last_served": served.get(one.id)},
            tuple(sorted(apart.get(one.id, ()))),
        )
        for one in people
    ]
    data = write_pool(
        ctx.keys.publisher,
        origin=ctx.config.origin,
        bureau=ctx.config.bureau,
        made=ctx.clock.now(),
        rows=rows,
    )
    ctx.record(exam="", subject=SUBJECT, file=sha256_hex(data), rows=len(rows))
    return data


def _apart(session: Session) -> dict[int, list[tuple[str, str]]]:
    """By interviewer, whom (certificate, relation) they may not sit with."""
    names = {row.id: row.certificate for row in session.scalars(select(Interviewer))}
    found: dict[int, list[tuple[str, str]]] = {}
    for row in session.scalars(select(Incompatibility)):
        found.setdefault(row.first_id, []).append((names[row.second_id], row.relation))
        found.setdefault(row.second_id, []).append((names[row.first_id], row.relation))
    return found


@verb
def register_bureau(ctx: Context, *, title: str, vkey: str) -> Bureau:
    """Enter the public key (vkey) of another bureau's publisher; a new key of its takes over."""
    name = clean_line(title, LONGEST_TITLE)
    if not name:
        raise Invalid("Give the name of the other bureau").about("title")
    try:
        key = Verifier.parse(vkey.strip())
    except BadKey:
        raise Invalid("This is no public key: copy the whole line of the other bureau").about(
            "vkey"
        ) from None
    if key.name == ctx.keys.publisher.name:
        raise Invalid("This is the key of this bureau itself").about("vkey")
    row = ctx.session.scalar(select(Bureau).where(Bureau.name == key.name))
    if row is None:
        row = Bureau(name=key.name, title=name, vkey=key.vkey)
        ctx.session.add(row)
    row.title, row.vkey = name, key.vkey
    ctx.session.flush()
    ctx.record(exam="", subject=SUBJECT, bureau=key.name, vkey=key.vkey)
    return row


def preview(ctx: Context, *, name: str, data: bytes) -> Preview:
    """What taking this file in would do; raises Invalid or Conflict with file and row."""
    bureau, file = _opened(ctx, name, data)
    present = {row.certificate: row for row in ctx.session.scalars(select(Interviewer))}
    added, changed, conflicts, same = [], [], [], 0
    for row in file.rows:
        known = present.get(row.values["certificate"])
        if known is None:
            added.append(row)
        elif known.bureau != bureau.name:
            conflicts.append(Change(row, owner=known.bureau or ctx.keys.publisher.name))
        elif fields := _different(known, row):
            changed.append(Change(row, fields))
        else:
            same += 1
    listed = {row.values["certificate"] for row in file.rows}
    missing = [c for c, row in present.items() if row.bureau == bureau.name and c not in listed]
    parts = tuple(added), tuple(changed), same, tuple(conflicts), tuple(sorted(missing))
    return Preview(file, bureau.title, *parts)


def _opened(ctx: Context, name: str, data: bytes) -> tuple[Bureau, PoolFile]:
    names = signers(name, data)
    bureau = ctx.session.scalar(select(Bureau).where(Bureau.name.in_(names)))
    if bureau is None:
        raise Invalid(
            "%(file)s is signed by %(key)s, a bureau that is not registered here: enter its "
            "public key first",
            file=name,
            key=", ".join(names),
        )
    file = read_pool(name, data, Verifier.parse(bureau.vkey))
    if bureau.exported_at is not None and file.made <= bureau.exported_at:
        raise Conflict(
            "%(file)s was made at %(made)s; the export of %(bureau)s of %(newest)s is taken in "
            "already: an older one cannot come after it",
            file=name,
            made=_shown(ctx, file.made),
            bureau=bureau.title,
            newest=_shown(ctx, bureau.exported_at),
        )
    return bureau, file


def _shown(ctx: Context, at: datetime) -> str:
    return f"{at.astimezone(ctx.config.zone):%Y-%m-%d %H:%M:%S}"


def _different(known: Interviewer, row: Row) -> tuple[str, ...]:
    return tuple(key for key, value in row.values.items() if getattr(known, key) != value)


@verb
def import_pool(ctx: Context, *, name: str, data: bytes) -> Preview:
    """Take in another bureau's people: new ones are added, its own are updated, nobody removed."""
    found = preview(ctx, name=name, data=data)
    refuse_stopped(ctx, [row.values["certificate"] for row in found.added])
    for row in found.added:
        made = Interviewer(label=label(ctx.chance, "i"), bureau=found.file.key, **row.values)
        ctx.session.add(made)
    ctx.session.flush()
    people = {row.certificate: row for row in ctx.session.scalars(select(Interviewer))}
    for change in found.changed:
        known = people[change.row.values["certificate"]]
        for key in change.fields:
            setattr(known, key, change.row.values[key])
    kept = [*found.added, *(change.row for change in found.changed)]
    relations = _relate(ctx.session, kept, people)
    bureau = ctx.session.scalars(select(Bureau).where(Bureau.name == found.file.key)).one()
    bureau.exported_at, bureau.digest = found.file.made, sha256_hex(data)
    ctx.session.flush()
    ctx.record(exam="", subject=SUBJECT, **_told(found), file=bureau.digest, relations=relations)
    return found


def _relate(session: Session, rows: list[Row], people: dict[str, Interviewer]) -> int:
    """Store the incompatibilities of these rows with people of the pool; how many are new."""
    known = {(row.first_id, row.second_id) for row in session.scalars(select(Incompatibility))}
    before = len(known)
    for row in rows:
        own = people[row.values["certificate"]].id
        for certificate, relation in row.apart:
            other = people.get(certificate)
            pair = (min(own, other.id), max(own, other.id)) if other else None
            if pair and pair[0] != pair[1] and pair not in known:
                known.add(pair)
                session.add(Incompatibility(first_id=pair[0], second_id=pair[1], relation=relation))
    return len(known) - before


def _told(found: Preview) -> dict[str, Any]:
    return {
        "bureau": found.file.key,
        "made": rfc3339(found.file.made),
        "added": len(found.added),
        "changed": len(found.changed),
        "conflicts": len(found.conflicts),
    }
