"""The log as a folder of tiles (C2SP tlog-tiles): written once, only added to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from exam_system.errors import Fault
from exam_system.trust.merkle import Levels
from exam_system.trust.tiles import entries_path, pack_entries, tile_path, unpack_entries

WIDTH = 256
HASH = 32


def write_durable(path: Path, data: bytes) -> None:
    """Write a whole file so that it is either not there or complete, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


_LONG = 600  # seconds; nobody takes so long over one file


def sweep(folder: Path) -> None:
    """Delete what processes that were killed have left half written in the log's folder.

    What bears the number of a process that runs may be on its way; it goes once the checkpoint is
    ten minutes younger, for numbers are used again.
    """
    checkpoint = folder / "checkpoint"
    stale = checkpoint.stat().st_mtime - _LONG if checkpoint.exists() else 0.0
    for path in folder.rglob(".*.new"):
        writer = path.name.split(".")[-2]
        with suppress(FileNotFoundError):  # it has just been finished
            if writer.isdigit() and (not _lives(int(writer)) or path.stat().st_mtime < stale):
                path.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, as somebody else
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class TileStore:
    """Reads and grows the tile folder of one log of known `size`."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size
        self._levels: dict[tuple[int, int], Levels] = {}

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree of 2**level leaves that starts at leaf index·2**level."""
        tile_level, height = divmod(level, 8)
        n, place = divmod(index << height, WIDTH)
        tile = self._tile(tile_level, n)
        return tile.node(height, place >> height)

    def _tile(self, level: int, n: int) -> Levels:
        if (level, n) not in self._levels:
            data = self._read(level, n)
            tile = Levels()
            tile.extend([data[at : at + HASH] for at in range(0, len(data), HASH)])
            self._levels[level, n] = tile
        return self._levels[level, n]

    def _width(self, level: int, n: int) -> int:
        return min(WIDTH, (self.size >> (8 * level)) - n * WIDTH)

    def _read(self, level: int, n: int) -> bytes:
        path = self.folder / tile_path(level, n, self._width(level, n))
        if not path.exists():
            raise Fault(f"the log's tile {path} is missing")
        return path.read_bytes()

    def grow(self, hashes: Sequence[bytes], entries: Sequence[bytes]) -> TileStore:
        """Write the tiles of a log with these leaves added; returns the store of the new size."""
        self._grow_entries(entries)
        start, level, row = self.size, 0, list(hashes)
        while row:
            row = self._grow_level(level, start, row)
            start, level = start // WIDTH, level + 1
        return TileStore(self.folder, self.size + len(hashes))

    def _grow_entries(self, entries: Sequence[bytes]) -> None:
        n, kept = divmod(self.size, WIDTH)
        row = list(entries)
        if kept:
            row = unpack_entries((self.folder / entries_path(n, kept)).read_bytes()) + row
        for at in range(0, len(row), WIDTH):
            part = row[at : at + WIDTH]
            path = entries_path(n + at // WIDTH, len(part))
            write_durable(self.folder / path, pack_entries(part))

    def _grow_level(self, level: int, start: int, new: list[bytes]) -> list[bytes]:
        """Add hashes at one tile level; returns the roots of the tiles that became full."""
        n, kept = divmod(start, WIDTH)
        row = new
        if kept:
            data = (self.folder / tile_path(level, n, kept)).read_bytes()
            row = [data[at : at + HASH] for at in range(0, len(data), HASH)] + new
        full = []
        for at in range(0, len(row), WIDTH):
            part = row[at : at + WIDTH]
            path = tile_path(level, n + at // WIDTH, len(part))
            write_durable(self.folder / path, b"".join(part))
            if len(part) == WIDTH:
                full.append(_root(part))
        return full


def _root(hashes: list[bytes]) -> bytes:
    tile = Levels()
    tile.extend(hashes)
    return tile.root()
