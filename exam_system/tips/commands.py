"""`exam report`: entering reports in the log each night, and comparing them with it."""

from __future__ import annotations

from pathlib import Path

import click

from exam_system.command import looking_at
from exam_system.context import SYSTEM
from exam_system.errors import Conflict, Fault
from exam_system.office import open_office
from exam_system.tips import check as checks
from exam_system.tips.lookup import entered
from exam_system.tips.service import enter_reports


@click.group()
def report() -> None:
    """Anonymous reports to the inspection office."""


@report.command()
@click.pass_obj
def enter(folder: Path) -> None:
    """Enter the reports of earlier days in the log; for a timer after midnight."""
    office = open_office(folder)
    ctx = office.context(SYSTEM, write=True)
    with ctx.session:
        try:
            count = enter_reports(ctx)
        except Conflict:
            count = 0
        ctx.session.commit()
    if count:
        office.seal()
    click.echo(f"{count} reports entered")


@report.command()
@click.pass_obj
def check(folder: Path) -> None:
    """Compare every report with the log, and name each that is missing or was changed."""
    with looking_at(folder) as ctx:
        named = list(checks.faults(ctx.session))
        if named:
            raise Fault(f"{len(named)} reports are not in order\n" + "\n".join(named))
        click.echo(f"{len(entered(ctx.session))} reports are as the log has them")
