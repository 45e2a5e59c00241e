"""Verbs of messages: tell people what was done, remind them, keep what was sent, their addresses.

The log is read in its order from a mark on, so that only what is committed and sequenced is told,
each act once. Sending itself is done between two transactions, see `sending`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from exam_system.accounts.models import Person
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.messages.kinds import ACTS, Done, Told
from exam_system.messages.models import Contact, Delivery, Message, MessageMark
from exam_system.messages.reminders import cause_of, due
from exam_system.messages.texts import KINDS
from exam_system.messages.ways import load_ways
from exam_system.people import reason_line
from exam_system.records.models import Act, ActDetail, Leaf
from exam_system.trust.canonical import JSON, jcs, sha256_hex
from exam_system.vault import Vault

WINDOW = 2_000  # acts read in one transaction
STALE = timedelta(days=3)
"""What is older than this when it is read stands on the page, but is not sent any more."""
MOST_TRIES = 5
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")


@verb
def collect(ctx: Context) -> tuple[int, bool]:
    """Write down what people are to be told of the next acts of the log.

    Returns how many messages were made, and whether the log is read to its end.
    """
    mark = ctx.session.get(MessageMark, 1, with_for_update=True)
    start = mark.position if mark else 0
    acts = _acts(ctx, start)
    if mark is None:
        mark = MessageMark(id=1)
        ctx.session.add(mark)
    mark.position = acts[-1].position + 1 if acts else start
    wanted = [(f"act:{done.position}", done.exam, done.at, told) for done, told in _told(ctx, acts)]
    made = _write(ctx, wanted)
    ctx.record(exam="", subject=f"messages:{start}", acts=len(acts), messages=made)
    return made, len(acts) < WINDOW


def behind(ctx: Context) -> bool:
    """Whether the log has acts that were not read for messages."""
    mark = ctx.session.get(MessageMark, 1)
    start = mark.position if mark else 0
    # The acts of reading themselves concern nobody.
    query = select(Leaf.position).join(Act, Act.id == Leaf.act_id)
    query = query.where(Leaf.position >= start, Act.kind.in_(ACTS)).limit(1)
    return ctx.session.scalar(query) is not None


def _acts(ctx: Context, start: int) -> list[Done]:
    query = (
        select(Leaf.position, Act.kind, Act.exam, Act.subject, Act.at, ActDetail.details)
        .join(Act, Act.id == Leaf.act_id)
        .outerjoin(ActDetail, ActDetail.act_id == Act.id)
        .where(Leaf.position >= start, Leaf.position < start + WINDOW)
        .order_by(Leaf.position)
    )
    return [
        Done(row.kind, row.exam, row.subject, _read(row.kind, row.details), row.position, row.at)
        for row in ctx.session.execute(query)
    ]


def _read(kind: str, details: str | None) -> dict[str, JSON]:
    """The details where they matter; erased ones are none."""
    found: dict[str, JSON] = json.loads(details) if details and kind in ACTS else {}
    return found


def _told(ctx: Context, acts: Sequence[Done]) -> Iterable[tuple[Done, Told]]:
    for kind, tell in ACTS.items():
        own = [done for done in acts if done.kind == kind and (done.details or done.exam == "")]
        if own:
            yield from tell(ctx.session, own)


Wanted = tuple[str, str, datetime, Told]
"""Cause, exam, moment, and who is told what."""


def _write(ctx: Context, wanted: Sequence[Wanted]) -> int:
    """Insert the messages, and for each channel that there is what is to be sent."""
    if not wanted:
        return 0
    rows = [
        {
            "ref": reference(ctx.chance),
            "account_id": told.account,
            "exam": exam,
            "kind": told.kind,
            "cause": cause,
            "params": jcs(dict(told.params)).decode(),
            "at": at,
        }
        for cause, exam, at, told in wanted
    ]
    made = ctx.session.execute(insert(Message).returning(Message.id, Message.ref), rows)
    ids = {row.ref: row.id for row in made}
    sent = [
        {"message_id": ids[str(row["ref"])], "channel": channel, "state": "waiting", "why": ""}
        for row, channels in zip(rows, _channels(ctx, wanted), strict=True)
        for channel in channels
    ]
    if sent:
        ctx.session.execute(insert(Delivery), [{**row, "tries": 0} for row in sent])
    return len(rows)


def _channels(ctx: Context, wanted: Sequence[Wanted]) -> list[list[str]]:
    """By which channels each message leaves: e-mail where there is an address that counts."""
    ways = load_ways(ctx.config.instance)
    query = select(Contact.account_id).where(Contact.confirmed_at.is_not(None))
    reached = set(ctx.session.scalars(query)) if ways.mail else set()
    until = ctx.clock.now() - STALE
    found = []
    for _, _, at, told in wanted:
        mail = ways.mail and (told.account in reached or told.kind == "address")
        sms = ways.sms and KINDS[told.kind].urgent
        fresh = at >= until
        found.append([n for n, by in (("mail", mail), ("sms", sms)) if by and fresh])
    return found


@verb
def remind(ctx: Context, *, code: str) -> int:
    """Remind the candidates of an exam of what ends within a day; each of one deadline once."""
    found = [
        (cause_of(close), code, ctx.clock.now(), Told(account, kind, {"close_at": close}))
        for account, kind, close in due(ctx.session, code, ctx.clock.now())
    ]
    made = _write(ctx, found)
    ctx.record(exam=code, subject=f"exam:{code}", messages=made)
    return made


@verb
def begin_sending(ctx: Context, *, deliveries: Sequence[int]) -> list[int]:
    """Mark what is going to be sent now; whatever is not waiting any more is left out."""
    query = select(Delivery.id).where(Delivery.id.in_(deliveries), Delivery.state == "waiting")
    ids = list(ctx.session.scalars(query.order_by(Delivery.id).with_for_update()))
    if ids:
        ctx.session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids))
            .values(state="sending", tries=Delivery.tries + 1, after=ctx.clock.now())
        )
    ctx.record(exam="", subject=_batch(ids), messages=len(ids))
    return ids


def _batch(ids: Sequence[int]) -> str:
    return f"deliveries:{sha256_hex(jcs(list(ids)))[:16]}"


@verb
def end_sending(ctx: Context, *, outcomes: Sequence[tuple[int, str, str]]) -> None:
    """Keep what became of each delivery that was being sent: (id, state, what the server said)."""
    now = ctx.clock.now()
    given = {key: (state, why) for key, state, why in outcomes}
    query = select(Delivery).where(Delivery.id.in_(given), Delivery.state == "sending")
    for row in ctx.session.scalars(query.order_by(Delivery.id).with_for_update()):
        state, why = given[row.id]
        if state == "waiting" and row.tries >= MOST_TRIES:
            state = "given_up"
        row.state, row.why = state, why[:200]
        row.sent_at = now if state == "sent" else None
        row.after = now + timedelta(minutes=2**row.tries) if state == "waiting" else None
    sent = sum(state == "sent" for _, state, _ in outcomes)
    ctx.record(exam="", subject=_batch(sorted(given)), messages=len(given), sent=sent)


@verb
def send_again(ctx: Context, *, ref: str, channel: str, reason: str) -> None:
    """Have a message that was given up, or whose fate is unknown, sent once more."""
    query = select(Delivery, Message).join(Message, Message.id == Delivery.message_id)
    query = query.where(Message.ref == ref, Delivery.channel == channel)
    row = ctx.session.execute(query.with_for_update(of=Delivery)).one_or_none()
    if row is None:
        raise NotFound("There is no such message")
    if row.Delivery.state not in ("given_up", "uncertain"):
        raise Conflict("This message is on its way or was sent")
    why = reason_line(reason, 120)
    row.Delivery.state, row.Delivery.tries, row.Delivery.after = "waiting", 0, None
    ctx.record(exam=row.Message.exam, subject=f"message:{ref}", channel=channel, why=why)


@verb
def set_address(ctx: Context, *, address: str) -> None:
    """Give or change one's e-mail address; a code goes there, and it counts once that is typed."""
    address = address.strip()
    if not _ADDRESS.fullmatch(address):
        raise Invalid("This is not an e-mail address: it looks like name@example.cn").about(
            "address"
        )
    if load_ways(ctx.config.instance).mail is None:
        raise Conflict("The bureau sends no e-mail: messages stand on this page")
    account = _account(ctx)
    contact = _contact(ctx) or Contact(account_id=account)
    contact.address_sealed = ctx.keys.vault.seal(address)
    contact.given_at, contact.confirmed_at, contact.tries = ctx.clock.now(), None, 0
    ctx.session.add(contact)
    ctx.session.flush()
    cause = f"address:{sha256_hex(contact.address_sealed)[:16]}"
    told = Told(account, "address", {})
    _write(ctx, [(cause, "", ctx.clock.now(), told)])
    ctx.record(exam="", subject=f"account:{ctx.actor.ref}")


