"""All pages of custody under one blueprint."""

from exam_system.custody import device_views, hand_views
from exam_system.custody.views import bp

__all__ = ["bp", "device_views", "hand_views"]
