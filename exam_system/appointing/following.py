"""What follows when a final list is corrected after places were given: two people, one act.

The corrected ranks decide. Whoever lost a place lost it, and who answered an offer has answered;
all of that is replayed under the new ranks. Who holds a place then keeps it or is given it; who
held one by the wrong ranks loses it, and offers that are nobody's by now are withdrawn.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from exam_system.appointing.lookup import account
from exam_system.appointing.models import Appointment, NoticePerson, Proposed
from exam_system.appointing.place_models import PlaceEvent, PlaceFollow, PlaceOffer
from exam_system.appointing.places import (
    Ranking,
    happened,
    list_followed,
    new_place,
    offer_on,
    policy_of,
    ranking,
)
from exam_system.approvals.lookup import Wanted, use
from exam_system.choosing.models import ChoicePick, ChoiceSession, ChoiceTurn
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Sentence
from exam_system.exams.lookup import exam_by_code, open_exam
from exam_system.exams.models import Exam, Post
from exam_system.people import reason_line
from exam_system.records import releases
from exam_system.registration.models import Application
from exam_system.trust.canonical import JSON, jcs, sha256_hex
from scoring.replacement import Event, Ranked, ReplacementPolicy, replaced

FOLLOW = "appointing.follow_correction"
LONGEST_REASON = 200
MOVES = {
    "kept": "%(number)s keeps the place",
    "placed": "%(number)s is given a place",
    "withdrawn": "%(number)s loses the place by the corrected list",
    "offered": "%(number)s is offered a place",
    "unoffered": "The offer to %(number)s is withdrawn",
    "chooses": "%(number)s chooses a place anew",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What the correction does to one post: `events` are the past under the new ranks, `moves` of
    whom (admission number) what becomes, with the ranks before and after."""

    post: Post
    events: tuple[Event, ...]
    placed: tuple[str, ...]
    withdrawn: tuple[Proposed, ...]
    unoffered: tuple[PlaceOffer, ...]
    moves: tuple[tuple[str, str, int | None, int | None], ...]
    choices: tuple[int, ...]
    """Choices of places that do not stand: their order was another one."""


@dataclass(slots=True)
class _Past:
    """What is known of a post: places and offers by admission number, losses in their order."""

    places: dict[str, Proposed] = field(default_factory=dict)
    offers: dict[str, PlaceOffer] = field(default_factory=dict)
    lost: dict[str, tuple[str, str]] = field(default_factory=dict)


def under(
    policy: ReplacementPolicy,
    vacancies: int,
    ranked: Sequence[Ranked],
    lost: Mapping[str, str],
    answers: Mapping[str, str],
) -> tuple[Event, ...]:
    """The past of a post under other ranks: losses (stage by who) and answers, as far as they
    concern somebody who is reached by those ranks."""
    events: list[Event] = []
    while True:
        outcome = replaced(policy, vacancies, ranked, events)
        gone = {event.ref for event in events if event.kind == "lost"}
        due = [ref for ref in lost if ref in outcome.holders and ref not in gone]
        open_ = [offer.ref for offer in outcome.offers if offer.ref in answers]
        if due:
            events.append(Event("lost", due[0], lost[due[0]]))
        elif open_:
            events.append(Event(answers[open_[0]], open_[0]))
        else:
            return tuple(events)


def changes(session: Session, exam: Exam) -> tuple[Ranking, list[Change]]:
    """What following the newest final list does, post by post; raises Conflict when the places
    rest on it already, or when somebody who is appointed would lose the place."""
    ranks = ranking(session, exam)
    before = list_followed(session, exam)
    if before is None or before == ranks.release.id:
        raise Conflict("The places rest on the newest final list: there is nothing to follow")
    query = select(Post).where(Post.exam_id == exam.id).order_by(Post.code)
    return ranks, [_change(session, exam, post, ranks) for post in session.scalars(query)]


