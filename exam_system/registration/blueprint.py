"""The blueprint that the pages of candidates and of the office share."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("registration", __name__)
