"""Pages of likeness: the pairs of an exam side by side, for who reviews."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from exam_system.accounts.models import Person
from exam_system.errors import NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.paging import page_count
from exam_system.photos import service
from exam_system.photos.models import PhotoPair
from exam_system.registration.models import Application
from exam_system.registration.photos import photo_bytes
from exam_system.web import inline, looking, trying

bp = Blueprint("photos", __name__)
PAGE = 20


@bp.get("/review/photos/<code>")
def pairs(code: str) -> ResponseReturnValue:
    """Pairs of photos that look alike: those nobody has looked at first."""
    db = looking().session
    exam = exam_by_code(db, code)
    page = max(1, min(request.args.get("page", 1, int), 10_000))
    other, owner, other_exam = aliased(Application), aliased(Person), aliased(Exam)
    rows = db.execute(
        select(
            PhotoPair,
            Application.ref,
            Person.name,
            other.ref.label("other_ref"),
            owner.name.label("other_name"),
            other_exam.code.label("other_exam"),
        )
        .join(Application, Application.id == PhotoPair.application_id)
        .join(Person, Person.id == Application.person_id)
        .join(other, other.id == PhotoPair.other_id)
        .join(owner, owner.id == other.person_id)
        .join(other_exam, other_exam.id == other.exam_id)
        .where(PhotoPair.exam_id == exam.id)
        .order_by(PhotoPair.finding.is_not(None), PhotoPair.bits, PhotoPair.id)
        .offset((page - 1) * PAGE)
        .limit(PAGE)
    ).all()
    count = db.scalars(select(func.count()).where(PhotoPair.exam_id == exam.id)).one()
    return render_template(
        "photos/pairs.html",
        exam=exam,
        rows=rows,
        page=page,
        pages=page_count(count, PAGE),
        findings=service.FINDINGS,
    )


@bp.get("/review/photos/<code>/<ref>/<side>.jpg")
def picture(code: str, ref: str, side: str) -> ResponseReturnValue:
    """One of the two photos as it was when they were compared."""
    ctx = looking()
    query = select(PhotoPair).join(Exam, Exam.id == PhotoPair.exam_id)
    pair = ctx.session.scalar(query.where(PhotoPair.ref == ref, Exam.code == code))
    if pair is None or side not in ("one", "other"):
        raise NotFound("There is no such pair of photos")
    photo = pair.photo if side == "one" else pair.other_photo
    return inline(photo_bytes(ctx.config, photo), "image/jpeg")


@bp.post("/review/photos/<code>/compare")
def compare(code: str) -> ResponseReturnValue:
    """Compare the photos that have come since."""
    with trying() as ctx:
        service.compare_photos(ctx, code=code)
    return redirect(url_for("photos.pairs", code=code), 303)


@bp.post("/review/photos/<code>/<ref>")
def judge(code: str, ref: str) -> ResponseReturnValue:
    """Say what one saw."""
    with trying() as ctx:
        service.judge_likeness(
            ctx,
            ref=ref,
            finding=request.form.get("finding", ""),
            reason=request.form.get("reason", ""),
        )
    return redirect(url_for("photos.pairs", code=code), 303)
