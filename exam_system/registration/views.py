"""Pages of registration."""

from __future__ import annotations

from exam_system.registration import (
    apply_views,
    bar_views,
    candidate,
    handing_views,
    office,
    review_views,
)
from exam_system.registration.blueprint import bp

__all__ = [
    "apply_views",
    "bar_views",
    "bp",
    "candidate",
    "handing_views",
    "office",
    "review_views",
]