def _change(session: Session, exam: Exam, post: Post, ranks: Ranking) -> Change:
    past, ranked = _past(session, post), ranks.posts.get(post.id, ())
    holding = {who for who, row in past.places.items() if row.standing == "holds"}
    answers = {who: row.answer for who, row in past.offers.items() if row.answer}
    answers = {who: answer for who, answer in answers.items() if answer != "withdrawn"}
    answers |= dict.fromkeys(holding, "accepted")
    lost = {who: stage for who, (stage, _why) in past.lost.items()}
    policy = policy_of(exam)
    events = under(policy, post.vacancies, ranked, lost, answers)
    outcome = replaced(policy, post.vacancies, ranked, events)
    after = set(outcome.holders)
    _require_not_appointed(session, [past.places[who] for who in holding - after])
    waiting = {who for who, row in past.offers.items() if row.answer is None}
    offered = {offer.ref for offer in outcome.offers}
    rank = {one.ref: one.rank for one in ranked}
    told = [("kept", holding & after), ("placed", after - holding), ("withdrawn", holding - after)]
    told += [("offered", offered - waiting), ("unoffered", waiting - offered)]
    choices = _choices(session, post, past, after, rank)
    told.append(("chooses", {who for who in holding & after if _chose(choices, past, who)}))
    moves = [
        (who, what, past.places[who].rank if who in past.places else None, rank.get(who))
        for what, people in told
        for who in sorted(people)
    ]
    return Change(
        post,
        events,
        tuple(sorted(after - holding)),
        tuple(past.places[who] for who in sorted(holding - after)),
        tuple(past.offers[who] for who in sorted(waiting - offered)),
        tuple(moves),
        tuple(sorted(pick.id for pick in choices)),
    )


def _past(session: Session, post: Post) -> _Past:
    found = _Past()
    numbers = select(Application.id, Application.number).where(Application.post_id == post.id)
    names = {row.id: str(row.number) for row in session.execute(numbers)}
    places = select(Proposed).where(Proposed.post_id == post.id).order_by(Proposed.id)
    found.places = {names[row.application_id]: row for row in session.scalars(places)}
    offers = select(PlaceOffer).where(PlaceOffer.post_id == post.id).order_by(PlaceOffer.id)
    found.offers = {names[row.application_id]: row for row in session.scalars(offers)}
    events = select(PlaceEvent).where(PlaceEvent.post_id == post.id, PlaceEvent.kind == "lost")
    for event in session.scalars(events.order_by(PlaceEvent.id)):
        found.lost.setdefault(names[event.application_id], (event.stage, event.why))
    return found


def _require_not_appointed(session: Session, rows: Sequence[Proposed]) -> None:
    """Whoever serves already loses the post by the rules of the service, not by a list."""
    query = (
        select(Application.number)
        .join(Appointment, Appointment.application_id == Application.id)
        .where(Appointment.proposed_id.in_([row.id for row in rows]))
    )
    numbers = sorted(map(str, session.scalars(query)))
    if numbers:
        raise Conflict(
            "%(numbers)s would lose the place by the corrected list, and is appointed already: "
            "that is undone by the rules of the service, not here",
            numbers=", ".join(numbers),
        )


def _choices(
    session: Session, post: Post, past: _Past, after: set[str], rank: Mapping[str, int]
) -> list[ChoicePick]:
    """The choices of a post's places that do not stand: all of them, when by the corrected ranks
    somebody would have chosen before another; none when the order was the same."""
    query = (
        select(ChoicePick, ChoiceTurn.position)
        .join(ChoiceTurn, ChoiceTurn.id == ChoicePick.turn_id)
        .join(ChoiceSession, ChoiceSession.id == ChoicePick.session_id)
        .where(ChoiceSession.post_id == post.id, ChoicePick.standing != "void")
        .order_by(ChoiceSession.id, ChoiceTurn.position)
    )
    picks = [row.ChoicePick for row in session.execute(query)]
    number = {row.application_id: who for who, row in past.places.items()}
    keeping = [number[pick.application_id] for pick in picks]
    order = [rank[who] for who in keeping if who in after]
    fresh = [rank[who] for who in after if who not in keeping]
    overtaken = bool(order and fresh) and min(fresh) < max(order)
    if order == sorted(order) and not overtaken:
        return []
    return picks


def _chose(choices: Sequence[ChoicePick], past: _Past, who: str) -> bool:
    return any(pick.application_id == past.places[who].application_id for pick in choices)


def wanted_following(ctx: Context, *, code: str, why: str) -> Wanted:
    """What is approved of following a corrected list: everybody whose place changes, and why."""
    exam = exam_by_code(ctx.session, code)
    ranks, found = changes(ctx.session, exam)
    return _wanted(ctx, exam, ranks, found, reason_line(why, LONGEST_REASON))


