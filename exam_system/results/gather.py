"""What the database knows of an exam's candidates, as entries for the lists; refuses gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.errors import Conflict
from exam_system.exams.models import Exam, Post
from exam_system.exams.rules import RuleSet
from exam_system.interviews.differences import sources
from exam_system.interviews.models import Interview, InterviewScore, PanelSeat
from exam_system.marking.service import marks_of
from exam_system.registration.models import Application
from exam_system.results.models import Result
from exam_system.results.rows import Entry
from exam_system.violations.lookup import effects, honoured

_NAMED = 5


def vacancies_of(session: Session, exam: Exam) -> dict[str, int]:
    """Vacancies by code of the post."""
    query = select(Post.code, Post.vacancies).where(
        Post.exam_id == exam.id, Post.cancelled.is_(None)
    )
    return {row.code: row.vacancies for row in session.execute(query)}


def gather(session: Session, exam: Exam, rules: RuleSet, stage: str) -> list[Entry]:
    """Entries for a stage's list: everybody seated, or the shortlisted for "final".

    Raises Conflict when a mark is missing or an interview is neither scored nor marked absent.
    """
    people = _seated(session, exam)
    marks = marks_of(session, exam.id)
    decided = effects(session, exam)
    codes = {subject.code for subject in rules.subjects}
    _require_none(
        "Marks are missing for %(count)s candidates, first of all %(numbers)s",
        [number for who, number, _ in people if set(marks.get(who, {})) != codes],
    )
    marks = {who: honoured(own, decided.get(who, ())) for who, own in marks.items()}
    if stage != "final":
        return [Entry(who, number, post, marks[who]) for who, number, post in people]
    shortlisted = standing(session, exam, "shortlist")
    chosen = [one for one in people if _outcome(shortlisted, one[0]) == "shortlisted"]
    return _with_interviews(session, exam, rules, chosen, marks)


def standing(session: Session, exam: Exam, stage: str) -> dict[int, Result]:
    """What the newest published list of a stage says, by application id."""
    query = (
        select(Result)
        .join(Application, Application.id == Result.application_id)
        .where(Application.exam_id == exam.id, Result.stage == stage)
    )
    return {row.application_id: row for row in session.scalars(query)}


def _outcome(results: Mapping[int, Result], who: int) -> str:
    return results[who].outcome if who in results else ""


def _seated(session: Session, exam: Exam) -> list[tuple[int, str, str]]:
    query = (
        select(Application.id, Application.number, Post.code)
        .join(Post, Post.id == Application.post_id)
        .where(Application.exam_id == exam.id, Application.number.is_not(None))
        .order_by(Application.number)
    )
    found = [(row.id, str(row.number), row.code) for row in session.execute(query)]
    if not found:
        raise Conflict("Nobody has a seat in this exam")
    return found


def _with_interviews(
    session: Session,
    exam: Exam,
    rules: RuleSet,
    people: Sequence[tuple[int, str, str]],
    marks: Mapping[int, Mapping[str, str]],
) -> list[Entry]:
    held = _interviews(session, exam)
    done = {who for who, one in held.items() if one.state in ("scored", "absent")}
    _require_none(
        "%(count)s interviews are neither scored nor marked absent, first of all %(numbers)s",
        [number for who, number, _ in people if who not in done],
    )
    scores, given = _scores(session, exam), sources(session, exam, rules)
    entries = []
    for who, number, post in people:
        source, own = given.get(who), tuple(scores.get(who, ()))
        counts = source.score if source else held[who].result
        row = source.row if source else None
        entries.append(Entry(who, number, post, marks[who], own, counts, row))
    return entries


def _interviews(session: Session, exam: Exam) -> dict[int, Interview]:
    query = (
        select(Interview)
        .join(Application, Application.id == Interview.application_id)
        .where(Application.exam_id == exam.id)
    )
    return {row.application_id: row for row in session.scalars(query)}


def _scores(session: Session, exam: Exam) -> dict[int, list[str]]:
    """The interviewers' scores by application id, in the order of their places."""
    query = (
        select(InterviewScore.application_id, InterviewScore.score)
        .join(PanelSeat, PanelSeat.id == InterviewScore.panel_seat_id)
        .join(Application, Application.id == InterviewScore.application_id)
        .where(Application.exam_id == exam.id)
        .order_by(InterviewScore.application_id, PanelSeat.place)
    )
    found: dict[int, list[str]] = {}
    for row in session.execute(query):
        found.setdefault(row.application_id, []).append(row.score)
    return found


def _require_none(sentence: str, numbers: Sequence[str]) -> None:
    if numbers:
        raise Conflict(sentence, count=len(numbers), numbers=", ".join(numbers[:_NAMED]))
