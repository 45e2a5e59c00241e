"""Pages of what follows the final list: the office's, the public notice, the candidate's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from exam_system.appointing import (
    examining,
    following,
    leaving,
    listing,
    noticing,
    places,
    rechecks,
    service,
)
from exam_system.appointing.desk_models import HolidayYear
from exam_system.appointing.lookup import by_ref, notices_of, own_application, today
from exam_system.appointing.models import Proposed, PublicNotice
from exam_system.appointing.place_models import PlaceOffer
from exam_system.approvals.views import Asked, ask, asked
from exam_system.context import Context
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.people import read_moment
from exam_system.web import flash_refusal, looking, office, say, trying

bp = Blueprint("appointing", __name__)
Step = Callable[[Context, str], object]


def _text(name: str) -> str:
    return request.form.get(name, "")


def _moment(name: str) -> datetime:
    try:
        found = read_moment(_text(name))
    except ValueError:
        raise Invalid("Enter a date and a time").about(name) from None
    return found.replace(tzinfo=office().config.zone)


def _act(steps: dict[str, Step], step: str, about: str) -> None:
    """Take one step; a refusal is shown on the next page."""
    if step not in steps:
        raise NotFound("There is no such step")
    with trying() as ctx:
        steps[step](ctx, about)


@bp.get("/office/exams/<code>/appointing")
def index(code: str) -> ResponseReturnValue:
    """Everybody with a place, how far each is, offers and the replay of the places."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    people = listing.people_of(ctx, exam)
    try:
        wanted = asked(service.wanted_appointment(ctx, code=code))
    except Conflict:
        wanted = None
    return render_template(
        "appointing/index.html",
        exam=exam,
        rules=rules_of(exam),
        people=people,
        replays=listing.replays_of(ctx.session, exam) if people else [],
        offers=listing.offers_of(ctx.session, exam),
        notices=notices_of(ctx.session, exam),
        asked=wanted,
        answers=places.ANSWERS,
        today=today(ctx),
        behind=_behind(ctx, exam),
        following=_following(ctx, code),
        followed=following.follows_of(ctx.session, exam),
        moved=following.MOVES,
        why=request.args.get("why", ""),
    )


def _behind(ctx: Context, exam: Exam) -> bool:
    """Whether the final list was corrected after the places were given."""
    try:
        places.require_followed(ctx.session, exam, places.ranking(ctx.session, exam))
    except Conflict as error:
        return error.msgid == places.BEHIND
    return False


def _following(ctx: Context, code: str) -> Asked | None:
    why = request.args.get("why", "")
    if not why:
        return None
    try:
        return asked(following.wanted_following(ctx, code=code, why=why))
    except Sentence as error:
        flash_refusal(error)
        return None


def _refs() -> list[str]:
    return request.form.getlist("ref")


def _appoint(ctx: Context, code: str) -> None:
    if "ask" in request.form:
        ask(ctx, service.wanted_appointment(ctx, code=code))
    else:
        service.appoint(ctx, code=code)


def _follow(ctx: Context, code: str) -> None:
    why = request.values.get("why", "")
    if "ask" in request.form:
        ask(ctx, following.wanted_following(ctx, code=code, why=why))
    else:
        following.follow_correction(ctx, code=code, why=why)


STEPS: dict[str, Step] = {
    "begin": lambda ctx, code: places.begin_stage(ctx, code=code),
    "call": lambda ctx, code: examining.call_medical(
        ctx, code=code, refs=_refs(), at=_moment("at"), place=_text("place")
    ),
    "medical": lambda ctx, code: examining.note_medical(
        ctx, code=code, findings=dict.fromkeys(_refs(), ())
    ),
    "background": lambda ctx, code: examining.note_background(
        ctx, code=code, findings=dict.fromkeys(_refs(), "")
    ),
    "expire": lambda ctx, code: places.expire_offers(ctx, code=code),
    "notice": lambda ctx, code: noticing.start_notice(ctx, code=code),
    "appoint": _appoint,
    "follow": _follow,
}


