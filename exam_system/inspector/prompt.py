"""What the inspector's commands ask for: folder, passphrase, files."""

from __future__ import annotations

import os
from pathlib import Path

import click

PASSPHRASE = "EXAM_INSPECTOR_PASSPHRASE"
FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


def passphrase(*, confirm: bool = False) -> bytes:
    """From the environment, else asked for."""
    value = os.environ.get(PASSPHRASE) or click.prompt(
        "Passphrase of the inspector's key", hide_input=True, confirmation_prompt=confirm
    )
    return str(value).encode()


def file_bytes(path: Path) -> bytes:
    """A file's bytes; a sentence when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}") from None
