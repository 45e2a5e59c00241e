"""Opening a session: who chooses in which order, and among what; two people open it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.appointing.lookup import account
from exam_system.appointing.models import Proposed
from exam_system.appointing.places import Ranking, ranking, require_followed
from exam_system.approvals.lookup import Wanted, use
from exam_system.chance import reference
from exam_system.choosing.lookup import picks_of
from exam_system.choosing.models import ChoicePick, ChoicePlace, ChoiceSession, ChoiceTurn
from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.exams.choice_rules import ChoicePlace as Announced
from exam_system.exams.choice_rules import places_of
from exam_system.exams.lookup import exam_by_code, open_exam, rules_of
from exam_system.exams.models import Exam, Post
from exam_system.exams.rules import RuleSet
from exam_system.records import releases
from exam_system.trust.canonical import jcs, sha256_hex

OPEN = "choosing.open_session"
Picks = Mapping[int, tuple[ChoicePick, ChoicePlace]]


@dataclass(frozen=True, slots=True)
class Plan:
    """A session before it is opened: `queue` of proposed person, admission number and lot, `out`
    of admission number, why and place, `places` with how many are free."""

    exam: Exam
    post: Post
    rules: RuleSet
    ranks: Ranking
    digest: str
    starts_at: datetime
    queue: tuple[tuple[Proposed, str, int | None], ...]
    out: tuple[tuple[str, str, str], ...]
    places: tuple[tuple[Announced, int], ...]

    @property
    def document(self) -> dict[str, Any]:
        """What its approval stands for."""
        return {
            "exam": self.exam.code,
            "post": self.post.code,
            "list": self.digest,
            "starts_at": rfc3339(self.starts_at),
            "queue": [[number, row.rank, lot or 0] for row, number, lot in self.queue],
            "out": [list(one) for one in self.out],
            "places": [[place.code, place.count, free] for place, free in self.places],
        }


def plan(
    ctx: Context, exam: Exam, code: str, starts_at: datetime, lots: Sequence[str] = ()
) -> Plan:
    """The session of a post that could be opened now; `lots`: admission numbers of everybody of
    equal rank in the order in which they drew. Raises Conflict or Invalid saying what is wrong."""
    ranks, rules = ranking(ctx.session, exam), rules_of(exam)
    post = ctx.session.scalar(select(Post).where(Post.exam_id == exam.id, Post.code == code))
    announced = places_of(rules.choice_places, code)
    if post is None or not announced:
        raise NotFound("The places of this post are not chosen in order of score")
    if starts_at.second or starts_at.microsecond or starts_at < ctx.due():
        raise Invalid("A choice of places begins at a whole minute to come").about("starts_at")
    holders = _holders(ctx.session, exam, post, ranks)
    picks = picks_of(ctx.session, exam)
    out = _out(post, ranks, holders, picks)
    taken = Counter(place for _number, why, place in out if why == "chosen")
    people = [row for row in holders if row.application_id not in picks]
    places = tuple((one, one.count - taken[one.code]) for one in announced)
    if not people:
        raise Conflict("Nobody of this post is left to choose")
    if sum(free for _place, free in places) < len(people):
        raise Conflict("There are fewer places than people who choose: the rules are wrong")
    digest = releases.release_digest(ctx.session, ranks.release)
    queue = _queue(people, ranks, lots)
    return Plan(exam, post, rules, ranks, digest, starts_at, queue, out, places)


def _holders(session: Session, exam: Exam, post: Post, ranks: Ranking) -> list[Proposed]:
    query = select(Proposed).where(
        Proposed.exam_id == exam.id, Proposed.post_id == post.id, Proposed.standing == "holds"
    )
    found = list(session.scalars(query.order_by(Proposed.rank, Proposed.application_id)))
    require_followed(session, exam, ranks)
    if not found:
        raise Conflict("The proposed people of the final list must be taken over first")
    return found


def _out(
    post: Post, ranks: Ranking, holders: Sequence[Proposed], picks: Picks
) -> tuple[tuple[str, str, str], ...]:
    """Who does not choose here: chose before, or is proposed by the list and lost the place."""
    holding = {row.application_id for row in holders}
    ours = {ranks.ids[one.ref] for one in ranks.posts.get(post.id, ())}
    found = [(ranks.numbers[who], "lost", "") for who in (ranks.proposed & ours) - holding]
    found += [(ranks.numbers[who], "chosen", picks[who][1].code) for who in holding & picks.keys()]
    return tuple(sorted(found))


def _queue(
    people: Sequence[Proposed], ranks: Ranking, lots: Sequence[str]
) -> tuple[tuple[Proposed, str, int | None], ...]:
    """By rank; equal ranks in the order of the lots, which name exactly those people."""
    drawn = [number.strip() for number in lots if number.strip()]
    number = {row.application_id: ranks.numbers[row.application_id] for row in people}
    queue: list[tuple[Proposed, str, int | None]] = []
    tied: list[str] = []
    for _rank, rows in groupby(people, key=lambda row: row.rank):
        equals = list(rows)
        names = [number[row.application_id] for row in equals]
        if len(equals) > 1:
            tied += names
            equals.sort(key=lambda row: _lot(drawn, number[row.application_id]))
        lot = range(1, len(equals) + 1) if len(equals) > 1 else (None,)
        queue += [
            (row, number[row.application_id], at) for row, at in zip(equals, lot, strict=True)
        ]
    if sorted(drawn) != sorted(tied):
        raise Invalid(
            "Of equal rank by the whole tie chain: %(numbers)s. They draw lots; enter their "
            "admission numbers in the order drawn, and no others",
            numbers=", ".join(tied) or "–",
        )
    return tuple(queue)


def _lot(drawn: Sequence[str], number: str) -> int:
    return drawn.index(number) if number in drawn else len(drawn)


def wanted_opening(
    ctx: Context, *, code: str, post: str, starts_at: datetime, lots: Sequence[str] = ()
) -> Wanted:
    """What is approved of opening a session: its queue, places and beginning."""
    return _wanted(plan(ctx, exam_by_code(ctx.session, code), post, starts_at, lots))


def _wanted(made: Plan) -> Wanted:
    told = (
        Sentence(
            "Post %(post)s: %(people)s people choose among %(places)s places, from %(at)s on",
            post=made.post.code,
            people=len(made.queue),
            places=sum(free for _place, free in made.places),
            at=rfc3339(made.starts_at),
        ),
        Sentence(
            "%(minutes)s minutes each; the order is that of final list version %(version)s",
            minutes=made.rules.choice_minutes,
            version=made.ranks.release.version,
        ),
        Sentence("The digest is that of the queue, the places and the list they rest on"),
    )
    subject = f"choice:{made.exam.code}:{made.post.code}"
    return Wanted(OPEN, made.exam.code, subject, sha256_hex(jcs(made.document)), told)


@verb
def open_session(
    ctx: Context, *, code: str, post: str, starts_at: datetime, lots: Sequence[str] = ()
) -> ChoiceSession:
    """Open the session of a post from the published final list, as approved.

    Raises Conflict while another one of the post is open.
    """
    exam = open_exam(ctx.session, code, "final")
    ctx.session.execute(select(Exam.id).where(Exam.id == exam.id).with_for_update())
    made = plan(ctx, exam, post, starts_at, lots)
    running = select(ChoiceSession.id).where(
        ChoiceSession.post_id == made.post.id, ChoiceSession.state == "open"
    )
    if ctx.session.scalar(running) is not None:
        raise Conflict("A session of this post is open already")
    wanted = _wanted(made)
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    row = _row(ctx, made)
    ctx.record(
        exam=code,
        subject=wanted.subject,
        session=row.ref,
        post=post,
        digest=wanted.digest,
        people=[number for _row, number, _lot in made.queue],
        starts_at=rfc3339(starts_at),
    )
    return row


def _row(ctx: Context, made: Plan) -> ChoiceSession:
    row = ChoiceSession(
        ref=reference(ctx.chance),
        exam_id=made.exam.id,
        post_id=made.post.id,
        release_id=made.ranks.release.id,
        state="open",
        starts_at=made.starts_at,
        seconds=60 * made.rules.choice_minutes,
        late_seconds=60 * made.rules.choice_late_minutes,
        missed=made.rules.choice_missed,
        left_out=json.dumps(made.out),
        opened_by=account(ctx),
        opened_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.session.add_all(
        ChoicePlace(session_id=row.id, code=one.code, name=one.name, announced=one.count, free=free)
        for one, free in made.places
    )
    ctx.session.add_all(
        ChoiceTurn(
            session_id=row.id,
            position=position,
            application_id=who.application_id,
            proposed_id=who.id,
            rank=who.rank,
            lot=lot,
        )
        for position, (who, _number, lot) in enumerate(made.queue)
    )
    ctx.session.flush()
    return row
