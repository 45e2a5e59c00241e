"""The public live page of an exam, the screen of its hall, and how both are told of news."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

import segno
from flask import make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from sqlalchemy.orm import Session

from exam_system.database import reading
from exam_system.draws.live import Key, Look
from exam_system.draws.lookup import find
from exam_system.draws.pages import STATE_NAMES, TONES, story_of
from exam_system.draws.states import WORDS
from exam_system.draws.streaming import mark, mark_answer, stream
from exam_system.draws.views import words
from exam_system.errors import NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.language import LANGUAGES
from exam_system.notices.keeping import kept
from exam_system.observing.blueprint import bp
from exam_system.observing.live import live_of
from exam_system.observing.shown import Live, stamp_of
from exam_system.observing.timeline import Entry
from exam_system.web import looking, office

SECONDS = 5  # for which a browser need not ask again
DATES = 6  # of those that are coming, on the screen of the hall


def _live(db: Session, code: str, now: datetime, zone: ZoneInfo) -> Live:
    exam = exam_by_code(db, code)
    if exam.state == "draft":
        raise NotFound("There is no exam %(code)s", code=code)
    return live_of(db, exam, now, zone)


@bp.get("/exams/<code>/live")
def live(code: str) -> ResponseReturnValue:
    """What is happening in an exam, which draw is next, its last acts, every date of it."""

    def page() -> str:
        view = _view(code)
        return render_template("observing/live.html", view=view, stamp=stamp_of(view), **_words())

    return kept(_stamp(code), page, SECONDS)


def _view(code: str) -> Live:
    ctx = looking()
    return _live(ctx.session, code, ctx.clock.now(), ctx.config.zone)


def _stamp(code: str) -> str:
    """What the pages show, as of this second: one look for all who ask in this process."""
    return mark(_key(code), _look(code))


def _key(code: str) -> Key:
    return f"exam:{code}", 0


def _words() -> dict[str, object]:
    """What the templates call the states of draws."""
    return {"state_names": STATE_NAMES, "tones": TONES, "state_words": WORDS}


def _look(code: str) -> Look:
    parts = office()

    def look() -> str:
        with reading(parts.engine) as db:
            return stamp_of(_live(db, code, parts.clock.now(), parts.config.zone))

    return look


@bp.get("/exams/<code>/live/stamp")
def stamp(code: str) -> ResponseReturnValue:
    """The mark that changes whenever the live page has something new to show."""
    return mark_answer(_key(code), _look(code))


@bp.get("/exams/<code>/live/events")
def events(code: str) -> ResponseReturnValue:
    """Server-sent events of an exam."""
    return stream(_key(code), _look(code))


@bp.get("/exams/<code>/live/hall")
def hall(code: str) -> ResponseReturnValue:
    """The screen of a hall: nothing to press, Chinese unless the address asks for another
    language; the ceremony that is on, else the interviews, else what is on and what comes."""
    asked = request.args.get("language")
    tongue = asked if asked in LANGUAGES else LANGUAGES[0]
    tag = sha256(f"{tongue} {_stamp(code)}".encode()).hexdigest()[:32]
    if request.if_none_match.contains_weak(tag):
        response = make_response("", 304)
    else:
        with force_locale(tongue):
            response = make_response(_hall_page(_view(code), tongue))
    response.set_etag(tag, weak=True)
    # No form and no token on it: every cache between us may give it to everybody.
    response.headers["Cache-Control"] = f"public, max-age={SECONDS}"
    return response


def _of_draw(one: Entry) -> bool:
    """Whether a date is that of a ceremony, which the screen shows at large."""
    return one.dated.link is not None and one.dated.link[0] == "draws.show"


def _hall_page(view: Live, tongue: str) -> str:
    db = looking().session
    show = view.show
    address = office().config.base_url + url_for("observing.live", code=view.code)
    return render_template(
        "observing/hall.html",
        view=view,
        stamp=stamp_of(view),
        tongue=tongue,
        story=story_of(db, find(db, show.code, show.number)) if show else None,
        others=[one for one in view.now if not (show and _of_draw(one))],
        most=DATES,
        address=address,
        code=segno.make(address, error="m", micro=False).svg_data_uri(scale=4, light="#fff"),
        **words(),
    )
