"""Pages of the desks that work on letters: the queue, one letter with the form of its next step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam_system.approvals.views import ask, asked
from exam_system.cases import extension, questions, service, tasks, words
from exam_system.cases.blueprint import bp
from exam_system.cases.kinds import TOPICS, kind_of, kinds
from exam_system.cases.listing import lines
from exam_system.cases.lookup import (
    FOLDER,
    answers_of,
    documents_of,
    exams_to_name,
    find_letter,
    names_of,
    require_sight,
    staff_of,
    written,
)
from exam_system.cases.models import Letter
from exam_system.cases.states import STATES, WAITING
from exam_system.context import Context
from exam_system.errors import Invalid, NotFound, Sentence
from exam_system.language import choose_language
from exam_system.messages.listing import own_messages
from exam_system.people import mask_phone, read_day
from exam_system.registration.documents import MEDIA, open_document
from exam_system.registration.reviewing import today
from exam_system.web import acting, actor, flash_refusal, inline, looking, trying

TOLD = 10  # reminders shown on the queue


@bp.get("/office/letters")
def queue() -> ResponseReturnValue:
    """The letters of the desk by deadline, and what the actor was reminded of."""
    ctx = looking()
    return render_template(
        "letters/queue.html",
        lines=lines(ctx),
        told=own_messages(ctx, choose_language(), 1)[0][:TOLD],
        states=STATES,
        kinds=[one for one in kinds().values() if one.desk == actor().role],
        topics=TOPICS,
        exams=exams_to_name(ctx.session),
        channels={key: name for key, name in words.CHANNELS.items() if key != "web"},
        staff=staff_of(ctx.session, actor().role),
        today=today(ctx),
    )


@bp.post("/office/letters")
def enter() -> ResponseReturnValue:
    """Enter what came in another way than online; number and code are shown once."""
    names = ("kind", "topic", "title", "text", "name", "phone", "exam", "channel")
    given: dict[str, Any] = {name: _typed(name) for name in names}
    try:
        with acting() as ctx:
            taken = service.register_case(ctx, **given)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("letters.queue"), 303)
    return render_template("letters/entered.html", taken=taken)


@bp.post("/office/letters/away")
def away() -> ResponseReturnValue:
    """Note who is away, so that the deputies take over."""
    with trying() as ctx:
        service.note_away(
            ctx, begins=_day("begins"), ends=_day("ends"), username=_typed("username")
        )
    return redirect(url_for("letters.queue"), 303)


def _typed(name: str) -> str:
    return request.form.get(name, "")


def _day(name: str) -> date:
    try:
        return read_day(_typed(name))
    except ValueError:
        sentence = "Give the first and the last day; the absence is at most a year"
        raise Invalid(sentence).about(name) from None


@bp.get("/office/letters/<ref>")
def case(ref: str) -> ResponseReturnValue:
    """One letter with all versions of its answer and the form of what comes next."""
    ctx = looking()
    letter = find_letter(ctx.session, ref)
    require_sight(ctx, letter)
    mine, kind = written(ctx, letter), kind_of(letter.kind)
    return render_template(
        "letters/case.html",
        letter=letter,
        kind=kind,
        mine=mine,
        phone=mask_phone(mine.phone) if mine.phone else "",
        topics=TOPICS,
        channels=words.CHANNELS,
        states=STATES,
        names=names_of(ctx.session, (letter.owner_id, letter.deputy_id)),
        staff=staff_of(ctx.session, kind.desk),
        documents=documents_of(ctx.session, letter),
        answers=_opened(ctx, letter),
        finding=_open(ctx, letter.finding),
        remark=_open(ctx, letter.remark),
        parts=tasks.parts(ctx, letter),
        me=actor().account_id,
        public=questions.question_of(ctx.session, letter),
        asked=_asked(ctx, letter),
        waits=letter.state in WAITING,
        late=letter.state in WAITING and letter.due < today(ctx),
        works=actor().role == kind.desk,
    )


def _opened(ctx: Context, letter: Letter) -> list[tuple[int, str, datetime]]:
    vault = ctx.keys.vault
    found = answers_of(ctx.session, letter)
    return [(one.version, vault.open(one.sealed), one.at) for one in found]


def _open(ctx: Context, sealed: bytes | None) -> str:
    return ctx.keys.vault.open(sealed) if sealed else ""


def _asked(ctx: Context, letter: Letter) -> object:
    """What the page shows of an extension's approval; None where there is none to give."""
    if letter.extension_why is None or letter.extended or letter.state not in WAITING:
        return None
    return asked(extension.wanted_extension(ctx, ref=letter.ref))


@bp.get("/office/letters/<ref>/documents/<document>")
def document(ref: str, document: str) -> ResponseReturnValue:
    """A document that came with a letter."""
    ctx = looking()
    letter = find_letter(ctx.session, ref)
    require_sight(ctx, letter)
    for one in documents_of(ctx.session, letter):
        if one.ref == document:
            data = open_document(ctx.config, ctx.keys.vault, one.ref, FOLDER)
            return inline(data, MEDIA[one.kind])
    raise NotFound("There is no such document")


def _assign(ctx: Context, ref: str) -> None:
    people = {name: _typed(name) for name in ("owner", "deputy", "reason")}
    service.assign_case(ctx, ref=ref, **people)


def _handle(ctx: Context, ref: str) -> None:
    service.handle_case(ctx, ref=ref, finding=_typed("finding"))


def _reply(ctx: Context, ref: str) -> None:
    service.reply_case(ctx, ref=ref, text=_typed("text"))


def _propose(ctx: Context, ref: str) -> None:
    extension.propose_extension(ctx, ref=ref, reason=_typed("reason"))


def _extend(ctx: Context, ref: str) -> None:
    if "ask" in request.form:
        ask(ctx, extension.wanted_extension(ctx, ref=ref))
    else:
        extension.extend_case(ctx, ref=ref)


def _publish(ctx: Context, ref: str) -> None:
    questions.publish_question(ctx, ref=ref, asked=_typed("asked"), answer=_typed("answer"))


def _withdraw(ctx: Context, ref: str) -> None:
    public = questions.question_of(ctx.session, find_letter(ctx.session, ref))
    questions.withdraw_question(ctx, ref=public.ref if public else "", reason=_typed("reason"))


def _ask_part(ctx: Context, ref: str) -> None:
    try:
        due = read_day(_typed("due"))
    except ValueError:
        raise Invalid("Enter a day such as 2026-03-31").about("due") from None
    tasks.ask_part(ctx, ref=ref, username=_typed("username"), text=_typed("wanted"), due=due)


def _answer_part(ctx: Context, ref: str) -> None:
    tasks.answer_part(ctx, ref=ref, task=_typed("task"), text=_typed("part"))


def _drop_part(ctx: Context, ref: str) -> None:
    tasks.drop_part(ctx, ref=ref, task=_typed("task"), reason=_typed("reason"))


STEPS: dict[str, Callable[[Context, str], None]] = {
    "assign": _assign,
    "handle": _handle,
    "reply": _reply,
    "propose": _propose,
    "extend": _extend,
    "publish": _publish,
    "withdraw": _withdraw,
    "ask": _ask_part,
    "part": _answer_part,
    "drop": _drop_part,
}


@bp.post(f"/office/letters/<ref>/<any({', '.join(STEPS)}):step>")
def act(ref: str, step: str) -> ResponseReturnValue:
    """Take a step of a letter."""
    with trying() as ctx:
        STEPS[step](ctx, ref)
    return redirect(url_for("letters.case", ref=ref), 303)
