"""One's own registration in the published API, read with the login of the pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from exam_system.accounts.models import Person
from exam_system.api import schemas
from exam_system.api.blueprint import Paging, bp, paged
from exam_system.clock import rfc3339
from exam_system.errors import NotFound
from exam_system.exams.models import Exam, Post
from exam_system.fees.models import Order, Payment
from exam_system.registration.models import Application
from exam_system.web import actor, looking

SESSION = "session"
_REFUSED = {401: "Nobody is logged in", 403: "Whoever is logged in is no candidate"}


def _mine() -> Select[Any]:
    paid = (
        select(func.coalesce(func.sum(Payment.fen), 0))
        .join(Order, Order.id == Payment.order_id)
        .where(Order.application_id == Application.id)
        .correlate(Application)
        .scalar_subquery()
    )
    return (
        select(Application, Exam, Post, paid.label("paid"))
        .join(Exam, Exam.id == Application.exam_id)
        .join(Post, Post.id == Application.post_id)
        .join(Person, Person.id == Application.person_id)
        .where(Person.account_id == actor().account_id)
    )


@bp.get("/me/applications")
@bp.input(Paging, location="query")
@bp.output(schemas.ApplicationPage)
@bp.doc(security=SESSION, responses=_REFUSED)
def my_applications(query_data: dict[str, Any]) -> dict[str, Any]:
    """All my applications, the newest first."""
    db, page, size = looking().session, query_data["page"], query_data["size"]
    total = db.scalars(select(func.count()).select_from(_mine().subquery())).one()
    query = _mine().order_by(Application.id.desc()).limit(size).offset((page - 1) * size)
    return paged([_told(*row) for row in db.execute(query)], total, query_data)


@bp.get("/me/applications/<ref>")
@bp.output(schemas.OneApplication)
@bp.doc(security=SESSION, responses=_REFUSED)
def my_application(ref: str) -> dict[str, Any]:
    """One of my applications; somebody else's is answered as one that does not exist."""
    row = looking().session.execute(_mine().where(Application.ref == ref)).one_or_none()
    if row is None:
        raise NotFound("There is no such application")
    return _told(*row)


def _told(application: Application, exam: Exam, post: Post, paid: int) -> dict[str, Any]:
    decided = application.decided_at
    submitted = application.submitted_at
    return {
        "ref": application.ref,
        "exam": exam.code,
        "exam_name": exam.name,
        "post": post.code,
        "unit": post.unit,
        "title": post.title,
        "state": application.state,
        "reason": application.reason,
        "created_at": rfc3339(application.created_at),
        "submitted_at": rfc3339(submitted) if submitted else None,
        "decided_at": rfc3339(decided) if decided else None,
        "paid_fen": paid,
    }
