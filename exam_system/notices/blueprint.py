"""The blueprint of notices, disclosures and the service catalogue."""

from flask import Blueprint

bp = Blueprint("notices", __name__)
