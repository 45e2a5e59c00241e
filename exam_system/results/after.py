"""Lists after the totals: who is invited to the medical examination, who is to be appointed.

Both take the rows of the final list as they are, and only say who is in: what a physician or a
background check found stands in no list.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, Sentence
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.records import releases
from exam_system.records.audit import require_whole
from exam_system.records.models import Release
from exam_system.registration.models import Application
from exam_system.results.gather import vacancies_of
from exam_system.results.rows import Row
from exam_system.results.service import CHAIN, RELEASED, STAGE_NAMES, sign_list

AFTER = {"medical": ("final", "invited"), "appointment": ("medical", "appointed")}
"""Stage → the list that its people must be in, and the outcome of everybody in it."""


@verb
def prepare_list(
    ctx: Context,
    *,
    code: str,
    stage: str,
    chosen: Sequence[int],
    reason: str = "",
    publish_at: datetime | None = None,
) -> Release:
    """Sign the medical or the appointment list of these applications as the chain's next version.

    Raises Conflict when the list it rests on is not published or was corrected since, Invalid for
    people who are not in that list, have no rank, are below a line or more than the vacancies.
    """
    if stage not in AFTER:
        raise Invalid("There is no list called %(stage)s", stage=stage)
    exam = open_exam(ctx.session, code, "final")
    require_whole(ctx.session, *RELEASED)
    rows = rows_after(ctx.session, exam, stage, chosen)
    who = _numbers(ctx.session, exam)
    records = [(who[row["admission"]], row) for row in rows]
    return sign_list(ctx, exam, stage, rows, records, reason=reason, publish_at=publish_at)


def rows_after(session: Session, exam: Exam, stage: str, chosen: Sequence[int]) -> list[Row]:
    """The rows of the list, sorted as every list is; raises as `prepare_list` does."""
    base, outcome = AFTER[stage]
    final = _published(session, exam, "final", 0)
    before = final if base == "final" else _published(session, exam, base, final.version)
    rows = {row["admission"]: row for row in _rows(session, final)}
    let_in = {row["admission"] for row in _rows(session, before) if row["rank"] is not None}
    numbers = {application: number for number, application in _numbers(session, exam).items()}
    names = sorted({numbers.get(one, "?") for one in chosen})
    if not names:
        raise Invalid("Nobody stands in this list")
    for name in names:
        if name not in let_in:
            raise Invalid(
                "%(number)s has no rank in the list this one rests on (%(stage)s)",
                number=name,
                stage=Sentence(STAGE_NAMES[base]),
            )
    made = [{**rows[name], "outcome": outcome} for name in names]
    if stage == "appointment":
        _require_vacancies(made, vacancies_of(session, exam))
    return sorted(made, key=lambda row: (row["post"], row["rank"], row["admission"]))


def _require_vacancies(rows: Sequence[Row], vacancies: Mapping[str, int]) -> None:
    for post, count in Counter(row["post"] for row in rows).items():
        if count > vacancies.get(post, 0):
            raise Invalid(
                "Post %(post)s has %(vacancies)s vacancies and %(count)s people in this list",
                post=post,
                vacancies=vacancies.get(post, 0),
                count=count,
            )


def _published(session: Session, exam: Exam, stage: str, since: int) -> Release:
    release = releases.newest(session, exam.id, CHAIN, stage=stage, state="published")
    if release is None or release.version < since:
        raise Conflict(
            "The list this one rests on must be published first: %(stage)s",
            stage=Sentence(STAGE_NAMES[stage]),
        )
    return release


def _rows(session: Session, release: Release) -> list[Row]:
    rows: list[Row] = json.loads(releases.file_data(session, release, "list.json"))["rows"]
    return rows


def _numbers(session: Session, exam: Exam) -> dict[str, int]:
    query = select(Application.number, Application.id).where(
        Application.exam_id == exam.id, Application.number.is_not(None)
    )
    return {str(row.number): row.id for row in session.execute(query)}
