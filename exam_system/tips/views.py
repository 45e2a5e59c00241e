"""The public's pages: reporting without a log-in, a session or a trace.

These pages need no CSRF token, which would need a session and a cookie, that is a trace: nobody's
rights are used here, and what another site could make a browser send, it could send itself.
"""

from __future__ import annotations

import json
from io import BytesIO
from typing import IO, cast

from flask import Blueprint, Request, Response, current_app, g, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from exam_system.context import PUBLIC
from exam_system.errors import Invalid, Refused, Sentence, Unavailable
from exam_system.language import choose_language
from exam_system.tips import lookup
from exam_system.tips.reading import Told, look_up
from exam_system.tips.receipts import grouped
from exam_system.tips.service import Taken, seal_content, take_in
from exam_system.tips.throttle import Throttle
from exam_system.trust.canonical import b64
from exam_system.trust.report import MOST_FILES, MOST_TEXT, Content
from exam_system.web import looking, office, say

PATH = "/report"
bp = Blueprint("report", __name__, url_prefix=PATH)
PAGE = 200
MOST_BYTES = 7 * 1024 * 1024  # of all attachments
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


IN_MEMORY = (PATH, "/takeover", "/letters/write")  # pictures of ID cards, documents of letters


class MemoryRequest(Request):
    """Keeps what is uploaded to these pages in memory: nothing readable reaches a disk."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.path.startswith(IN_MEMORY):
            return BytesIO()
        return super()._get_file_stream(
            total_content_length, content_type, filename, content_length
        )


@bp.record_once
def _set_up(state: BlueprintSetupState) -> None:
    state.app.extensions["report_throttle"] = Throttle()


def forget_who() -> None:
    """Before every request: on these pages nobody is looked up, also who is logged in."""
    if request.blueprint == bp.name:
        g.actor = PUBLIC


@bp.after_request
def harden(response: Response) -> Response:
    """Nothing is kept, nothing says where it came from, no script but our own."""
    response.headers.update(HEADERS)
    return response


@bp.errorhandler(Exception)
def refused(error: Exception) -> ResponseReturnValue:
    """Say what is wrong; nothing goes to the server's log, which has exact times."""
    status = 500
    if isinstance(error, (Sentence, Unavailable)):
        sentence = error.sentence if isinstance(error, Unavailable) else error
        status = error.status
    elif isinstance(error, HTTPException):
        sentence, status = Refused("The request could not be understood"), error.code or 400
        if status == 413:
            sentence = Refused("The file is too large: at most 20 MB")
    else:
        sentence = Refused("The system has a fault: your report was not stored")
    return render_template("tips/refused.html", sentence=say(sentence)), status


@bp.route("", methods=["GET", "POST"])
def write() -> ResponseReturnValue:
    """Write a report, or add to one."""
    if request.method == "GET":
        return render_template("tips/write.html", **form_values())
    try:
        taken = _take()
    except Sentence as error:
        if request.files.get("sealed"):  # the words are in the browser only: going back finds them
            raise
        page = render_template("tips/write.html", wrong=error, say=say, **form_values())
        return page, error.status
    return render_template("tips/taken.html", taken=taken, grouped=grouped)


def form_values() -> dict[str, object]:
    """What the form needs: the keys to which a browser may seal by itself."""
    keys = lookup.recipients(looking().session)
    rows = [{"name": to.name, "key": b64(to.key)} for to in keys]
    return {"keys": json.dumps(rows), "names": [to.name for to in keys], "most": MOST_TEXT}


def _take() -> Taken:
    ctx = office().context(PUBLIC, write=True)
    with ctx.session:
        typed = request.form.get("receipt", "").strip()
        receipt = look_up(ctx, _throttle(), typed).receipt if typed else None
        box = request.files["sealed"].read() if request.files.get("sealed") else b""
        taken = take_in(ctx, box=box or seal_content(ctx, _content()), receipt=receipt)
        ctx.session.commit()  # without the seal of other acts: its head would tell the second
    return taken


def _content() -> Content:
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    files = [(file.filename or "", file.read()) for file in request.files.getlist("files") if file]
    if not text and not files:
        raise Invalid("Write what you want to report").about("text")
    if len(text) > MOST_TEXT:
        raise Invalid("A report has at most %(most)s characters", most=MOST_TEXT).about("text")
    if len(files) > MOST_FILES or sum(len(data) for _name, data in files) > MOST_BYTES:
        raise Invalid("At most 6 attachments with 7 MB together go with a report").about("files")
    return Content(text, tuple(files))


def _throttle() -> Throttle:
    return cast(Throttle, current_app.extensions["report_throttle"])


@bp.route("/answers", methods=["GET", "POST"])
def answers() -> ResponseReturnValue:
    """With the receipt: what was stored, and what the inspectors answered."""
    told: Told | None = None
    wrong: Sentence | None = None
    if request.method == "POST":
        try:
            told = look_up(looking(), _throttle(), request.form.get("receipt", ""))
        except Sentence as error:
            wrong = error
    page = render_template(
        "tips/answers.html", told=told, wrong=wrong, say=say, grouped=grouped, **form_values()
    )
    return page, wrong.status if wrong else 200


@bp.get("/received")
def received() -> ResponseReturnValue:
    """How many reports the log has, and their digests, so that everybody can look for theirs.

    Without those of today: who looks often would learn when one comes.
    """
    rows = lookup.entered(looking().session)
    page = request.args.get("page", "1")
    number = min(int(page), 10**6) if page.isascii() and page.isdigit() and int(page) else 1
    newest = list(reversed(rows))[(number - 1) * PAGE : number * PAGE]
    return render_template(
        "tips/received.html",
        rows=newest,
        count=len(rows),
        page=number,
        more=len(rows) > number * PAGE,
    )


@bp.app_template_global("report_language")
def other_language() -> str:
    """The language that the link at the top leads to."""
    return "en" if choose_language() == "zh" else "zh"
