"""`exam archive`: everything published of an exam, and the log, as one signed zip."""

from __future__ import annotations

from pathlib import Path

import click

from exam_system.archive.service import make
from exam_system.command import acting_in
from exam_system.context import PUBLIC
from exam_system.office import open_office


@click.command()
@click.argument("code")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--by", "username", required=True, help="The officer or inspector whose act it is.")
@click.option("--reason", required=True, help="Why; kept with the act.")
@click.pass_obj
def archive(folder: Path, code: str, target: Path, username: str, reason: str) -> None:
    """Write the archive of exam CODE to FILE (.zip): all that is published of it, and the log.

    While the exam is not closed the archive says that it is an interim one.
    """
    parts = open_office(folder)
    look = parts.context(PUBLIC, write=False)
    made = make(look, lambda: acting_in(parts, username, reason), code=code, target=target)
    parts.seal()
    click.echo(f"{target}: {made.files} files, {made.state}, sha256 {made.digest}")
    click.echo(f"check: exam verify {target}")
