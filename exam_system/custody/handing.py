"""Verbs of hand-overs: giver, receiver and supervisor, at least two people each, all sign.

Whoever has an account signs on it; the others sign a sheet by hand, whose photo is handed in. A
hand-over counts, and its bags move, only when the last one has signed (RULES 2.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.attendance.staff import duties_of, place_of
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.custody.lookup import (
    bag_of,
    keep_photo,
    line,
    require_touch,
    require_turn,
)
from exam_system.custody.models import Bag, HandedBag, HandOver, HandSigner
from exam_system.custody.states import HANDED, move, require_move
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam, ExamSession, Room
from exam_system.people import clean_name, reason_line

PARTIES = {"giver": "Giver", "receiver": "Receiver", "supervisor": "Supervising party"}
SIGNERS = (Role.INVIGILATOR, Role.SITE, Role.OFFICER, Role.INSPECTOR)
MOST_BAGS = 500
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who is to sign: an account by its reference, or else a name and an office."""

    party: str
    account: str = ""
    name: str = ""
    office: str = ""


@verb
def begin_hand_over(
    ctx: Context, *, code: str, step: str, barcodes: Sequence[str], people: Sequence[Named]
) -> HandOver:
    """Set a hand-over up: these bags go to `step` (a state of HANDED), these people must sign.

    Raises Conflict for a bag that cannot go there now or is on its way there already, Invalid for
    parties that are too small, name somebody twice or are of the same office against the rule.
    """
    exam = exam_by_code(ctx.session, code)
    place_of(ctx, ctx.actor.account_id, code)
    if step not in HANDED:
        raise Invalid("Say where the bags go").about("place")
    bags = _bags(ctx, exam, step, barcodes)
    signers = [_signer(ctx.session, one) for one in people]
    _require_parties(exam, signers)
    if step == "room":
        _require_receivers(ctx, exam, bags, signers)
    over = HandOver(
        ref=reference(ctx.chance),
        exam_id=exam.id,
        step=step,
        begun_by=ctx.actor.account_id,
        begun_at=ctx.clock.now(),
    )
    _store(ctx, over, bags, signers)
    ctx.record(
        exam=code,
        subject=f"handover:{over.ref}",
        step=step,
        bags=[bag.barcode for bag in bags],
        people=[[one.party, one.name, one.office] for one in signers],
    )
    return over


def _bags(ctx: Context, exam: Exam, step: str, barcodes: Sequence[str]) -> list[Bag]:
    # In one order, so that two hand-overs of the same bags never wait for one another.
    codes = sorted(set(barcodes))
    if not 1 <= len(codes) <= MOST_BAGS:
        raise Invalid("Scan from 1 to %(most)s bags", most=MOST_BAGS).about("barcodes")
    bags = [bag_of(ctx.session, exam, barcode, lock=True) for barcode in codes]
    for bag in bags:
        row = ctx.session.get_one(ExamSession, bag.session_id)
        require_touch(ctx, exam, bag, row)
        require_move(bag, step)
        if step == "room":
            require_turn(ctx, exam, bag)
    return bags


def _signer(session: Session, one: Named) -> HandSigner:
    if one.party not in PARTIES:
        raise Invalid("Say of which party everybody is")
    if one.account:
        account = session.scalar(select(Account).where(Account.ref == one.account))
        if account is None or not account.active or account.role not in SIGNERS:
            raise Invalid("One of the accounts cannot sign: choose the people again")
        name, office = account.name, account.office or ""
        return HandSigner(party=one.party, name=name, office=office, account_id=account.id)
    office = line(one.office, 120, "Write the office of everybody who signs on the sheet")
    return HandSigner(party=one.party, name=clean_name(one.name), office=office)


def _require_parties(exam: Exam, signers: Sequence[HandSigner]) -> None:
    rules = rules_of(exam)
    for party in PARTIES:
        if sum(one.party == party for one in signers) < rules.handover_people:
            raise Invalid(
                "Giver, receiver and supervisor are at least %(least)s people each",
                least=rules.handover_people,
            )
    accounts = [one.account_id for one in signers if one.account_id is not None]
    online = {(one.name, one.office) for one in signers if one.account_id is not None}
    typed = [(one.name, one.office) for one in signers if one.account_id is None]
    if len(set(accounts)) < len(accounts) or len(set(typed) - online) < len(typed):
        raise Invalid("Nobody signs twice: name other people")
    if not any(_all_online(signers, party) for party in PARTIES):
        raise Invalid("At least one party must sign on accounts of their own")
    _require_offices(rules.handover_offices, signers)


def _all_online(signers: Sequence[HandSigner], party: str) -> bool:
    return all(one.account_id is not None for one in signers if one.party == party)


def _require_offices(rule: str, signers: Sequence[HandSigner]) -> None:
    of = {party: {one.office for one in signers if one.party == party} for party in PARTIES}
    if rule in ("supervisor", "parties") and of["supervisor"] & (of["giver"] | of["receiver"]):
        raise Invalid("The supervisors must be of another office than giver and receiver")
    if rule == "parties" and of["giver"] & of["receiver"]:
        raise Invalid("Giver and receiver must be of different offices")


def _require_receivers(
    ctx: Context, exam: Exam, bags: Sequence[Bag], signers: Sequence[HandSigner]
) -> None:
    """Into a room go its own bags only, to those who are on duty there in that session."""
    if len({(bag.room_id, bag.session_id) for bag in bags}) > 1:
        raise Invalid("Bags are handed over room by room: these are of several rooms or sessions")
    bag = bags[0]
    for one in signers:
        if one.party != "receiver" or one.account_id is None:
            continue
        duty = duties_of(exam, one.account_id)
        duty = duty.where(ExamSession.id == bag.session_id, Room.id == bag.room_id)
        if ctx.session.execute(duty).first() is None:
            raise Forbidden("%(name)s is not on duty in the room of these bags", name=one.name)


