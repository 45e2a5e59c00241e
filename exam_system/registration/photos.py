"""Where the photos of candidates lie: outside the published folder, named by their digest."""

from __future__ import annotations

from pathlib import Path

from exam_system.config import Config
from exam_system.errors import NotFound
from exam_system.printing.photo import Photo
from exam_system.records.tree import write_durable


def photo_path(config: Config, sha256: str) -> Path:
    """The file of a photo by the SHA-256 of its bytes (hex)."""
    return config.instance / "photos" / sha256[:2] / f"{sha256}.jpg"


def store_photo(config: Config, photo: Photo) -> str:
    """Write the photo unless it is there; returns its digest."""
    path = photo_path(config, photo.sha256)
    if path.exists():
        path.touch()  # it has just been sent: nobody deletes it now (photos.leftovers)
    else:
        write_durable(path, photo.jpeg)
    return photo.sha256


def photo_bytes(config: Config, sha256: str | None) -> bytes:
    """The photo's JPEG; raises NotFound."""
    path = photo_path(config, sha256 or "none")
    if not path.exists():
        raise NotFound("There is no photo yet")
    return path.read_bytes()
