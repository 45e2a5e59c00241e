"""The page of the texts on personal data: every version for everybody, the next one by officers."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.accounts import consents
from exam_system.accounts.blueprint import bp
from exam_system.errors import Sentence
from exam_system.web import acting, flash_refusal, looking


@bp.get("/privacy")
def texts() -> ResponseReturnValue:
    """The texts in force, and the earlier versions with their digests."""
    session = looking().session
    every = consents.every_text(session)
    now = consents.in_force(session)
    earlier = [text for text in every if text not in now]
    most = consents.LONGEST
    return render_template("accounts/texts.html", now=now, earlier=earlier, most=most)


@bp.post("/privacy/<any(registration,sensitive):kind>")
def publish_text(kind: str) -> ResponseReturnValue:
    """Put the next version of a text in force."""
    try:
        with acting() as ctx:
            row = consents.publish_text(
                ctx, kind=kind, zh=request.form.get("zh", ""), en=request.form.get("en", "")
            )
        flash(_("Version %(number)s is in force", number=row.version), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("accounts.texts"))
