"""Public pages of letters: write one, ask how far it is, read questions and figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from exam_system.accounts import tries, work
from exam_system.accounts.door_pages import network, proof, with_wait
from exam_system.cases import service, words
from exam_system.cases.blueprint import bp
from exam_system.cases.kinds import TOPICS, kind_of, kinds
from exam_system.cases.lookup import (
    answers_of,
    exams_to_name,
    names_of,
    none_such,
    pick_up,
    written,
)
from exam_system.cases.models import Letter
from exam_system.cases.papers import slip_pdf
from exam_system.cases.questions import find_question, questions_stamp
from exam_system.cases.search import MOST, find_questions
from exam_system.cases.states import STATES, WAITING
from exam_system.cases.terms import is_sure
from exam_system.cases.trends import trends
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.notices.keeping import kept
from exam_system.records.models import Act
from exam_system.web import acting, flash_refusal, inline, looking

LETTERS_AN_HOUR = 20  # from one part of the network
COUNTED = tuple(f"cases.{name}" for name in ("register_case", "reply_case", "follow_up"))
"""The acts that change the figures of letters, beside the day."""
_PRIVATE = ("letters.write", "letters.status", "letters.slip", "letters.follow")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a letter is, as whoever wrote it sees it; `code` is what they typed."""

    row: Letter
    kind: str
    basis: str
    title: str
    text: str
    owner: str
    deputy: str
    answers: list[tuple[int, str, datetime]]
    waits: bool
    sure: bool
    code: str


@bp.after_request
def _not_kept(response: Response) -> Response:
    """Whose letter it is stays in no browser's cache."""
    if request.endpoint in _PRIVATE:
        response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/letters/write", methods=["GET", "POST"])
def write() -> ResponseReturnValue:
    """Write a letter; the answer is the service slip with number and code."""
    if request.method == "GET":
        return _write_page()
    try:
        taken = _take()
    except Sentence as error:
        flash_refusal(error)
        return with_wait(_write_page(), error)
    return render_template(
        "letters/taken.html", taken=taken, one=_standing(taken.letter.number, taken.code)
    )


def _write_page() -> str:
    ctx = looking()
    return render_template(
        "letters/write.html",
        kinds=[one for one in kinds().values() if one.open],
        topics=TOPICS,
        exams=exams_to_name(ctx.session),
        typed=request.form,
        longest=(words.LONGEST_TITLE, words.LONGEST_TEXT),
        puzzle=work.puzzle(ctx, "letter"),
    )


def _take() -> service.Taken:
    with acting() as ctx:  # used up also when a document cannot be read: that costs much work
        work.require(ctx, "letter", proof())
        _brake(ctx)
    given = {name: request.form.get(name, "") for name in ("kind", "topic", "title", "text")}
    given |= {name: request.form.get(name, "") for name in ("name", "phone", "exam")}
    files = [(file.filename or "", file.read()) for file in request.files.getlist("files") if file]
    with acting() as ctx:
        return service.register_case(ctx, **given, documents=files)


def _brake(ctx: Context) -> None:
    """Raise TooMany when too many letters came from there within an hour."""
    if network():
        key = ctx.keys.vault.blind(f"letters:{network()}")
        tries.count_request(ctx, key, most=LETTERS_AN_HOUR, within=timedelta(hours=1))


@bp.route("/letters/status", methods=["GET", "POST"])
def status() -> ResponseReturnValue:
    """With number and code: how far a letter is, at any time and without an account."""
    if request.method == "GET":
        return _status_page()
    try:
        return _status_page(_standing(request.form.get("number", ""), request.form.get("code", "")))
    except Sentence as error:
        flash_refusal(error)
        return with_wait(_status_page(), error)


def _status_page(one: Standing | None = None) -> str:
    return render_template("letters/status.html", one=one, typed=request.form, states=STATES)


def _standing(number: str, code: str) -> Standing:
    """The letter of a number and code; a wrong one counts."""
    with acting() as ctx:
        row = pick_up(ctx, number, code)
        found = _shown(ctx, row, code) if row else None
    if found is None:
        raise none_such()
    return found


def _shown(ctx: Context, row: Letter, code: str) -> Standing:
    names, kind = names_of(ctx.session, (row.owner_id, row.deputy_id)), kind_of(row.kind)
    vault, mine = ctx.keys.vault, written(ctx, row)
    answers = [
        (one.version, vault.open(one.sealed), one.at) for one in answers_of(ctx.session, row)
    ]
    return Standing(
        row,
        kind.code,
        kind.basis,
        mine.title,
        mine.text,
        names[row.owner_id],
        names[row.deputy_id],
        answers,
        row.state in WAITING,
        is_sure(ctx.session, row),
        code,
    )


@bp.post("/letters/slip")
def slip() -> ResponseReturnValue:
    """The service slip of a number and code as a PDF."""
    try:
        with acting() as ctx:
            row = pick_up(ctx, request.form.get("number", ""), request.form.get("code", ""))
            data = slip_pdf(ctx, row) if row else None
        if data is None:
            raise none_such()
    except Sentence as error:
        flash_refusal(error)
        return with_wait(_status_page(), error)
    return inline(data, "application/pdf")


@bp.post("/letters/follow")
def follow() -> ResponseReturnValue:
    """Say how content one is with the answer, or what is still open."""
    try:
        one = _standing(request.form.get("number", ""), request.form.get("code", ""))
    except Sentence as error:
        flash_refusal(error)
        return with_wait(_status_page(), error)
    try:
        with acting() as ctx:
            service.follow_up(
                ctx,
                ref=one.row.ref,
                code=one.code,
                grade=request.form.get("grade", 0, int),
                remark=request.form.get("remark", ""),
                again="again" in request.form,
            )
    except Sentence as error:
        flash_refusal(error)
        return with_wait(_status_page(one), error)
    return redirect(url_for("letters.status"), 307)  # with number and code, which no address has


@bp.get("/letters")
def questions() -> ResponseReturnValue:
    """Questions and answers, to be searched."""
    number = max(1, min(request.args.get("page", 1, int), 10_000))
    query = request.args.get("q", "")[:60]
    db = looking().session

    def page() -> str:
        found = find_questions(db, query, number)
        return render_template(
            "letters/questions.html",
            rows=found[:MOST],
            more=len(found) > MOST,
            query=query,
            page=number,
            topics=TOPICS,
        )

    return kept(questions_stamp(db), page)


@bp.get("/letters/questions/<ref>")
def question(ref: str) -> ResponseReturnValue:
    """One question with its answer."""
    db = looking().session

    def page() -> str:
        return render_template("letters/question.html", row=find_question(db, ref), topics=TOPICS)

    return kept(questions_stamp(db), page)


@bp.get("/letters/topics")
def topics() -> ResponseReturnValue:
    """What letters were about, month by month, and how fast they were answered."""
    ctx = looking()
    last = ctx.session.scalar(select(func.max(Act.id)).where(Act.kind.in_(COUNTED)))
    day = ctx.clock.now().astimezone(ctx.config.zone).date()

    def page() -> str:
        return render_template("letters/topics.html", found=trends(ctx), topics=TOPICS)

    return kept((last, day), page)
