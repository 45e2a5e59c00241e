"""Pages of draws: the public story of every attempt, and the ceremony for its two actors."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from exam_system import running
from exam_system.access import Role
from exam_system.accounts.factors import Occasion
from exam_system.approvals.views import Asked, ask, asked
from exam_system.context import Context
from exam_system.draws import confidential, forms, pages, service
from exam_system.draws.asking import KIND_NAMES, wanted_freeze, wanted_publish
from exam_system.draws.lookup import attempts_of, find
from exam_system.draws.outside import (
    SecondStart,
    choice_of,
    invitations,
    record_drand,
    refuse_start,
)
from exam_system.draws.parties import CONTRIBUTORS, MOST, WHO
from exam_system.draws.states import WORDS
from exam_system.errors import Conflict, Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.web import acting, actor, confirmed, download, flash_refusal, looking, say
from exam_system.web_forms import check_form

bp = Blueprint("draws", __name__)
ATTEMPT = "/draws/<draw>/<int(min=1, max=9999):number>"
FORMS: dict[str, type[FlaskForm]] = {
    "commit": forms.CommitForm,
    "dice": forms.DiceForm,
    "redo-dice": forms.DiceForm,
    "confirm": forms.ConfirmForm,
    "drand": forms.DrandForm,
    "reveal": forms.RevealForm,
    "unseal": forms.RevealForm,
    "finish": FlaskForm,
    "publish": FlaskForm,
    "approve": forms.ApproveForm,
}
Typed = dict[str, str]


@bp.context_processor
def words() -> dict[str, object]:
    """Names of kinds and states for every template of draws."""
    return {
        "kind_names": KIND_NAMES,
        "who_names": WHO,
        "contributors": CONTRIBUTORS,
        "state_names": pages.STATE_NAMES,
        "state_words": WORDS,
        "tones": pages.TONES,
        "say": say,
    }


@bp.get("/exams/<code>/draws")
def index(code: str) -> ResponseReturnValue:
    """The draws of an exam with all their attempts."""
    db = looking().session
    exam = exam_by_code(db, code)
    lots = rules_of(exam).interview_order == "lots"
    return render_template("draws/index.html", exam=exam, draws=attempts_of(db, exam), lots=lots)


@bp.get(ATTEMPT)
def show(draw: str, number: int) -> ResponseReturnValue:
    """The ceremony of one attempt, step by step, for everybody."""
    db = looking().session
    story = pages.story_of(db, find(db, draw, number))
    return render_template("draws/show.html", story=story, most=pages.MOST_SLOTS)


@bp.get(f"{ATTEMPT}/manifest.json")
def manifest(draw: str, number: int) -> ResponseReturnValue:
    """The frozen list, byte for byte what its digest in the log is of."""
    ctx = looking()
    held = find(ctx.session, draw, number)
    if confidential.hidden(held.attempt, ctx.clock.now()):
        raise Conflict("The list is confidential until the draw is published; its digest stands")
    return download(held.attempt.manifest.encode(), "manifest.json", "application/json")


@bp.get("/exams/<code>/draws/office")
def office(code: str) -> ResponseReturnValue:
    """The draws of an exam for those who hold them."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    lines = pages.office_lines(ctx, exam)
    waits = {line.kind: asked(line.wanted) for line in lines if line.wanted}
    choices = {line.kind: choice_of(ctx.session, exam, line.kind) for line in lines}
    return render_template(
        "draws/office.html",
        exam=exam,
        lines=lines,
        asked=waits,
        choices=choices,
        most=MOST,
        zone=ctx.config.zone,
    )


@bp.post("/exams/<code>/draws/<kind>/freeze")
def freeze(code: str, kind: str) -> ResponseReturnValue:
    """Ask for the approval of a draw's list; once it is given freeze it and go to the ceremony."""
    page = url_for("draws.office", code=code)
    target = page

    def act() -> str:
        nonlocal target
        with acting() as ctx:
            if "ask" in request.form:
                ask(ctx, wanted_freeze(ctx, code=code, kind=kind))
            else:
                number = service.freeze_draw(ctx, code=code, kind=kind).number
                target = url_for("draws.ceremony", draw=f"{code}-{kind}", number=number)
        return ""

    try:
        running.carry_out(running.Work("freeze", f"{code}-{kind}", page), act)
    except Sentence as error:
        if isinstance(error, SecondStart):
            with acting() as ctx:
                refuse_start(ctx, code=code, kind=kind)
        flash_refusal(error)
    return redirect(target)


@bp.get(f"{ATTEMPT}/ceremony")
def ceremony(draw: str, number: int) -> ResponseReturnValue:
    """The step that is the actor's own now."""
    return _ceremony(draw, number)


def _ceremony(draw: str, number: int, typed: FlaskForm | None = None) -> str:
    db = looking().session
    story = pages.story_of(db, find(db, draw, number))
    task = pages.task_of(story, actor().role.value)
    own = FORMS.get(task)
    copies = service.copies_of(actor().role, story.held)
    failed = forms.FailedSecretForm if story.state == "confirmed" else forms.VoidForm
    ending = typed if type(typed) is failed else failed(formdata=None)
    _name_copies(ending, copies)
    return render_template(
        "draws/ceremony.html",
        story=story,
        task=task,
        role=actor().role.value,
        copies=[one for one in copies if one in story.parts and not story.parts[one].revealed_at],
        links=invitations(db, story.held.attempt),
        form=typed if typed and type(typed) is own else own and own(formdata=None),
        ending=ending if story.state in ("frozen", "committed", "confirmed") else None,
        missing=pages.missing_for_publication(db, story.held),
        asked=_asked_publication(draw, number) if task == "publish" else None,
        occasions={
            verb: _occasion(looking(), draw, number, f"draws.{verb}")
            for verb in ("void_draw", "approve_redraw")
        },
    )


