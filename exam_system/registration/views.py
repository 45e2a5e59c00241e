"""Pages of registration."""

from __future__ import annotations

from exam_system.registration import bar_views, candidate, handing_views, office, review_views
from exam_system.registration.blueprint import bp

__all__ = ["bar_views", "bp", "candidate", "handing_views", "office", "review_views"]
