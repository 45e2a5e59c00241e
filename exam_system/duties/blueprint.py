"""The blueprint of duty sheets, pledges, red lines and accountability."""

from flask import Blueprint

bp = Blueprint("integrity", __name__)