def _name_copies(ending: FlaskForm, copies: list[str]) -> None:
    """Whose sealed copies the actor keeps, for the form that ends an attempt after the dice."""
    if "failed" in ending:
        ending.failed.choices = [(one, _(WHO[one])) for one in copies]


def _asked_publication(draw: str, number: int) -> Asked:
    return asked(wanted_publish(looking(), draw=draw, number=number))


def _step(
    draw: str,
    number: int,
    form: FlaskForm,
    act: Callable[[Context, Typed], object],
    confirms: str = "",
    long: str = "",
) -> ResponseReturnValue:
    """One step of the ceremony: what was typed stays when it is refused.

    The inspector's steps named in `confirms` (a verb) need a fresh second factor; `long` ones (a
    kind of work) may go on behind the page.
    """
    page = url_for("draws.ceremony", draw=draw, number=number)
    try:
        check_form(form)
        typed = {name: value or "" for name, value in form.data.items() if isinstance(value, str)}
        if confirms and actor().role is Role.INSPECTOR:
            confirmed(
                lambda ctx: _occasion(ctx, draw, number, confirms), lambda ctx: act(ctx, typed)
            )
        elif long:
            work = running.Work(long, f"{draw}-{number}", page)
            running.carry_out(work, lambda: _alone(act, typed))
        else:
            _alone(act, typed)
    except Sentence as error:
        flash_refusal(error)
        return _ceremony(draw, number, form), error.status
    return redirect(page)


def _alone(act: Callable[[Context, Typed], object], typed: Typed) -> str:
    with acting() as ctx:
        act(ctx, typed)
    return ""


def _occasion(ctx: Context, draw: str, number: int, verb: str) -> Occasion:
    return service.confirming(ctx, verb, find(ctx.session, draw, number))


@bp.post(f"{ATTEMPT}/commit")
def commit(draw: str, number: int) -> ResponseReturnValue:
    """Log the actor's commitment."""

    def act(ctx: Context, typed: Typed) -> None:
        service.commit_secret(ctx, draw=draw, number=number, commitment=typed["commitment"])

    return _step(draw, number, forms.CommitForm(), act)


@bp.post(f"{ATTEMPT}/dice")
def dice(draw: str, number: int) -> ResponseReturnValue:
    """Enter the dice."""

    def act(ctx: Context, typed: Typed) -> None:
        service.record_dice(ctx, draw=draw, number=number, digits=typed["digits"])

    return _step(draw, number, forms.DiceForm(), act)


@bp.post(f"{ATTEMPT}/confirm")
def confirm(draw: str, number: int) -> ResponseReturnValue:
    """Confirm the dice."""

    def act(ctx: Context, typed: Typed) -> None:
        service.confirm_dice(ctx, draw=draw, number=number, digits=typed["digits"])

    return _step(draw, number, forms.ConfirmForm(), act)


@bp.post(f"{ATTEMPT}/drand")
def drand(draw: str, number: int) -> ResponseReturnValue:
    """Enter the signature of the round of drand."""

    def act(ctx: Context, typed: Typed) -> None:
        record_drand(ctx, draw=draw, number=number, signature=typed["signature"])

    return _step(draw, number, forms.DrandForm(), act)


@bp.post(f"{ATTEMPT}/reveal/<role>")
def reveal(draw: str, number: int, role: str) -> ResponseReturnValue:
    """Reveal one's own secret, or another party's from the sealed copy."""

    def act(ctx: Context, typed: Typed) -> None:
        service.reveal_secret(ctx, draw=draw, number=number, secret=typed["secret"], role=role)

    return _step(draw, number, forms.RevealForm(), act)


@bp.post(f"{ATTEMPT}/finish")
def finish(draw: str, number: int) -> ResponseReturnValue:
    """Compute and sign the result."""

    def act(ctx: Context, _typed: Typed) -> None:
        service.finish_draw(ctx, draw=draw, number=number)

    return _step(draw, number, FlaskForm(), act, long="finish")


@bp.post(f"{ATTEMPT}/publish")
def publish(draw: str, number: int) -> ResponseReturnValue:
    """Ask for the approval of the publication; once it is given publish the bundle."""

    def act(ctx: Context, _typed: Typed) -> None:
        if "ask" in request.form:
            ask(ctx, wanted_publish(ctx, draw=draw, number=number))
        else:
            service.publish_draw(ctx, draw=draw, number=number)

    return _step(draw, number, FlaskForm(), act, long="publish")


@bp.post(f"{ATTEMPT}/void")
def void(draw: str, number: int) -> ResponseReturnValue:
    """Void the attempt."""
    held = find(looking().session, draw, number)
    late = held.attempt.state == "confirmed"

    def act(ctx: Context, typed: Typed) -> None:
        service.void_draw(
            ctx,
            draw=draw,
            number=number,
            reason=typed["reason"],
            sealed=typed.get("sealed"),
            failed=typed.get("failed", ""),
        )

    form = forms.FailedSecretForm() if late else forms.VoidForm()
    _name_copies(form, service.copies_of(actor().role, held))
    return _step(draw, number, form, act, "draws.void_draw")


@bp.post(f"{ATTEMPT}/approve")
def approve(draw: str, number: int) -> ResponseReturnValue:
    """Approve another attempt."""

    def act(ctx: Context, typed: Typed) -> None:
        service.approve_redraw(ctx, draw=draw, number=number, reason=typed["reason"])

    return _step(draw, number, forms.ApproveForm(), act, "draws.approve_redraw")