def _account(ctx: Context) -> int:
    account = ctx.session.scalar(
        select(Person.account_id).where(Person.account_id == ctx.actor.account_id)
    )
    if account is None:
        raise NotFound("Your account has no personal data: register as a candidate")
    return account


def _contact(ctx: Context) -> Contact | None:
    query = select(Contact).where(Contact.account_id == ctx.actor.account_id)
    return ctx.session.scalar(query.with_for_update())


def address_code(vault: Vault, contact: Contact) -> str:
    """The code for an address: follows from the instance's secret, so that it is kept nowhere."""
    blind = vault.blind(f"address:{contact.account_id}:{contact.address_sealed.hex()}")
    return str(int(blind, 16) % 10**8).zfill(8)


@verb
def confirm_address(ctx: Context, *, code: str) -> bool:
    """Type the code that came by e-mail; false when it is wrong, after five the address is void."""
    contact = _contact(ctx)
    if contact is None or contact.confirmed_at is not None:
        raise Conflict("There is no address that waits for a code")
    if contact.tries >= MOST_TRIES:
        raise Conflict("Too many wrong codes: give the address again")
    right = "".join(code.split()).encode() == address_code(ctx.keys.vault, contact).encode()
    if right:
        contact.confirmed_at = ctx.clock.now()
    else:
        contact.tries += 1
    ctx.record(exam="", subject=f"account:{ctx.actor.ref}", right=right)
    return right


@verb
def drop_address(ctx: Context) -> None:
    """Have no e-mail written any more; the address is deleted."""
    contact = _contact(ctx)
    if contact is None:
        raise Conflict("There is no address")
    ctx.session.delete(contact)
    ctx.record(exam="", subject=f"account:{ctx.actor.ref}")