def _store(
    ctx: Context, over: HandOver, bags: Sequence[Bag], signers: Sequence[HandSigner]
) -> None:
    ctx.session.add(over)
    ctx.session.flush()
    for signer in signers:
        signer.handover_id = over.id
    handed = [HandedBag(handover_id=over.id, bag_id=bag.id, step=over.step) for bag in bags]
    ctx.session.add_all([*signers, *handed])
    try:
        ctx.session.flush()
    except IntegrityError:  # the database lets a bag make each step once
        raise Conflict(
            "One of these bags is on its way there already: look at its timeline"
        ) from None


@verb
def sign_hand_overs(ctx: Context, *, refs: Sequence[str]) -> int:
    """Sign hand-overs in which the actor is named; returns how many counted with it.

    Raises Invalid for none, Conflict for one that is signed already, counts or was dropped;
    Forbidden for others'.
    """
    if not refs:
        raise Invalid("Choose the hand-overs that you sign").about("ref")
    counted = 0
    for ref in sorted(set(refs)):
        over, exam = _open(ctx, ref)
        signer = _own(ctx, over)
        signer.signed_at = ctx.clock.now()
        done = _complete(ctx, exam, over)
        counted += done
        ctx.record(exam=exam.code, subject=f"handover:{ref}", party=signer.party, counts=done)
    return counted


def _open(ctx: Context, ref: str) -> tuple[HandOver, Exam]:
    query = select(HandOver).where(HandOver.ref == ref).with_for_update()
    over = ctx.session.scalar(query.execution_options(populate_existing=True))
    if over is None:
        raise NotFound("There is no such hand-over")
    if over.done_at is not None or over.dropped_at is not None:
        raise Conflict("This hand-over is over already")
    return over, ctx.session.get_one(Exam, over.exam_id)


def _own(ctx: Context, over: HandOver) -> HandSigner:
    query = select(HandSigner).where(HandSigner.handover_id == over.id)
    query = query.where(HandSigner.account_id == ctx.actor.account_id)
    signer = ctx.session.scalar(query.execution_options(populate_existing=True))
    if signer is None:
        raise Forbidden("You are not named in this hand-over")
    if signer.signed_at is not None:
        raise Conflict("You have signed this hand-over already")
    return signer


def _complete(ctx: Context, exam: Exam, over: HandOver) -> bool:
    """Move the bags once everybody has signed; whether they did."""
    ctx.session.flush()
    query = select(HandSigner.id).where(HandSigner.handover_id == over.id)
    if ctx.session.scalar(query.where(HandSigner.signed_at.is_(None)).limit(1)) is not None:
        return False
    for bag in bags_of(ctx.session, over, lock=True):
        if over.step == "room":
            require_turn(ctx, exam, bag)
        move(bag, over.step)
    over.done_at = ctx.clock.now()
    ctx.session.flush()
    return True


def bags_of(session: Session, over: HandOver, *, lock: bool = False) -> Sequence[Bag]:
    """The bags of a hand-over by barcode."""
    query = select(Bag).join(HandedBag, HandedBag.bag_id == Bag.id)
    query = query.where(HandedBag.handover_id == over.id).order_by(Bag.barcode)
    if lock:
        query = query.with_for_update(of=Bag).execution_options(populate_existing=True)
    return session.scalars(query).all()


@verb
def hand_in_sheet(ctx: Context, *, ref: str, name: str, data: bytes) -> bool:
    """Take the photo of the sheet in that those without an account signed; whether it now counts.

    By somebody who is named in the hand-over or began it. Raises Conflict when nobody has to sign
    on paper or the sheet is there.
    """
    over, exam = _open(ctx, ref)
    signers = signers_of(ctx.session, over)
    mine = ctx.actor.account_id
    if mine != over.begun_by and mine not in {one.account_id for one in signers}:
        raise Forbidden("You are not named in this hand-over")
    on_paper = [one for one in signers if one.account_id is None]
    if not on_paper or over.sheet is not None:
        raise Conflict("No signed sheet is missing here")
    over.sheet = keep_photo(ctx.config, ctx.keys.vault, name, data)
    for one in on_paper:
        one.signed_at = ctx.clock.now()
    done = _complete(ctx, exam, over)
    ctx.record(
        exam=exam.code,
        subject=f"handover:{ref}",
        sheet=over.sheet,
        people=len(on_paper),
        counts=done,
    )
    return done


def signers_of(session: Session, over: HandOver) -> Sequence[HandSigner]:
    """Everybody who must sign a hand-over, party by party."""
    query = select(HandSigner).where(HandSigner.handover_id == over.id)
    found = session.scalars(query.order_by(HandSigner.id)).all()
    return sorted(found, key=lambda one: (list(PARTIES).index(one.party), one.id))


@verb
def drop_hand_over(ctx: Context, *, ref: str, reason: str) -> None:
    """Give up a hand-over that does not count yet: by who began it, or the office."""
    over, exam = _open(ctx, ref)
    if ctx.actor.role is not Role.OFFICER and over.begun_by != ctx.actor.account_id:
        raise Forbidden("Only who began a hand-over, or the office, may drop it")
    over.dropped_at, over.why = ctx.clock.now(), reason_line(reason, LONGEST_REASON)
    void = update(HandedBag).where(HandedBag.handover_id == over.id).values(void=1)
    ctx.session.execute(void)
    ctx.record(exam=exam.code, subject=f"handover:{ref}", why=over.why)
