"""What the pages and lists after the final list show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.appointing import noticing, rechecks
from exam_system.appointing.desk_models import HolidayDay, Recheck
from exam_system.appointing.examining import VERDICTS
from exam_system.appointing.lookup import due_day, medicals_of, notices_of, proposed_of
from exam_system.appointing.models import (
    Appointment,
    Background,
    GivingUp,
    Medical,
    NoticeMove,
    NoticePerson,
    Objection,
    Proposed,
    PublicNotice,
)
from exam_system.appointing.place_models import PlaceOffer
from exam_system.appointing.places import Replay, ranking, replay
from exam_system.appointing.rechecks import Window
from exam_system.cases.models import Letter
from exam_system.context import Context
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, Post
from exam_system.exams.rules import RuleSet
from exam_system.language import when
from exam_system.registration.models import Application
from exam_system.sheets import Cell
from exam_system.workdays import Term

STAGES = {
    "medical": "Medical examination",
    "background": "Background check",
    "notice": "Public notice",
    "appointment": "Appointment",
    "giving_up": "Gave up",
}
DAYS = {
    "working": Sentence("working day"),
    "weekend": Sentence("weekend"),
    "holiday": Sentence("holiday"),
    "make_up": Sentence("weekend that is worked"),
}
PEOPLE = (
    *("Code of the post", "Rank", "Admission number", "Name", "State"),
    *("Medical examination", "Background check", "Public notice until", "Appointed at"),
)
RECHECKS = (
    *("Admission number", "Mark of", "Asked at", "Reason", "Mark before", "Mark after"),
    *("Outcome", "Who looked", "What was found", "Answered at"),
)
OBJECTIONS = (
    "Admission number",
    "Taken in at",
    "What is objected",
    "Outcome",
    "Answer",
    "Answered at",
)
HOLIDAYS = ("Day", "Off or worked", "Name")


@dataclass(frozen=True, slots=True)
class Placed:
    """Somebody with a place, held or lost, and every link of the chain there is so far."""

    row: Proposed
    post: Post
    number: str
    name: str
    medicals: tuple[Medical, ...]
    background: Background | None
    notice: PublicNotice | None
    objected: str
    appointment: Appointment | None
    given_up: GivingUp | None

    @property
    def medical(self) -> Medical | None:
        """The examination that counts: the last one."""
        return self.medicals[-1] if self.medicals else None

    @property
    def state(self) -> str:
        """What is said of the person as a whole, in English."""
        if self.appointment:
            return "Appointed"
        if self.row.standing == "lost":
            return "Gave up" if self.given_up else "Place lost"
        return "Holds a place"


def people_of(ctx: Context, exam: Exam) -> list[Placed]:
    """Everybody with a place in an exam, by post and rank."""
    medicals = medicals_of(ctx.session, exam)
    query = (
        select(Proposed, Post, Application.number, Person.name, Background)
        .add_columns(PublicNotice, NoticePerson.standing, Appointment, GivingUp)
        .join(Post, Post.id == Proposed.post_id)
        .join(Application, Application.id == Proposed.application_id)
        .join(Person, Person.id == Application.person_id)
        .outerjoin(Background, Background.proposed_id == Proposed.id)
        .outerjoin(NoticePerson, NoticePerson.proposed_id == Proposed.id)
        .outerjoin(PublicNotice, PublicNotice.id == NoticePerson.notice_id)
        .outerjoin(Appointment, Appointment.proposed_id == Proposed.id)
        .outerjoin(GivingUp, GivingUp.proposed_id == Proposed.id)
        .where(Proposed.exam_id == exam.id)
        .order_by(Post.code, Proposed.rank, Application.number)
    )
    return [
        Placed(
            row.Proposed,
            row.Post,
            str(row.number),
            row.name,
            tuple(medicals.get(row.Proposed.id, ())),
            row.Background,
            row.PublicNotice,
            row.standing or "",
            row.Appointment,
            row.GivingUp,
        )
        for row in ctx.session.execute(query)
    ]


def items_of(ctx: Context, row: Proposed) -> dict[int, str]:
    """The items that were not passed, by round of the examination; for the office only."""
    query = select(Medical).where(Medical.proposed_id == row.id)
    return {
        one.round: ctx.keys.vault.open(one.items_sealed)
        for one in ctx.session.scalars(query)
        if one.items_sealed
    }


def replays_of(session: Session, exam: Exam) -> list[Replay]:
    """The replays of the posts in which something happened to a place."""
    query = select(PlaceOffer.post_id).join(Post, Post.id == PlaceOffer.post_id)
    lost = select(Proposed.post_id).where(Proposed.exam_id == exam.id, Proposed.standing == "lost")
    ids = set(session.scalars(query.where(Post.exam_id == exam.id))) | set(session.scalars(lost))
    posts = session.scalars(select(Post).where(Post.id.in_(ids)).order_by(Post.code))
    try:
        ranks = ranking(session, exam)
        return [replay(session, exam, post, ranks) for post in posts]
    except Conflict:  # the final list was corrected: every act on places says so
        return []


def offers_of(session: Session, exam: Exam) -> list[tuple[PlaceOffer, Post, str, str]]:
    """All offers of an exam, the open ones first, with post, number and name of who has it."""
    query = (
        select(PlaceOffer, Post, Application.number, Person.name)
        .join(Post, Post.id == PlaceOffer.post_id)
        .join(Application, Application.id == PlaceOffer.application_id)
        .join(Person, Person.id == Application.person_id)
        .where(Post.exam_id == exam.id)
        .order_by(PlaceOffer.answer.is_not(None), PlaceOffer.id.desc())
    )
    return [(row.PlaceOffer, row.Post, str(row.number), row.name) for row in session.execute(query)]


def exam_of_offer(session: Session, offer: PlaceOffer) -> Exam:
    """The exam of an offer."""
    return session.get_one(Exam, session.get_one(Post, offer.post_id).exam_id)


def exam_of_recheck(session: Session, ref: str) -> Exam:
    """The exam of a re-check; raises NotFound."""
    query = select(Exam).join(Application, Application.exam_id == Exam.id)
    query = query.join(Recheck, Recheck.application_id == Application.id)
    found = session.scalar(query.where(Recheck.ref == ref))
    if found is None:
        raise NotFound("There is nothing of this reference")
    return found


def marked(rules: RuleSet) -> dict[str, str]:
    """Names of what may be checked again."""
    subjects = {subject.code: subject.name for subject in rules.subjects}
    return {**subjects, rechecks.INTERVIEW: _("Interview")}


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A public notice as everybody sees it."""

    row: PublicNotice
    term: Term
    moves: Sequence[NoticeMove]
    people: Sequence[tuple[str, str]]


