"""Pages of exams."""

from __future__ import annotations

from exam_system.exams import change_views, daily_views, office, public
from exam_system.exams.blueprint import bp

__all__ = ["bp", "change_views", "daily_views", "office", "public"]
