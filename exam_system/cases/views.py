"""All pages of letters on one blueprint, and the verb that only a timer uses."""

from exam_system.cases import desk_views, public_views, ticking
from exam_system.cases.blueprint import bp

__all__ = ["bp", "desk_views", "public_views", "ticking"]
