"""Every page of duty sheets, pledges, red lines and accountability."""

from exam_system.duties import line_views, pledge_views, sheet_views
from exam_system.duties.blueprint import bp

__all__ = ["bp", "line_views", "pledge_views", "sheet_views"]
