"""`exam cases`: what a timer does for cases."""

from __future__ import annotations

from pathlib import Path

import click

from exam_system.cases.ticking import tick
from exam_system.context import SYSTEM
from exam_system.office import open_office


@click.group()
def cases() -> None:
    """Letters and other cases."""


@cases.command("tick")
@click.pass_obj
def tick_command(folder: Path) -> None:
    """Remind, mark as overdue, hand on to the inspection office, hand over, close: what is due."""
    parts = open_office(folder)
    ctx = parts.context(SYSTEM, write=True)
    with ctx.session:
        done = tick(ctx)
        ctx.session.commit()
    parts.seal()
    click.echo(f"{done} steps done")
