"""Files of photos that nothing names any more: replaced, or of an application taken back."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from exam_system.config import Config
from exam_system.photos.models import PhotoPair
from exam_system.registration.models import Application
from exam_system.registration.photos import photo_path

FRESH = 60.0
"""Seconds for which a file stays in any case: whoever has just sent the same photo has no row
yet."""


def is_needed(session: Session, photo: str) -> bool:
    """Whether an application has this photo, or a pair that was or will be judged shows it."""
    pair = select(PhotoPair.id).where(or_(PhotoPair.photo == photo, PhotoPair.other_photo == photo))
    mine = select(Application.id).where(Application.photo == photo)
    return any(session.scalar(query.limit(1)) is not None for query in (mine, pair))


def remove_replaced(session: Session, config: Config, photo: str | None) -> bool:
    """Delete the file of a photo that was replaced, once that is committed, unless it is needed;
    returns whether it is gone."""
    path = photo_path(config, photo or "none")
    if photo is None or not _is_old(path) or is_needed(session, photo):
        return False
    path.unlink(missing_ok=True)
    return True


def remove_strays(session: Session, config: Config) -> int:
    """Delete every file that is not needed; returns how many."""
    files = sorted((config.instance / "photos").glob("*/*.jpg"))
    return sum(remove_replaced(session, config, path.stem) for path in files)


def _is_old(path: Path) -> bool:
    return path.exists() and path.stat().st_mtime < time.time() - FRESH
