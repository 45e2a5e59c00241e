"""`exam verify`: for anybody, with the public files and keys alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from exam_system.verify.checks import Unreadable
from exam_system.verify.run import verify as run


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(path_type=Path),
    help="The keys you trust; otherwise the nearest keys.txt from PATH upwards.",
)
def verify(paths: tuple[Path, ...], keys_file: Path | None) -> None:
    """Verify draws, publications, the log, proofs, slips and notes.

    Exit status 0: everything holds; 1: something is refused; 2: something cannot be read.
    """
    try:
        outcome = run(paths, keys_file)
    except (Unreadable, OSError) as error:
        click.echo(f"exam verify: {error}", err=True)
        sys.exit(2)
    for line in outcome.lines:
        click.echo(line)
    click.echo(f"{outcome.files} files verified")
    if outcome.refused:
        click.echo(f"{len(outcome.refused)} refused", err=True)
        sys.exit(1)
