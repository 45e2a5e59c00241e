"""The folder of published files as the web shows it: immutable files, folders as lists and zips."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from exam_system.errors import NotFound

CONFIDENTIAL = "records.jsonl"  # for inspectors: holds every candidate's salt
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a folder's list; `size` in bytes, None for folders."""

    name: str
    size: int | None


def inside(root: Path, path: str) -> Path:
    """The path below the published folder; NotFound for anything else or confidential."""
    target = (root / path).resolve()
    hidden = any(part.startswith(".") for part in Path(path).parts)
    outside = not target.is_relative_to(root.resolve())
    if outside or hidden or target.name == CONFIDENTIAL:
        raise NotFound("There is no such file")
    return target


def listing(folder: Path) -> list[Listed]:
    """What may be seen of a folder, folders first."""
    items = [path for path in folder.iterdir() if not path.name.startswith(".")]
    shown = [path for path in items if path.name != CONFIDENTIAL]
    return [
        Listed(path.name, None if path.is_dir() else path.stat().st_size)
        for path in sorted(shown, key=lambda path: (path.is_file(), path.name))
    ]


def folder_zip(folder: Path, *, confidential: bool = False) -> bytes:
    """A bundle as one zip, the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and (confidential or path.name != CONFIDENTIAL):
                name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
                info = zipfile.ZipInfo(name, _EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes())
    return buffer.getvalue()
