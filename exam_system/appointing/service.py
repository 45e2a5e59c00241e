"""The act of appointing: two people, and nobody without the whole chain behind them (凡进必考)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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


def ready(session: Session, exam: Exam) -> list[Ready]:
    """Who may be appointed now, by post and rank."""
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
        [one.number, one.post.code, one.proposed.ref, one.medical, one.background, one.notice]
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
        appointed_by=account(ctx),
        appointed_at=ctx.clock.now(),
    )
