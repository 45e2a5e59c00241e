"""The blueprint of letters, shared by the public pages and those of the desks."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("letters", __name__)
