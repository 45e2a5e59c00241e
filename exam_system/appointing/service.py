"""The act of appointing: two people, and nobody without the whole chain behind them (凡进必考)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.appointing.lookup import account
from exam_system.appointing.models import (
    Appointment,
    Background,
    Medical,
    NoticePerson,
    Proposed,
    PublicNotice,
)
from exam_system.appointing.places import require_list
from exam_system.approvals.lookup import Wanted, use
from exam_system.chance import reference
from exam_system.choosing.lookup import picks_of, posts_of
from exam_system.choosing.models import ChoicePick, ChoicePlace
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Sentence
from exam_system.exams.lookup import exam_by_code, open_exam
from exam_system.exams.models import Exam, Post
from exam_system.records import releases
from exam_system.registration.models import Application
from exam_system.trust.canonical import JSON, jcs, sha256_hex

APPOINT = "appointing.appoint"


@dataclass(frozen=True, slots=True)
class Ready:
    """Somebody with every link of the chain, and which rows these are."""

    proposed: Proposed
    post: Post
    number: str
    medical: int
    background: int
    person: int
    notice: int
    choice: int | None = None
    """The choice of a place, in posts whose places are chosen in order of score."""
    chosen: str = ""


def ready(session: Session, exam: Exam) -> list[Ready]:
    """Who may be appointed now, by post and rank.

    Where the places of a post are chosen in order of score, only who has chosen one in a session
    that is closed.
    """
    found = _linked(session, exam)
    by_choice = {post.id for post in posts_of(session, exam)}
    if not by_choice:
        return found
    picks = picks_of(session, exam)
    closed = {who: one for who, one in picks.items() if one[0].standing == "closed"}
    return [
        _chosen(one, closed)
        for one in found
        if one.post.id not in by_choice or one.proposed.application_id in closed
    ]


def _chosen(one: Ready, closed: Mapping[int, tuple[ChoicePick, ChoicePlace]]) -> Ready:
    pick = closed.get(one.proposed.application_id)
    return replace(one, choice=pick[0].id, chosen=pick[1].code) if pick else one


def _linked(session: Session, exam: Exam) -> list[Ready]:
    """Everybody with every link of the chain but the choice of a place."""
    query = (
        select(
            Proposed,
            Post,
            Application.number,
            Medical.id.label("medical"),
            Background.id.label("background"),
            NoticePerson.id.label("person"),
            PublicNotice.id.label("notice"),
        )
        .join(Post, Post.id == Proposed.post_id)
        .join(Application, Application.id == Proposed.application_id)
        .join(Medical, Medical.proposed_id == Proposed.id)
        .join(Background, Background.proposed_id == Proposed.id)
        .join(NoticePerson, NoticePerson.proposed_id == Proposed.id)
        .join(PublicNotice, PublicNotice.id == NoticePerson.notice_id)
        .outerjoin(Appointment, Appointment.proposed_id == Proposed.id)
        .where(
            Proposed.exam_id == exam.id,
            Proposed.standing == "holds",
            Medical.verdict == "passed",
            Background.verdict == "passed",
            NoticePerson.standing == "clear",
            PublicNotice.state == "closed",
            Appointment.id.is_(None),
        )
        .order_by(Post.code, Proposed.rank, Application.number)
    )
    return [
        Ready(
            row.Proposed,
            row.Post,
            str(row.number),
            row.medical,
            row.background,
            row.person,
            row.notice,
        )
        for row in session.execute(query)
    ]


def wanted_appointment(ctx: Context, *, code: str) -> Wanted:
    """What is approved of appointing everybody who is ready; Conflict while nobody is."""
    exam = exam_by_code(ctx.session, code)
    people = ready(ctx.session, exam)
    if not people:
        raise Conflict("Nobody has the whole chain behind them: nobody can be appointed now")
    told = (
        Sentence("%(count)s people are appointed", count=len(people)),
        Sentence("The digest is that of the admission number, post and chain of each of them"),
    )
    return Wanted(APPOINT, code, f"appointment:{code}", digest_of(people), told)


def digest_of(people: Iterable[Ready]) -> str:
    """SHA-256 (hex) of who is appointed to which post by which rows."""
    rows: list[JSON] = [
        [
            *(one.number, one.post.code, one.proposed.ref),
            *(one.medical, one.background, one.notice),
            *([one.chosen] if one.choice else []),
        ]
        for one in people
    ]
    return sha256_hex(jcs({"appointed": rows}))


@verb
def appoint(ctx: Context, *, code: str) -> int:
    """Appoint everybody who is ready, as approved; returns how many.

    The database refuses a row whose chain has a gap, and more rows than the post has vacancies.
    """
    exam = open_exam(ctx.session, code, "final")
    people = ready(ctx.session, exam)
    if not people:
        raise Conflict("Nobody has the whole chain behind them: nobody can be appointed now")
    use(ctx, subject=f"appointment:{code}", digest=digest_of(people))
    before = _lists(ctx.session, exam)
    taken = _taken(ctx.session, exam)
    for one in people:
        require_list(ctx.session, exam, one.proposed)
        taken[one.post.id] = taken.get(one.post.id, 0) + 1
        ctx.session.add(_row(ctx, exam, one, before, taken[one.post.id]))
    ctx.session.flush()
    numbers = [one.number for one in people]
    ctx.record(exam=code, subject=f"appointment:{code}", people=numbers)
    return len(people)


def _lists(session: Session, exam: Exam) -> dict[str, int]:
    """The newest published written list and shortlist, which every appointment names."""
    found = {}
    for stage in ("written", "shortlist"):
        release = releases.newest(session, exam.id, "results", stage=stage, state="published")
        if release is None:
            raise Conflict("The written list and the shortlist must be published")
        found[stage] = release.id
    return found


def _taken(session: Session, exam: Exam) -> dict[int, int]:
    """The highest place given so far, by post."""
    found: dict[int, int] = {}
    query = select(Appointment.post_id, Appointment.place).where(Appointment.exam_id == exam.id)
    for post, place in session.execute(query):
        found[post] = max(place, found.get(post, 0))
    return found


def _row(ctx: Context, exam: Exam, one: Ready, lists: dict[str, int], place: int) -> Appointment:
    return Appointment(
        ref=reference(ctx.chance),
        exam_id=exam.id,
        post_id=one.post.id,
        vacancies=one.post.vacancies,
        place=place,
        application_id=one.proposed.application_id,
        proposed_id=one.proposed.id,
        written_id=lists["written"],
        shortlist_id=lists["shortlist"],
        medical_id=one.medical,
        background_id=one.background,
        notice_id=one.notice,
        person_id=one.person,
        approval=ctx.approved[APPOINT],
        choice_id=one.choice,
        choice_standing="closed" if one.choice else None,
        appointed_by=account(ctx),
        appointed_at=ctx.clock.now(),
    )
