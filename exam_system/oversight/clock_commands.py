"""`exam clock`: what the time is judged by, and accepting it after an outage."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from exam_system.accounts.commands import actor_options
from exam_system.clock import rfc3339
from exam_system.command import acting_in
from exam_system.database import reading
from exam_system.errors import Conflict
from exam_system.office import Office, open_office
from exam_system.oversight.clock import accept_time
from exam_system.timekeeping import Timekeeper, UntrustedTime


@click.group("clock")
def clock() -> None:
    """The clock by which deadlines are judged: the database's."""


def _keeper(office: Office) -> Timekeeper:
    if not isinstance(office.clock, Timekeeper) or office.clock.path is None:
        raise Conflict("Nobody watches the clock of a demonstration")
    return office.clock


@clock.command()
@click.pass_obj
def show(folder: Path) -> None:
    """The database's time, the last one that was trusted, and whether the two fit."""
    keeper = _keeper(open_office(folder))
    click.echo(f"last trusted\t{rfc3339(keeper.anchor.at)}")
    click.echo(f"highest seen\t{rfc3339(keeper.high)}")
    click.echo(f"expected now\t{rfc3339(keeper.now())}")
    with reading(keeper.engine) as db:
        click.echo(f"database now\t{rfc3339(keeper.read(db))}")
    try:
        keeper.beat()
    except UntrustedTime as error:
        click.echo(f"not trusted: {error.why}")
        sys.exit(1)
    click.echo("trusted")


@clock.command()
@click.option("--time", "said", required=True, metavar="'YYYY-MM-DD HH:MM'",
              help="What a clock of your own says, in the bureau's time zone.")  # fmt: skip
@actor_options[0]
@actor_options[1]
@click.pass_obj
def accept(folder: Path, said: str, actor: str, reason: str) -> None:
    """Accept the database's time after an outage. It must agree with a clock of your own."""
    office = open_office(folder)
    keeper, zone = _keeper(office), office.config.zone
    with acting_in(office, actor, reason) as ctx:
        now = accept_time(ctx, said=datetime.fromisoformat(said).replace(tzinfo=zone))
    keeper.accept(now)
    office.seal()
    click.echo(f"accepted {rfc3339(now)}")