def shown(ctx: Context, exam: Exam) -> list[ShownNotice]:
    """The notices of an exam: days with reasons, moves of the end, posts and admission numbers."""
    found = []
    for notice in notices_of(ctx.session, exam):
        query = (
            select(Post.code, Application.number)
            .join(Application, Application.post_id == Post.id)
            .join(NoticePerson, NoticePerson.application_id == Application.id)
            .where(NoticePerson.notice_id == notice.id)
            .order_by(Post.code, Application.number)
        )
        people = [(row.code, str(row.number)) for row in ctx.session.execute(query)]
        days = noticing.term_of(ctx.session, notice)
        moves = noticing.moves_of(ctx.session, notice)
        found.append(ShownNotice(notice, days, moves, people))
    return found


def objections_of(ctx: Context, notice: PublicNotice) -> list[tuple[Objection, str, str]]:
    """Objections of a notice, unanswered first, with the admission number and who objects."""
    query = (
        select(Objection, Application.number)
        .join(NoticePerson, NoticePerson.id == Objection.person_id)
        .join(Application, Application.id == NoticePerson.application_id)
        .where(NoticePerson.notice_id == notice.id)
        .order_by(Objection.answered_at.is_not(None), Objection.id)
    )
    return [
        (row.Objection, str(row.number), ctx.keys.vault.open(row.Objection.who_sealed))
        for row in ctx.session.execute(query)
    ]


