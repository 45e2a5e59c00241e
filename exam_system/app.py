"""Wires everything; the whole application on one screen."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from exam_system import web, web_forms
from exam_system.access_pages import check_tables
from exam_system.accounts.hashing import Busy
from exam_system.accounts.views import bp as accounts
from exam_system.admission import RETRY, busy_page
from exam_system.api import problems
from exam_system.api.views import bp as api
from exam_system.appointing.public_views import bp as objecting
from exam_system.appointing.views import bp as appointing
from exam_system.approvals.views import bp as approvals
from exam_system.archive.views import bp as archive
from exam_system.attendance.views import bp as attendance
from exam_system.cases.views import bp as letters
from exam_system.chance import Chance
from exam_system.choosing.public_views import bp as choices
from exam_system.choosing.views import bp as choosing
from exam_system.clock import Clock, SystemClock, rfc3339
from exam_system.context import VERBS
from exam_system.custody.blueprint import bp as custody
from exam_system.draws.contributor_views import bp as contributors
from exam_system.draws.live_views import bp as live
from exam_system.draws.sealed_views import bp as sealed
from exam_system.draws.views import bp as draws
from exam_system.duties.views import bp as integrity
from exam_system.error_pages import error_page, log_error
from exam_system.errors import Refused, Sentence, Unavailable
from exam_system.examday.duty_views import bp as duties
from exam_system.examday.seat_views import bp as seating
from exam_system.examday.ticket_views import bp as tickets
from exam_system.examday.views import bp as examday
from exam_system.exams.views import bp as exams
from exam_system.exports.views import bp as exports
from exam_system.fees.views import alipay_callback, callback
from exam_system.fees.views import bp as fees
from exam_system.fees.waiver_views import bp as waivers
from exam_system.finding.views import bp as finding
from exam_system.forensics.case_views import bp as experts
from exam_system.forensics.views import bp as forensics
from exam_system.help.views import bp as help_pages
from exam_system.homes.views import bp as homes
from exam_system.indicators.views import bp as indicators
from exam_system.interviews.avoidance_views import bp as interviews
from exam_system.interviews.lots_views import bp as lots
from exam_system.interviews.panel_views import bp as panels
from exam_system.interviews.pool_views import bp as pools
from exam_system.language import install_language
from exam_system.look_views import bp as look
from exam_system.marking.blind_views import bp as blind
from exam_system.marking.desk_views import bp as grading
from exam_system.marking.script_views import bp as scripts
from exam_system.marking.views import bp as marking
from exam_system.messages.views import bp as messages
from exam_system.notices.views import bp as notices
from exam_system.observing.views import bp as observing
from exam_system.office import open_office
from exam_system.oversight.views import bp as oversight
from exam_system.photos.views import bp as photos
from exam_system.registration.views import bp as registration
from exam_system.results.views import bp as results
from exam_system.running_views import bp as running
from exam_system.tips.desk import bp as tips
from exam_system.tips.views import MemoryRequest, forget_who
from exam_system.tips.views import bp as report
from exam_system.violations.case_views import bp as cases
from exam_system.violations.incident_views import bp as incidents

BLUEPRINTS = (
    look,
    running,
    accounts,
    approvals,
    exams,
    registration,
    finding,
    fees,
    waivers,
    draws,
    live,
    contributors,
    sealed,
    examday,
    seating,
    duties,
    custody,
    attendance,
    forensics,
    experts,
    marking,
    blind,
    grading,
    scripts,
    interviews,
    lots,
    panels,
    pools,
    exports,
    tickets,
    results,
    messages,
    photos,
    help_pages,
    homes,
    incidents,
    cases,
    appointing,
    objecting,
    choosing,
    choices,
    letters,
    report,
    tips,
    archive,
    indicators,
    integrity,
    notices,
    observing,
    oversight,
    api,
)


def create_app(
    instance: Path | str, *, clock: Clock | None = None, chance: Chance | None = None
) -> Flask:
    """The application of one instance; refuses to start (Fault) when anything is not in order."""
    parts = open_office(Path(instance), clock, chance)
    settings = parts.config
    app = Flask("exam_system")
    app.request_class = MemoryRequest
    app.extensions["office"] = parts
    app.config.update(
        SECRET_KEY=parts.keys.vault.cookie_key(),
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="__Host-exam" if settings.secure_cookies else "exam",
        MAX_CONTENT_LENGTH=24 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,  # a shared pool is shown before it is taken in
        BOOTSTRAP_SERVE_LOCAL=True,
        WTF_CSRF_TIME_LIMIT=None,
    )
    Bootstrap5(app)
    protect = CSRFProtect(app)
    for told in (callback, alipay_callback):
        protect.exempt(told)  # the gateway's signature stands in for the token
    protect.exempt(report)  # a token needs a session, and that would be a trace
    install_language(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    check_tables(VERBS, app.view_functions)
    app.before_request(forget_who)
    app.before_request(web.refuse_foreign)
    app.before_request(web.guard)
    app.after_request(web.harden)
    app.after_request(web_forms.fill_again)
    app.after_request(web_forms.keep_refused)
    app.teardown_request(web.close)
    app.register_error_handler(Sentence, refused)
    app.register_error_handler(web.LoginNeeded, login_first)
    app.register_error_handler(CSRFError, stale_form)
    app.register_error_handler(Unavailable, stopped)
    app.register_error_handler(OperationalError, unwritten)
    app.register_error_handler(500, fault)
    for status in (400, 403, 404, 405, 413, 429):
        app.register_error_handler(status, plain_error)
    _tell_templates(app)
    return app


def _tell_templates(app: Flask) -> None:
    """What every template may ask."""
    app.jinja_env.globals.update(
        nonce=web.nonce,
        actor=web.actor,
        office=web.office,
        closed=web.closed,
        form_words=web_forms.words,
        own_ids=web_forms.own_ids,
    )
    app.jinja_env.tests["refusal"] = web.is_refusal


def refused(error: Sentence) -> tuple[str, int]:
    """A refusal that no page caught."""
    return error_page(error, error.status), error.status


def login_first(error: web.LoginNeeded) -> ResponseReturnValue:
    """Somebody must log in first; a page that was asked for is shown afterwards."""
    if request.method == "GET":
        return redirect(url_for("accounts.login", next=request.full_path.rstrip("?")))
    page = web_forms.keep_unsent()
    return redirect(url_for("accounts.login", next=page), 303) if page else refused(error)


def stale_form(_error: CSRFError) -> ResponseReturnValue:
    """A form without its token: from before a log-in or log-out, or from nowhere."""
    page = web_forms.keep_unsent()
    if page:
        return redirect(page, 303)
    again = web_forms.ask_again()
    if again is not None:
        return again
    return refused(Refused("The form has expired: go back, reload the page and send it again"))


def stopped(error: Unavailable) -> ResponseReturnValue:
    """Acts have stopped, or there is no place; why stands in the server's own log."""
    cause = error.__cause__
    if isinstance(error, Busy):  # told by the thousand when it is true: neither logged nor drawn up
        return busy_page(), error.status, {"Retry-After": str(RETRY)}
    current_app.logger.error("acts have stopped: %s", cause or error)
    return error_page(error.sentence, error.status), error.status, {"Retry-After": str(RETRY)}


def unwritten(error: OperationalError) -> ResponseReturnValue:
    """The database did not take it: disk full, locked for too long, gone."""
    current_app.logger.error("the database cannot be used: %s", error.orig)
    web_forms.keep_unsent()
    sentence = Sentence("The database cannot be written at the moment: nothing was done")
    return error_page(sentence, 503), 503, {"Retry-After": str(RETRY)}


def fault(error: Exception) -> ResponseReturnValue:
    """Something nobody thought of; the page needs neither the database nor a language."""
    number = log_error(500, type(getattr(error, "original_exception", error)).__name__)
    return render_template("fault.html", at=rfc3339(SystemClock().now()), number=number), 500


def plain_error(error: Exception) -> ResponseReturnValue:
    """Errors of the server itself, in words."""
    if problems.is_asked() and isinstance(error, HTTPException):
        return problems.plain(error)
    status = getattr(error, "code", 500)
    sentences = {
        403: "You may not do this",
        404: "There is no such page",
        405: "This page cannot be used this way",
        413: "The file is too large: at most 20 MB",
        429: "There were too many requests from here",
    }
    sentence = Refused(sentences.get(status, "The request could not be understood"))
    return error_page(sentence, status), status