@bp.post("/office/exams/<code>/appointing/<step>")
def act(code: str, step: str) -> ResponseReturnValue:
    """Take one step with many people."""
    _act(STEPS, step, code)
    why = request.values.get("why") if step == "follow" and "ask" in request.form else None
    return redirect(url_for("appointing.index", code=code, why=why), 303)


@bp.get("/office/appointing/<ref>")
def person(ref: str) -> ResponseReturnValue:
    """One person with every step, and the form of what comes next."""
    ctx = looking()
    row = by_ref(ctx.session, Proposed, ref)
    exam = ctx.session.get_one(Exam, row.exam_id)
    return render_template(
        "appointing/person.html",
        exam=exam,
        rules=rules_of(exam),
        one=next(one for one in listing.people_of(ctx, exam) if one.row.id == row.id),
        items=listing.items_of(ctx, row),
        stages=listing.STAGES,
    )


def _findings(ctx: Context, ref: str) -> str:
    row = by_ref(ctx.session, Proposed, ref)
    return ctx.session.get_one(Exam, row.exam_id).code


def _failed(ctx: Context, ref: str) -> None:
    items = [item for item in _text("items").replace("，", "、").split("、") if item.strip()]
    if not items:
        raise Invalid("Name the items that were not passed").about("items")
    examining.note_medical(ctx, code=_findings(ctx, ref), findings={ref: items})


def _background(ctx: Context, ref: str) -> None:
    if not _text("why").strip():
        raise Invalid("Say why the background check was not passed").about("why")
    examining.note_background(ctx, code=_findings(ctx, ref), findings={ref: _text("why")})


PERSON: dict[str, Step] = {
    "failed": _failed,
    "recheck": lambda ctx, ref: examining.note_medical_recheck(ctx, ref=ref),
    "settle": lambda ctx, ref: examining.settle_medical(ctx, ref=ref),
    "background": _background,
    "give-up": lambda ctx, ref: leaving.note_giving_up(
        ctx, ref=ref, why=_text("why"), statement=_text("statement") == "yes"
    ),
}


@bp.post("/office/appointing/<ref>/<step>")
def person_act(ref: str, step: str) -> ResponseReturnValue:
    """Take one step with one person."""
    _act(PERSON, step, ref)
    return redirect(url_for("appointing.person", ref=ref), 303)


@bp.post("/office/offers/<ref>")
def offer(ref: str) -> ResponseReturnValue:
    """Enter an answer that came in writing."""
    exam = listing.exam_of_offer(looking().session, by_ref(looking().session, PlaceOffer, ref))
    steps: dict[str, Step] = {
        "accept": lambda ctx, one: places.note_offer_answer(
            ctx, ref=one, accept=True, why=_text("why")
        ),
        "decline": lambda ctx, one: places.note_offer_answer(
            ctx, ref=one, accept=False, why=_text("why")
        ),
    }
    _act(steps, _text("answer"), ref)
    return redirect(url_for("appointing.index", code=exam.code), 303)


