"""The blueprint that the pages of the exam day share, and how they write the time of day."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint
from flask_babel import format_datetime

bp = Blueprint("attendance", __name__)


@bp.app_template_filter("hour")
def hour(at: datetime) -> str:
    """Hours and minutes of a time, in the bureau's zone."""
    return str(format_datetime(at, "HH:mm"))


@bp.app_template_filter("second")
def second(at: datetime) -> str:
    """The time of day to the second, in the bureau's zone."""
    return str(format_datetime(at, "HH:mm:ss"))
