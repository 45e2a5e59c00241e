"""Verbs of a session: roll call, call, choose, sign, witness; the clock decides what is too late.

Every act is judged by `scoring.post_choice` before it is written: the whole session is replayed
with it. Who acts at the same moment waits for the session's row, and the second finds what the
first did.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from exam_system.access import Role
from exam_system.appointing.lookup import account
from exam_system.appointing.models import Proposed
from exam_system.choosing.lookup import (
    Held,
    find,
    hand,
    owner_of,
    require_current_list,
)
from exam_system.choosing.models import (
    ChoiceEvent,
    ChoicePick,
    ChoicePlace,
    ChoiceProxy,
    ChoiceTurn,
)
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.interviews.signing import PAPER, read
from exam_system.trust.canonical import sha256_hex

OWN = "own"
"""The signature of who confirms on the own page, logged in."""


def second(ctx: Context) -> datetime:
    """The whole second by which everything in a session is judged."""
    return ctx.due().replace(microsecond=0)


def running(ctx: Context, ref: str) -> Held:
    """An open session, locked; raises Conflict when it is over or its list was corrected."""
    found = find(ctx.session, ref, lock=True)
    if found.row.state != "open":
        raise Conflict("This session is closed")
    require_current_list(ctx.session, found)
    return found


def add_event(ctx: Context, one: Held, kind: str, turn: ChoiceTurn, **more: Any) -> ChoiceEvent:
    """Write what happens, judged by the engine; raises Conflict for what is not allowed now."""
    who = account(ctx)
    event = ChoiceEvent(
        session_id=one.row.id,
        seq=len(one.events) + 1,
        kind=kind,
        at=second(ctx),
        turn_id=turn.id,
        by=who,
        **more,
    )
    one.hands[who] = hand(ctx.actor.role, ctx.actor.ref)
    one.events.append(event)
    _ = one.state
    ctx.session.add(event)
    ctx.session.flush()
    return event


def tell(ctx: Context, one: Held, turn: ChoiceTurn, **details: Any) -> None:
    """Record the act."""
    about = {"number": one.numbers[turn.id], **details}
    ctx.record(exam=one.exam.code, subject=f"choice:{one.row.ref}", **about)


def _note(ctx: Context, one: Held, kind: str, turn: ChoiceTurn) -> ChoiceTurn:
    """Write and record what happens where there is nothing else to say."""
    add_event(ctx, one, kind, turn)
    tell(ctx, one, turn)
    return turn


def _turn(one: Held) -> ChoiceTurn:
    turn = one.current
    if turn is None:
        raise Conflict("Everybody has had a turn: the session can be closed")
    return turn


def _own_turn(ctx: Context, one: Held) -> ChoiceTurn:
    """Whose turn it is; a candidate acts in the own turn only."""
    turn = _turn(one)
    if ctx.actor.role is Role.CANDIDATE and owner_of(ctx.session, turn) != ctx.actor.account_id:
        raise Conflict("It is not your turn")
    return turn


@verb
def note_arrivals(
    ctx: Context, *, ref: str, numbers: Sequence[str], by_proxy: bool = False
) -> list[str]:
    """Roll call: these people are there, in person or (`by_proxy`) the one who was named before."""
    one = running(ctx, ref)
    if not numbers:
        raise Invalid("Nobody is marked")
    for number in numbers:
        turn = one.turn_of(number)
        proxy = _proxy(ctx, turn) if by_proxy else None
        if proxy:
            one.proxies[proxy.id] = proxy.ref
        add_event(ctx, one, "arrive", turn, proxy_id=proxy.id if proxy else None)
    proxies = sorted(one.proxies.values()) if by_proxy else []
    ctx.record(exam=one.exam.code, subject=f"choice:{ref}", numbers=list(numbers), proxies=proxies)
    return list(numbers)


def _proxy(ctx: Context, turn: ChoiceTurn) -> ChoiceProxy:
    query = select(ChoiceProxy).where(
        ChoiceProxy.application_id == turn.application_id, ChoiceProxy.ended_at.is_(None)
    )
    found = ctx.session.scalar(query)
    if found is None:
        raise Conflict("Nobody was named beforehand to choose for this person")
    return found


@verb
def call_next(ctx: Context, *, ref: str) -> ChoiceTurn:
    """Call whose turn it is: the time to choose begins."""
    one = running(ctx, ref)
    turn = _turn(one)
    if ctx.session.get_one(Proposed, turn.proposed_id).standing != "holds":
        raise Conflict("This person has lost the place meanwhile: record that they give up")
    return _note(ctx, one, "call", turn)


@verb
def choose(ctx: Context, *, ref: str, place: str) -> ChoicePlace:
    """Whose turn it is names a place, in time; the desk enters it, or the candidate does."""
    one = running(ctx, ref)
    turn, wanted = _own_turn(ctx, one), one.place_of(place)
    state = one.state
    if state.ends_at is None:
        raise Conflict("%(number)s has not been called yet", number=one.numbers[turn.id])
    if second(ctx).timestamp() >= state.ends_at:
        raise Conflict("The time to choose is over")
    if state.places[place] < 1:
        raise Conflict("This place is taken: choose another one")
    add_event(ctx, one, "choose", turn, place_id=wanted.id)
    tell(ctx, one, turn, place=place)
    return wanted


@verb
def withdraw_choice(ctx: Context, *, ref: str) -> ChoiceTurn:
    """The place that was named is taken back before it is witnessed; the time runs on."""
    one = running(ctx, ref)
    turn = _own_turn(ctx, one)
    return _note(ctx, one, "withdraw", turn)


@verb
def sign_choice(ctx: Context, *, ref: str, place: str, signature: str = OWN) -> ChoiceTurn:
    """Who chooses confirms the place that is named: drawn on the desk's device, on paper, or by
    the own account. `place` is what was shown to them."""
    one = running(ctx, ref)
    turn = _own_turn(ctx, one)
    if not one.state.chosen or one.state.chosen != place:
        raise Conflict("Another place is named by now: look again")
    if (signature == OWN) != (ctx.actor.role is Role.CANDIDATE):
        raise Invalid("Sign at the desk, or on the own page")
    if signature not in (OWN, PAPER):
        read(signature)
    add_event(ctx, one, "sign", turn, signature=signature)
    tell(ctx, one, turn, place=place, signature=sha256_hex(signature.encode()))
    return turn


@verb
def witness_choice(ctx: Context, *, ref: str, place: str) -> ChoicePick:
    """An inspector in the hall has seen who signed: the place is theirs."""
    one = running(ctx, ref)
    turn = _turn(one)
    if not one.signed or one.state.chosen != place:
        raise Conflict("The place that is named must be signed first")
    if ctx.session.get_one(Proposed, turn.proposed_id).standing != "holds":
        raise Forbidden("This person has lost the place meanwhile")
    chosen = one.place_of(place)
    event = add_event(ctx, one, "confirm", turn)
    pick = _pick(ctx, one, turn, chosen, event.at)
    tell(ctx, one, turn, place=place)
    return pick


def _pick(
    ctx: Context, one: Held, turn: ChoiceTurn, place: ChoicePlace, at: datetime
) -> ChoicePick:
    """The row of a choice: the next slot of the place that nobody has."""
    query = select(ChoicePick.slot).where(
        ChoicePick.place_id == place.id, ChoicePick.standing != "void"
    )
    taken = set(ctx.session.scalars(query))
    pick = ChoicePick(
        session_id=one.row.id,
        turn_id=turn.id,
        application_id=turn.application_id,
        place_id=place.id,
        free=place.free,
        slot=next(slot for slot in range(1, place.free + 2) if slot not in taken),
        standing="made",
        chosen_at=at,
    )
    ctx.session.add(pick)
    try:
        ctx.session.flush()
    except IntegrityError:
        raise Conflict("This place is taken: choose another one") from None
    return pick


@verb
def give_up_choice(ctx: Context, *, ref: str) -> ChoiceTurn:
    """Who was called wants none of the places that are left."""
    one = running(ctx, ref)
    turn = _own_turn(ctx, one)
    return _note(ctx, one, "give_up", turn)


@verb
def note_absent(ctx: Context, *, ref: str) -> ChoiceTurn:
    """Whose turn it is has not come: what follows is what the exam's rule says."""
    one = running(ctx, ref)
    turn = _turn(one)
    return _note(ctx, one, "absent", turn)


@verb
def note_overtime(ctx: Context, *, ref: str) -> ChoiceTurn:
    """The time has run out without a place named: what follows is what the exam's rule says."""
    one = running(ctx, ref)
    turn = _turn(one)
    return _note(ctx, one, "overtime", turn)
