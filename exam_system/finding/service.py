"""Finding: what is public by words, and for the office a candidate by what is known of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from exam_system.accounts.models import Person
from exam_system.accounts.phones import phone_key
from exam_system.cases.models import Question
from exam_system.cases.search import find_questions
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, Sentence
from exam_system.exams.models import Exam, Post
from exam_system.notices.lookup import Shown, posted
from exam_system.people import IdNumber, clean_phone, mask_id
from exam_system.registration.models import Application

EACH = 10
"""So many of a kind the public search shows; the rest stands on the kind's own page."""
MOST = 50
"""So many candidates are shown; whoever gets more looks more closely."""
SHORTEST, LONGEST = 2, 60


@dataclass(frozen=True, slots=True)
class Found:
    """What the public search finds of each kind; `of_posts` counts the posts of each exam."""

    exams: Sequence[Exam]
    posts: Sequence[tuple[Post, Exam]]
    of_posts: Sequence[tuple[Exam, int]]
    notices: Sequence[Shown]
    questions: Sequence[Question]

    @property
    def number(self) -> int:
        """How much is shown."""
        return sum(map(len, (self.exams, self.posts, self.notices, self.questions)))


def spelled(text: str) -> str:
    """Words as they are looked for: single spaces, not too many."""
    return " ".join(text.replace("\0", " ").split())[:LONGEST]


def search_public(session: Session, words: str) -> Found:
    """Exams, posts, notices and answered questions of which these words are a part."""
    announced = Exam.state != "draft"
    named = or_(*(_has(column, words) for column in (Exam.name, Exam.name_en, Exam.code)))
    exams = select(Exam).where(announced, named).order_by(Exam.id.desc()).limit(EACH)
    fits = or_(*(_has(column, words) for column in (Post.code, Post.unit, Post.title)))
    of_exam = Exam.id == Post.exam_id
    posts = select(Post, Exam).join(Exam, of_exam).where(announced, Post.cancelled.is_(None), fits)
    counted = (
        select(Exam, func.count())
        .join(Post, of_exam)
        .where(announced, Post.cancelled.is_(None), fits)
        .group_by(Exam.id)
        .order_by(Exam.id.desc())
    )
    newest = posts.order_by(Exam.id.desc(), Post.code).limit(EACH)
    return Found(
        exams=session.scalars(exams).all(),
        posts=[(post, exam) for post, exam in session.execute(newest)],
        of_posts=[(exam, number) for exam, number in session.execute(counted)],
        notices=[one for one in posted(session) if _says(one, words)][:EACH],
        questions=find_questions(session, words)[:EACH],
    )


def _has(column: InstrumentedAttribute[str], words: str) -> ColumnElement[bool]:
    return column.icontains(words, autoescape=True)


def _says(notice: Shown, words: str) -> bool:
    said = json.loads(notice.version.document)
    return words.lower() in f"{said.get('title', '')} {said.get('body', '')}".lower()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An application of somebody the office looked for; the ID number is masked."""

    ref: str
    number: str
    name: str
    id_number: str
    exam: Exam
    post: str
    state: str


@verb
def find_candidates(ctx: Context, *, words: str) -> tuple[list[Candidate], int]:
    """Applications by ID number, phone, admission number, reference or a part of the name.

    Returns at most MOST of them, the newest first, and how many there are. By what somebody was
    looked for, and which applications were shown, stays in the log; the words do not.
    """
    words = spelled(words)
    if len(words) < SHORTEST:
        raise Invalid("Type at least two characters").about("q")
    by, condition = _condition(ctx, words)
    query = (
        select(Application, Person, Exam, Post)
        .join(Person, Person.id == Application.person_id)
        .join(Exam, Exam.id == Application.exam_id)
        .join(Post, Post.id == Application.post_id)
        .where(condition)
    )
    total = ctx.session.scalars(
        select(func.count()).select_from(Application).join(Person).where(condition)
    ).one()
    rows = ctx.session.execute(query.order_by(Application.id.desc()).limit(MOST)).all()
    found = [_candidate(ctx, *row) for row in rows]
    ctx.record(exam="", subject="candidates", by=by, shown=[one.ref for one in found], found=total)
    return found, total


def _condition(ctx: Context, words: str) -> tuple[str, ColumnElement[bool]]:
    try:
        today = ctx.clock.now().astimezone(ctx.config.zone).date()
        number = IdNumber.parse(words, today=today).number
        return "id", Person.id_blind == ctx.keys.vault.blind(number)
    except Sentence:
        pass
    try:
        return "phone", Person.phone_blind == phone_key(ctx.keys.vault, clean_phone(words))
    except Sentence:
        pass
    compact = words.replace(" ", "")
    if compact.isascii() and any(letter.isdigit() for letter in compact):
        known = or_(Application.number == compact, Application.ref == compact.lower())
        return "number", known
    return "name", Person.name.contains(words, autoescape=True)


def without_index(session: Session) -> int:
    """How many candidates cannot be found by their telephone number yet."""
    return session.scalars(select(func.count()).where(Person.phone_blind.is_(None))).one()


@verb
def index_phones(ctx: Context, *, most: int) -> int:
    """Keep the blind value of up to `most` telephone numbers from before it was kept.

    Returns how many there were; raises Conflict when all have theirs.
    """
    query = select(Person).where(Person.phone_blind.is_(None)).order_by(Person.id).limit(most)
    people = ctx.session.scalars(query.with_for_update()).all()
    if not people:
        raise Conflict("Every candidate can be found by their telephone number")
    vault = ctx.keys.vault
    for one in people:
        one.phone_blind = phone_key(vault, vault.open(one.phone_sealed))
    ctx.session.flush()
    ctx.record(exam="", subject="candidates", rows=len(people))
    return len(people)


def _candidate(
    ctx: Context, application: Application, person: Person, exam: Exam, post: Post
) -> Candidate:
    return Candidate(
        application.ref,
        application.number or "",
        person.name,
        mask_id(ctx.keys.vault.open(person.id_sealed)),
        exam,
        f"{post.code} {post.title}",
        application.state,
    )
