"""The blueprint of fees."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("fees", __name__)
