"""The blueprint of oversight; its pages are in several modules."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("oversight", __name__)
