"""Pages of hand-overs: begin one, sign it, hand the signed sheet in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.attendance.models import SiteStaff
from exam_system.attendance.staff import place_of
from exam_system.context import Context
from exam_system.custody import handing, overview
from exam_system.custody.handing import PARTIES, SIGNERS, Named, bags_of, signers_of
from exam_system.custody.lookup import subject_name
from exam_system.custody.models import HandOver
from exam_system.custody.states import HANDED, STATES
from exam_system.custody.views import HOME, bp, typed_barcodes
from exam_system.errors import Forbidden, NotFound, Sentence
from exam_system.examday.models import Invigilator
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.web import acting, flash_refusal, looking


@bp.route(f"{HOME}/hand", methods=["GET", "POST"])
def hand(code: str) -> ResponseReturnValue:
    """Begin a hand-over: where to, which bags, who gives, receives and supervises."""
    if request.method == "POST":
        try:
            with acting() as ctx:
                over = handing.begin_hand_over(
                    ctx,
                    code=code,
                    step=request.form.get("step", ""),
                    barcodes=typed_barcodes(request.form.get("barcodes", "")),
                    people=list(_people()),
                )
                ref = over.ref
            return redirect(url_for("custody.handover", code=code, ref=ref), 303)
        except Sentence as error:
            flash_refusal(error)
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    place_of(ctx, ctx.actor.account_id, code)
    return render_template(
        "custody/hand.html",
        exam=exam,
        steps={step: STATES[step] for step in HANDED},
        people=_signers(ctx.session, exam),
        each=range(rules_of(exam).handover_people),
        typed=request.values,
    )


def _people() -> Iterator[Named]:
    """Who was chosen or typed; an empty line is nobody."""
    for party in PARTIES:
        for number in range(9):
            fields = ("account", "name", "office")
            account, name, office = (
                request.form.get(f"{party}-{number}-{field}", "").strip() for field in fields
            )
            if account or name:
                yield Named(party, account, name, office)


def _signers(session: Session, exam: Exam) -> Sequence[Account]:
    """The accounts that may sign in this exam: its staff, its invigilators, office, inspection."""
    staff = select(SiteStaff.account_id).where(SiteStaff.exam_id == exam.id)
    drawn = select(Invigilator.account_id).where(Invigilator.exam_id == exam.id)
    query = (
        select(Account)
        .where(Account.active, Account.role.in_(SIGNERS))
        .where(
            or_(
                Account.role.in_(("officer", "inspector")),
                Account.id.in_(staff),
                Account.id.in_(drawn),
            )
        )
        .order_by(Account.office, Account.name)
    )
    return session.scalars(query).all()


@bp.get(f"{HOME}/hand/<ref>")
def handover(code: str, ref: str) -> ResponseReturnValue:
    """One hand-over: its bags, who has signed, what is missing."""
    ctx = looking()
    exam, over = _found(ctx, code, ref)
    signers = signers_of(ctx.session, over)
    mine = [one for one in signers if one.account_id == ctx.actor.account_id]
    bags = bags_of(ctx.session, over)
    if not mine and over.begun_by != ctx.actor.account_id:
        seen = {bag.id for bag in overview.scene(ctx, code).bags}
        if not any(bag.id in seen for bag in bags):
            raise Forbidden("You are not named in this hand-over")
    return render_template(
        "custody/handover.html",
        exam=exam,
        over=over,
        bags=bags,
        signers=signers,
        own=mine[0] if mine else None,
        paper=any(one.account_id is None for one in signers),
        subjects={row.id: subject_name(exam, row) for row in overview.scene(ctx, code).sessions},
        places=overview.place_names(ctx.session, exam),
        may_drop=over.begun_by == ctx.actor.account_id or ctx.actor.role == "officer",
    )


def _found(ctx: Context, code: str, ref: str) -> tuple[Exam, HandOver]:
    exam = exam_by_code(ctx.session, code)
    query = select(HandOver).where(HandOver.ref == ref, HandOver.exam_id == exam.id)
    over = ctx.session.scalar(query)
    if over is None:
        raise NotFound("There is no such hand-over")
    return exam, over


@bp.post(f"{HOME}/sign")
def sign(code: str) -> ResponseReturnValue:
    """Sign the ticked hand-overs."""
    refs = request.form.getlist("ref")[:500]
    try:
        with acting() as ctx:
            counted = handing.sign_hand_overs(ctx, refs=refs)
        flash(_("Signed; %(count)s hand-overs now count", count=counted), "success")
    except Sentence as error:
        flash_refusal(error)
    if len(refs) == 1:
        return redirect(url_for("custody.handover", code=code, ref=refs[0]), 303)
    return redirect(url_for("custody.board", code=code), 303)


@bp.post(f"{HOME}/hand/<ref>/sheet")
def sheet(code: str, ref: str) -> ResponseReturnValue:
    """Take the photo of the signed sheet in."""
    file = request.files.get("photo")
    try:
        with acting() as ctx:
            name, data = (file.filename or "?", file.read()) if file else ("?", b"")
            handing.hand_in_sheet(ctx, ref=ref, name=name, data=data)
        flash(_("The signed sheet is taken in"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("custody.handover", code=code, ref=ref), 303)


@bp.post(f"{HOME}/hand/<ref>/drop")
def drop(code: str, ref: str) -> ResponseReturnValue:
    """Drop a hand-over that does not count yet."""
    try:
        with acting() as ctx:
            handing.drop_hand_over(ctx, ref=ref, reason=request.form.get("reason", ""))
        flash(_("The hand-over was dropped"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("custody.handover", code=code, ref=ref), 303)
