"""Pages of observers and live pages."""

from __future__ import annotations

from exam_system.observing import observer_views, office_views, public_views
from exam_system.observing.blueprint import bp

__all__ = ["bp", "observer_views", "office_views", "public_views"]
