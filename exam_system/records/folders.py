"""A published folder: written whole or not at all, never replaced."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from exam_system.errors import Fault
from exam_system.records.tree import sync_folder, write_durable


def check_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Raise Fault unless the folder holds these files; notes may have got more signatures."""
    for name, data in files.items():
        path = folder / name
        found = path.read_bytes() if path.exists() else b""
        if name.endswith(".note"):  # a signature may have come since; the text may not differ
            found, data = found.partition(b"\n\n")[0], data.partition(b"\n\n")[0]
        if found != data:
            raise Fault(f"{path} is not what was published: restore it from a copy")


def add_missing(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Write the files that are not there yet, durably; returns their names. Raises Fault when
    one that is there is another than was published."""
    check_folder(folder, {name: data for name, data in files.items() if (folder / name).exists()})
    missing = [name for name in files if not (folder / name).exists()]
    for name in missing:
        write_durable(folder / name, files[name])
    return missing


def write_whole(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder beside its place and move it there, durably."""
    temporary = target.with_name(f".{target.name}.new")
    if temporary.exists():  # a crash left it behind, with who knows what in it
        shutil.rmtree(temporary)
    for name, data in files.items():
        write_durable(temporary / name, data)
    sync_folder(temporary)  # the names of folders below it are not in any file's own folder
    os.rename(temporary, target)
    sync_folder(target.parent)
