"""The public keys of every role, and until when each of them counts.

A key is retired at a size of the log and a second; what it signed before stays good. keys.txt
tells the whole history, and is only ever added to (docs/VERIFICATION.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.errors import Fault
from exam_system.records.models import NoteSignature, RoleKey
from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.keys import Signer, Verifier


def keys_of(session: Session, *roles: str) -> list[Verifier]:
    """The public keys that serve these roles now (all roles when none is named)."""
    return [Verifier.parse(row.vkey) for row in rows_of(session, *roles) if row.retired_at is None]


def every_key(session: Session, *roles: str) -> list[Verifier]:
    """The public keys that these roles have ever had."""
    return [Verifier.parse(row.vkey) for row in rows_of(session, *roles)]


def rows_of(session: Session, *roles: str) -> Sequence[RoleKey]:
    """The rows behind `every_key`, in the order in which the keys were registered."""
    query = select(RoleKey).order_by(RoleKey.id)
    if roles:
        query = query.where(RoleKey.role.in_(roles))
    return session.scalars(query).all()


def keys_text(session: Session) -> str:
    """The file `keys.txt` that lies beside everything published."""
    return "".join(_lines(rows_of(session)))


def _lines(rows: Iterable[RoleKey]) -> Iterator[str]:
    listed = iter(rows)
    ends = {row.retired_line: row for row in rows}
    count = 0
    while True:
        while row := ends.get(count):
            yield _end(row)
            count += 1
        added = next(listed, None)
        if added is None:
            return
        yield f"{added.role} {added.vkey}\n"
        count += 1


def _end(row: RoleKey) -> str:
    seconds = 0 if row.retired_at is None else int(row.retired_at.timestamp())
    return f"retired {row.role} {row.vkey} {row.retired_size} {seconds}\n"


def fingerprint(row: RoleKey) -> str:
    """SHA-256 (hex) of the key's line form, as documents print it."""
    return sha256_hex(row.vkey.encode())


def serving(session: Session, role: str, name: str | None = None) -> RoleKey | None:
    """The row of the key that serves a role now (of an inspector by name), locked.

    Whoever signs or freezes at this moment is waited for, and waits: see `signing_keys`.
    """
    query = select(RoleKey).where(RoleKey.role == role, RoleKey.retired_at.is_(None))
    if name is not None:
        query = query.where(RoleKey.name == name)
    query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def signing_keys(session: Session, *roles: str) -> list[Verifier]:
    """As `keys_of`, and none of them can be retired before this transaction ends."""
    query = (
        select(RoleKey.vkey)
        .where(RoleKey.role.in_(roles), RoleKey.retired_at.is_(None))
        .order_by(RoleKey.id)
        .with_for_update(read=True)
    )
    return [Verifier.parse(vkey) for vkey in session.scalars(query)]


def retire(session: Session, row: RoleKey, *, size: int, at: datetime) -> None:
    """End a key: under a head of more acts, and from this second on, it does not count."""
    listed = session.scalar(select(func.count(RoleKey.id))) or 0
    ended = select(func.count(RoleKey.id)).where(RoleKey.retired_at.is_not(None))
    row.retired_line = listed + (session.scalar(ended) or 0)
    row.retired_at, row.retired_size = at.replace(microsecond=0), size
    session.flush()


def require_serving(session: Session, signers: Iterable[Signer]) -> None:
    """Raise Fault when one of these keys was replaced while this program was running."""
    ended = {row.vkey for row in rows_of(session) if row.retired_at is not None}
    for signer in signers:
        if ended and signer.verifier.vkey in ended:
            raise Fault(
                f"the key of {signer.name} that this program holds was replaced: start it again; "
                "if that does not help, run `exam keys rotate` once more"
            )


def counting(session: Session, among: Collection[str] | None) -> list[RoleKey]:
    """The inspectors whose signature counts; `among` are the vkeys that a manifest names.

    For those of them who were retired since, inspectors count who were registered afterwards.
    """
    rows = rows_of(session, "inspector")
    if among is None:
        return list(rows)
    lines = {row.id: line for line, row in _places(rows_of(session))}
    named = [row for row in rows if row.vkey in among]
    ends = [row.retired_line for row in named if row.retired_line is not None]
    later = [row for row in rows if ends and lines[row.id] > min(ends)]
    return named + [row for row in later if row not in named]


def _places(rows: Sequence[RoleKey]) -> Iterator[tuple[int, RoleKey]]:
    """The line of keys.txt in which each key is listed."""
    taken = {row.retired_line for row in rows}
    count = 0
    for row in rows:
        while count in taken:
            count += 1
        yield count, row
        count += 1


def signs_in_time(row: RoleKey, signature: NoteSignature) -> bool:
    """Whether a cosignature was given before its key was retired."""
    if row.retired_at is None:
        return True
    at = signed_at(Verifier.parse(row.vkey), signature.line)
    return at is not None and at < int(row.retired_at.timestamp())


def signed_at(key: Verifier, line: str) -> int | None:
    """The second that a cosignature tells; None for other signatures."""
    (signature,) = notes.parse(f"-\n\n{line}".encode()).signatures
    return key.time(signature.blob)
