"""Who holds the places of a post: strictly by rank, replayed from what happened.

`scoring.replacement` is the judge: every loss and every answer is replayed before it is written,
and what the replay offers is offered, to nobody else. Whoever has the events gets the same offers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.appointing.lookup import (
    account,
    by_ref,
    due_day,
    own_application,
    text_of,
    today,
)
from exam_system.appointing.models import Proposed
from exam_system.appointing.place_models import PlaceEvent, PlaceFollow, PlaceOffer
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, NotFound
from exam_system.exams.lookup import exam_by_code, open_exam, rules_of
from exam_system.exams.models import Exam, Post
from exam_system.records import releases
from exam_system.records.models import Release
from exam_system.registration.models import Application
from exam_system.results.gather import standing
from exam_system.results.models import Result
from exam_system.workdays import last_day, office_table
from scoring.replacement import Event, Ranked, ReplacementPolicy, Replacements, replaced
from scoring.rounding import BadScore

ANSWERS = {"accepted": "Accepted", "declined": "Declined", "expired": "Not answered in time"}
ANSWERS["withdrawn"] = "Withdrawn after a correction of the list"
BEHIND = "The final list was corrected since: bring the places in line with it first"


@dataclass(frozen=True, slots=True)
class Replay:
    """The places of one post as the replay leaves them; people by their admission numbers."""

    post: Post
    ranked: tuple[Ranked, ...]
    events: tuple[PlaceEvent, ...]
    outcome: Replacements


@dataclass(frozen=True, slots=True)
class Ranking:
    """The published final list of an exam: its release, ids by admission number, ranks by post."""

    release: Release
    ids: Mapping[str, int]
    numbers: Mapping[int, str]
    posts: Mapping[int, tuple[Ranked, ...]]
    proposed: frozenset[int]


def ranking(session: Session, exam: Exam) -> Ranking:
    """What the newest published final list says; raises Conflict while there is none."""
    release = releases.newest(session, exam.id, "results", stage="final", state="published")
    if release is None:
        raise Conflict("The final list must be published first")
    query = (
        select(Result.application_id, Result.rank, Result.outcome, Application.number)
        .join(Application, Application.id == Result.application_id)
        .add_columns(Application.post_id)
        .where(Application.exam_id == exam.id, Result.stage == "final")
        .order_by(Application.post_id, Result.rank, Application.number)
    )
    ids: dict[str, int] = {}
    posts: dict[int, list[Ranked]] = {}
    proposed: set[int] = set()
    for row in session.execute(query):
        if row.rank is not None:
            ids[row.number] = row.application_id
            posts.setdefault(row.post_id, []).append(Ranked(row.number, row.rank))
        if row.outcome == "proposed":
            proposed.add(row.application_id)
    return Ranking(
        release,
        ids,
        {who: number for number, who in ids.items()},
        {post: tuple(rows) for post, rows in posts.items()},
        frozenset(proposed),
    )


def policy_of(exam: Exam) -> ReplacementPolicy:
    """The announced policy of replacement."""
    rules = rules_of(exam)
    stages, limit = frozenset(rules.replacement_stages), rules.replacement_limit or None
    return ReplacementPolicy(stages, limit, rules.basis["replacement_stages"])


def replay(
    session: Session, exam: Exam, post: Post, ranks: Ranking, further: Sequence[Event] = ()
) -> Replay:
    """The places of a post after its events and the `further` ones; Conflict when one of them
    cannot happen then."""
    require_followed(session, exam, ranks)
    query = select(PlaceEvent).where(
        PlaceEvent.post_id == post.id,
        PlaceEvent.follow_id.is_not_distinct_from(_follow(session, exam)),
    )
    rows = tuple(session.scalars(query.order_by(PlaceEvent.id)))
    ranked = ranks.posts.get(post.id, ())
    past = [_event(row, ranks) for row in rows]
    try:
        outcome = replaced(policy_of(exam), post.vacancies, ranked, [*past, *further])
    except BadScore as error:
        raise Conflict("The rules of replacement do not allow this: %(why)s", why=error) from None
    return Replay(post, ranked, rows, outcome)


def _event(row: PlaceEvent, ranks: Ranking) -> Event:
    return Event(row.kind, ranks.numbers[row.application_id], row.stage)


def _follow(session: Session, exam: Exam) -> int | None:
    """The newest correction of the final list that the places were brought in line with."""
    query = select(func.max(PlaceFollow.id)).where(PlaceFollow.exam_id == exam.id)
    return session.scalar(query)


def list_followed(session: Session, exam: Exam) -> int | None:
    """The id of the final list that the places rest on; None while nobody was taken over."""
    query = select(PlaceFollow.release_id).where(PlaceFollow.exam_id == exam.id)
    newest = session.scalar(query.order_by(PlaceFollow.id.desc()).limit(1))
    first = select(Proposed.release_id).where(Proposed.exam_id == exam.id).limit(1)
    return newest or session.scalar(first)


def require_followed(session: Session, exam: Exam, ranks: Ranking) -> None:
    """Raise Conflict while the places rest on a list that was corrected since."""
    if list_followed(session, exam) not in (None, ranks.release.id):
        raise Conflict(BEHIND)


@verb
def begin_stage(ctx: Context, *, code: str) -> int:
    """Take over who is proposed by the published final list; returns how many people.

    Raises Conflict when replaying the ranks does not give exactly the proposed people.
    """
    exam = open_exam(ctx.session, code, "final")
    ranks = ranking(ctx.session, exam)
    begun = select(Proposed.id).where(Proposed.exam_id == exam.id).limit(1)
    if ctx.session.scalar(begun) is not None:
        raise Conflict("The people of the final list have been taken over already")
    rows = []
    for post in _posts(ctx.session, exam, ranks):
        holders = replay(ctx.session, exam, post, ranks).outcome.holders
        rows += [new_place(ctx, exam, post, ranks, number) for number in holders]
    if {row.application_id for row in rows} != ranks.proposed:
        raise Conflict("The proposed people of the list are not those of its ranks")
    ctx.session.add_all(rows)
    ctx.session.flush()
    version = ranks.release.version
    ctx.record(exam=code, subject=f"exam:{code}", version=version, people=len(rows))
    return len(rows)


def _posts(session: Session, exam: Exam, ranks: Ranking) -> list[Post]:
    query = select(Post).where(Post.exam_id == exam.id, Post.id.in_(ranks.posts))
    return list(session.scalars(query.order_by(Post.code)))


def new_place(
    ctx: Context,
    exam: Exam,
    post: Post,
    ranks: Ranking,
    number: str,
    offer: PlaceOffer | None = None,
) -> Proposed:
    rank = next(one.rank for one in ranks.posts[post.id] if one.ref == number)
    return Proposed(
        ref=reference(ctx.chance),
        exam_id=exam.id,
        post_id=post.id,
        application_id=ranks.ids[number],
        rank=rank,
        release_id=ranks.release.id,
        offer_id=offer.id if offer else None,
        offer_answer=offer.answer if offer else None,
        standing="holds",
        begun_at=ctx.clock.now(),
    )


def lose(ctx: Context, exam: Exam, row: Proposed, stage: str, why: str) -> list[str]:
    """Somebody loses the place; returns the admission numbers that are offered one by that.

    A part of other verbs: they record the act.
    """
    if row.standing != "holds":
        raise Conflict("This place was lost before")
    ranks = ranking(ctx.session, exam)
    post = ctx.session.get_one(Post, row.post_id)
    number = ranks.numbers.get(row.application_id, "")
    replay(ctx.session, exam, post, ranks, [Event("lost", number, stage)])
    row.standing = "lost"
    happened(ctx, exam, post, row.application_id, "lost", stage, why)
    return offer_on(ctx, exam, post, ranks)


def happened(
    ctx: Context, exam: Exam, post: Post, who: int, kind: str, stage: str, why: str
) -> None:
    ctx.session.add(
        PlaceEvent(
            exam_id=exam.id,
            post_id=post.id,
            application_id=who,
            kind=kind,
            stage=stage,
            why=why,
            at=ctx.clock.now(),
            follow_id=_follow(ctx.session, exam),
        )
    )
    ctx.session.flush()


def offer_on(ctx: Context, exam: Exam, post: Post, ranks: Ranking) -> list[str]:
    """Make the offers that the replay has open and that were not made yet."""
    query = select(PlaceOffer).where(PlaceOffer.post_id == post.id)
    known = {row.application_id: row for row in ctx.session.scalars(query)}
    made = []
    for offer in replay(ctx.session, exam, post, ranks).outcome.offers:
        row = known.get(ranks.ids[offer.ref])
        if row is not None and row.answer != "withdrawn":
            continue
        row = row or PlaceOffer(ref=reference(ctx.chance), post_id=post.id)
        row.application_id, row.instead_of = ranks.ids[offer.ref], ranks.ids[offer.instead_of]
        row.stage, row.made_at = offer.stage, ctx.clock.now()
        row.due = last_day(today(ctx), rules_of(exam).offer_days, office_table(ctx.session))
        row.answer = row.answered_at = None
        ctx.session.add(row)
        made.append(offer.ref)
    ctx.session.flush()
    return made


@verb
def answer_offer(ctx: Context, *, ref: str, accept: bool) -> PlaceOffer:
    """The candidate answers the offer of a place, until its last day."""
    offer = by_ref(ctx.session, PlaceOffer, ref)
    owner = ctx.session.get_one(Application, offer.application_id)
    own_application(ctx, owner.ref)
    if due_day(ctx) > offer.due:
        raise Conflict("The offer could be answered until %(day)s", day=offer.due.isoformat())
    return _answered(ctx, offer, "accepted" if accept else "declined", "")


@verb
def note_offer_answer(ctx: Context, *, ref: str, accept: bool, why: str) -> PlaceOffer:
    """Enter the answer that came to the office in writing, and by which letter."""
    offer = by_ref(ctx.session, PlaceOffer, ref)
    if due_day(ctx) > offer.due:
        raise Conflict("The offer could be answered until %(day)s", day=offer.due.isoformat())
    account(ctx)
    return _answered(ctx, offer, "accepted" if accept else "declined", text_of(why))


@verb
def expire_offers(ctx: Context, *, code: str) -> int:
    """End the offers whose last day is over; the next rank is offered the place."""
    exam = exam_by_code(ctx.session, code)
    query = (
        select(PlaceOffer)
        .join(Post, Post.id == PlaceOffer.post_id)
        .where(Post.exam_id == exam.id, PlaceOffer.answer.is_(None), PlaceOffer.due < due_day(ctx))
        .order_by(PlaceOffer.id)
    )
    late = list(ctx.session.scalars(query))
    if not late:
        raise NotFound("No offer is overdue")
    for offer in late:
        _answered(ctx, offer, "expired", "")
    return len(late)


def _answered(ctx: Context, offer: PlaceOffer, answer: str, why: str) -> PlaceOffer:
    if offer.answer is not None:
        raise Conflict("This offer is answered already")
    post = ctx.session.get_one(Post, offer.post_id)
    exam = ctx.session.get_one(Exam, post.exam_id)
    ranks = ranking(ctx.session, exam)
    number = ranks.numbers.get(offer.application_id, "")
    replay(ctx.session, exam, post, ranks, [Event(answer, number)])
    offer.answer, offer.answered_at = answer, ctx.clock.now()
    happened(ctx, exam, post, offer.application_id, answer, "", why)
    if answer == "accepted":
        ctx.session.add(new_place(ctx, exam, post, ranks, number, offer))
        ctx.session.flush()
    offered = offer_on(ctx, exam, post, ranks)
    ctx.record(
        exam=exam.code, subject=f"offer:{offer.ref}", answer=answer, why=why, offered=offered
    )
    return offer


def require_list(session: Session, exam: Exam, row: Proposed) -> None:
    """Raise Conflict when the final list was corrected after somebody was taken over from it."""
    newest = standing(session, exam, "final").get(row.application_id)
    if newest is None or newest.release_id != row.release_id:
        raise Conflict(BEHIND)
