"""A fair of exams in several stages, brought there through the same verbs as the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select

from exam_system.access import Role
from exam_system.context import Context
from exam_system.database import reading
from exam_system.demo import sources, stages
from exam_system.demo.people import candidates
from exam_system.demo.reviewers import owners
from exam_system.demo.road import Road
from exam_system.demo.sources import Plan
from exam_system.exams.marking_rules import typed_questions
from exam_system.exams.service import create_exam
from exam_system.interviews.issuing import Issued
from exam_system.interviews.pool import import_interviewers
from exam_system.registration.models import Application
from exam_system.registration.service import decide_application
from exam_system.results.models import Result
from tests.browser.stage import Stage

SEED = "fair"
DRAFT = "as-draft"
HELD = ("公开招考公务员", "recruitment of civil servants")
TODAY = ("公开遴选公务员", "selection of civil servants")
QUESTIONS = typed_questions(
    "xc | xc1 | 客观题 | objective | 100 | 0 | 0\nsl | sl1 | 申论 | subjective | 100 | 2 | 8"
)
ALL_DRAWS = {
    "interview_order": "double",
    "marking_closes": 9,
    "recount_percent": 2,
    "marking_questions": QUESTIONS,
}
LOTS = {"interview_order": "lots"}
RUNNING = ("公开招聘工作人员", "recruitment of staff")


@dataclass(frozen=True, slots=True)
class Fair:
    """`held`: results are published; `today`: interviews; `open`: registration is open."""

    stage: Stage
    held: Road
    today: Road
    open: Road
    interviewers: list[Issued]


def plan(
    code: str,
    names: tuple[str, str],
    opens: datetime,
    applicants: int = 16,
    rules: Mapping[str, Any] | None = None,
) -> Plan:
    """A small exam of two vacancies; `names` in Chinese and English, `rules` beside the usual."""
    name, name_en = names
    return Plan(
        code=code,
        type="civil_service",
        name=f"安顺市2026年{name}",
        name_en=f"Anshun 2026: {name_en}",
        applicants=applicants,
        vacancies=2,
        fen=10000,
        opens=opens,
        seed=SEED,
        rules=rules or {},
    )


def one_ref(fair: Fair, holds: ColumnElement[bool], road: Road) -> str:
    """The reference of an application of an exam with a result of which something holds."""
    query = (
        select(Application.ref)
        .join(Result, Result.application_id == Application.id)
        .where(holds, Application.ref.in_([ref for _, ref in road.applicants]))
        .order_by(Application.id)
    )
    with reading(fair.stage.cast.office.engine) as db:
        return str(db.scalars(query.limit(1)).one())


def id_of(road: Road, ref: str) -> str:
    """The ID number, by which a candidate logs in, of the one who made an application."""
    place = [mine for _, mine in road.applicants].index(ref)
    seed = f"{road.plan.seed}:{road.code}"
    made = candidates(seed, place + 1, year=road.plan.opens.year, first=road.first)
    return list(made)[place].id_number


def set_up_fair(stage: Stage, opens: datetime) -> Fair:
    """Three exams and a draft; the clock ends while the last one takes applications."""
    cast = stage.cast
    with cast.acting(Role.OFFICER) as ctx:
        import_interviewers(ctx, name="pool.csv", data=sources.interviewers(SEED))
    later = [opens + timedelta(days=90 * n) for n in range(3)]
    held = Road(cast, plan("as-held", HELD, later[0], rules=ALL_DRAWS), 2_000)
    today = Road(cast, plan("as-today", TODAY, later[1], rules=LOTS), 4_000)
    running = Road(cast, plan("as-open", RUNNING, later[2]), 6_000)
    _announce(held)
    stages.published(held)
    _announce(today)
    stages.to_shortlist(today)
    issued = stages.interviewing(today, cast.clock.now() + timedelta(days=3))
    _announce(running)
    running.register()
    with cast.acting(Role.REVIEWER) as ctx:
        reviewers = owners(ctx, [ref for _, ref in running.applicants[:8]])
        for ref, who in reviewers.items():
            decide_application(ctx.as_actor(who), ref=ref, approve=True, reason="")
    with cast.acting(Role.OFFICER) as ctx:
        create_draft(ctx)
    cast.office.seal()
    return Fair(stage, held, today, running, issued)


def create_draft(ctx: Context) -> None:
    """An exam as the office begins it."""
    create_exam(
        ctx,
        code=DRAFT,
        name="安顺市2027年公开招考公务员",
        name_en="Anshun 2027 recruitment",
        exam_type="civil_service",
        area_code="520400",
    )


def _announce(road: Road) -> None:
    road.at(road.announced)
    road.announce()
