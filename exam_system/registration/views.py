"""Pages of registration."""

from __future__ import annotations

from exam_system.registration import candidate, office
from exam_system.registration.blueprint import bp

__all__ = ["bp", "candidate", "office"]