def letters_of(session: Session, notice: PublicNotice) -> dict[int, Letter]:
    """The cases of objections that came in on the public page, by the objection's id."""
    query = (
        select(Objection.id, Letter)
        .join(Letter, Letter.id == Objection.letter_id)
        .join(NoticePerson, NoticePerson.id == Objection.person_id)
        .where(NoticePerson.notice_id == notice.id)
    )
    return {row.id: row.Letter for row in session.execute(query)}


def holiday_days(session: Session) -> list[HolidayDay]:
    """The days that the office has entered, in order."""
    return list(session.scalars(select(HolidayDay).order_by(HolidayDay.day)))


@dataclass(frozen=True, slots=True)
class Own:
    """What a candidate sees of the own chain, and what may be done now."""

    placed: Placed | None
    offer: PlaceOffer | None
    asked: Sequence[Recheck]
    windows: Sequence[Window]
    may_recheck_medical: bool


def own_of(ctx: Context, exam: Exam, application: Application) -> Own:
    """The candidate's own steps after the scores."""
    row = proposed_of(ctx.session, application.id)
    people = people_of(ctx, exam) if row else []
    placed = next((one for one in people if row and one.row.id == row.id), None)
    offer = select(PlaceOffer).where(PlaceOffer.application_id == application.id)
    asked = select(Recheck).where(Recheck.application_id == application.id).order_by(Recheck.id)
    mine = list(ctx.session.scalars(asked))
    day, done = due_day(ctx), {one.what for one in mine}
    return Own(
        placed,
        ctx.session.scalar(offer),
        mine,
        [
            one
            for one in rechecks.windows(ctx, exam, application)
            if one.what not in done and (one.ends is None or day <= one.ends)
        ],
        bool(placed) and _may_ask(placed, day),
    )


def _may_ask(placed: Placed | None, day: date) -> bool:
    if placed is None or len(placed.medicals) != 1 or placed.row.standing != "holds":
        return False
    until = placed.medicals[0].recheck_until
    return until is not None and day <= until


def people_rows(ctx: Context, fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """The list of everybody with a place; what a medical examination found is not in it."""
    for one in people_of(ctx, exam_by_code(ctx.session, fields["code"])):
        medical = _(VERDICTS[one.medical.verdict]) if one.medical and one.medical.verdict else ""
        checked = _(VERDICTS[one.background.verdict]) if one.background else ""
        until = one.notice.ends if one.notice else None
        at = when(one.appointment.appointed_at) if one.appointment else ""
        first = (one.post.code, one.row.rank, one.number, one.name, _(one.state))
        yield *first, medical, checked, until, at


def recheck_rows(ctx: Context, fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """The list of re-checks of an exam."""
    exam = exam_by_code(ctx.session, fields["code"])
    for row, application, who in rechecks.rechecks_of(ctx.session, exam):
        outcome = _(rechecks.OUTCOMES[row.outcome]) if row.outcome else ""
        asked = (application.number, row.what, when(row.asked_at), row.reason, row.before)
        yield *asked, row.after, outcome, who, row.found, when(row.answered_at)


def objection_rows(ctx: Context, fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """The objections of an exam, without the names of who objects."""
    for notice in notices_of(ctx.session, exam_by_code(ctx.session, fields["code"])):
        for row, number, _who in objections_of(ctx, notice):
            outcome = _(noticing.OUTCOMES[row.outcome]) if row.outcome else ""
            yield number, when(row.taken_at), row.text, outcome, row.answer, when(row.answered_at)


def holiday_rows(ctx: Context, _fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """The days that the office has entered."""
    for one in holiday_days(ctx.session):
        yield one.day, "休" if one.kind == "off" else "班", one.name
