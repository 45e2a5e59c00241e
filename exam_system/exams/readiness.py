"""What an exam still lacks before it can be announced."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.errors import Conflict, Sentence
from exam_system.exams.models import District, Exam, ExamSession, FeeItem, Post, Room, Site
from exam_system.exams.rules import RuleProblems, RuleSet, parse_rules
from exam_system.records.keys import keys_of
from exam_system.records.models import Release


class NotReady(Conflict):
    """The announcement cannot be prepared; `missing` names everything at once."""

    def __init__(self, missing: Sequence[Sentence]) -> None:
        super().__init__("The announcement cannot be prepared yet")
        self.missing = tuple(missing)

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The sentence and after it everything that is missing, a line each."""
        lines = [translate(self.msgid), *(item.text(translate) for item in self.missing)]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of each part of an exam is there."""

    districts: int
    sites: int
    rooms: int
    seats: int
    interview_rooms: int
    sessions: int
    fees: int
    posts: int
    vacancies: int
    inspectors: int


def is_frozen(session: Session, exam: Exam) -> bool:
    """Whether an announcement has been prepared: from then on nothing of the exam changes."""
    query = select(Release.id).where(Release.exam_id == exam.id, Release.chain == "announcement")
    return exam.state != "draft" or session.scalar(query) is not None


def count(session: Session, exam: Exam) -> Counts:
    """Counted in the database."""

    def number(model: type[ExamSession] | type[FeeItem]) -> int:
        query = select(func.count()).select_from(model).where(model.exam_id == exam.id)
        return session.scalars(query).one()

    rooms = _rooms(session, exam)
    posts = select(func.count(), func.coalesce(func.sum(Post.vacancies), 0)).where(
        Post.exam_id == exam.id, Post.cancelled.is_(None)
    )
    of_posts, vacancies = session.execute(posts).one()
    return Counts(
        **_places(session, exam),
        rooms=rooms.get("written", (0, 0))[0],
        seats=rooms.get("written", (0, 0))[1],
        interview_rooms=rooms.get("interview", (0, 0))[0],
        sessions=number(ExamSession),
        fees=number(FeeItem),
        posts=of_posts,
        vacancies=vacancies,
        inspectors=len(keys_of(session, "inspector")),
    )


def _places(session: Session, exam: Exam) -> dict[str, int]:
    districts = select(District.id).where(District.exam_id == exam.id)
    sites = select(Site.id).where(Site.district_id.in_(districts))
    return {
        "districts": session.scalars(select(func.count()).select_from(districts.subquery())).one(),
        "sites": session.scalars(select(func.count()).select_from(sites.subquery())).one(),
    }


def _rooms(session: Session, exam: Exam) -> dict[str, tuple[int, int]]:
    """Number of rooms and seats by use."""
    query = (
        select(Room.use, func.count(), func.sum(Room.capacity))
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .where(District.exam_id == exam.id)
        .group_by(Room.use)
    )
    return {use: (number, seats) for use, number, seats in session.execute(query)}


def missing(session: Session, exam: Exam, now: datetime) -> list[Sentence]:
    """Everything that stands between a draft and its announcement; none when it is ready."""
    found = list(_lacking(count(session, exam)))
    try:
        rules = parse_rules(json.loads(exam.rules))
    except RuleProblems as problem:
        return [Sentence("The rule set is not complete: %(why)s", why=problem), *found]
    if rules.registration_closes <= now:
        found.append(Sentence("Registration would be over before the announcement"))
    if rules.interview_weight and not count(session, exam).interview_rooms:
        found.append(Sentence("There is no interview room"))
    number = count(session, exam).inspectors
    if 0 < number < rules.cosigners:
        found.append(
            Sentence(
                "The rules ask for the signatures of %(needed)s inspectors; "
                "%(number)s keys are registered",
                needed=rules.cosigners,
                number=number,
            )
        )
    found += [*_uncategorised(session, exam, rules), *_unplaced(session, exam, rules)]
    return found + _unscheduled(session, exam, rules) + _unnumbered(session, exam, rules)


def _uncategorised(session: Session, exam: Exam, rules: RuleSet) -> list[Sentence]:
    """Categories that have an opening ratio and no post: most likely written in two ways."""
    known = set(session.scalars(select(Post.category).where(Post.exam_id == exam.id).distinct()))
    return [
        Sentence("The opening ratio names the category %(name)s, which no post has", name=name)
        for name in rules.opening_ratios
        if name not in known
    ]


def _unplaced(session: Session, exam: Exam, rules: RuleSet) -> Iterator[Sentence]:
    """Places to choose of a post that there is not, or fewer of them than vacancies."""
    query = select(Post.code, Post.vacancies).where(Post.exam_id == exam.id)
    vacancies = {row.code: row.vacancies for row in session.execute(query)}
    for code in sorted({place.post for place in rules.choice_places}):
        count = sum(place.count for place in rules.choice_places if place.post == code)
        if code not in vacancies:
            yield Sentence("Places are chosen of the post %(code)s, which there is not", code=code)
        elif count < vacancies[code]:
            yield Sentence("Post %(code)s has more vacancies than places to choose", code=code)


def _lacking(counts: Counts) -> Iterator[Sentence]:
    if not counts.rooms:
        yield Sentence("There is no room for the written exam")
    if not counts.fees:
        yield Sentence("There is no fee item with its posted basis")
    if not counts.posts:
        yield Sentence("There are no posts")
    if not counts.inspectors:
        yield Sentence("No inspector's key is registered")


def _unscheduled(session: Session, exam: Exam, rules: RuleSet) -> list[Sentence]:
    rows = session.scalars(select(ExamSession).where(ExamSession.exam_id == exam.id)).all()
    planned, names = {row.subject for row in rows}, {s.code: s.name for s in rules.subjects}
    found = [
        Sentence("There is no session for the subject %(name)s", name=name)
        for code, name in names.items()
        if code not in planned
    ]
    found += [
        Sentence("There is a session for %(code)s, which is not a subject", code=code)
        for code in sorted(planned - set(names))
    ]
    if rows and min(row.starts_at for row in rows) <= rules.payment_closes:
        found.append(Sentence("The first session begins before payment closes"))
    return found


def _unnumbered(session: Session, exam: Exam, rules: RuleSet) -> list[Sentence]:
    """Whether every seat gets an admission number of its own: the largest codes must fit."""
    query = (
        select(
            func.max(District.code),
            func.max(Site.code),
            func.max(Room.code),
            func.max(Room.capacity),
        )
        .join(Site, Site.district_id == District.id)
        .join(Room, Room.site_id == Site.id)
        .where(District.exam_id == exam.id, Room.use == "written")
    )
    district, site, room, seat = session.execute(query).one()
    if seat is None:
        return []
    try:
        rules.admission_number(district=district, site=site, room=room, seat=seat)
    except Sentence as problem:
        return [problem]
    return []
