"""The published API under /api/v1."""

from __future__ import annotations

from exam_system.api import document, own, public, record
from exam_system.api.blueprint import bp

__all__ = ["bp", "document", "own", "public", "record"]
