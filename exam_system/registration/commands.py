"""`exam candidates`: take in a table of candidates."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from exam_system.command import acting_as, looking_at
from exam_system.registration.handing_in import import_candidates, preview_candidates
from exam_system.sheets import SheetError


@click.command()
@click.argument("code")
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", "username", required=True, help="The officer whose act it is.")
@click.option("--reason", required=True, help="Why; kept with the act.")
@click.option("--look", is_flag=True, help="Only check the table and say what it would add.")
@click.pass_obj
def candidates(
    folder: Path, code: str, table: Path, username: str, reason: str, look: bool
) -> None:
    """Take the candidates of TABLE (.csv or .xlsx) in exam CODE as drafts, all or none."""
    given: dict[str, Any] = {"code": code, "name": table.name, "data": table.read_bytes()}
    try:
        if look:
            with looking_at(folder) as ctx:
                found = preview_candidates(ctx, **given)
            click.echo(f"{len(found.lines)} candidates would be taken in")
            return
        number = _take_in(folder, username, reason, given)
        click.echo(f"{number} candidates were taken in")
    except SheetError as error:
        click.echo("\n".join(error.lines()), err=True)
        sys.exit(1)


def _take_in(folder: Path, username: str, reason: str, given: dict[str, Any]) -> int:
    with acting_as(folder, username, reason) as ctx, click.progressbar(length=1) as bar:

        def tell(done: int, everybody: int) -> None:
            bar.length = everybody
            bar.update(done - bar.pos)

        return import_candidates(ctx, **given, tell=tell)
