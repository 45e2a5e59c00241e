"""The register of barred people: who may not take part, in which exams, until when, by what.

An entry comes in and is lifted by an act of two people of two offices. It bars nobody by itself:
whoever reviews an application is shown the entry and decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.approvals.lookup import Wanted, use
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.database import one_row
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.people import reason_line
from exam_system.registration.bar_table import LIFE, read_bars
from exam_system.registration.checks import Bar
from exam_system.registration.models import Barred
from exam_system.trust.canonical import JSON, jcs, sha256_hex

BAR, LIFT = "registration.bar_people", "registration.lift_bar"
LONGEST_REASON = 200
PAGE = 50


def bars_of(session: Session, person: Person, regime: str, day: date) -> list[Bar]:
    """The entries that bar a person from exams of this type on that day; one statement."""
    return bars_among(session, [person.id_blind], regime, day).get(person.id_blind, [])


# Built once: thousands of reviews in a row spend more time on building than on running it.
_BARS = (
    select(Barred)
    .where(
        Barred.id_blind.in_(bindparam("blinds", expanding=True)),
        or_(Barred.regime == "all", Barred.regime == bindparam("regime")),
        Barred.begins <= bindparam("day"),
        or_(Barred.ends.is_(None), Barred.ends >= bindparam("day")),
        Barred.lifted_at.is_(None),
    )
    .order_by(Barred.begins, Barred.id)
)


def bars_among(
    session: Session, blinds: Sequence[str], regime: str, day: date
) -> dict[str, list[Bar]]:
    """The same for many people, by the blind value of their ID number; one statement."""
    found: dict[str, list[Bar]] = {}
    given = {"blinds": list(blinds), "regime": regime, "day": day}
    for row in session.scalars(_BARS, given):
        bar = Bar(row.basis, row.why, row.begins, row.ends)
        found.setdefault(row.id_blind, []).append(bar)
    return found


def wanted_bars(ctx: Context, *, name: str, data: bytes) -> Wanted:
    """What is approved of an import; raises SheetError with all problems, Conflict when empty."""
    rows = new_bars(ctx, name, data)
    if not rows:
        raise Conflict("The table changes nothing: every row is there already.")
    digest = bars_digest(ctx, rows)
    life = sum(row["ends"] is None for row in rows)
    told = (
        Sentence("%(count)s entries are added to the register of barred people", count=len(rows)),
        Sentence("%(count)s of them for life", count=life),
        Sentence("The digest is that of every new row of the table"),
    )
    return Wanted(BAR, "", f"barred:{digest[:16]}", digest, told)


def new_bars(ctx: Context, name: str, data: bytes) -> list[dict[str, Any]]:
    """The rows of the table that the register does not have yet."""
    rows = read_bars(ctx, name, data)
    known = {_key(row) for row in ctx.session.scalars(select(Barred).where(_open()))}
    blind = ctx.keys.vault.blind
    found = [{**row, "id_blind": blind(row["id_number"])} for row in rows]
    return [row for row in found if _key_of(row) not in known]


def _open() -> Any:
    return Barred.lifted_at.is_(None)


def _key(row: Barred) -> tuple[Any, ...]:
    return row.id_blind, row.regime, row.basis, row.begins, row.ends


def _key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["id_blind"], row["regime"], row["basis"], row["begins"], row["ends"]


def bars_digest(ctx: Context, rows: Iterable[dict[str, Any]]) -> str:
    """SHA-256 (hex) of the rows, ID numbers by their blind value."""
    names = ("id_blind", "name", "regime", "basis", "why")
    lines = sorted(
        [*(row[key] for key in names), str(row["begins"]), str(row["ends"] or LIFE)] for row in rows
    )
    listed: list[JSON] = [*lines]
    return sha256_hex(jcs({"barred": listed}))


@verb
def bar_people(ctx: Context, *, name: str, data: bytes) -> int:
    """Enter the rows of an approved table (.csv or .xlsx); returns how many are new."""
    rows = new_bars(ctx, name, data)
    digest = bars_digest(ctx, rows)
    approval = use(ctx, subject=f"barred:{digest[:16]}", digest=digest)
    vault, now = ctx.keys.vault, ctx.clock.now()
    made = [
        {key: value for key, value in row.items() if key != "id_number" and key[0] != "_"}
        | {"id_sealed": vault.seal(row["id_number"]), "ref": reference(ctx.chance)}
        | {"source": "import", "approval": approval, "entered_at": now}
        for row in rows
    ]
    ctx.session.execute(insert(Barred), made)
    ctx.record(exam="", subject=f"barred:{digest[:16]}", digest=digest, rows=len(made))
    return len(made)


def find_bar(session: Session, ref: str, *, lock: bool = False) -> Barred:
    """One entry; raises NotFound."""
    query = select(Barred).where(Barred.ref == ref)
    return one_row(
        session,
        query,
        NotFound("There is no such entry in the register of barred people"),
        lock=lock,
    )


def wanted_lift(ctx: Context, *, ref: str, reason: str) -> Wanted:
    """What is approved of lifting an entry before its time; Conflict when it is lifted."""
    row, why = _to_lift(find_bar(ctx.session, ref)), reason_line(reason, LONGEST_REASON)
    told = (
        Sentence("The entry of %(name)s is lifted: %(basis)s", name=row.name, basis=row.basis),
        Sentence("Reason: %(reason)s", reason=why),
    )
    return Wanted(LIFT, "", f"barred:{ref}", lift_digest(row, why), told)


def _to_lift(row: Barred) -> Barred:
    if row.lifted_at is not None:
        raise Conflict("This entry is lifted already")
    return row


def lift_digest(row: Barred, reason: str) -> str:
    """SHA-256 (hex) of the entry and the reason."""
    return sha256_hex(jcs({"lift": [row.ref, row.id_blind, row.basis, reason]}))


@verb
def lift_bar(ctx: Context, *, ref: str, reason: str) -> Barred:
    """Lift an entry as approved; it stays in the register with the reason."""
    row, why = _to_lift(find_bar(ctx.session, ref, lock=True)), reason_line(reason, LONGEST_REASON)
    use(ctx, subject=f"barred:{ref}", digest=lift_digest(row, why))
    row.lifted_at, row.lifted_why = ctx.clock.now(), why
    ctx.session.flush()
    ctx.record(exam="", subject=f"barred:{ref}", why=why)
    return row


def list_bars(session: Session, blind: str, page: int) -> tuple[list[Barred], int]:
    """One page of the register, newest first, and how many rows there are; of one person when
    `blind` is given."""
    query = select(Barred)
    if blind:
        query = query.where(Barred.id_blind == blind)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(query.order_by(Barred.id.desc()).limit(PAGE).offset((page - 1) * PAGE))
    return list(rows), total


def require_reason_for_barred(bars: Sequence[Bar], reason: str) -> None:
    """Raise Invalid when somebody barred is to be approved without saying why."""
    if bars and not reason:
        raise Invalid(
            "The register of barred people names this person (%(basis)s): say why the application "
            "is approved all the same",
            basis=bars[0].basis,
        ).about("reason")