def _wanted(ctx: Context, exam: Exam, ranks: Ranking, found: Sequence[Change], why: str) -> Wanted:
    moves = [move for change in found for move in change.moves]
    lines = [
        Sentence(MOVES[what], number=who) for who, what, _before, _after in moves if what != "kept"
    ]
    said: JSON = {
        "list": releases.release_digest(ctx.session, ranks.release),
        "why": why,
        "moves": [[who, what, before or 0, after or 0] for who, what, before, after in moves],
    }
    told = (
        Sentence(
            "The places follow final list version %(version)s: %(why)s",
            version=ranks.release.version,
            why=why,
        ),
        *lines,
        Sentence("The digest is that of the list, the reason and what becomes of everybody"),
    )
    return Wanted(FOLLOW, exam.code, f"places:{exam.code}", sha256_hex(jcs(said)), told)


@verb
def follow_correction(ctx: Context, *, code: str, why: str) -> PlaceFollow:
    """Bring places, offers and choices in line with the corrected final list, as approved.

    Open sessions of choice end: they rest on the list before.
    """
    exam = open_exam(ctx.session, code, "final")
    ctx.session.execute(select(Exam.id).where(Exam.id == exam.id).with_for_update())
    ranks, found = changes(ctx.session, exam)
    reason = reason_line(why, LONGEST_REASON)
    wanted = _wanted(ctx, exam, ranks, found, reason)
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    moves = [list(move) for change in found for move in change.moves]
    row = PlaceFollow(exam_id=exam.id, release_id=ranks.release.id, why=reason)
    row.told, row.by, row.at = json.dumps(moves), account(ctx), ctx.clock.now()
    ctx.session.add(row)
    _end_sessions(ctx.session, exam)
    ctx.session.flush()
    offered = [number for change in found for number in _carry_out(ctx, exam, ranks, change)]
    ctx.record(
        exam=code,
        subject=wanted.subject,
        version=ranks.release.version,
        why=reason,
        moved=moves,
        offered=offered,
    )
    return row


def _end_sessions(session: Session, exam: Exam) -> None:
    query = select(ChoiceSession.id).where(
        ChoiceSession.exam_id == exam.id, ChoiceSession.state == "open"
    )
    ids = list(session.scalars(query))
    if ids:
        picks = update(ChoicePick).where(ChoicePick.session_id.in_(ids))
        session.execute(picks.values(standing="void"))
        rows = update(ChoiceSession).where(ChoiceSession.id.in_(ids))
        session.execute(rows.values(state="void"))


def _carry_out(ctx: Context, exam: Exam, ranks: Ranking, change: Change) -> list[str]:
    """Write one post's change; returns who is offered a place by it."""
    session = ctx.session
    if change.choices:
        picks = update(ChoicePick).where(ChoicePick.id.in_(change.choices))
        session.execute(picks.values(standing="void"))
    for row in change.withdrawn:
        row.standing = "lost"
        clear = update(NoticePerson).where(
            NoticePerson.proposed_id == row.id, NoticePerson.standing == "clear"
        )
        session.execute(clear.values(standing="removed"))
    for offer in change.unoffered:
        offer.answer, offer.answered_at = "withdrawn", ctx.clock.now()
    _place(ctx, exam, ranks, change)
    why = _past(session, change.post).lost
    for event in change.events:
        reason = why[event.ref][1] if event.kind == "lost" else ""
        who = ranks.ids[event.ref]
        happened(ctx, exam, change.post, who, event.kind, event.stage, reason)
    return offer_on(ctx, exam, change.post, ranks)


def _place(ctx: Context, exam: Exam, ranks: Ranking, change: Change) -> None:
    """Everybody with a place rests on the corrected list and has its rank."""
    query = select(Proposed).where(Proposed.post_id == change.post.id)
    rows = {row.application_id: row for row in ctx.session.scalars(query)}
    for number in change.placed:
        if ranks.ids[number] in rows:
            rows[ranks.ids[number]].standing = "holds"
        else:
            ctx.session.add(new_place(ctx, exam, change.post, ranks, number))
    rank = {one.ref: one.rank for one in ranks.posts.get(change.post.id, ())}
    for row in rows.values():
        if row.standing == "holds":
            row.release_id = ranks.release.id
            row.rank = rank[ranks.numbers[row.application_id]]
    ctx.session.flush()


def follows_of(session: Session, exam: Exam) -> list[tuple[PlaceFollow, list[str]]]:
    """The corrections that the places followed, newest first, each with the sentences of whom it
    changed: message and admission number."""
    query = select(PlaceFollow).where(PlaceFollow.exam_id == exam.id)
    rows = session.scalars(query.order_by(PlaceFollow.id.desc())).all()
    return [(row, [one for one in json.loads(row.told) if one[1] != "kept"]) for row in rows]
