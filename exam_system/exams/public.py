"""Pages of exams for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from exam_system.draws.asking import KIND_NAMES
from exam_system.errors import NotFound
from exam_system.exams import change_views, figures, rules_form, search, timeline
from exam_system.exams.announcement import COLUMNS, COLUMNS_AFTER
from exam_system.exams.blueprint import XLSX, bp, fees_of, now, sessions_of
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.readiness import count
from exam_system.exams.rules import EDUCATION, RuleSet
from exam_system.exams.words import COMPETITION_COLUMNS, POST_COLUMNS, SORT_NAMES
from exam_system.fees.relief import relief
from exam_system.notices.lookup import posted
from exam_system.observing.live import timeline_of
from exam_system.observing.timeline import Entry
from exam_system.paging import page_count
from exam_system.records import releases
from exam_system.records.models import Note, Release
from exam_system.sheets import Cell, write_csv, write_xlsx
from exam_system.trust import publication
from exam_system.web import actor, download, looking, office

NEWEST = 5  # notices that the front page shows


def public_exam(code: str) -> Exam:
    """An announced exam; a draft is for its officers only."""
    exam = exam_by_code(looking().session, code)
    if exam.state == "draft" and actor().role != "officer":
        raise NotFound("There is no exam %(code)s", code=code)
    return exam


def _may_apply(exam: Exam, rules: RuleSet) -> bool:
    """Whether a button leads on: registration is open, and staff do not apply."""
    return actor().role in ("public", "candidate") and timeline.registration_open(
        exam, rules, now()
    )


@bp.get("/")
def index() -> ResponseReturnValue:
    """Everybody's front page: exams, draws that are live, notices, and what one can do here."""
    db = looking().session
    exams = figures.announced(db)
    vacancies = figures.vacancies(db, exams)
    draws, published = figures.published(db)
    return render_template(
        "exams/index.html",
        exams=[(exam, rules_of(exam), *vacancies.get(exam.id, (0, 0))) for exam in exams],
        now=now(),
        taking_part=figures.paid_in(db, exams),
        vacancies=sum(number for _posts, number in vacancies.values()),
        draws=draws,
        releases=published,
        live=figures.draws_under_way(db),
        kind_names=KIND_NAMES,
        posted=posted(db, limit=NEWEST),
        is_open=timeline.registration_open,
    )


@dataclass(frozen=True, slots=True)
class _File:
    """A published file: its path below /published/ and, but for the note, its digest."""

    name: str
    path: str
    sha256: str


def _files(exam: Exam) -> tuple[Release | None, list[_File]]:
    """The announcement's files as its publication note lists them, and the note itself."""
    db = looking().session
    release = releases.newest(db, exam.id, "announcement", state="published")
    if release is None:
        return None, []
    folder = releases.folder_name(db, release)
    text = db.scalars(select(Note.text).where(Note.id == release.note_id)).one()
    listed = [(file.name, file.sha256) for file in publication.parse(text).files]
    files = [*listed, ("publication.note", "")]
    return release, [_File(name, f"{folder}/{name}", sha256) for name, sha256 in files]


def _dates(exam: Exam, rules: RuleSet) -> list[Entry]:
    """Every date of an announced exam; of a draft nothing is certain."""
    if exam.state == "draft":
        return []
    return timeline_of(looking().session, exam, rules, now(), office().config.zone)


@bp.get("/exams/<code>")
def show(code: str) -> ResponseReturnValue:
    """One exam: where it stands, its fee with the posted basis, everything published."""
    db = looking().session
    exam = public_exam(code)
    rules = rules_of(exam)
    release, files = _files(exam)
    return render_template(
        "exams/show.html",
        exam=exam,
        rules=rules,
        steps=timeline.steps(exam, rules, now()),
        may_apply=_may_apply(exam, rules),
        counts=count(db, exam),
        sessions=sessions_of(exam),
        fees=fees_of(exam),
        relief=relief(db, exam),
        applications=figures.applications(db, exam),
        counted=now() >= rules.registration_closes,
        release=release,
        changes=change_views.published(exam),
        files=files,
        groups=rules_form.fields(rules.document(), office().config.zone),
        dates=_dates(exam, rules),
        ratio=figures.ratio,
    )


@bp.get("/exams/<code>/posts")
def posts(code: str) -> ResponseReturnValue:
    """The posts with their competition; searched, sorted and paged, or as a table."""
    db = looking().session
    exam = public_exam(code)
    choice = search.chosen(request.args)
    kind = request.args.get("format", "")
    if kind in ("csv", "xlsx"):
        return _posts_table(exam, choice, kind)
    number = search.number_of_posts(db, exam, choice)
    last = page_count(number, search.PAGE)
    page = min(max(request.args.get("page", 1, type=int), 1), last)
    return render_template(
        "exams/posts.html",
        exam=exam,
        rules=rules_of(exam),
        may_apply=_may_apply(exam, rules_of(exam)),
        rows=search.competition(db, exam, choice, page),
        choice=choice,
        asked=choice.asked(),
        areas=search.areas(db, exam),
        sorts=SORT_NAMES,
        number=number,
        page=page,
        last=last,
        levels=EDUCATION,
    )


def _posts_table(exam: Exam, choice: search.Choice, kind: str) -> ResponseReturnValue:
    keys = (*COLUMNS, *COLUMNS_AFTER)
    columns = [POST_COLUMNS[key] for key in keys] + list(COMPETITION_COLUMNS)
    rows: list[list[Cell]] = [
        [*(getattr(row.post, key) or "" for key in keys), *_counts(row)]
        for row in search.competition(looking().session, exam, choice)
    ]
    return table_file(kind, f"posts-{exam.code}", exam.name, columns, rows)


def _counts(row: search.Competition) -> tuple[int, int, int, str]:
    return row.applied, row.approved, row.paid, row.ratio


def table_file(
    kind: str, name: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]
) -> ResponseReturnValue:
    """A table to keep, "csv" or "xlsx"."""
    if kind == "csv":
        return download(write_csv(columns, rows), f"{name}.csv", "text/csv")
    return download(write_xlsx(title, columns, rows), f"{name}.xlsx", XLSX)