@bp.get("/exams/<code>/public-notice")
def public(code: str) -> ResponseReturnValue:
    """The public notices of an exam: who is named, and why they end when they end."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    notices = listing.shown(ctx, exam)
    why = {name: say(sentence) for name, sentence in listing.DAYS.items()}
    return render_template(
        "appointing/public.html", exam=exam, notices=notices, why=why, today=today(ctx)
    )


@bp.get("/office/notices/<ref>")
def notice(ref: str) -> ResponseReturnValue:
    """One public notice with its objections."""
    ctx = looking()
    row = by_ref(ctx.session, PublicNotice, ref)
    return render_template(
        "appointing/notice.html",
        exam=ctx.session.get_one(Exam, row.exam_id),
        notice=row,
        objections=listing.objections_of(ctx, row),
        letters=listing.letters_of(ctx.session, row),
        outcomes=noticing.OUTCOMES,
        over=row.ends is not None and today(ctx) > row.ends,
    )


NOTICE: dict[str, Step] = {
    "object": lambda ctx, ref: noticing.take_objection(
        ctx, ref=ref, number=_text("number"), who=_text("who"), text=_text("text")
    ),
    "answer": lambda ctx, _ref: noticing.answer_objection(
        ctx, ref=_text("objection"), outcome=_text("outcome"), answer=_text("text")
    ),
    "close": lambda ctx, ref: noticing.close_notice(ctx, ref=ref),
}


@bp.post("/office/notices/<ref>/<step>")
def notice_act(ref: str, step: str) -> ResponseReturnValue:
    """Take in or answer an objection, or end the notice."""
    _act(NOTICE, step, ref)
    return redirect(url_for("appointing.notice", ref=ref), 303)


@bp.get("/office/exams/<code>/rechecks")
def rechecked(code: str) -> ResponseReturnValue:
    """Requests to look at marks again, and what they came to by who looked."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    rows = rechecks.rechecks_of(ctx.session, exam)
    return render_template(
        "appointing/rechecks.html",
        exam=exam,
        rules=rules_of(exam),
        rows=rows,
        counts=rechecks.counts(ctx.session, exam),
        late=rechecks.overdue(rows, today(ctx)),
        outcomes=rechecks.OUTCOMES,
        names=listing.marked(rules_of(exam)),
    )


@bp.post("/office/rechecks/<ref>")
def answer(ref: str) -> ResponseReturnValue:
    """Say what looking again has found."""
    code = listing.exam_of_recheck(looking().session, ref).code
    steps: dict[str, Step] = {
        "answer": lambda ctx, one: rechecks.answer_recheck(ctx, ref=one, found=_text("found"))
    }
    _act(steps, "answer", ref)
    return redirect(url_for("appointing.rechecked", code=code), 303)


@bp.route("/office/holidays", methods=["GET", "POST"])
def holidays() -> ResponseReturnValue:
    """The years that the office has entered, and the form for another."""
    if request.method == "POST":
        year = _text("year")
        steps: dict[str, Step] = {
            "set": lambda ctx, one: noticing.set_holidays(
                ctx, year=int(one), lines=_text("lines"), basis=_text("basis")
            )
        }
        _act(steps, "set", year if year.isdecimal() and len(year) == 4 else "0")
        return redirect(url_for("appointing.holidays"), 303)
    db = looking().session
    return render_template(
        "appointing/holidays.html",
        years=list(db.scalars(select(HolidayYear).order_by(HolidayYear.year.desc()))),
        days=listing.holiday_days(db),
        year=today(looking()).year,
    )


@bp.get("/my/applications/<ref>/appointing")
def mine(ref: str) -> ResponseReturnValue:
    """The candidate's own steps after the scores, and what may be asked or answered."""
    ctx = looking()
    application = own_application(ctx, ref)
    exam = ctx.session.get_one(Exam, application.exam_id)
    return render_template(
        "appointing/mine.html",
        exam=exam,
        application=application,
        own=listing.own_of(ctx, exam, application),
        stages=listing.STAGES,
        outcomes=rechecks.OUTCOMES,
        names=listing.marked(rules_of(exam)),
        by_choice=bool(rules_of(exam).choice_places),
        answers=places.ANSWERS,
        today=today(ctx),
    )


OWN: dict[str, Step] = {
    "recheck": lambda ctx, ref: rechecks.ask_recheck(
        ctx, ref=ref, what=_text("what"), reason=_text("reason")
    ),
    "medical": lambda ctx, ref: examining.ask_medical_recheck(ctx, ref=ref),
    "give-up": lambda ctx, ref: leaving.give_up(ctx, ref=ref, why=_text("why")),
    "accept": lambda ctx, _ref: places.answer_offer(ctx, ref=_text("offer"), accept=True),
    "decline": lambda ctx, _ref: places.answer_offer(ctx, ref=_text("offer"), accept=False),
}


@bp.post("/my/applications/<ref>/appointing/<step>")
def mine_act(ref: str, step: str) -> ResponseReturnValue:
    """The candidate asks, answers or gives up."""
    own_application(looking(), ref)
    _act(OWN, step, ref)
    return redirect(url_for("appointing.mine", ref=ref), 303)
