"""A round of messages: read the log, remind, send what waits.

What is to be sent is marked in one transaction, handed over outside any, and what became of it is
kept in another. When the program dies in between nobody can say whether a message left: it stays
`sending`, is called uncertain by a later round, and only a person has it sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Row, or_, select

from exam_system.accounts.models import Account, Person
from exam_system.context import SYSTEM, Context
from exam_system.exams.models import Exam
from exam_system.messages import service
from exam_system.messages.models import Contact, Delivery, Message
from exam_system.messages.reminders import due
from exam_system.messages.ways import (
    Letter,
    Refused,
    Smtp,
    Spool,
    Trouble,
    Unknown,
    Way,
    load_ways,
)
from exam_system.messages.words import in_both
from exam_system.office import Office

BATCH = 50
LOST = timedelta(minutes=15)
"""A round takes less: what has been `sending` for longer was left behind by one that died."""
T = TypeVar("T")
Outcome = tuple[int, str, str]


@dataclass(slots=True)
class Round:
    """What a round did; `troubles` are sentences for whoever runs the machine."""

    made: int = 0
    sent: int = 0
    kept: int = 0
    troubles: list[str] = field(default_factory=list)


def run_round(parts: Office, tick: Callable[[int], None] = lambda _n: None) -> Round:
    """Read the log to its end, remind, and send; each step is an act."""
    result = Round()
    _collect(parts, result)
    _remind(parts, result)
    ways = load_ways(parts.config.instance)
    _give_up_lost(parts)
    for channel in ways.names:
        _send_all(parts, channel, getattr(ways, channel), result, tick)
    parts.seal()
    return result


def _collect(parts: Office, result: Round) -> None:
    while _looking(parts, service.behind):
        made, done = _acting(parts, service.collect)
        result.made += made
        if done:
            return


def _remind(parts: Office, result: Round) -> None:
    def wanted(ctx: Context) -> list[str]:
        query = select(Exam.code).where(Exam.state.in_(("announced", "closed", "seated")))
        codes = list(ctx.session.scalars(query.order_by(Exam.id)))
        return [code for code in codes if any(due(ctx.session, code, ctx.clock.now()))]

    for code in _looking(parts, wanted):
        result.made += _acting(parts, partial(service.remind, code=code))


def _give_up_lost(parts: Office) -> None:
    """Nobody knows of these whether they left: they wait for a person."""

    def lost(ctx: Context) -> list[Outcome]:
        query = select(Delivery.id).where(
            Delivery.state == "sending", Delivery.after < ctx.clock.now() - LOST
        )
        why = "the program stopped while it was sent"
        return [(key, "uncertain", why) for key in ctx.session.scalars(query)]

    outcomes = _looking(parts, lost)
    if outcomes:
        _acting(parts, lambda ctx: service.end_sending(ctx, outcomes=outcomes))


def _send_all(
    parts: Office, channel: str, way: Smtp | Spool, result: Round, tick: Callable[[int], None]
) -> None:
    waiting = _looking(parts, lambda ctx: _waiting(ctx, channel))
    if not waiting:
        return
    try:
        with way.open() as opened:
            for start in range(0, len(waiting), BATCH):
                _send(parts, opened, waiting[start : start + BATCH], result)
                tick(len(waiting[start : start + BATCH]))
    except Trouble as trouble:
        result.troubles.append(str(trouble))


def _waiting(ctx: Context, channel: str) -> list[int]:
    now = ctx.clock.now()
    query = select(Delivery.id).where(
        Delivery.channel == channel,
        Delivery.state == "waiting",
        or_(Delivery.after.is_(None), Delivery.after <= now),
    )
    return list(ctx.session.scalars(query.order_by(Delivery.id)))


def _send(parts: Office, way: Way, wanted: Sequence[int], result: Round) -> None:
    ids = _acting(parts, lambda ctx: service.begin_sending(ctx, deliveries=wanted))
    outcomes: list[Outcome] = []
    trouble: Trouble | None = None
    for key, letter in _looking(parts, lambda ctx: _letters(ctx, ids)):
        try:
            outcomes.append(
                (key, *_hand_over(way, letter)) if trouble is None else (key, "waiting", "")
            )
        except Trouble as error:
            trouble = error
            outcomes.append((key, "waiting", str(error)))
    _acting(parts, lambda ctx: service.end_sending(ctx, outcomes=outcomes))
    result.sent += sum(state == "sent" for _, state, _ in outcomes)
    result.kept += sum(state != "sent" for _, state, _ in outcomes)
    if trouble is not None:
        raise trouble


def _hand_over(way: Way, letter: Letter | None) -> tuple[str, str]:
    if letter is None:
        return "given_up", "there is no confirmed address"
    try:
        way.send(letter)
    except Refused as error:
        return "given_up" if error.final else "waiting", str(error)
    except Unknown as error:
        return "uncertain", str(error)
    return "sent", ""


def _letters(ctx: Context, ids: Sequence[int]) -> list[tuple[int, Letter | None]]:
    query = (
        select(Delivery, Message, Person, Contact, Exam)
        .join(Message, Message.id == Delivery.message_id)
        .join(Account, Account.id == Message.account_id)
        .outerjoin(Person, Person.account_id == Account.id)
        .outerjoin(Contact, Contact.account_id == Account.id)
        .outerjoin(Exam, Exam.code == Message.exam)
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.id)
    )
    return [(row.Delivery.id, _letter(ctx, row)) for row in ctx.session.execute(query)]


def _letter(ctx: Context, row: Row[Delivery, Message, Person, Contact, Exam]) -> Letter | None:
    delivery, message, person, contact, exam = row
    address = _address(ctx, delivery, message, person, contact)
    if address is None:
        return None
    vault, zone = ctx.keys.vault, ctx.config.zone
    code = service.address_code(vault, contact) if message.kind == "address" else ""
    names = (exam.name, exam.name_en) if exam else ("", "")
    title, text = in_both(message, names, zone, code)
    page = f"{ctx.config.base_url.rstrip('/')}/messages"
    signed = f"{text}\n{ctx.config.bureau} {ctx.config.bureau_en}\n{page}\n"
    return Letter(f"{message.ref}-{delivery.tries}", address, title, signed, ctx.clock.now())


def _address(
    ctx: Context, delivery: Delivery, message: Message, person: Person, contact: Contact | None
) -> str | None:
    if delivery.channel == "sms":
        return ctx.keys.vault.open(person.phone_sealed) if person else None
    if contact is None or (contact.confirmed_at is None and message.kind != "address"):
        return None
    return ctx.keys.vault.open(contact.address_sealed)


def _looking(parts: Office, look: Callable[[Context], T]) -> T:
    ctx = parts.context(SYSTEM, write=False)
    with ctx.session:
        return look(ctx)


def _acting(parts: Office, act: Callable[[Context], T]) -> T:
    ctx = parts.context(SYSTEM, write=True)
    with ctx.session:
        result = act(ctx)
        ctx.session.commit()
    return result
