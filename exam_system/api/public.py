"""What the published API tells everybody: exams, posts, figures, notices, releases."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from exam_system.api import schemas
from exam_system.api.blueprint import Paging, bp, cut, paged
from exam_system.clock import rfc3339
from exam_system.errors import NotFound
from exam_system.exams import age_day, changes, daily, figures, search
from exam_system.exams.announcement import COLUMNS, COLUMNS_AFTER
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.records import releases
from exam_system.records.models import Note, Release
from exam_system.trust import publication
from exam_system.trust.figures import Figures, PostFigures
from exam_system.web import looking, office

Answer = dict[str, Any]


def _exam(code: str) -> Exam:
    exam = exam_by_code(looking().session, code)
    if exam.state == "draft":
        raise NotFound("There is no exam %(code)s", code=code)
    return exam


@bp.get("/exams")
@bp.input(Paging, location="query")
@bp.output(schemas.ExamPage)
def exams(query_data: Answer) -> Answer:
    """Every announced exam, the newest first."""
    found = figures.announced(looking().session)
    return paged([_told(exam) for exam in cut(found, query_data)], len(found), query_data)


@bp.get("/exams/<code>")
@bp.output(schemas.OneExam)
def exam(code: str) -> Answer:
    """One exam: where it stands and its dates."""
    return _told(_exam(code))


def _told(exam: Exam) -> Answer:
    rules = rules_of(exam)
    names = ("code", "name", "name_en", "area_code", "state", "rules_digest")
    times = ("registration_opens", "registration_closes", "payment_closes")
    day = age_day.age_day(looking().session, exam, rules, office().config.zone)
    return {
        **{name: getattr(exam, name) for name in names},
        **{name: rfc3339(getattr(rules, name)) for name in times},
        "type": rules.exam_type,
        "announced_at": rfc3339(exam.announced_at or exam.created_at),
        "age_day": day.isoformat(),
    }


@bp.get("/exams/<code>/posts")
@bp.input(schemas.PostQuery, location="query")
@bp.output(schemas.PostPage)
def posts(code: str, query_data: Answer) -> Answer:
    """The posts of an exam: searched, sorted, with their competition."""
    db, exam = looking().session, _exam(code)
    choice = search.Choice(**{name: query_data[name] for name in schemas.CHOICE})
    rules = rules_of(exam)
    rows = search.competition(db, exam, choice, query_data["page"], query_data["size"])
    total = search.number_of_posts(db, exam, choice)
    return paged([_post(row, rules) for row in rows], total, query_data)


@bp.get("/exams/<code>/posts/<post>")
@bp.output(schemas.OnePost)
def post(code: str, post: str) -> Answer:
    """One post."""
    exam = _exam(code)
    row = search.one_post(looking().session, exam, post)
    if row is None:
        raise NotFound("There is no such post")
    return _post(row, rules_of(exam))


def _post(row: search.Competition, rules: RuleSet) -> Answer:
    post = row.post
    return {
        **{key: getattr(post, key) or "" for key in (*COLUMNS, *COLUMNS_AFTER)},
        "sex": post.sex,
        "major_codes": post.major_codes.split(),
        "opening_ratio": rules.opening_of(post.category),
        "applied": row.applied,
        "approved": row.approved,
        "paid": row.paid,
    }


@bp.get("/exams/<code>/statistics")
@bp.output(schemas.Statistics)
def statistics(code: str) -> Answer:
    """How many posts, vacancies and candidates the exam has now."""
    db, exam = looking().session, _exam(code)
    of_posts, vacancies = figures.vacancies(db, [exam]).get(exam.id, (0, 0))
    return {"posts": of_posts, "vacancies": vacancies, **search.candidates(db, exam)}


@bp.get("/exams/<code>/figures")
@bp.input(Paging, location="query")
@bp.output(schemas.DayPage)
def days(code: str, query_data: Answer) -> Answer:
    """The days whose figures were published, the newest first."""
    exam = _exam(code)
    found = daily.history(looking().session, exam)
    return paged([_day(exam, one) for one in cut(found, query_data)], len(found), query_data)


def _day(exam: Exam, one: daily.Day) -> Answer:
    names = ("posts", "vacancies", "applied", "approved", "paid", "idle", "below")
    return {
        **{name: getattr(one.totals, name) for name in names},
        "day": one.day.isoformat(),
        "published_at": rfc3339(one.published_at),
        "file": f"/published/{daily.file_name(exam.code, one.day)}",
    }


@bp.get("/exams/<code>/figures/<day>")
@bp.input(schemas.DayQuery, location="query")
@bp.output(schemas.DayPostPage)
def day(code: str, day: str, query_data: Answer) -> Answer:
    """The posts in the figures of one day."""
    try:
        said = daily.of_day(looking().session, _exam(code), date.fromisoformat(day))
    except ValueError:
        raise NotFound("There are no figures of this day") from None
    found = _LISTS[query_data["list"]](said)
    rows = [_counted(one, said) for one in cut(found, query_data)]
    return paged(rows, len(found), query_data)


_LISTS = {
    "all": lambda said: said.posts,
    "most": daily.most_applied,
    "idle": daily.idle,
    "below": daily.below,
}


def _counted(one: PostFigures, said: Figures) -> Answer:
    names = ("code", "vacancies", "ratio", "applied", "approved", "paid")
    return {name: getattr(one, name) for name in names} | {"below": one.is_below(said.counted)}


@bp.get("/exams/<code>/notices")
@bp.input(Paging, location="query")
@bp.output(schemas.NoticePage)
def notices(code: str, query_data: Answer) -> Answer:
    """The announcement and every change notice, the newest first."""
    ctx, exam = looking(), _exam(code)
    notes = {release.id: notice for release, notice in changes.published_notices(ctx, exam)}
    found = _published(exam, "announcement")
    rows = [_notice(one, notes.get(one.id)) for one in cut(found, query_data)]
    return paged(rows, len(found), query_data)


def _notice(release: Release, notice: changes.Notice | None) -> Answer:
    items = [] if notice is None else [item.document() for item in notice.items]
    kind = "announcement" if notice is None else notice.kind
    return _publication(release) | {"kind": kind, "changes": items}


@bp.get("/exams/<code>/releases")
@bp.input(Paging, location="query")
@bp.output(schemas.PublicationPage)
def releases_of(code: str, query_data: Answer) -> Answer:
    """The published lists of results, the newest first."""
    found = _published(_exam(code), "results")
    return paged([_publication(one) for one in cut(found, query_data)], len(found), query_data)


def _published(exam: Exam, chain: str) -> list[Release]:
    query = select(Release).where(
        Release.exam_id == exam.id, Release.chain == chain, Release.state == "published"
    )
    return list(looking().session.scalars(query.order_by(Release.version.desc())))


def _publication(release: Release) -> Answer:
    db = looking().session
    text = db.scalars(select(Note.text).where(Note.id == release.note_id)).one()
    folder = f"/published/{releases.folder_name(db, release)}"
    return {
        "version": release.version,
        "stage": release.stage,
        "published_at": rfc3339(release.published_at or release.prepared_at),
        "reason": release.reason,
        "digest": releases.release_digest(db, release),
        "note": f"{folder}/publication.note",
        "files": [
            {"name": one.name, "sha256": one.sha256, "sm3": one.sm3, "path": f"{folder}/{one.name}"}
            for one in publication.parse(text).files
            if one.name not in releases.PRIVATE
        ],
    }
