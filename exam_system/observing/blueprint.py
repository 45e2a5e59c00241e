"""The blueprint of observers and of live pages, and what their templates share."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint

from exam_system.language import when
from exam_system.observing.shown import Said
from exam_system.observing.timeline import Dated, sentence
from exam_system.oversight.words import about
from exam_system.web import say

bp = Blueprint("observing", __name__)
_DAY = len("2026-03-02")
_MINUTE = timedelta(minutes=1)


@bp.app_template_filter("told")
def told(value: Said) -> str:
    """A kept sentence in the language of the page."""
    return say(sentence(value))


@bp.app_template_filter("span")
def span(one: Dated) -> str:
    """When a date is: a moment, two moments (of one day the day once), or from a moment on."""
    begins = when(one.begins)
    if one.ends is None:
        return f"{begins} –" if one.lasts else begins
    if one.why is not None:  # counted in days: the end is the midnight after the last one
        return f"{begins} – {when(one.ends - _MINUTE)[:_DAY]}"
    ends = when(one.ends)
    return f"{begins} – {ends[_DAY + 1 :] if ends[:_DAY] == begins[:_DAY] else ends}"


@bp.app_template_filter("about")
def about_what(subject: str) -> str:
    """The subject of an act in words."""
    return about(subject)
