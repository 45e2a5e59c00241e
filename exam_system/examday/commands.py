"""`exam tickets`: the admission tickets of an exam, a file a room."""

from __future__ import annotations

from pathlib import Path

import click

from exam_system.command import acting_as, looking_at
from exam_system.examday.ticket_files import Progress, Selection, print_tickets, write_rooms


@click.command()
@click.argument("code")
@click.option("--district", default=0, help="Only this district, by its code.")
@click.option("--site", default=0, help="Only this site of the district, by its code.")
@click.option("--room", default=0, help="Only this room of the site, by its code.")
@click.option("--by", "username", required=True, help="The officer whose act it is.")
@click.option("--reason", required=True, help="Why; kept with the act.")
@click.pass_obj
def tickets(
    folder: Path, code: str, district: int, site: int, room: int, username: str, reason: str
) -> None:
    """Print the admission tickets of exam CODE into tickets/CODE below the instance.

    Each room is one file, written whole. Rooms whose file is there and still true are kept, so
    that the same command goes on after a stop.
    """
    selection = Selection(district, site, room)
    with acting_as(folder, username, reason) as ctx:
        rooms = print_tickets(ctx, code=code, selection=selection)
    told = Progress(len(rooms))
    with looking_at(folder) as ctx:
        steps = write_rooms(ctx, code, rooms)
        with click.progressbar(steps, length=len(rooms), label="rooms") as bar:
            for step in bar:
                told = step
    click.echo(f"{told.tickets} tickets printed, {told.kept} of {told.rooms} rooms kept")
