"""`exam messages`: rounds of messages, for a timer."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from exam_system.messages.sending import run_round
from exam_system.office import open_office


@click.group()
def messages() -> None:
    """What people are told."""


@messages.command()
@click.pass_obj
def send(folder: Path) -> None:
    """Write down what is to be told of new acts, remind of deadlines, send what waits.

    Exit status 0: everything was sent or waits for its time; 1: a channel does not work.
    """
    result = run_round(open_office(folder))
    click.echo(f"{result.made} messages made, {result.sent} sent, {result.kept} not sent")
    for trouble in result.troubles:
        click.echo(trouble, err=True)
    if result.troubles:
        sys.exit(1)
