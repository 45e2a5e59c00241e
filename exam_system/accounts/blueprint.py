"""The blueprint of accounts; its pages stand in views.py and factor_pages.py."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts", __name__)
