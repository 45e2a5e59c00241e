"""Pages of what went wrong: what to do now, and a number under which support finds it in the log.

The log's line names the rule of the address, never what stood in it or in the form: a reference
or an ID number must not reach a file that is kept apart from the database.
"""

from __future__ import annotations

import secrets

from flask import current_app, g, render_template, request

from exam_system.context import PUBLIC
from exam_system.errors import Sentence
from exam_system.web import say

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without what sounds or looks alike on the telephone."""
UNSEEN = "/report"
"""Whoever reports to the inspection office leaves no time behind, not even with a wrong address."""
GO_BACK = Sentence("Go back with your browser's button, correct it and send it once more.")
ADVICE = {
    401: Sentence("Log in, then open the page again."),
    403: Sentence(
        "Perhaps you are logged in with another account than you think: your name stands at the "
        "top of the page. If you need this page for your work, ask who manages the accounts."
    ),
    404: Sentence(
        "Check the address. If you followed a link of ours, it is out of date: begin at the list "
        "of exams."
    ),
    405: Sentence("Open the page from its link and use the buttons on it."),
    409: Sentence(
        "Things may have changed meanwhile: reload the page to see how they stand, then decide."
    ),
    413: Sentence("Choose a smaller file: photograph it with less detail or save it as JPEG."),
    429: Sentence("Wait a few minutes, then try again. The other pages work meanwhile."),
    500: Sentence("Try again in a while. What you had done before stays done."),
    503: Sentence(
        "Try again in a few minutes. If a deadline is near, call the bureau now and give the "
        "number below."
    ),
}


def error_page(sentence: Sentence, status: int) -> str:
    """The page of a refusal or an error; logs it under the number that the page shows."""
    return render_template(
        "error.html",
        sentence=say(sentence),
        advice=say(ADVICE.get(status, GO_BACK)),
        number=log_error(status, sentence.msgid),
        status=status,
    )


def log_error(status: int, said: str) -> str:
    """Write one line to the server's log and return its number, as `K7QM-3F2P`."""
    number = new_number()
    if request.path.startswith(UNSEEN):
        return number
    rule = request.url_rule.rule if request.url_rule else f"no page {request.path[:100]!r}"
    who = g.get("actor", PUBLIC).role  # not asked anew: the database may be what is broken
    level = current_app.logger.error if status >= 500 else current_app.logger.warning
    level("error %s: %d %s %s (%s): %s", number, status, request.method, rule, who, said)
    return number


def new_number() -> str:
    """Eight characters drawn by chance: 40 bits, enough to be the only one in a log."""
    one, two = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(2))
    return f"{one}-{two}"
