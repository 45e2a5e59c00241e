"""`exam figures`: what a timer publishes every day at nine."""

from __future__ import annotations

from pathlib import Path

import click

from exam_system.context import SYSTEM
from exam_system.exams.daily import due, missed, publish_figures, show_figures, taking_part
from exam_system.office import Office, open_office


@click.group()
def figures() -> None:
    """How many have applied for each post, published every day."""


@figures.command()
@click.pass_obj
def publish(folder: Path) -> None:
    """Publish today's figures of every exam that takes applications; once a day, from nine on.

    May be run as often as one likes: what is published is left as it is, and a file that a power
    cut kept from being written is written now.
    """
    office = open_office(folder)
    names = publish_all(office)
    for name in names:
        click.echo(f"published {name}")
    if not names:
        click.echo("there is nothing to publish")
    for line in _missed(office):
        click.echo(line, err=True)


def publish_all(office: Office) -> list[str]:
    """The figures of all exams that are due, an act each; returns the names of the new files.

    Raises Conflict before nine.
    """
    config, now = office.config, office.clock.now()
    with office.context(SYSTEM, write=False).session as db:
        codes = [exam.code for exam in due(db, now, config.zone)]
    for code in codes:
        ctx = office.context(SYSTEM, write=True)
        with ctx.session:
            publish_figures(ctx, code=code)
            ctx.session.commit()
    if codes:
        office.seal()
    with office.context(SYSTEM, write=False).session as db:
        return show_figures(db, config)


def _missed(office: Office) -> list[str]:
    zone, now = office.config.zone, office.clock.now()
    with office.context(SYSTEM, write=False).session as db:
        return [
            f"{exam.code}: no figures were published on {day}"
            for exam in taking_part(db)
            for day in missed(db, exam, now, zone)
        ]
